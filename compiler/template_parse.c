/* Templates, from text to parts. Partials are parsed where they are named, so that a misspelt one is found
 * even when the section around it is not shown. A line that holds only sections and comments is dropped as a
 * whole, which is what lets a template be indented like the file it makes.
 */
#include "template_parse.h"

#include <stdio.h>
#include <string.h>

typedef struct parser {
    template_set *set;
    template_file *file;
    const char *begin, *at, *end;
    bool dropping; /* inside a line that vanishes */
    unsigned depth;
} parser;

bool template_fail(template_set *set, const template_file *file, size_t offset, const char *format, ...)
{
    const char *data = file->text.data;
    unsigned line = 1, column = 1;
    va_list arguments;
    const char *message;

    if (set->error != NULL)
        return false;
    for (size_t i = 0; i < offset && i < file->text.size; i++) {
        column++;
        if (data[i] == '\n') {
            line++;
            column = 1;
        }
    }
    va_start(arguments, format);
    message = arena_vprintf(set->memory, format, arguments);
    va_end(arguments);
    if (message != NULL)
        set->error = arena_printf(set->memory, "%s:%u:%u: %s", file->text.name, line, column, message);
    return false;
}

static bool fail_at(parser *p, const char *where, const char *message)
{
    return template_fail(p->set, p->file, (size_t)(where - p->begin), "%s", message);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool starts(const parser *p, const char *at, const char *text)
{
    size_t length = strlen(text);

    return (size_t)(p->end - at) >= length && memcmp(at, text, length) == 0;
}

/* Behind the "}}" that ends the tag beginning at `at`, or NULL. */
static const char *tag_end(const parser *p, const char *at)
{
    for (; at < p->end; at++)
        if (starts(p, at, "}}"))
            return at + 2;
    return NULL;
}

/* Whether the line beginning at `at` holds only tags that show nothing by themselves: any number of sections
 * and comments, or a single partial. */
static bool line_vanishes(const parser *p, const char *at)
{
    unsigned tags = 0, partials = 0;

    while (at < p->end && *at != '\n') {
        if (is_blank(*at)) {
            at++;
            continue;
        }
        if (!starts(p, at, "{{") || at + 2 == p->end || strchr("#^/!>", at[2]) == NULL)
            return false;
        partials += at[2] == '>';
        tags++;
        at = tag_end(p, at);
        if (at == NULL)
            return false;
    }
    return tags > 0 && (partials == 0 || tags == 1);
}

static part *new_part(parser *p, part_kind kind, const char *at)
{
    part *made = arena_new(p->set->memory, part);

    if (made != NULL) {
        made->kind = kind;
        made->offset = (size_t)(at - p->begin);
    }
    return made;
}

static const char *skip_blanks(const char *at)
{
    while (is_blank(*at))
        at++;
    return at;
}

/* A name, perhaps dotted, "." or with "@": [*at, result). NULL and an error when there is none. */
static const char *read_name(parser *p, const char *at, const char *stop, bool path)
{
    const char *from = at;

    if (at < stop && *at == '@')
        at++;
    while (at < stop && (is_word(*at) || (path && (*at == '.' || *at == '/'))))
        at++;
    if (at == from) {
        fail_at(p, at, "a name is missing here");
        return NULL;
    }
    return at;
}

static bool read_filters(parser *p, part *value, const char *at, const char *stop)
{
    for (at = skip_blanks(at); at < stop; at = skip_blanks(at)) {
        const char *name, *end;
        int filter;

        if (*at != '|')
            return fail_at(p, at, "expected '|' or '}}'");
        name = skip_blanks(at + 1);
        end = read_name(p, name, stop, false);
        if (end == NULL)
            return false;
        filter = template_filter(name, (size_t)(end - name));
        if (filter < 0)
            return template_fail(p->set, p->file, (size_t)(name - p->begin), "unknown filter '%.*s'",
                                 (int)(end - name), name);
        if (value->filter_count == FILTERS_MAX)
            return fail_at(p, name, "too many filters");
        value->filters[value->filter_count++] = (filter_kind)filter;
        at = end;
    }
    return true;
}

/* The numbers of the names that a part's text joins by dots. */
static bool read_path(parser *p, part *named)
{
    const char *name = named->text, *end = name + named->length;

    while (name < end) {
        const char *dot = (const char *)memchr(name + 1, '.', (size_t)(end - name - 1));
        size_t length = (size_t)((dot == NULL ? end : dot) - name);
        int number = template_name(p->set->names, name, length);

        if (number == NAME_UNKNOWN || (number < 0 && length != named->length))
            return template_fail(p->set, p->file, named->offset, "unknown name '%.*s'", (int)named->length,
                                 named->text);
        if (named->path_count == PATH_MAX_NAMES)
            return fail_at(p, name, "too many names");
        named->path[named->path_count++] = (int16_t)number;
        name += length + 1;
    }
    return true;
}

static bool parse_parts(parser *p, part **list, const part *section);

/* The tag at p->at, not a comment and not the end of a section. */
static bool parse_tag(parser *p, part **made)
{
    const char *tag = p->at, *end = tag_end(p, tag), *stop = end - 2, *name = tag + 2, *after;
    part_kind kind = PART_VALUE;

    if (*name == '#')
        kind = PART_SECTION;
    else if (*name == '^')
        kind = PART_INVERTED;
    else if (*name == '>')
        kind = PART_PARTIAL;
    if (kind != PART_VALUE)
        name++;
    name = skip_blanks(name);
    after = read_name(p, name, stop, true);
    if (after == NULL)
        return false;
    *made = new_part(p, kind, tag);
    if (*made == NULL)
        return false;
    (*made)->text = name;
    (*made)->length = (size_t)(after - name);
    p->at = end;
    if (kind == PART_PARTIAL) {
        if (p->dropping)
            while (tag - (*made)->indent > p->begin && tag[-1 - (ptrdiff_t)(*made)->indent] != '\n')
                (*made)->indent++;
        (*made)->partial =
            template_find(p->set, name, (*made)->length, p->file, (*made)->offset, p->depth + 1);
        if ((*made)->partial == NULL)
            return false;
    } else if (!read_path(p, *made)) {
        return false;
    }
    if (kind == PART_VALUE)
        return read_filters(p, *made, after, stop);
    if (skip_blanks(after) != stop)
        return fail_at(p, after, "expected '}}'");
    return kind == PART_PARTIAL || parse_parts(p, &(*made)->children, *made);
}

/* "{{/name}}": the end of `section`? */
static bool close_section(parser *p, const part *section)
{
    const char *name = skip_blanks(p->at + 3), *end = tag_end(p, p->at), *after;

    after = read_name(p, name, end - 2, true);
    if (after == NULL)
        return false;
    if (section == NULL || section->length != (size_t)(after - name) ||
        memcmp(section->text, name, section->length) != 0)
        return template_fail(p->set, p->file, (size_t)(p->at - p->begin),
                             "'%.*s' is not the section open here", (int)(after - name), name);
    p->at = end;
    return true;
}

/* Plain text up to the next tag or the end of the line. */
static const char *text_end(parser *p)
{
    const char *at = p->at;

    if (p->dropping) {
        while (at < p->end && is_blank(*at))
            at++;
        if (at < p->end && *at == '\n') {
            at++;
            p->dropping = false;
        }
        p->at = at; /* nothing of it is kept */
        return at;
    }
    while (at < p->end && !starts(p, at, "{{"))
        if (*at++ == '\n')
            break;
    return at;
}

static bool parse_parts(parser *p, part **list, const part *section)
{
    if (++p->depth > TEMPLATE_DEPTH)
        return fail_at(p, p->at, "nested too deeply");
    while (p->at < p->end) {
        const char *text = p->at, *end;

        if (!p->dropping && (text == p->begin || text[-1] == '\n'))
            p->dropping = line_vanishes(p, text);
        end = text_end(p);
        if (p->at < end) {
            *list = new_part(p, PART_TEXT, text);
            if (*list == NULL)
                return false;
            (*list)->text = text;
            (*list)->length = (size_t)(end - text);
            list = &(*list)->next;
            p->at = end;
        }
        if (!starts(p, p->at, "{{") || (end > text && end[-1] == '\n'))
            continue;
        end = tag_end(p, p->at);
        if (end == NULL)
            return fail_at(p, p->at, "this tag has no '}}'");
        if (p->at[2] == '!') {
            p->at = end;
        } else if (p->at[2] == '/') {
            p->depth--;
            return close_section(p, section);
        } else {
            if (!parse_tag(p, list))
                return false;
            list = &(*list)->next;
        }
    }
    p->depth--;
    if (section != NULL)
        return template_fail(p->set, p->file, section->offset, "section '%.*s' is not closed",
                             (int)section->length, section->text);
    return true;
}

const template_file *template_find(template_set *set, const char *name, size_t length,
                                   const template_file *from, size_t offset, unsigned depth)
{
    template_file *file;
    parser p = {0};

    for (file = set->files; file != NULL; file = file->next)
        if (strlen(file->name) == length && memcmp(file->name, name, length) == 0)
            return file;
    file = arena_new(set->memory, template_file);
    if (file == NULL)
        return NULL;
    file->name = arena_copy(set->memory, name, length);
    if (file->name == NULL)
        return NULL;
    if (!set->load(set->user, file->name, &file->text)) {
        if (from != NULL)
            template_fail(set, from, offset, "unknown partial '%s'", file->name);
        else if (set->error == NULL)
            set->error = arena_printf(set->memory, "no template '%s'", file->name);
        return NULL;
    }
    file->next = set->files; /* known before its parts are: a partial may name itself */
    set->files = file;
    p.set = set;
    p.file = file;
    p.begin = p.at = file->text.data;
    p.end = p.begin + file->text.size;
    p.depth = depth;
    return parse_parts(&p, &file->parts, NULL) ? file : NULL;
}
