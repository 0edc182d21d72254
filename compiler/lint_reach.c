/* Where records travel: from the parameters of methods, and from results, progress, errors and events,
 * through all they contain. Over all packages of the compile, since a struct may be declared in one and used
 * in another.
 */
#include "lint_parts.h"

#include <stdlib.h>
#include <string.h>

static int compare(const void *left, const void *right)
{
    const uintptr_t a = (uintptr_t)((const record_use *)left)->record;
    const uintptr_t b = (uintptr_t)((const record_use *)right)->record;

    return a == b ? 0 : a < b ? -1 : 1;
}

static record_use *find(const lint *l, const schema_record *record)
{
    const record_use key = {.record = record};

    return (record_use *)bsearch(&key, l->records, l->record_count, sizeof *l->records, compare);
}

const record_use *lint_use(const lint *l, const schema_record *record)
{
    return find(l, record);
}

static void collect(lint *l)
{
    size_t count = 0;

    for (size_t i = 0; i < l->c->unit_count; i++)
        count += l->c->units[i]->record_count;
    l->records = (record_use *)arena_array(l->memory, count + 1, sizeof *l->records);
    l->stack = (record_use **)arena_array(l->memory, count + 1, sizeof *l->stack);
    for (size_t i = 0; i < l->c->unit_count; i++) {
        const unit *u = l->c->units[i];

        for (size_t k = 0; k < u->record_count; k++)
            l->records[l->record_count++].record = u->records[k];
    }
    if (l->record_count > 1)
        qsort(l->records, l->record_count, sizeof *l->records, compare);
}

/* The record that a type leads to, through lists and maps; NULL: none. */
static const schema_record *leaf_of(const schema_type *type)
{
    while (type->element != NULL)
        type = type->element;
    return type->kind == SCHEMA_RECORD ? type->record : NULL;
}

/* Mark a record and all it contains. Each is put on the stack once, when it is first marked. */
static void follow(lint *l, const schema_record *start, unsigned travels, const schema_method *method)
{
    record_use **stack = l->stack, *first = find(l, start);
    size_t depth = 0;

    if (first == NULL || (first->travels & travels) != 0)
        return;
    first->travels |= travels;
    stack[depth++] = first;
    while (depth > 0) {
        record_use *use = stack[--depth];

        if (use->method == NULL)
            use->method = method;
        for (size_t i = 0; i < use->record->field_count; i++) {
            const schema_record *inner = leaf_of(use->record->fields[i].type);
            record_use *next = inner == NULL ? NULL : find(l, inner);

            if (next == NULL || (next->travels & travels) != 0)
                continue;
            next->travels |= travels;
            stack[depth++] = next;
        }
    }
}

static void follow_service(lint *l, const schema_service *service)
{
    for (size_t i = 0; i < service->method_count; i++) {
        const schema_method *m = &service->methods[i];
        record_use *result = find(l, m->result);

        follow(l, m->request, IN_REQUEST, m);
        follow(l, m->result, IN_OUTPUT, NULL);
        if (m->progress != NULL)
            follow(l, m->progress, IN_OUTPUT, NULL);
        for (size_t k = 0; k < m->raise_count; k++)
            follow(l, m->raises[k].error, IN_OUTPUT, NULL);
        if (result != NULL)
            result->is_result = true;
    }
}

void lint_reach(lint *l)
{
    collect(l);
    for (size_t i = 0; i < l->c->unit_count; i++) {
        const schema_package *p = l->c->units[i]->package;

        for (size_t k = 0; k < p->event_count; k++)
            follow(l, p->events[k]->record, IN_OUTPUT, NULL);
        for (size_t k = 0; k < p->service_count; k++)
            follow_service(l, p->services[k]);
    }
}
