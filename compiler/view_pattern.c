/* The view of patterns: the tables of each, once in a file however many fields have it. */
#include "view_parts.h"
#include "pattern.h"

#include <stdlib.h>
#include <string.h>

/* Numbers on one line of a table. */
#define PER_LINE 16

/* ---- collecting --------------------------------------------------------------------------------------- */

static int by_text(const void *left, const void *right)
{
    const view_pattern_use *one = (const view_pattern_use *)left, *other = (const view_pattern_use *)right;
    int order = strcmp(one->is->text, other->is->text);

    return order != 0 ? order : one->number < other->number ? -1 : one->number > other->number;
}

static int by_number(const void *left, const void *right)
{
    const view_pattern_use *one = *(view_pattern_use *const *)left,
                           *other = *(view_pattern_use *const *)right;

    return one->number < other->number ? -1 : one->number > other->number;
}

static void add_pattern(view *v, arena *memory, const pattern *p)
{
    v->patterns = (view_pattern_use *)arena_grow(memory, v->patterns, v->pattern_count, sizeof *v->patterns);
    v->patterns[v->pattern_count] = (view_pattern_use){p, v->pattern_count};
    v->pattern_count++;
}

/* Keep the first of each text; number them in the order they appeared, from 1. */
static void number_patterns(view *v, arena *memory)
{
    size_t count = 0;

    if (v->pattern_count > 1)
        qsort(v->patterns, v->pattern_count, sizeof *v->patterns, by_text);
    for (size_t i = 0; i < v->pattern_count; i++)
        if (count == 0 || strcmp(v->patterns[count - 1].is->text, v->patterns[i].is->text) != 0)
            v->patterns[count++] = v->patterns[i];
    v->pattern_count = count;
    v->by_number = (view_pattern_use **)arena_array(memory, count, sizeof(view_pattern_use *));
    for (size_t i = 0; i < count; i++)
        v->by_number[i] = &v->patterns[i];
    if (count > 1)
        qsort(v->by_number, count, sizeof(view_pattern_use *), by_number);
    for (size_t i = 0; i < count; i++)
        v->by_number[i]->number = i + 1;
}

void view_find_patterns(view *v, arena *memory)
{
    const schema_package *package = v->package;

    for (size_t i = 0; i < package->record_count; i++) {
        for (size_t k = 0; k < package->records[i]->field_count; k++) {
            const schema_type *type = package->records[i]->fields[k].type;

            while (type->element != NULL)
                type = type->element;
            if (type->pattern != NULL)
                add_pattern(v, memory, type->pattern);
        }
    }
    number_patterns(v, memory);
}

static int find_text(const void *key, const void *item)
{
    return strcmp((const char *)key, ((const view_pattern_use *)item)->is->text);
}

const char *view_pattern_name(const view *v, arena *a, const pattern *p)
{
    const view_pattern_use *found = (const view_pattern_use *)bsearch(p->text, v->patterns, v->pattern_count,
                                                                      sizeof *v->patterns, find_text);

    return arena_printf(a, "pattern%zu", found->number); /* every pattern of a field is among them */
}

/* ---- showing ------------------------------------------------------------------------------------------ */

typedef struct view_pattern {
    const char *number, *text, *range_count, *columns;
    shape_list kinds, ranges, moves;
} view_pattern;

static const shape_member pattern_members[] = {
    SHOWS_TEXT(view_pattern, number),      SHOWS_TEXT(view_pattern, text),
    SHOWS_TEXT(view_pattern, range_count), SHOWS_TEXT(view_pattern, columns),
    SHOWS_LIST(view_pattern, kinds, NULL), SHOWS_LIST(view_pattern, ranges, NULL),
    SHOWS_LIST(view_pattern, moves, NULL),
};
const shape view_pattern_shape = SHAPE_OF(view_pattern, pattern_members);

/* Lines of a table. */
typedef struct lines {
    const char **texts;
    size_t count;
} lines;

static void add_line(lines *to, arena *a, const char *text)
{
    to->texts = (const char **)arena_grow(a, to->texts, to->count, sizeof *to->texts);
    to->texts[to->count++] = text;
}

/* `comment` NULL, or behind the last line. */
static void add_lines(lines *to, arena *a, const uint16_t *numbers, size_t count, const char *comment)
{
    for (size_t i = 0; i < count; i += PER_LINE) {
        size_t end = i + PER_LINE < count ? i + PER_LINE : count;
        const char *line = "";

        for (size_t k = i; k < end; k++)
            line = arena_printf(a, "%s%s%u,", line, k == i ? "" : " ", (unsigned)numbers[k]);
        if (comment != NULL && end == count)
            line = arena_printf(a, "%s /* %s */", line, comment);
        add_line(to, a, line);
    }
}

static uint8_t kind_of(const pattern *p, uint32_t character)
{
    size_t i = p->range_count - 1;

    while (p->ranges[i].first > character)
        i--;
    return p->ranges[i].kind;
}

static shape_list kinds_of(arena *a, const pattern *p)
{
    uint16_t ascii[128];
    lines made = {NULL, 0};

    for (uint32_t c = 0; c < 128; c++)
        ascii[c] = kind_of(p, c);
    add_lines(&made, a, ascii, 128, NULL);
    return view_list(made.texts, made.count);
}

static shape_list ranges_of(arena *a, const pattern *p)
{
    lines made = {NULL, 0};

    for (size_t i = 0; i < p->range_count; i++)
        if (p->ranges[i].first >= 128)
            add_line(&made, a,
                     arena_printf(a, "{0x%lx, %u},", (unsigned long)p->ranges[i].first,
                                  (unsigned)p->ranges[i].kind));
    return view_list(made.texts, made.count);
}

static shape_list moves_of(arena *a, const pattern *p, size_t columns)
{
    lines made = {NULL, 0};

    for (size_t i = 0; i < p->state_count; i++)
        add_lines(&made, a, p->moves + i * columns, columns,
                  i == PATTERN_NEVER     ? "0: no"
                  : i == PATTERN_MATCHED ? "1: yes"
                                         : arena_printf(a, "%zu", i));
    return view_list(made.texts, made.count);
}

const void *view_pattern_at(const void *from, size_t index, arena *scratch)
{
    const pattern *p = ((const view *)from)->by_number[index]->is;
    size_t columns = p->kind_count + 1;
    view_pattern *made = arena_new(scratch, view_pattern);

    made->number = arena_printf(scratch, "%zu", index + 1);
    made->text = p->text;
    made->kinds = kinds_of(scratch, p);
    made->ranges = ranges_of(scratch, p);
    made->range_count = arena_printf(scratch, "%zu", made->ranges.count);
    made->moves = moves_of(scratch, p, columns);
    made->columns = arena_printf(scratch, "%zu", columns);
    return made;
}
