/* The view of structs and unions: their declarations, their keys, which bits they require. */
#include "view_record.h"

#include <stdlib.h>
#include <string.h>

/* ---- the record --------------------------------------------------------------------------------------- */

/* Whether fields are read as they come: by functions that find out the encoding. */
typedef struct view_reading {
    bool rest;
} view_reading;

static const shape_member reading_members[] = {SHOWS_TRUTH(view_reading, rest)};
static const shape reading_shape = SHAPE_OF(view_reading, reading_members);

typedef struct view_record {
    const view *v;
    const schema_record *is;
    const char *name, *c_name, *c_macro, *stem, *docs, *kind_type, *none, *fixed, *words, *seen_type,
        *key_count, *deprecated;
    bool is_union, has_fields, needs_init, copies, wide, varies, recursive, required;
    view_reading in_order, any_order;
} view_record;

static const schema_record *record_of(const void *self)
{
    return ((const view_record *)self)->is;
}

static shape_list fields_of(const void *self, arena *scratch)
{
    const schema_record *record = record_of(self);
    view_field *fields = (view_field *)arena_array(scratch, record->field_count, sizeof *fields);

    for (size_t i = 0; i < record->field_count; i++)
        fields[i] = view_field_of(scratch, &record->fields[i]);
    return view_list(fields, record->field_count);
}

/* Of a struct those that it points to; the others are in `conditions`. */
static shape_list copied_of(const void *self, arena *scratch)
{
    const schema_record *record = record_of(self);
    view_copied *fields = (view_copied *)arena_array(scratch, record->field_count, sizeof *fields);
    size_t count = 0;

    for (size_t i = 0; i < record->field_count; i++)
        if (record->kind == SCHEMA_UNION || view_is_through(&record->fields[i]))
            fields[count++] = view_copied_of(((const view_record *)self)->v, scratch, &record->fields[i]);
    return view_list(fields, count);
}

static shape_list entries_of(const void *self, arena *scratch)
{
    return view_map_of_record(((const view_record *)self)->v, record_of(self), scratch);
}

/* The conditions of copying, of what lies in the struct. */
static shape_list conditions_of(const void *self, arena *scratch)
{
    const schema_record *record = record_of(self);
    const char **made = (const char **)arena_array(scratch, record->field_count, sizeof *made);
    size_t count = 0;

    for (size_t i = 0; i < record->field_count; i++) {
        const schema_field *field = &record->fields[i];
        const char *copy = view_is_through(field)
                               ? NULL
                               : view_copied_of(((const view_record *)self)->v, scratch, field).copy;

        if (copy != NULL)
            made[count++] = copy;
    }
    return view_list(made, count);
}

/* ---- codecs ------------------------------------------------------------------------------------------- */

static bool may_be_absent(const schema_field *field)
{
    return field->presence == SCHEMA_BOXED || field->presence == SCHEMA_POINTER;
}

/* What asks for room before the fields, as one encoding needs it: of each field, 0 where nothing has to be
 * asked for. Nothing has to in the middle of a run of sizes that are known, nor when what the value before
 * the run left is enough. Returns the first run's, which has the map's head in it. */
static size_t find_rooms(size_t *rooms, const schema_record *record, const view_format *format)
{
    size_t first = 0, spare = 0, sum = format->counted && record->field_count > 15 ? 3 : 1, head = sum;

    for (size_t i = 0; i < record->field_count; i++) {
        const schema_field *field = &record->fields[i];

        sum += view_most_of_field(field, format);
        if (view_most(field->type, format) != 0 && i + 1 < record->field_count)
            continue;
        if (first == 0)
            head = sum;
        else if (sum > spare)
            rooms[first] = sum;
        spare = view_leaves_room(field->type) && !may_be_absent(field) ? VIEW_ROOM : 0;
        first = i + 1;
        sum = 0;
    }
    return head;
}

/* A union has one member. */
static size_t room_of_union(const schema_record *record, const view_format *format)
{
    size_t most = 0;

    for (size_t i = 0; i < record->field_count; i++)
        if (view_most_of_field(&record->fields[i], format) > most)
            most = view_most_of_field(&record->fields[i], format);
    return 1 + most;
}

/* Whether so many bytes are not there. */
static const char *no_room(arena *a, size_t msgpack, size_t json)
{
    if (msgpack == json)
        return arena_join(a, "!aegis_put_room(w, ", view_number(a, json), ")", NULL);
    if (msgpack == 0)
        return arena_join(a, "json && !aegis_put_room(w, ", view_number(a, json), ")", NULL);
    if (json == 0)
        return arena_join(a, "!json && !aegis_put_room(w, ", view_number(a, msgpack), ")", NULL);
    return arena_join(a, "!aegis_put_room(w, json ? ", view_number(a, json), " : ", view_number(a, msgpack),
                      ")", NULL);
}

/* What the fields have to ask for. Returns the same of what is written first. */
static const char *set_rooms(view_codec_field *fields, arena *a, const schema_record *record)
{
    size_t *msgpack = (size_t *)arena_array(a, record->field_count, sizeof *msgpack);
    size_t *json = (size_t *)arena_array(a, record->field_count, sizeof *json);
    const size_t head_msgpack = find_rooms(msgpack, record, &view_msgpack);
    const size_t head_json = find_rooms(json, record, &view_json);

    for (size_t i = 0; i < record->field_count; i++)
        if (msgpack[i] != 0 || json[i] != 0)
            fields[i].room = no_room(a, msgpack[i], json[i]);
    return no_room(a, head_msgpack, head_json);
}

/* One list of fields, for the writer, the readers and what they begin with. */
typedef struct view_codec {
    const char *no_room;
    shape_list fields;
} view_codec;

static const shape_member codec_members[] = {
    SHOWS_TEXT(view_codec, no_room),
    SHOWS_LIST(view_codec, fields, &view_codec_field_shape),
};
static const shape codec_shape = SHAPE_OF(view_codec, codec_members);

static shape_list codec_of(const void *self, arena *scratch)
{
    const schema_record *record = record_of(self);
    view_codec_field *fields = (view_codec_field *)arena_array(scratch, record->field_count, sizeof *fields);
    view_codec *made = arena_new(scratch, view_codec);

    for (size_t i = 0; i < record->field_count; i++)
        fields[i] = view_codec_field_of(((const view_record *)self)->v, scratch, record, i);
    if (record->kind == SCHEMA_UNION)
        made->no_room =
            no_room(scratch, room_of_union(record, &view_msgpack), room_of_union(record, &view_json));
    else
        made->no_room = set_rooms(fields, scratch, record);
    made->fields = view_list(fields, record->field_count);
    return view_list(made, 1);
}

static size_t key_count(const schema_record *record)
{
    size_t count = record->field_count;

    for (size_t i = 0; i < record->field_count; i++)
        count += record->fields[i].was_count;
    return count;
}

static int by_size_then_bytes(const void *left, const void *right)
{
    const view_key *one = *(const view_key *const *)left, *other = *(const view_key *const *)right;

    if (one->length != other->length)
        return one->length < other->length ? -1 : 1;
    return memcmp(one->name, other->name, one->length);
}

/* How a reader finds them. */
static void sort_keys(view_key *keys, size_t count, arena *scratch)
{
    view_key **sorted = (view_key **)arena_array(scratch, count, sizeof(view_key *));

    for (size_t i = 0; i < count; i++)
        sorted[i] = &keys[i];
    if (count > 1)
        qsort(sorted, count, sizeof(view_key *), by_size_then_bytes);
    for (size_t i = 0; i < count; i++)
        keys[i].sorted = view_number(scratch, (size_t)(sorted[i] - keys));
}

/* The keys of the fields in their order, then older ones. */
static shape_list keys_of(const void *self, arena *scratch)
{
    const schema_record *record = record_of(self);
    view_key *keys = (view_key *)arena_array(scratch, key_count(record), sizeof *keys);
    size_t count = record->field_count;

    for (size_t i = 0; i < record->field_count; i++) {
        const schema_field *field = &record->fields[i];

        keys[i] = view_key_of(scratch, field->name, i);
        for (size_t j = 0; j < field->was_count; j++)
            keys[count++] = view_key_of(scratch, field->was[j], i);
    }
    sort_keys(keys, count, scratch);
    return view_list(keys, count);
}

/* ---- presence and defaults ---------------------------------------------------------------------------- */

/* Whether its key may be left out when the struct is written. */
static bool is_optional(const schema_field *field)
{
    return (field->presence == SCHEMA_BOXED || field->presence == SCHEMA_POINTER) && !field->nullable;
}

static shape_list optional_of(const void *self, arena *scratch)
{
    const schema_record *record = record_of(self);
    const char **conditions = (const char **)arena_array(scratch, record->field_count, sizeof *conditions);
    size_t count = 0;

    for (size_t i = 0; i < record->field_count; i++) {
        const schema_field *field = &record->fields[i];
        const char *test = field->presence == SCHEMA_BOXED ? ".has" : " != NULL";

        if (is_optional(field))
            conditions[count++] = arena_join(scratch, "value->", field->c_name, test, NULL);
    }
    return view_list(conditions, count);
}

/* The assignments that give fields their defaults before reading. */
static shape_list defaults_of(const void *self, arena *scratch)
{
    const schema_record *record = record_of(self);
    const char **made = (const char **)arena_array(scratch, 2 * record->field_count, sizeof *made);
    size_t count = 0;

    for (size_t i = 0; i < record->field_count; i++) {
        const schema_field *field = &record->fields[i];
        bool boxed = field->presence == SCHEMA_BOXED;

        if (!view_has_default(field) || (!boxed && field->default_value.zero))
            continue;
        if (boxed)
            made[count++] = arena_printf(scratch, "out->%s.has = true", field->c_name);
        made[count++] = arena_printf(scratch, "out->%s%s = %s", field->c_name, boxed ? ".value" : "",
                                     field->default_value.c_value);
    }
    return view_list(made, count);
}

/* The designated initializer that gives `field` its default in <MACRO>_INIT, or NULL. */
static const char *initial_of(arena *a, const schema_field *field)
{
    bool boxed = field->presence == SCHEMA_BOXED;

    if (field->presence == SCHEMA_REQUIRED && field->type->kind == SCHEMA_RECORD &&
        field->type->record->needs_init)
        return arena_printf(a, ".%s = %s_INIT", field->c_name, field->type->record->c_macro);
    if (!view_has_default(field) || field->default_value.zero)
        return NULL;
    return arena_printf(a, ".%s = %s%s%s", field->c_name, boxed ? "{true, " : "",
                        field->default_value.c_value, boxed ? "}" : "");
}

static shape_list initials_of(const void *self, arena *scratch)
{
    const schema_record *record = record_of(self);
    const char **made = (const char **)arena_array(scratch, record->field_count, sizeof *made);
    size_t count = 0;

    for (size_t i = 0; i < record->field_count; i++) {
        const char *initial = initial_of(scratch, &record->fields[i]);

        if (initial != NULL)
            made[count++] = initial;
    }
    return view_list(made, count);
}

/* ---- bits of the fields that were seen ---------------------------------------------------------------- */

typedef struct view_bits {
    const char *word, *mask;
    const char *first; /* field of the word, "" for the first word */
} view_bits;

static const shape_member mask_members[] = {
    SHOWS_TEXT(view_bits, word),
    SHOWS_TEXT(view_bits, mask),
    SHOWS_TEXT(view_bits, first),
};
static const shape mask_shape = SHAPE_OF(view_bits, mask_members);

static bool is_wide(const schema_record *record)
{
    return record->field_count > WORD_BITS;
}

const char *view_word(arena *a, const schema_record *record, size_t index)
{
    return is_wide(record) ? arena_join(a, "seen[", view_number(a, index / WORD_BITS), "]", NULL) : "seen";
}

/* Absent means empty for lists and maps, so it is an error exactly where empty is. */
static bool is_required(const schema_field *field)
{
    if (field->presence == SCHEMA_CONTAINER)
        return field->type->range.has_min && field->type->range.min.u > 0;
    return field->presence == SCHEMA_REQUIRED && field->default_value.kind == SCHEMA_VALUE_NONE;
}

static size_t word_count(const schema_record *record)
{
    return (record->field_count + WORD_BITS - 1) / WORD_BITS;
}

static const char *hex(arena *a, uint64_t mask)
{
    char digits[16 + 1] = {0}, *at = digits + sizeof digits - 1;

    do
        *--at = "0123456789abcdef"[mask & 15];
    while ((mask >>= 4) != 0);
    return arena_join(a, "UINT64_C(0x", at, ")", NULL);
}

/* The words that have required bits. */
static shape_list masks_of(const void *self, arena *scratch)
{
    const schema_record *record = record_of(self);
    view_bits *made = (view_bits *)arena_array(scratch, word_count(record), sizeof *made);
    size_t count = 0;

    for (size_t first = 0; first < record->field_count; first += WORD_BITS) {
        uint64_t mask = 0;

        for (size_t i = first; i < record->field_count && i < first + WORD_BITS; i++)
            if (is_required(&record->fields[i]))
                mask |= UINT64_C(1) << i % WORD_BITS;
        if (mask != 0)
            made[count++] = (view_bits){.word = view_word(scratch, record, first),
                                        .mask = hex(scratch, mask),
                                        .first = first == 0 ? "" : view_number(scratch, first)};
    }
    return view_list(made, count);
}

/* ---- the table ---------------------------------------------------------------------------------------- */

static const shape_member record_members[] = {
    SHOWS_TEXT(view_record, name),
    SHOWS_TEXT(view_record, c_name),
    SHOWS_TEXT(view_record, c_macro),
    SHOWS_TEXT(view_record, stem),
    SHOWS_TEXT(view_record, docs),
    SHOWS_TEXT(view_record, deprecated),
    SHOWS_TEXT(view_record, kind_type),
    SHOWS_TEXT(view_record, none),
    SHOWS_TEXT(view_record, fixed),
    SHOWS_TEXT(view_record, words),
    SHOWS_TEXT(view_record, seen_type),
    SHOWS_TEXT(view_record, key_count),
    SHOWS_TRUTH_AS("union", view_record, is_union),
    SHOWS_TRUTH(view_record, has_fields),
    SHOWS_TRUTH(view_record, needs_init),
    SHOWS_TRUTH(view_record, copies),
    SHOWS_TRUTH(view_record, wide),
    SHOWS_TRUTH(view_record, varies),
    SHOWS_TRUTH(view_record, recursive),
    SHOWS_TRUTH(view_record, required),
    SHOWS_OBJECT(view_record, in_order, &reading_shape),
    SHOWS_OBJECT(view_record, any_order, &reading_shape),
    SHOWS_MADE("fields", fields_of, &view_field_shape),
    SHOWS_MADE("entries", entries_of, &view_map_shape),
    SHOWS_MADE("copied", copied_of, &view_copied_shape),
    SHOWS_MADE("conditions", conditions_of, NULL),
    SHOWS_MADE("codec", codec_of, &codec_shape),
    SHOWS_MADE("keys", keys_of, &view_key_shape),
    SHOWS_MADE("optional", optional_of, NULL),
    SHOWS_MADE("defaults", defaults_of, NULL),
    SHOWS_MADE("initials", initials_of, NULL),
    SHOWS_MADE("masks", masks_of, &mask_shape),
};
const shape view_record_shape = SHAPE_OF(view_record, record_members);

const void *view_record_at(const void *from, size_t index, arena *scratch)
{
    const view *v = (const view *)from;
    const schema_record *record = v->package->records[index];
    view_record *made = arena_new(scratch, view_record);
    size_t fixed = 0;

    for (size_t i = 0; i < record->field_count; i++) {
        fixed += !is_optional(&record->fields[i]);
        made->required = made->required || is_required(&record->fields[i]);
    }
    made->any_order.rest = true;
    made->v = v;
    made->is = record;
    made->name = record->name;
    made->c_name = record->c_name;
    made->c_macro = record->c_macro;
    made->stem = record->c_stem;
    made->docs = view_docs(scratch, record->docs, record->deprecated);
    made->deprecated = record->deprecated;
    made->kind_type = record->c_kind_type;
    made->none = record->c_none;
    made->fixed = view_number(scratch, fixed);
    made->words = view_number(scratch, word_count(record));
    made->key_count = view_number(scratch, key_count(record));
    made->wide = is_wide(record);
    made->seen_type = made->wide ? "uint64_t *" : "uint64_t ";
    made->varies = fixed < record->field_count || made->wide;
    made->recursive = record->recursive;
    made->is_union = record->kind == SCHEMA_UNION;
    made->has_fields = record->field_count > 0;
    made->needs_init = record->needs_init;
    made->copies = record->has_pointers;
    return made;
}
