/* The view of enums, and of the switch that finds a name: by its length first. */
#include "view_parts.h"

#include <stdlib.h>
#include <string.h>

/* ---- lookups ------------------------------------------------------------------------------------------ */

static const shape_member name_members[] = {
    SHOWS_TEXT(view_name, text),
    SHOWS_TEXT(view_name, result),
};
static const shape name_shape = SHAPE_OF(view_name, name_members);

static const shape_member length_members[] = {
    SHOWS_TEXT(view_length, length),
    SHOWS_LIST(view_length, names, &name_shape),
};
const shape view_length_shape = SHAPE_OF(view_length, length_members);

static int by_length(const void *one, const void *other)
{
    const view_name *first = (const view_name *)one, *second = (const view_name *)other;
    size_t a = strlen(first->text), b = strlen(second->text);

    return a != b ? (a < b ? -1 : 1) : strcmp(first->text, second->text);
}

shape_list view_lookup(arena *a, view_name *names, size_t count)
{
    view_length *lengths = (view_length *)arena_array(a, count, sizeof *lengths), *last = NULL;
    size_t used = 0;

    if (count > 1)
        qsort(names, count, sizeof *names, by_length);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || strlen(names[i].text) != strlen(names[i - 1].text)) {
            last = &lengths[used++];
            last->length = arena_printf(a, "%zu", strlen(names[i].text));
            last->names = view_list(&names[i], 0);
        }
        last->names.count++;
    }
    return view_list(lengths, used);
}

/* ---- enums -------------------------------------------------------------------------------------------- */

typedef struct view_enum_value {
    const char *name, *c_name, *number, *docs, *deprecated;
} view_enum_value;

static const shape_member value_members[] = {
    SHOWS_TEXT(view_enum_value, name),       SHOWS_TEXT(view_enum_value, c_name),
    SHOWS_TEXT(view_enum_value, number),     SHOWS_TEXT(view_enum_value, docs),
    SHOWS_TEXT(view_enum_value, deprecated),
};
static const shape value_shape = SHAPE_OF(view_enum_value, value_members);

typedef struct view_enum {
    const schema_enum *is;
    const char *name, *c_name, *stem, *unknown, *docs, *deprecated;
    bool unknown_declared, strict;
} view_enum;

static shape_list values_of(const void *self, arena *scratch)
{
    const schema_enum *e = ((const view_enum *)self)->is;
    view_enum_value *values = (view_enum_value *)arena_array(scratch, e->value_count, sizeof *values);

    for (size_t i = 0; i < e->value_count; i++) {
        values[i].name = e->values[i].name;
        values[i].c_name = e->values[i].c_name;
        values[i].number = arena_printf(scratch, "%d", (int)e->values[i].number);
        values[i].docs = view_docs(scratch, e->values[i].docs, e->values[i].deprecated);
        values[i].deprecated = e->values[i].deprecated;
    }
    return view_list(values, e->value_count);
}

static shape_list lengths_of(const void *self, arena *scratch)
{
    const schema_enum *e = ((const view_enum *)self)->is;
    size_t total = 0, count = 0;
    view_name *names;

    for (size_t i = 0; i < e->value_count; i++)
        total += 1 + e->values[i].was_count;
    names = (view_name *)arena_array(scratch, total, sizeof *names);
    for (size_t i = 0; i < e->value_count; i++) {
        const schema_enum_value *value = &e->values[i];

        names[count++] = (view_name){value->name, value->c_name};
        for (size_t j = 0; j < value->was_count; j++)
            names[count++] = (view_name){value->was[j], value->c_name};
    }
    return view_lookup(scratch, names, count);
}

static const shape_member enum_members[] = {
    SHOWS_TEXT(view_enum, name),
    SHOWS_TEXT(view_enum, c_name),
    SHOWS_TEXT(view_enum, stem),
    SHOWS_TEXT(view_enum, unknown),
    SHOWS_TEXT(view_enum, docs),
    SHOWS_TEXT(view_enum, deprecated),
    SHOWS_TRUTH(view_enum, unknown_declared),
    SHOWS_TRUTH(view_enum, strict),
    SHOWS_MADE("values", values_of, &value_shape),
    SHOWS_MADE("lengths", lengths_of, &view_length_shape),
};
const shape view_enum_shape = SHAPE_OF(view_enum, enum_members);

const void *view_enum_at(const void *from, size_t index, arena *scratch)
{
    const schema_enum *e = ((const view *)from)->package->enums[index];
    view_enum *made = arena_new(scratch, view_enum);

    made->is = e;
    made->name = e->name;
    made->c_name = e->c_name;
    made->stem = e->c_stem;
    made->unknown = e->c_unknown;
    made->docs = view_docs(scratch, e->docs, e->deprecated);
    made->deprecated = e->deprecated;
    made->unknown_declared = e->unknown_declared;
    made->strict = e->strict;
    return made;
}
