/* Templates over a view: the renderer. It makes one line at a time and knows two things about layout: a text
 * of several lines keeps the indentation of the line it begins on, and so does a partial that stands alone.
 */
#include "template_steps.h"

#include <stdio.h>
#include <string.h>

/* What names are looked up in: the view, and an item of each list around. */
typedef struct frame {
    const void *value; /* a struct, or a text */
    size_t index, count;
} frame;

typedef struct renderer {
    template_set *set;
    const template_file *file;
    arena *scratch;
    const template_sink *out;
    char *line; /* being made */
    size_t size, room;
    size_t indent; /* of the partials around */
    unsigned depth;
    size_t left; /* steps that may still be taken */
    frame frames[TEMPLATE_DEPTH + 1];
} renderer;

/* ---- the line ----------------------------------------------------------------------------------------- */

static bool make_room(renderer *r, size_t more)
{
    size_t room = r->room == 0 ? 1024 : r->room;
    char *bigger;

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

static inline bool reserve(renderer *r, size_t more)
{
    return more < r->room - r->size || make_room(r, more);
}

/* Most pieces are short: for them two words that overlap cost less than a call. */
static inline void copy(char *to, const char *from, size_t length)
{
    uint64_t first, last;

    if (length < sizeof first || length > 2 * sizeof first) {
        memcpy(to, from, length);
        return;
    }
    memcpy(&first, from, sizeof first);
    memcpy(&last, from + length - sizeof last, sizeof last);
    memcpy(to, &first, sizeof first);
    memcpy(to + length - sizeof last, &last, sizeof last);
}

static inline bool put(renderer *r, const char *text, size_t length)
{
    if (!reserve(r, length))
        return false;
    copy(r->line + r->size, text, length);
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
static inline bool put_text(renderer *r, const char *text, size_t length)
{
    if (r->size == 0 && r->indent != 0 && *text != '\n' && !put_spaces(r, r->indent))
        return false;
    return put(r, text, length);
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

/* ---- steps -------------------------------------------------------------------------------------------- */

static bool fail(renderer *r, const step *at, const char *why)
{
    return template_fail(r->set, r->file, at->from->offset, "%s", why);
}

static const char *text_at(const renderer *r, const step *at)
{
    const char *text;

    memcpy(&text, (const char *)r->frames[at->frame].value + at->at, sizeof text);
    return text;
}

static bool truth_at(const renderer *r, const step *at)
{
    bool truth;

    memcpy(&truth, (const char *)r->frames[at->frame].value + at->at, sizeof truth);
    return truth;
}

static shape_list list_at(const renderer *r, const step *at)
{
    const char *place = (const char *)r->frames[at->frame].value + at->at;
    shape_list list;

    if (at->list != NULL)
        return at->list(place, r->scratch);
    memcpy(&list, place, sizeof list);
    return list;
}

static bool show_filtered(renderer *r, const part *value, const char *text)
{
    const arena_mark before = arena_here(r->scratch);
    bool good;

    for (unsigned i = 0; i < value->filter_count && text != NULL; i++)
        text = template_apply(r->scratch, value->filters[i], text);
    good = text != NULL && put_value(r, text);
    arena_back(r->scratch, before);
    return good;
}

static bool show(renderer *r, const step *at, const char *text)
{
    if (text == NULL)
        return template_fail(r->set, r->file, at->from->offset, "'%.*s' is not there here, not a text",
                             (int)at->from->length, at->from->text);
    return at->from->filter_count == 0 ? put_value(r, text) : show_filtered(r, at->from, text);
}

static bool show_index(renderer *r, const step *at)
{
    char number[24];

    (void)snprintf(number, sizeof number, "%zu", r->frames[at->frame].index);
    return show(r, at, number);
}

/* Whether what stands behind a condition is shown. */
static bool holds(const renderer *r, const step *at)
{
    const frame *in = &r->frames[at->frame];
    const char *text;
    arena_mark before;
    bool shown;

    switch (at->kind) {
    case STEP_IF_TEXT:
        text = text_at(r, at);
        shown = text != NULL && text[0] != '\0';
        break;
    case STEP_IF_ITEM:
        shown = ((const char *)in->value)[0] != '\0';
        break;
    case STEP_IF_TRUTH:
        shown = truth_at(r, at);
        break;
    case STEP_IF_FIRST:
        shown = in->index == 0;
        break;
    case STEP_IF_LAST:
        shown = in->index + 1 == in->count;
        break;
    case STEP_IF_LIST:
        before = arena_here(r->scratch);
        shown = list_at(r, at).count != 0;
        arena_back(r->scratch, before);
        break;
    default:
        return false;
    }
    return shown == at->wanted;
}

static bool run(renderer *r, step *at, const step *end);

static bool run_list(renderer *r, step *at)
{
    const arena_mark before = arena_here(r->scratch);
    const shape_list list = list_at(r, at);
    frame *item = &r->frames[at->item_frame];
    bool good = !r->scratch->failed;

    item->count = list.count;
    for (size_t i = 0; good && i < list.count; i++) {
        const arena_mark mark = arena_here(r->scratch);

        item->index = i;
        if (list.items == NULL)
            item->value = list.make(list.from, i, r->scratch);
        else if (at->item_size != 0)
            item->value = (const char *)list.items + i * at->item_size;
        else
            item->value = ((const char *const *)list.items)[i];
        good = item->value != NULL && run(r, at + 1, at + at->behind);
        arena_back(r->scratch, mark);
    }
    arena_back(r->scratch, before);
    return good;
}

static bool run_partial(renderer *r, step *at)
{
    const template_file *file = r->file;
    bool good;

    if (at->partial == NULL)
        at->partial = template_steps_of(r->set, at->from->partial, at->scope);
    if (at->partial == NULL)
        return false;
    r->file = at->partial->file;
    r->indent += at->from->indent;
    good = run(r, at->partial->steps, at->partial->steps + at->partial->count);
    r->indent -= at->from->indent;
    r->file = file;
    return good;
}

/* One step, and where to go on. NULL: it failed. */
static step *take(renderer *r, step *at)
{
    bool good = false;

    switch (at->kind) {
    case STEP_TEXT:
        good = put_text(r, at->text, at->length);
        break;
    case STEP_LINE:
        good = put_text(r, at->text, at->length) && end_line(r);
        break;
    case STEP_VALUE:
        good = show(r, at, text_at(r, at));
        break;
    case STEP_ITEM:
        good = show(r, at, (const char *)r->frames[at->frame].value);
        break;
    case STEP_INDEX:
        good = show_index(r, at);
        break;
    case STEP_LIST:
        good = run_list(r, at);
        return good ? at + at->behind : NULL;
    case STEP_PARTIAL:
        good = run_partial(r, at);
        break;
    case STEP_FAIL:
        good = fail(r, at, at->text);
        break;
    default:
        return holds(r, at) ? at + 1 : at + at->behind;
    }
    return good ? at + 1 : NULL;
}

static bool run(renderer *r, step *at, const step *end)
{
    if (r->depth++ >= TEMPLATE_DEPTH)
        return template_fail(r->set, r->file, at == end ? 0 : at->from->offset, "nested too deeply");
    while (at != end) {
        if (r->left-- == 0)
            return fail(r, at, "sections within sections show too much");
        at = take(r, at);
        if (at == NULL)
            return false;
    }
    r->depth--;
    return true;
}

bool template_render(template_set *set, const char *name, const void *view, arena *scratch,
                     const template_sink *out)
{
    const template_file *file;
    template_steps *main;
    renderer r = {.set = set, .scratch = scratch, .out = out, .frames = {{view, 0, 0}}};
    template_scope top = {0};

    if (set->names == NULL)
        set->names = template_names_of(set->memory, set->view);
    if (set->names == NULL)
        return false;
    file = template_find(set, name, strlen(name), NULL, 0, 0);
    if (file == NULL)
        return false;
    top.of = set->names->view;
    main = template_steps_of(set, file, &top);
    if (main == NULL)
        return false;
    r.file = file;
    r.left = set->most_parts != 0 ? set->most_parts : TEMPLATE_PARTS;
    return run(&r, main->steps, main->steps + main->count) && (r.size == 0 || end_line(&r)) &&
           !set->memory->failed;
}
