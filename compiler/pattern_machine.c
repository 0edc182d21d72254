/* From the parts of a pattern to nodes, each built for what comes after it, and to the kinds of characters
 * its sets tell apart. */
#include "pattern_machine.h"

#include <stdlib.h>
#include <string.h>

typedef struct builder {
    arena *memory;
    machine *m;
    size_t steps; /* parts looked at, also those that become no node: ((){9}){9} */
    bool too_large;
} builder;

/* ---- nodes -------------------------------------------------------------------------------------------- */

static uint16_t add(builder *b, machine_kind kind, size_t set, uint16_t next, uint16_t other)
{
    machine *m = b->m;

    if (m->node_count == MACHINE_NODES_MAX) {
        b->too_large = true;
        return 0;
    }
    m->nodes = (machine_node *)arena_grow(b->memory, m->nodes, m->node_count, sizeof *m->nodes);
    m->nodes[m->node_count] = (machine_node){kind, (uint16_t)set, next, other};
    return (uint16_t)m->node_count++;
}

static bool same_set(const pattern_set *one, const pattern_set *other)
{
    return one->count == other->count &&
           (one->count == 0 || memcmp(one->spans, other->spans, one->count * sizeof *one->spans) == 0);
}

static size_t set_number(builder *b, const pattern_set *set)
{
    machine *m = b->m;

    for (size_t i = 0; i < m->set_count; i++) {
        if (same_set(m->sets[i], set))
            return i;
    }
    m->sets = (const pattern_set **)arena_grow(b->memory, m->sets, m->set_count, sizeof *m->sets);
    m->sets[m->set_count] = set;
    return m->set_count++;
}

static uint16_t build(builder *b, const pattern_part *part, uint16_t next);

static uint16_t build_choice(builder *b, const pattern_part *part, uint16_t next)
{
    uint16_t made = build(b, part->children, next);

    for (const pattern_part *child = part->children->next; child != NULL; child = child->next)
        made = add(b, MACHINE_FORK, 0, build(b, child, next), made);
    return made;
}

static uint16_t build_repeat(builder *b, const pattern_part *part, uint16_t next)
{
    uint16_t made = next;

    if (part->most == 0) {
        made = add(b, MACHINE_FORK, 0, next, next);
        if (!b->too_large) {
            uint16_t body = build(b, part->children, made);

            b->m->nodes[made].next = body;
        }
    }
    for (uint32_t i = part->least; i < part->most && !b->too_large; i++)
        made = add(b, MACHINE_FORK, 0, build(b, part->children, made), next);
    for (uint32_t i = 0; i < part->least && !b->too_large; i++)
        made = build(b, part->children, made);
    return made;
}

/* Where `part` followed by `next` begins. */
static uint16_t build(builder *b, const pattern_part *part, uint16_t next)
{
    if (b->too_large || b->steps++ == 4 * (size_t)MACHINE_NODES_MAX) {
        b->too_large = true;
        return 0;
    }
    switch (part->kind) {
    case PART_SET:
        return add(b, MACHINE_TAKE, set_number(b, part->set), next, 0);
    case PART_BEGIN:
        return add(b, MACHINE_BEGIN, 0, next, 0);
    case PART_END:
        return add(b, MACHINE_END, 0, next, 0);
    case PART_CHAIN:
        for (const pattern_part *child = part->children; child != NULL; child = child->next)
            next = build(b, child, next);
        return next;
    case PART_CHOICE:
        return build_choice(b, part, next);
    case PART_REPEAT:
        return build_repeat(b, part, next);
    case PART_EMPTY:
        break;
    }
    return next;
}

/* ---- kinds of characters ------------------------------------------------------------------------------ */

static int compare(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

    return a == b ? 0 : a < b ? -1 : 1;
}

/* Where characters may begin to be of another kind, in order; ASCII ends at one of them. */
static uint32_t *borders(const builder *b, size_t *count)
{
    const machine *m = b->m;
    size_t all = 2, kept = 0;
    uint32_t *list;

    for (size_t i = 0; i < m->set_count; i++)
        all += 2 * m->sets[i]->count;
    list = (uint32_t *)arena_array(b->memory, all, sizeof *list);
    all = 0;
    list[all++] = 0;
    list[all++] = 0x80;
    for (size_t i = 0; i < m->set_count; i++) {
        for (size_t k = 0; k < m->sets[i]->count; k++) {
            list[all++] = m->sets[i]->spans[k].first;
            list[all++] = m->sets[i]->spans[k].last + 1;
        }
    }
    qsort(list, all, sizeof *list, compare);
    for (size_t i = 0; i < all; i++) {
        if (list[i] <= PATTERN_LAST && (kept == 0 || list[i] != list[kept - 1]))
            list[kept++] = list[i];
    }
    *count = kept;
    return list;
}

/* The kind of the characters from `first` on; a new one when no other is in the same sets. */
static size_t kind_at(builder *b, uint32_t first, const uint32_t *examples)
{
    machine *m = b->m;

    for (size_t kind = 0; kind < m->kind_count; kind++) {
        size_t i = 0;

        while (i < m->set_count &&
               pattern_set_has(m->sets[i], first) == pattern_set_has(m->sets[i], examples[kind]))
            i++;
        if (i == m->set_count)
            return kind;
    }
    return m->kind_count++;
}

static void find_kinds(builder *b)
{
    machine *m = b->m;
    uint32_t examples[PATTERN_KINDS_MAX + 1];
    size_t count;
    const uint32_t *list = borders(b, &count);

    m->ranges = (pattern_range *)arena_array(b->memory, count, sizeof *m->ranges);
    for (size_t i = 0; i < count; i++) {
        size_t kind = kind_at(b, list[i], examples);

        if (kind == PATTERN_KINDS_MAX) {
            b->too_large = true;
            return;
        }
        if (kind + 1 == m->kind_count)
            examples[kind] = list[i];
        if (i == 0 || m->ranges[m->range_count - 1].kind != kind || list[i] == 0x80)
            m->ranges[m->range_count++] = (pattern_range){list[i], (uint8_t)kind};
    }
    m->has = (bool *)arena_array(b->memory, m->set_count * m->kind_count, sizeof *m->has);
    for (size_t i = 0; i < m->set_count; i++) {
        for (size_t kind = 0; kind < m->kind_count; kind++)
            m->has[i * m->kind_count + kind] = pattern_set_has(m->sets[i], examples[kind]);
    }
}

bool machine_build(arena *a, const pattern_part *part, machine *m)
{
    static const pattern_span everything = {0, PATTERN_LAST};
    builder b = {a, m, 0, false};
    uint16_t match, skip;

    memset(m, 0, sizeof *m);
    match = add(&b, MACHINE_MATCH, 0, 0, 0);
    m->first = build(&b, part, match);
    if (b.too_large)
        return false;
    skip = add(&b, MACHINE_TAKE, set_number(&b, pattern_set_of(a, &everything, 1)), 0, 0);
    m->first = add(&b, MACHINE_FORK, 0, m->first, skip);
    if (!b.too_large) {
        m->nodes[skip].next = m->first;
        find_kinds(&b);
    }
    return !b.too_large;
}
