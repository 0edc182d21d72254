/* From a machine that tries everything at once to the least table that decides the same: sets of nodes become
 * states, states that cannot be told apart become one, and what remains is numbered in order of meeting. */
#include "pattern_machine.h"

#include <string.h>

/* ---- sets of nodes ------------------------------------------------------------------------------------ */

/* Where a machine can be after some text: the nodes that wait for a character or for the end, in order. */
typedef struct place {
    const uint16_t *nodes;
    size_t count;
    bool matched;
    bool at_begin; /* no character was read yet */
    uint16_t next; /* in its chain of the hash table: number + 1 */
} place;

typedef struct maker {
    arena *memory;
    const machine *m;
    place *places;
    uint16_t *moves; /* of each place: by kind, then at the end of the text */
    size_t count, columns;
    /* Working space, allocated once. */
    uint16_t heads[256]; /* of the chains, by hash: number + 1 */
    bool *reached;       /* beside the nodes */
    uint16_t *stack, *found;
} maker;

#define HEADS (sizeof((maker *)0)->heads / sizeof((maker *)0)->heads[0])

/* Follow what costs no character from the nodes on the stack. `reached` is filled; true when that matches. */
static bool spread(maker *k, size_t depth, bool at_begin, bool at_end)
{
    bool matched = false;

    while (depth > 0) {
        uint16_t at = k->stack[--depth];
        const machine_node *node = &k->m->nodes[at];

        if (k->reached[at])
            continue;
        k->reached[at] = true;
        matched = matched || node->kind == MACHINE_MATCH;
        if (node->kind == MACHINE_FORK)
            k->stack[depth++] = node->other;
        if (node->kind == MACHINE_FORK || (node->kind == MACHINE_BEGIN && at_begin) ||
            (node->kind == MACHINE_END && at_end))
            k->stack[depth++] = node->next;
    }
    return matched;
}

/* Its nodes are in `found`, until the next one is gathered. */
static place gather(maker *k, bool matched, bool at_begin)
{
    place made = {k->found, 0, matched, at_begin, 0};

    for (size_t i = 0; i < k->m->node_count; i++) {
        machine_kind kind = k->m->nodes[i].kind;

        if (k->reached[i] && (kind == MACHINE_TAKE || kind == MACHINE_END))
            k->found[made.count++] = (uint16_t)i;
    }
    if (matched) /* and nothing that follows can change that */
        made.count = 0;
    return made;
}

static bool same_place(const place *a, const place *b)
{
    return a->matched == b->matched && a->at_begin == b->at_begin && a->count == b->count &&
           memcmp(a->nodes, b->nodes, a->count * sizeof *a->nodes) == 0;
}

static size_t hash(const place *p)
{
    size_t value = p->count;

    for (size_t i = 0; i < p->count; i++)
        value = (value ^ p->nodes[i]) * 0x01000193U;
    return value % HEADS;
}

/* The number of a place, which is added when it is new; PATTERN_STATES_MAX when there is no room. */
static size_t number_of(maker *k, const place *wanted)
{
    uint16_t *head = &k->heads[hash(wanted)];
    place *made;

    for (uint16_t at = *head; at != 0; at = k->places[at - 1].next) {
        if (same_place(&k->places[at - 1], wanted))
            return at - 1U;
    }
    if (k->count == PATTERN_STATES_MAX || (k->count + 1) * k->columns > PATTERN_ENTRIES_MAX)
        return PATTERN_STATES_MAX;
    k->places = (place *)arena_grow(k->memory, k->places, k->count, sizeof *k->places);
    k->moves = (uint16_t *)arena_grow(k->memory, k->moves, k->count, k->columns * sizeof *k->moves);
    made = &k->places[k->count];
    *made = *wanted;
    made->nodes = (const uint16_t *)memcpy(arena_array(k->memory, wanted->count, sizeof *wanted->nodes),
                                           wanted->nodes, wanted->count * sizeof *wanted->nodes);
    made->next = *head;
    *head = (uint16_t)++k->count;
    return k->count - 1;
}

/* Whether a text that ends at this place matches. */
static bool ends_well(maker *k, const place *p)
{
    size_t depth = 0;

    memset(k->reached, 0, k->m->node_count * sizeof *k->reached);
    for (size_t i = 0; i < p->count; i++)
        k->stack[depth++] = p->nodes[i];
    return p->matched || spread(k, depth, p->at_begin, true);
}

static place after(maker *k, const place *p, size_t kind)
{
    size_t depth = 0;
    bool matched;

    memset(k->reached, 0, k->m->node_count * sizeof *k->reached);
    for (size_t i = 0; i < p->count; i++) {
        const machine_node *node = &k->m->nodes[p->nodes[i]];

        if (node->kind == MACHINE_TAKE && k->m->has[node->set * k->m->kind_count + kind])
            k->stack[depth++] = node->next;
    }
    matched = spread(k, depth, false, false);
    return gather(k, matched, false);
}

/* Every place that texts lead to. False when they are too many. */
static bool make_places(maker *k)
{
    size_t kinds = k->m->kind_count;
    place first;
    bool matched;

    k->stack[0] = k->m->first;
    matched = spread(k, 1, true, false);
    first = gather(k, matched, true);
    (void)number_of(k, &first);
    for (size_t i = 0; i < k->count; i++) {
        const place here = k->places[i];

        for (size_t kind = 0; kind < kinds; kind++) {
            const place next = here.matched ? here : after(k, &here, kind);
            size_t number = number_of(k, &next);

            if (number == PATTERN_STATES_MAX)
                return false;
            k->moves[i * k->columns + kind] = (uint16_t)number;
        }
        k->moves[i * k->columns + kinds] = ends_well(k, &here) ? PATTERN_MATCHED : PATTERN_NEVER;
    }
    return true;
}

/* ---- the least table ---------------------------------------------------------------------------------- */

/* Whether two states of one group also lead to the same groups. */
static bool alike(const maker *k, const uint16_t *group, size_t a, size_t b)
{
    const uint16_t *one = k->moves + a * k->columns, *other = k->moves + b * k->columns;

    if (group[a] != group[b] || one[k->m->kind_count] != other[k->m->kind_count])
        return false;
    for (size_t kind = 0; kind < k->m->kind_count; kind++) {
        if (group[one[kind]] != group[other[kind]])
            return false;
    }
    return true;
}

static size_t hash_moves(const maker *k, const uint16_t *group, size_t state)
{
    const uint16_t *moves = k->moves + state * k->columns;
    size_t value = group[state];

    for (size_t kind = 0; kind < k->m->kind_count; kind++)
        value = (value ^ group[moves[kind]]) * 0x01000193U;
    return (value ^ moves[k->m->kind_count]) % HEADS;
}

/* The states by their groups. */
typedef struct grouping {
    uint16_t *of;      /* each state */
    uint16_t *members; /* one state of each group */
    uint16_t *chain;   /* of groups with one hash: number + 1 */
    size_t count;
} grouping;

/* Split the groups once, by where their states lead. */
static void split(maker *k, const grouping *from, grouping *to)
{
    to->count = 0;
    memset(k->heads, 0, sizeof k->heads);
    for (size_t i = 0; i < k->count; i++) {
        uint16_t *head = &k->heads[hash_moves(k, from->of, i)], at = *head;

        while (at != 0 && !alike(k, from->of, to->members[at - 1], i))
            at = to->chain[at - 1];
        if (at == 0) {
            to->members[to->count] = (uint16_t)i;
            to->chain[to->count] = *head;
            at = *head = (uint16_t)++to->count;
        }
        to->of[i] = (uint16_t)(at - 1);
    }
}

static grouping new_grouping(const maker *k)
{
    grouping made = {(uint16_t *)arena_array(k->memory, k->count, sizeof(uint16_t)),
                     (uint16_t *)arena_array(k->memory, k->count, sizeof(uint16_t)),
                     (uint16_t *)arena_array(k->memory, k->count, sizeof(uint16_t)), 1};

    return made;
}

/* States of one group decide the same. */
static grouping find_groups(maker *k)
{
    grouping coarse = new_grouping(k), fine = new_grouping(k);

    for (;;) {
        grouping swap = coarse;

        split(k, &coarse, &fine);
        if (fine.count == coarse.count)
            return fine;
        coarse = fine;
        fine = swap;
    }
}

/* A state that leads nowhere but to itself decides: what it says at the end of the text. */
static bool is_final(const maker *k, const uint16_t *group, size_t state)
{
    for (size_t kind = 0; kind < k->m->kind_count; kind++) {
        if (group[k->moves[state * k->columns + kind]] != group[state])
            return false;
    }
    return true;
}

/* Number the groups: those that decide, then the others as a text meets them; `order` is one state of each.
 */
static size_t number_groups(const maker *k, const grouping *g, uint16_t *number, uint16_t *order)
{
    size_t count = PATTERN_START;

    memset(number, 0xff, g->count * sizeof *number);
    for (size_t i = 0; i < g->count; i++) {
        if (is_final(k, g->of, g->members[i]))
            number[i] = k->moves[g->members[i] * k->columns + k->m->kind_count];
    }
    number[g->of[0]] = PATTERN_START; /* also when it decides: a text begins there */
    order[count++] = 0;
    for (size_t at = PATTERN_START; at < count; at++) {
        for (size_t kind = 0; kind < k->m->kind_count; kind++) {
            uint16_t next = g->of[k->moves[order[at] * k->columns + kind]];

            if (number[next] != UINT16_MAX)
                continue;
            number[next] = (uint16_t)count;
            order[count++] = g->members[next];
        }
    }
    return count;
}

static void make_table(maker *k, pattern *out)
{
    const grouping g = find_groups(k);
    uint16_t *number = (uint16_t *)arena_array(k->memory, g.count, sizeof *number);
    uint16_t *order = (uint16_t *)arena_array(k->memory, g.count + PATTERN_START, sizeof *order), *moves;
    size_t kinds = k->m->kind_count, columns = k->columns;

    out->any = is_final(k, g.of, 0) && k->moves[kinds] == PATTERN_MATCHED;
    out->none = is_final(k, g.of, 0) && k->moves[kinds] == PATTERN_NEVER;
    out->state_count = number_groups(k, &g, number, order);
    moves = (uint16_t *)arena_array(k->memory, out->state_count * columns, sizeof *moves);
    for (size_t column = 0; column < columns; column++)
        moves[PATTERN_MATCHED * columns + column] = PATTERN_MATCHED;
    for (size_t i = PATTERN_START; i < out->state_count; i++) {
        const uint16_t *from = k->moves + order[i] * columns;

        for (size_t kind = 0; kind < kinds; kind++)
            moves[i * columns + kind] = number[g.of[from[kind]]];
        moves[i * columns + kinds] = from[kinds];
    }
    out->moves = moves;
}

/* ---- what a pattern says ------------------------------------------------------------------------------ */

static size_t bytes_of(uint32_t character)
{
    return character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
}

/* Bytes of the shortest text that matches: the states are visited until no distance shrinks. */
static void find_least(arena *a, pattern *p)
{
    size_t columns = p->kind_count + 1, sizes[PATTERN_KINDS_MAX];
    size_t *distance = (size_t *)arena_array(a, p->state_count, sizeof *distance);
    bool changed = true;

    for (size_t i = p->range_count; i > 0; i--)
        sizes[p->ranges[i - 1].kind] = bytes_of(p->ranges[i - 1].first);
    for (size_t i = 0; i < p->state_count; i++)
        distance[i] = i == PATTERN_START ? 0 : SIZE_MAX;
    while (changed) {
        changed = false;
        for (size_t i = PATTERN_START; i < p->state_count; i++) {
            for (size_t kind = 0; kind < p->kind_count && distance[i] != SIZE_MAX; kind++) {
                size_t *next = &distance[p->moves[i * columns + kind]];

                if (distance[i] + sizes[kind] >= *next)
                    continue;
                *next = distance[i] + sizes[kind];
                changed = true;
            }
        }
    }
    p->least_size = SIZE_MAX;
    for (size_t i = PATTERN_MATCHED; i < p->state_count; i++) {
        if (p->moves[i * columns + p->kind_count] == PATTERN_MATCHED && distance[i] < p->least_size)
            p->least_size = distance[i];
    }
}

/* Control characters become escapes, which mean the same. */
static const char *printable(arena *a, const char *text, size_t length)
{
    static const char digits[] = "0123456789abcdef";
    char *out = (char *)arena_alloc(a, 4 * length + 1), *at = out;

    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c >= ' ' && c != 0x7f) {
            *at++ = text[i];
            continue;
        }
        *at++ = '\\';
        *at++ = c == '\n' ? 'n' : c == '\t' ? 't' : 'x';
        if (c == '\n' || c == '\t')
            continue;
        *at++ = digits[c >> 4];
        *at++ = digits[c & 15];
    }
    return out;
}

static bool too_large(size_t length, pattern_mistake *mistake)
{
    *mistake = (pattern_mistake){PATTERN_TOO_LARGE, 0, length, "this pattern is too large",
                                 "each {n} repeats its part n times; the bounds of the type limit a "
                                 "length at no cost: string(..100)"};
    return false;
}

bool pattern_compile(arena *a, const char *text, size_t length, pattern *out, pattern_mistake *mistake)
{
    machine m;
    maker k = {.memory = a, .m = &m};
    const pattern_part *part;

    memset(out, 0, sizeof *out);
    if (length > PATTERN_LENGTH_MAX)
        return too_large(length, mistake);
    part = pattern_parse(a, text, length, mistake);
    if (part == NULL)
        return false;
    if (!machine_build(a, part, &m))
        return too_large(length, mistake);
    k.columns = m.kind_count + 1;
    k.reached = (bool *)arena_array(a, m.node_count, sizeof *k.reached);
    k.stack = (uint16_t *)arena_array(a, 3 * m.node_count + 1, sizeof *k.stack);
    k.found = (uint16_t *)arena_array(a, m.node_count, sizeof *k.found);
    if (!make_places(&k))
        return too_large(length, mistake);
    out->text = printable(a, text, length);
    out->ranges = m.ranges;
    out->range_count = m.range_count;
    out->kind_count = m.kind_count;
    make_table(&k, out);
    find_least(a, out);
    return true;
}

bool pattern_matches(const pattern *p, const char *text, size_t length)
{
    size_t columns = p->kind_count + 1, state = PATTERN_START, size;

    for (size_t at = 0; at < length && state >= PATTERN_START; at += size) {
        uint32_t character = pattern_character(text + at, &size);
        size_t i = p->range_count - 1;

        while (p->ranges[i].first > character)
            i--;
        state = p->moves[state * columns + p->ranges[i].kind];
    }
    return state >= PATTERN_START ? p->moves[state * columns + p->kind_count] == PATTERN_MATCHED
                                  : state == PATTERN_MATCHED;
}
