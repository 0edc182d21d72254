/* Templates over a view: the renderer. It appends to one growing buffer and knows two things about layout: a
 * text of several lines keeps the indentation of the line it begins on, and so does a partial that stands
 * alone.
 */
#include "template_parse.h"

#include <stdio.h>
#include <string.h>

/* What a name is looked up in, innermost first. */
typedef struct scope {
    const node *value;
    const struct scope *outer;
    size_t index, count; /* of the list item; count 0: not one */
} scope;

typedef struct renderer {
    template_set *set;
    const template_file *file;
    char *data;
    size_t size, room;
    size_t indent; /* of the partials around */
    unsigned depth;
} renderer;

static bool reserve(renderer *r, size_t more)
{
    size_t room = r->room == 0 ? 4096 : r->room;
    char *bigger;

    if (more < r->room - r->size)
        return true;
    while (room - r->size <= more)
        room *= 2;
    bigger = (char *)arena_alloc(r->set->memory, room);
    if (bigger == NULL)
        return false;
    if (r->size != 0)
        memcpy(bigger, r->data, r->size);
    r->data = bigger;
    r->room = room;
    return true;
}

static bool put(renderer *r, const char *text, size_t length)
{
    if (!reserve(r, length))
        return false;
    memcpy(r->data + r->size, text, length);
    r->size += length;
    return true;
}

static bool put_spaces(renderer *r, size_t count)
{
    if (!reserve(r, count))
        return false;
    memset(r->data + r->size, ' ', count);
    r->size += count;
    return true;
}

/* Text of a template: a line that is not empty is moved in by the indentation of the partial. */
static bool put_lines(renderer *r, const char *text, size_t length)
{
    const char *end = text + length;

    while (text < end) {
        const char *newline = (const char *)memchr(text, '\n', (size_t)(end - text));
        const char *next = newline == NULL ? end : newline + 1;
        bool line_begins = r->size == 0 || r->data[r->size - 1] == '\n';

        if (line_begins && *text != '\n' && !put_spaces(r, r->indent))
            return false;
        if (!put(r, text, (size_t)(next - text)))
            return false;
        text = next;
    }
    return true;
}

/* The blanks the current output line begins with, up to here. */
static size_t current_indent(const renderer *r)
{
    size_t begin = r->size, at;

    while (begin > 0 && r->data[begin - 1] != '\n')
        begin--;
    for (at = begin; at < r->size && r->data[at] == ' ';)
        at++;
    return at - begin;
}

/* A value: its further lines are indented like the line it begins on. */
static bool put_value(renderer *r, const char *text)
{
    size_t indent;

    if (*text == '\0')
        return true;
    if ((r->size == 0 || r->data[r->size - 1] == '\n') && !put_spaces(r, r->indent))
        return false;
    indent = current_indent(r);
    for (;;) {
        const char *newline = strchr(text, '\n');

        if (newline == NULL)
            return put(r, text, strlen(text));
        if (!put(r, text, (size_t)(newline + 1 - text)))
            return false;
        text = newline + 1;
        if (*text != '\n' && *text != '\0' && !put_spaces(r, indent))
            return false;
    }
}

/* ---- names -------------------------------------------------------------------------------------------- */

static const node *position(renderer *r, const scope *in, const char *name, size_t length)
{
    while (in != NULL && in->count == 0)
        in = in->outer;
    if (in == NULL)
        return NULL;
    if (length == 6 && memcmp(name, "@first", 6) == 0)
        return node_bool(r->set->memory, in->index == 0);
    if (length == 5 && memcmp(name, "@last", 5) == 0)
        return node_bool(r->set->memory, in->index + 1 == in->count);
    if (length == 6 && memcmp(name, "@index", 6) == 0)
        return node_text(r->set->memory, arena_printf(r->set->memory, "%zu", in->index));
    return NULL;
}

static const node *find_first(renderer *r, const scope *in, const char *name, size_t length)
{
    const node *found;

    if (name[0] == '@')
        return position(r, in, name, length);
    if (length == 1 && name[0] == '.')
        return in->value;
    for (; in != NULL; in = in->outer) {
        if (in->value->kind != NODE_OBJECT)
            continue;
        found = node_get(in->value, name, length);
        if (found != NULL)
            return found;
    }
    return NULL;
}

/* What `part` names, or NULL and an error. */
static const node *find(renderer *r, const scope *in, const part *named)
{
    const char *name = named->text, *end = name + named->length;
    const node *found = NULL;

    while (name < end) {
        const char *dot = (const char *)memchr(name + 1, '.', (size_t)(end - name - 1));
        size_t length = (size_t)((dot == NULL ? end : dot) - name);

        if (name == named->text)
            found = find_first(r, in, name, length);
        else
            found = found->kind == NODE_OBJECT ? node_get(found, name, length) : NULL;
        if (found == NULL) {
            if (!r->set->memory->failed)
                template_fail(r->set, r->file, named->offset, "unknown name '%.*s'", (int)named->length,
                              named->text);
            return NULL;
        }
        name += length + 1;
    }
    return found;
}

/* ---- filters ------------------------------------------------------------------------------------------ */

static const char *change_case(arena *a, const char *text, char from, char to, int distance)
{
    char *copy = arena_strdup(a, text);

    if (copy != NULL)
        for (char *at = copy; *at != '\0'; at++)
            if (*at >= from && *at <= to)
                *at = (char)(*at + distance);
    return copy;
}

/* A C string literal. Octal escapes have a fixed length, so what follows one is never swallowed by it. */
static const char *c_string(arena *a, const char *text)
{
    static const char plain[] = "\"\\\n\t\r", escaped[] = "\"\\ntr";
    char *out = (char *)arena_alloc(a, 4 * strlen(text) + 3), *at = out;

    if (out == NULL)
        return NULL;
    *at++ = '"';
    for (; *text != '\0'; text++) {
        const char *special = strchr(plain, *text);
        unsigned char c = (unsigned char)*text;

        if (special != NULL) {
            *at++ = '\\';
            *at++ = escaped[special - plain];
        } else if (c < 0x20 || c == 0x7f) {
            at += snprintf(at, 5, "\\%03o", (unsigned)c);
        } else if (c == '?' && text[1] == '?') { /* no trigraphs in C11 */
            *at++ = '\\';
            *at++ = '?';
        } else {
            *at++ = *text;
        }
    }
    *at++ = '"';
    *at = '\0';
    return out;
}

/* A comment: `open` and the text, one line beginning with " *" for each further line. */
static const char *comment(arena *a, const char *text, const char *open)
{
    size_t length = strlen(text);
    char *out = (char *)arena_alloc(a, 5 * length + 16), *at = out;

    if (out == NULL)
        return NULL;
    at += snprintf(at, 8, "%s ", open);
    for (; *text != '\0'; text++) {
        if (*text == '\n') {
            while (at[-1] == ' ')
                at--;
            memcpy(at, "\n * ", 4);
            at += 4;
        } else {
            *at++ = *text;
            if ((*text == '*' && text[1] == '/') || (*text == '/' && text[1] == '*'))
                *at++ = ' '; /* would end, or open, a comment */
        }
    }
    while (at[-1] == ' ')
        at--;
    memcpy(at, " */", 4);
    return out;
}

static const char *apply(arena *a, filter_kind filter, const char *text)
{
    switch (filter) {
    case FILTER_UPPER:
        return change_case(a, text, 'a', 'z', 'A' - 'a');
    case FILTER_LOWER:
        return change_case(a, text, 'A', 'Z', 'a' - 'A');
    case FILTER_C_STRING:
        return c_string(a, text);
    case FILTER_DOC:
        return comment(a, text, "/**");
    case FILTER_COMMENT:
        return comment(a, text, "/*");
    }
    return text;
}

/* ---- parts -------------------------------------------------------------------------------------------- */

static bool render_parts(renderer *r, const part *parts, const scope *in);

static bool render_value(renderer *r, const part *value, const scope *in)
{
    static const char *const kinds[] = {"a text", "true or false", "a list", "an object"};
    const node *found = find(r, in, value);
    const char *text;

    if (found == NULL)
        return false;
    if (found->kind != NODE_TEXT)
        return template_fail(r->set, r->file, value->offset, "'%.*s' is %s here, not a text",
                             (int)value->length, value->text, kinds[found->kind]);
    text = found->text;
    for (size_t i = 0; text != NULL && i < value->filter_count; i++)
        text = apply(r->set->memory, value->filters[i], text);
    return text != NULL && put_value(r, text);
}

static bool render_section(renderer *r, const part *section, const scope *in)
{
    const node *found = find(r, in, section);
    scope inner = {found, in, 0, 0};

    if (found == NULL)
        return false;
    if (section->kind == PART_INVERTED)
        return node_truth(found) || render_parts(r, section->children, in);
    if (!node_truth(found))
        return true;
    if (found->kind == NODE_OBJECT)
        return render_parts(r, section->children, &inner);
    if (found->kind != NODE_LIST)
        return render_parts(r, section->children, in);
    inner.count = found->count;
    for (const node_member *item = found->members; item != NULL; item = item->next, inner.index++) {
        inner.value = item->value;
        if (!render_parts(r, section->children, &inner))
            return false;
    }
    return true;
}

static bool render_partial(renderer *r, const part *partial, const scope *in)
{
    const template_file *file = r->file;
    scope inner = {partial->arguments, in, 0, 0};
    bool fine;

    r->file = partial->partial;
    r->indent += partial->indent;
    fine = render_parts(r, r->file->parts, &inner);
    r->indent -= partial->indent;
    r->file = file;
    return fine;
}

static bool render_part(renderer *r, const part *at, const scope *in)
{
    switch (at->kind) {
    case PART_TEXT:
        return put_lines(r, at->text, at->length);
    case PART_VALUE:
        return render_value(r, at, in);
    case PART_SECTION:
    case PART_INVERTED:
        return render_section(r, at, in);
    case PART_PARTIAL:
        return render_partial(r, at, in);
    }
    return false;
}

static bool render_parts(renderer *r, const part *parts, const scope *in)
{
    if (++r->depth > TEMPLATE_DEPTH)
        return template_fail(r->set, r->file, parts == NULL ? 0 : parts->offset, "nested too deeply");
    for (; parts != NULL; parts = parts->next)
        if (!render_part(r, parts, in))
            return false;
    r->depth--;
    return true;
}

bool template_render(template_set *set, const char *name, const node *view, template_output *out)
{
    const template_file *file = template_find(set, name, strlen(name), NULL, 0, 0);
    renderer r = {0};
    scope top = {view, NULL, 0, 0};

    if (file == NULL || view == NULL)
        return false;
    r.set = set;
    r.file = file;
    if (!render_parts(&r, file->parts, &top) || !put(&r, "", 0))
        return false;
    r.data[r.size] = '\0';
    out->data = r.data;
    out->size = r.size;
    return !set->memory->failed;
}
