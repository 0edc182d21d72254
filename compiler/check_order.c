/* What follows from which record contains which: the order in which C needs their definitions, which of them
 * have defaults or pointers somewhere inside, how small they can be, and which contain themselves through
 * lists, maps and optionals.
 *
 * Records form a graph that a file can make as large and as deep as it likes, so both walks keep their own
 * stack and look at every field once.
 */
#include "check.h"

#include <stdlib.h>
#include <string.h>

/* A record that takes more bytes than this is as good as one that takes these: 1 GiB. */
#define LEAST_MAX ((size_t)1 << 30)

/* Where a record is among the unit's. */
typedef struct place {
    const schema_record *record;
    size_t index;
} place;

/* A record on the way, and its field that is next. */
typedef struct frame {
    size_t index, field;
} frame;

typedef struct walk {
    unit *u;
    place *places; /* sorted by address */
    frame *stack;
    size_t depth;
    /* beside u->records */
    size_t *number; /* in order of discovery from 1; 0: not seen */
    size_t *low;    /* least number reached */
    size_t *open;   /* records whose component is not known yet, as a stack */
    bool *is_open;
    size_t count, open_count;
    schema_record **sorted;
    size_t sorted_count;
} walk;

static int compare(const void *left, const void *right)
{
    uintptr_t a = (uintptr_t)((const place *)left)->record, b = (uintptr_t)((const place *)right)->record;

    return a == b ? 0 : a < b ? -1 : 1;
}

/* The number of a record, or that of records when it is another package's. */
static size_t index_of(const walk *w, const schema_record *record)
{
    const place key = {record, 0};
    const place *found =
        (const place *)bsearch(&key, w->places, w->u->record_count, sizeof *w->places, compare);

    return found == NULL ? w->u->record_count : found->index;
}

static void push(walk *w, size_t index)
{
    w->stack[w->depth++] = (frame){index, 0};
    w->number[index] = w->low[index] = ++w->count;
    w->is_open[index] = true;
}

/* ---- order ---- */

static bool by_value(const schema_field *f)
{
    return f->type->kind == SCHEMA_RECORD && f->presence == SCHEMA_REQUIRED;
}

static bool has_initial(const schema_field *f)
{
    switch (f->default_value.kind) {
    case SCHEMA_VALUE_BOOL:
    case SCHEMA_VALUE_INT:
    case SCHEMA_VALUE_FLOAT:
    case SCHEMA_VALUE_DURATION:
        return !f->default_value.zero;
    default:
        return false;
    }
}

static bool points_elsewhere(const schema_field *f)
{
    switch (f->type->kind) {
    case SCHEMA_STRING:
    case SCHEMA_BYTES:
    case SCHEMA_DECIMAL:
    case SCHEMA_ANY:
    case SCHEMA_RAW:
    case SCHEMA_LIST:
    case SCHEMA_MAP:
        return true;
    case SCHEMA_RECORD:
        return f->presence == SCHEMA_POINTER || f->type->record->has_pointers;
    default:
        return f->presence == SCHEMA_POINTER;
    }
}

/* Fewest bytes of MessagePack the field takes; at most LEAST_MAX. */
static size_t least_of(const schema_field *f)
{
    size_t key = strlen(f->name);
    const size_t value = schema_least(f->type);

    if (f->presence != SCHEMA_REQUIRED || f->default_value.kind != SCHEMA_VALUE_NONE)
        return 0;
    for (size_t i = 0; i < f->was_count; i++)
        if (strlen(f->was[i]) < key)
            key = strlen(f->was[i]);
    return key + 1 + value < LEAST_MAX ? key + 1 + value : LEAST_MAX;
}

/* What a record's fields come to: of a union, any one of them. */
static void sum_up(schema_record *record)
{
    record->least = 1;
    for (size_t k = 0; k < record->field_count; k++) {
        record->has_pointers = record->has_pointers || points_elsewhere(&record->fields[k]);
        if (record->kind != SCHEMA_UNION && record->least < LEAST_MAX)
            record->least += least_of(&record->fields[k]);
    }
}

/* Every record it contains has been visited. */
static void finish(walk *w, size_t index)
{
    schema_record *record = w->u->records[index];

    sum_up(record);
    for (size_t k = 0; k < record->field_count && record->kind != SCHEMA_UNION; k++) {
        const schema_field *f = &record->fields[k];

        if (has_initial(f) || (by_value(f) && f->type->record->needs_init))
            record->needs_init = true;
    }
    w->is_open[index] = false;
    w->sorted[w->sorted_count++] = record;
    w->depth--;
}

static void follow_value(walk *w, size_t index, const schema_field *f)
{
    size_t next = by_value(f) ? index_of(w, f->type->record) : w->u->record_count;

    if (next == w->u->record_count)
        return;
    if (w->number[next] == 0) {
        push(w, next);
    } else if (w->is_open[next]) {
        diag_report(&w->u->c->reports, 403, w->u->record_nodes[index]->name.where,
                    "'%s' contains itself by value, through field '%s'", w->u->records[index]->name,
                    f->idl_name);
        diag_add_help(&w->u->c->reports, "make it optional or put it into a list");
    }
}

static void sort_records(walk *w)
{
    for (size_t i = 0; i < w->u->record_count; i++) {
        if (w->number[i] == 0)
            push(w, i);
        while (w->depth > 0) {
            frame *top = &w->stack[w->depth - 1];
            const schema_record *record = w->u->records[top->index];

            if (top->field == record->field_count)
                finish(w, top->index);
            else
                follow_value(w, top->index, &record->fields[top->field++]);
        }
    }
}

/* ---- recursion: strongly connected components, after Tarjan ---- */

/* The component that `index` was the first of. */
static void close_component(walk *w, size_t index)
{
    bool alone = w->open[w->open_count - 1] == index;

    for (;;) {
        size_t member = w->open[--w->open_count];

        w->is_open[member] = false;
        if (!alone)
            w->u->records[member]->recursive = true;
        w->u->records[member]->most =
            w->u->records[member]->recursive ? SIZE_NONE : largest_record(w->u->records[member]);
        if (member == index)
            return;
    }
}

static void leave(walk *w, size_t index)
{
    if (w->low[index] == w->number[index])
        close_component(w, index);
    w->depth--;
    if (w->depth > 0) {
        size_t above = w->stack[w->depth - 1].index;

        if (w->low[index] < w->low[above])
            w->low[above] = w->low[index];
    }
}

static void enter(walk *w, size_t index)
{
    push(w, index);
    w->open[w->open_count++] = index;
}

static void follow_any(walk *w, size_t index, const schema_field *f)
{
    const schema_type *t = f->type;
    size_t next;

    while (t->element != NULL)
        t = t->element;
    next = t->kind == SCHEMA_RECORD ? index_of(w, t->record) : w->u->record_count;
    if (next == w->u->record_count)
        return;
    if (next == index)
        w->u->records[index]->recursive = true;
    if (w->number[next] == 0)
        enter(w, next);
    else if (w->is_open[next] && w->number[next] < w->low[index])
        w->low[index] = w->number[next];
}

static void find_recursive(walk *w)
{
    memset(w->number, 0, w->u->record_count * sizeof *w->number);
    w->count = 0;
    for (size_t i = 0; i < w->u->record_count; i++) {
        if (w->number[i] == 0)
            enter(w, i);
        while (w->depth > 0) {
            frame *top = &w->stack[w->depth - 1];
            const schema_record *record = w->u->records[top->index];

            if (top->field == record->field_count)
                leave(w, top->index);
            else
                follow_any(w, top->index, &record->fields[top->field++]);
        }
    }
}

void check_order(unit *u)
{
    arena *a = &u->c->memory;
    walk w = {.u = u};

    w.places = (place *)arena_array(a, u->record_count, sizeof *w.places);
    w.stack = (frame *)arena_array(a, u->record_count, sizeof *w.stack);
    w.number = (size_t *)arena_array(a, u->record_count, sizeof *w.number);
    w.low = (size_t *)arena_array(a, u->record_count, sizeof *w.low);
    w.open = (size_t *)arena_array(a, u->record_count, sizeof *w.open);
    w.is_open = (bool *)arena_array(a, u->record_count, sizeof *w.is_open);
    w.sorted = (schema_record **)arena_array(a, u->record_count, sizeof(schema_record *));
    for (size_t i = 0; i < u->record_count; i++)
        w.places[i] = (place){u->records[i], i};
    if (u->record_count > 1)
        qsort(w.places, u->record_count, sizeof *w.places, compare);
    sort_records(&w);
    find_recursive(&w);
    u->package->records = (const schema_record *const *)w.sorted;
    u->package->record_count = w.sorted_count;
}
