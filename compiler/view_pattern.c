/* The view of patterns: the tables of each, once in a file however many fields have it. */
#include "view_parts.h"
#include "pattern.h"

#include <string.h>

/* Numbers on one line of a table. */
#define PER_LINE 16

static size_t number_of(const view *v, const pattern *p)
{
    for (size_t i = 0; i < v->pattern_count; i++) {
        if (strcmp(v->patterns[i]->text, p->text) == 0)
            return i + 1;
    }
    return 0;
}

static void add_pattern(view *v, const pattern *p)
{
    const pattern **grown;

    if (p == NULL || number_of(v, p) != 0)
        return;
    grown = (const pattern **)arena_grow(v->memory, v->patterns, v->pattern_count, sizeof *grown);
    if (grown == NULL)
        return;
    v->patterns = grown;
    v->patterns[v->pattern_count++] = p;
}

void view_find_patterns(view *v)
{
    const schema_package *package = v->package;

    for (size_t i = 0; i < package->record_count; i++) {
        for (size_t k = 0; k < package->records[i]->field_count; k++) {
            const schema_type *type = package->records[i]->fields[k].type;

            while (type->element != NULL)
                type = type->element;
            add_pattern(v, type->pattern);
        }
    }
}

const char *view_pattern_name(const view *v, const pattern *p)
{
    return arena_printf(v->memory, "pattern%zu", number_of(v, p));
}

static uint8_t kind_of(const pattern *p, uint32_t character)
{
    size_t i = p->range_count - 1;

    while (p->ranges[i].first > character)
        i--;
    return p->ranges[i].kind;
}

/* The lines of a table. `comment` NULL, or behind the last line. */
static void add_lines(const view *v, node *to, const uint16_t *numbers, size_t count, const char *comment)
{
    arena *a = v->memory;

    for (size_t i = 0; i < count; i += PER_LINE) {
        size_t end = i + PER_LINE < count ? i + PER_LINE : count;
        const char *line = "";

        for (size_t k = i; k < end; k++)
            line = arena_printf(a, "%s%s%u,", line, k == i ? "" : " ", (unsigned)numbers[k]);
        if (comment != NULL && end == count)
            line = arena_printf(a, "%s /* %s */", line, comment);
        node_add(a, to, node_text(a, line));
    }
}

static node *pattern_view(const view *v, const pattern *p, size_t number)
{
    arena *a = v->memory;
    node *made = node_object(a), *kinds = node_list(a), *ranges = node_list(a), *moves = node_list(a);
    size_t columns = p->kind_count + 1, wide = 0;
    uint16_t ascii[128];

    for (uint32_t c = 0; c < 128; c++)
        ascii[c] = kind_of(p, c);
    add_lines(v, kinds, ascii, 128, NULL);
    for (size_t i = 0; i < p->range_count; i++) {
        if (p->ranges[i].first < 128)
            continue;
        node_add(a, ranges,
                 node_text(a, arena_printf(a, "{0x%lx, %u},", (unsigned long)p->ranges[i].first,
                                           (unsigned)p->ranges[i].kind)));
        wide++;
    }
    for (size_t i = 0; i < p->state_count; i++)
        add_lines(v, moves, p->moves + i * columns, columns,
                  i == PATTERN_NEVER     ? "0: no"
                  : i == PATTERN_MATCHED ? "1: yes"
                                         : arena_printf(a, "%zu", i));
    node_set_format(a, made, "number", "%zu", number);
    node_set_text(a, made, "text", p->text);
    node_set(a, made, "kinds", kinds);
    node_set(a, made, "ranges", ranges);
    node_set_format(a, made, "range_count", "%zu", wide);
    node_set(a, made, "moves", moves);
    node_set_format(a, made, "columns", "%zu", columns);
    return made;
}

node *view_patterns(const view *v)
{
    node *list = node_list(v->memory);

    for (size_t i = 0; i < v->pattern_count; i++)
        node_add(v->memory, list, pattern_view(v, v->patterns[i], i + 1));
    return list;
}
