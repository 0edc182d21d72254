/* Templates over a view: the renderer. It makes one line at a time and knows two things about layout: a text
 * of several lines keeps the indentation of the line it begins on, and so does a partial that stands alone.
 */
#include "template_parse.h"

#include <stdio.h>
#include <string.h>

/* What a name is looked up in, innermost first. */
typedef struct scope {
    const bound_shape *of; /* NULL: a text */
    const void *value;     /* a struct, or the text */
    const struct scope *outer;
    size_t index, count; /* of the list item; count 0: not one */
} scope;

/* What a name stands for. */
typedef struct finding {
    shape_kind kind;
    const bound_shape *of; /* LIST, OBJECT */
    const char *text;      /* TEXT; may be NULL */
    bool truth;            /* TRUTH */
    const void *object;    /* OBJECT */
    shape_list list;       /* LIST */
} finding;

typedef struct renderer {
    template_set *set;
    const template_file *file;
    arena *scratch;
    const template_sink *out;
    char *line; /* being made */
    size_t size, room;
    size_t indent; /* of the partials around */
    unsigned depth;
    size_t left;     /* parts that may still be shown */
    char number[24]; /* of @index */
} renderer;

/* ---- the line ----------------------------------------------------------------------------------------- */

static bool reserve(renderer *r, size_t more)
{
    size_t room = r->room == 0 ? 1024 : r->room;
    char *bigger;

    if (more < r->room - r->size)
        return true;
    while (room - r->size <= more)
        room *= 2;
    bigger = (char *)arena_alloc(r->set->memory, room);
    if (bigger == NULL)
        return false;
    if (r->size != 0)
        memcpy(bigger, r->line, r->size);
    r->line = bigger;
    r->room = room;
    return true;
}

static bool put(renderer *r, const char *text, size_t length)
{
    if (!reserve(r, length))
        return false;
    memcpy(r->line + r->size, text, length);
    r->size += length;
    return true;
}

static bool put_spaces(renderer *r, size_t count)
{
    if (count == 0)
        return true;
    if (!reserve(r, count))
        return false;
    memset(r->line + r->size, ' ', count);
    r->size += count;
    return true;
}

static bool end_line(renderer *r)
{
    const size_t size = r->size;

    r->size = 0;
    return r->out->line(r->out->user, r->line, size);
}

/* Text of a template, of one line at most. One that is not empty is moved in by the indentation of the
 * partial. */
static bool put_text(renderer *r, const char *text, size_t length)
{
    if (r->size == 0 && *text != '\n' && !put_spaces(r, r->indent))
        return false;
    if (!put(r, text, length))
        return false;
    return text[length - 1] != '\n' || end_line(r);
}

/* The blanks that the line begins with. */
static size_t current_indent(const renderer *r)
{
    size_t at = 0;

    while (at < r->size && r->line[at] == ' ')
        at++;
    return at;
}

/* A value: its further lines are indented like the line it begins on. */
static bool put_value(renderer *r, const char *text)
{
    size_t length = strlen(text), indent;
    const char *newline;

    if (length == 0)
        return true;
    if (r->size == 0 && !put_spaces(r, r->indent))
        return false;
    newline = (const char *)memchr(text, '\n', length);
    if (newline == NULL)
        return put(r, text, length);
    for (indent = current_indent(r); newline != NULL; newline = strchr(text, '\n')) {
        if (!put(r, text, (size_t)(newline + 1 - text)) || !end_line(r))
            return false;
        text = newline + 1;
        if (*text != '\n' && *text != '\0' && !put_spaces(r, indent))
            return false;
    }
    return put(r, text, strlen(text));
}

/* ---- names -------------------------------------------------------------------------------------------- */

static bool find_position(renderer *r, const scope *in, int name, finding *found)
{
    while (in != NULL && in->count == 0)
        in = in->outer;
    if (in == NULL)
        return false;
    found->kind = name == NAME_INDEX ? SHAPE_TEXT : SHAPE_TRUTH;
    found->truth = name == NAME_FIRST ? in->index == 0 : in->index + 1 == in->count;
    if (name == NAME_INDEX)
        (void)snprintf(r->number, sizeof r->number, "%zu", in->index);
    found->text = r->number;
    return true;
}

/* The member called `name`, or NULL. */
static const bound_member *member_of(const bound_shape *of, int name)
{
    int at = of == NULL ? -1 : of->by_name[name];

    return at < 0 ? NULL : &of->members[at];
}

static void take(renderer *r, const bound_member *member, const void *value, finding *found)
{
    const char *at = (const char *)value + member->is->offset;

    found->kind = member->is->kind;
    found->of = member->of;
    switch (member->is->kind) {
    case SHAPE_TEXT:
        memcpy(&found->text, at, sizeof found->text);
        break;
    case SHAPE_TRUTH:
        memcpy(&found->truth, at, sizeof found->truth);
        break;
    case SHAPE_OBJECT:
        found->object = at;
        break;
    case SHAPE_LIST:
        if (member->is->list != NULL)
            found->list = member->is->list(value, r->scratch);
        else
            memcpy(&found->list, at, sizeof found->list);
        break;
    }
}

static bool find_first(renderer *r, const scope *in, int name, finding *found)
{
    const bound_member *member = NULL;

    if (name == NAME_ITEM) {
        found->kind = in->of == NULL ? SHAPE_TEXT : SHAPE_OBJECT;
        found->of = in->of;
        found->text = (const char *)in->value;
        found->object = in->value;
        return true;
    }
    if (name < 0)
        return find_position(r, in, name, found);
    while (in != NULL && (member = member_of(in->of, name)) == NULL)
        in = in->outer;
    if (member == NULL)
        return false;
    take(r, member, in->value, found);
    return true;
}

/* What `named` names, or false and an error. */
static bool find(renderer *r, const scope *in, const part *named, finding *found)
{
    bool known;

    memset(found, 0, sizeof *found);
    known = find_first(r, in, named->path[0], found);
    for (unsigned i = 1; known && i < named->path_count; i++) {
        const bound_member *member =
            found->kind == SHAPE_OBJECT ? member_of(found->of, named->path[i]) : NULL;

        known = member != NULL;
        if (known)
            take(r, member, found->object, found);
    }
    if (!known)
        return template_fail(r->set, r->file, named->offset, "unknown name '%.*s'", (int)named->length,
                             named->text);
    return !r->scratch->failed;
}

/* Whether a section over it is shown: true, a text that is not empty, a list that is not, any object. */
static bool is_shown(const finding *found)
{
    switch (found->kind) {
    case SHAPE_TEXT:
        return found->text != NULL && found->text[0] != '\0';
    case SHAPE_TRUTH:
        return found->truth;
    case SHAPE_LIST:
        return found->list.count != 0;
    case SHAPE_OBJECT:
        return true;
    }
    return false;
}

/* ---- parts -------------------------------------------------------------------------------------------- */

static bool render_parts(renderer *r, const part *parts, const scope *in);

static bool render_value(renderer *r, const part *value, const scope *in)
{
    static const char *const kinds[] = {"not there", "true or false", "a list", "an object"};
    arena_mark before;
    finding found;
    bool good;

    if (!find(r, in, value, &found))
        return false;
    if (found.kind != SHAPE_TEXT || found.text == NULL)
        return template_fail(r->set, r->file, value->offset, "'%.*s' is %s here, not a text",
                             (int)value->length, value->text, kinds[found.kind]);
    if (value->filter_count == 0)
        return put_value(r, found.text);
    before = arena_here(r->scratch);
    for (unsigned i = 0; i < value->filter_count && found.text != NULL; i++)
        found.text = template_apply(r->scratch, value->filters[i], found.text);
    good = found.text != NULL && put_value(r, found.text);
    arena_back(r->scratch, before);
    return good;
}

static bool render_item(renderer *r, const part *section, const scope *item)
{
    return item->value != NULL && render_parts(r, section->children, item);
}

static bool render_list(renderer *r, const part *section, const finding *found, const scope *in)
{
    const shape_list *list = &found->list;
    const size_t size = found->of == NULL ? sizeof(const char *) : found->of->is->size;
    scope item = {found->of, NULL, in, 0, list->count};
    bool good = true;

    for (; good && item.index < list->count; item.index++) {
        const arena_mark before = arena_here(r->scratch);

        if (list->items == NULL)
            item.value = list->make(list->from, item.index, r->scratch);
        else
            item.value = (const char *)list->items + item.index * size;
        if (found->of == NULL && item.value != NULL)
            memcpy(&item.value, item.value, sizeof item.value);
        good = render_item(r, section, &item);
        arena_back(r->scratch, before);
    }
    return good;
}

static bool render_section(renderer *r, const part *section, const scope *in)
{
    const arena_mark before = arena_here(r->scratch);
    finding found;
    bool good = find(r, in, section, &found);

    if (good && is_shown(&found) == (section->kind == PART_SECTION)) {
        const scope inner = {found.of, found.object, in, 0, 0};

        if (section->kind == PART_SECTION && found.kind == SHAPE_LIST)
            good = render_list(r, section, &found, in);
        else if (section->kind == PART_SECTION && found.kind == SHAPE_OBJECT)
            good = render_parts(r, section->children, &inner);
        else
            good = render_parts(r, section->children, in);
    }
    arena_back(r->scratch, before);
    return good;
}

static bool render_partial(renderer *r, const part *partial, const scope *in)
{
    const template_file *file = r->file;
    bool good;

    r->file = partial->partial;
    r->indent += partial->indent;
    good = render_parts(r, r->file->parts, in);
    r->indent -= partial->indent;
    r->file = file;
    return good;
}

static bool render_part(renderer *r, const part *at, const scope *in)
{
    if (r->left-- == 0)
        return template_fail(r->set, r->file, at->offset, "sections within sections show too much");
    switch (at->kind) {
    case PART_TEXT:
        return put_text(r, at->text, at->length);
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

bool template_render(template_set *set, const char *name, const void *view, arena *scratch,
                     const template_sink *out)
{
    const template_file *file;
    renderer r = {.set = set, .scratch = scratch, .out = out};
    scope top = {NULL, view, NULL, 0, 0};

    if (set->names == NULL)
        set->names = template_names_of(set->memory, set->view);
    if (set->names == NULL)
        return false;
    file = template_find(set, name, strlen(name), NULL, 0, 0);
    if (file == NULL)
        return false;
    r.file = file;
    r.left = set->most_parts != 0 ? set->most_parts : TEMPLATE_PARTS;
    top.of = set->names->view;
    return render_parts(&r, file->parts, &top) && (r.size == 0 || end_line(&r)) && !set->memory->failed;
}
