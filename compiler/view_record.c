/* The view of structs and unions: their declarations, their keys, which bits they require. */
#include "view_record.h"

/* ---- the record --------------------------------------------------------------------------------------- */

typedef struct view_record {
    const view *v;
    const schema_record *is;
    const char *name, *c_name, *c_macro, *stem, *docs, *kind_type, *none, *fixed, *words, *seen_type,
        *deprecated;
    bool is_union, has_fields, needs_init, copies, wide, varies, recursive;
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
        fields[i] = view_field_of(((const view_record *)self)->v, scratch, &record->fields[i]);
    return view_list(fields, record->field_count);
}

static shape_list entries_of(const void *self, arena *scratch)
{
    return view_map_of_record(((const view_record *)self)->v, record_of(self), scratch);
}

/* ---- codecs ------------------------------------------------------------------------------------------- */

typedef struct view_codec {
    const char *f, *format, *room_first, *seen_after;
    bool counted;
    shape_list fields;
} view_codec;

static const shape_member codec_members[] = {
    SHOWS_TEXT(view_codec, f),          SHOWS_TEXT(view_codec, format),
    SHOWS_TEXT(view_codec, room_first), SHOWS_TEXT(view_codec, seen_after),
    SHOWS_TRUTH(view_codec, counted),   SHOWS_LIST(view_codec, fields, &view_codec_field_shape),
};
static const shape codec_shape = SHAPE_OF(view_codec, codec_members);

static view_codec_field *codec_fields(const void *self, arena *a, const view_format *format)
{
    const schema_record *record = record_of(self);
    view_codec_field *fields = (view_codec_field *)arena_array(a, record->field_count, sizeof *fields);

    for (size_t i = 0; i < record->field_count; i++)
        fields[i] = view_codec_field_of(((const view_record *)self)->v, a, record, i, format);
    return fields;
}

static bool may_be_absent(const schema_field *field)
{
    return field->presence == SCHEMA_BOXED || field->presence == SCHEMA_POINTER;
}

/* What has to be asked for before each field: nothing in the middle of a run of sizes that are known, nor
 * when what the value before the run left is enough. Returns the first run's, which has the map's head in it.
 */
static size_t set_rooms(view_codec_field *fields, arena *a, const schema_record *record,
                        const view_format *format)
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
            fields[first].room = arena_printf(a, "%zu", sum);
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

/* In both formats. */
static shape_list codecs_of(const void *self, arena *scratch)
{
    const schema_record *record = record_of(self);
    view_codec *codecs = (view_codec *)arena_array(scratch, VIEW_FORMATS, sizeof *codecs);

    for (size_t i = 0; i < VIEW_FORMATS; i++) {
        const view_format *format = &view_formats[i];
        view_codec_field *fields = codec_fields(self, scratch, format);
        size_t room = record->kind == SCHEMA_UNION ? room_of_union(record, format)
                                                   : set_rooms(fields, scratch, record, format);

        codecs[i] = (view_codec){.f = format->f,
                                 .format = format->format,
                                 .room_first = arena_printf(scratch, "%zu", room),
                                 .seen_after = view_seen_before(scratch, record->field_count),
                                 .counted = format->counted,
                                 .fields = view_list(fields, record->field_count)};
    }
    return view_list(codecs, VIEW_FORMATS);
}

/* The fields as they are read when they come in another order, whatever the encoding. */
static shape_list unordered_of(const void *self, arena *scratch)
{
    return view_list(codec_fields(self, scratch, &view_either), record_of(self)->field_count);
}

static shape_list formats_of(const void *self, arena *scratch)
{
    (void)self;
    (void)scratch;
    return view_list(view_formats, VIEW_FORMATS);
}

/* The field that each key means. */
static shape_list lengths_of(const void *self, arena *scratch)
{
    const schema_record *record = record_of(self);
    size_t total = 0, count = 0;
    view_name *names;

    for (size_t i = 0; i < record->field_count; i++)
        total += 1 + record->fields[i].was_count;
    names = (view_name *)arena_array(scratch, total, sizeof *names);
    for (size_t i = 0; i < record->field_count; i++) {
        const schema_field *field = &record->fields[i];
        const char *result = arena_printf(scratch, "%zu", i);

        names[count++] = (view_name){field->name, result};
        for (size_t j = 0; j < field->was_count; j++)
            names[count++] = (view_name){field->was[j], result};
    }
    return view_lookup(scratch, names, count);
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
            conditions[count++] = arena_printf(scratch, "value->%s%s", field->c_name, test);
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
    const char *name, *word, *bit, *mask;
} view_bits;

static const shape_member mask_members[] = {
    SHOWS_TEXT(view_bits, word),
    SHOWS_TEXT(view_bits, mask),
};
static const shape mask_shape = SHAPE_OF(view_bits, mask_members);

static const shape_member required_members[] = {
    SHOWS_TEXT(view_bits, name),
    SHOWS_TEXT(view_bits, word),
    SHOWS_TEXT(view_bits, bit),
};
static const shape required_shape = SHAPE_OF(view_bits, required_members);

static bool is_wide(const schema_record *record)
{
    return record->field_count > WORD_BITS;
}

const char *view_word(arena *a, const schema_record *record, size_t index)
{
    return is_wide(record) ? arena_printf(a, "seen[%zu]", index / WORD_BITS) : "seen";
}

const char *view_bit(arena *a, size_t index)
{
    return arena_printf(a, "UINT64_C(1) << %zu", index % WORD_BITS);
}

/* Absent means empty for lists and maps, so it is an error exactly where empty is. */
static bool is_required(const schema_field *field)
{
    if (field->presence == SCHEMA_CONTAINER)
        return field->type->range.has_min && field->type->range.min.u > 0;
    return field->presence == SCHEMA_REQUIRED && field->default_value.kind == SCHEMA_VALUE_NONE;
}

static shape_list required_of(const void *self, arena *scratch)
{
    const schema_record *record = record_of(self);
    view_bits *made = (view_bits *)arena_array(scratch, record->field_count, sizeof *made);
    size_t count = 0;

    for (size_t i = 0; i < record->field_count; i++)
        if (is_required(&record->fields[i]))
            made[count++] = (view_bits){.name = record->fields[i].name,
                                        .word = view_word(scratch, record, i),
                                        .bit = view_bit(scratch, i)};
    return view_list(made, count);
}

static size_t word_count(const schema_record *record)
{
    return (record->field_count + WORD_BITS - 1) / WORD_BITS;
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
            made[count++] =
                (view_bits){.word = view_word(scratch, record, first),
                            .mask = arena_printf(scratch, "UINT64_C(0x%llx)", (unsigned long long)mask)};
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
    SHOWS_TRUTH_AS("union", view_record, is_union),
    SHOWS_TRUTH(view_record, has_fields),
    SHOWS_TRUTH(view_record, needs_init),
    SHOWS_TRUTH(view_record, copies),
    SHOWS_TRUTH(view_record, wide),
    SHOWS_TRUTH(view_record, varies),
    SHOWS_TRUTH(view_record, recursive),
    SHOWS_MADE("fields", fields_of, &view_field_shape),
    SHOWS_MADE("entries", entries_of, &view_map_shape),
    SHOWS_MADE("codecs", codecs_of, &codec_shape),
    SHOWS_MADE("unordered", unordered_of, &view_codec_field_shape),
    SHOWS_MADE("formats", formats_of, &view_format_shape),
    SHOWS_MADE("lengths", lengths_of, &view_length_shape),
    SHOWS_MADE("optional", optional_of, NULL),
    SHOWS_MADE("defaults", defaults_of, NULL),
    SHOWS_MADE("initials", initials_of, NULL),
    SHOWS_MADE("masks", masks_of, &mask_shape),
    SHOWS_MADE("required", required_of, &required_shape),
};
const shape view_record_shape = SHAPE_OF(view_record, record_members);

const void *view_record_at(const void *from, size_t index, arena *scratch)
{
    const view *v = (const view *)from;
    const schema_record *record = v->package->records[index];
    view_record *made = arena_new(scratch, view_record);
    size_t fixed = 0;

    for (size_t i = 0; i < record->field_count; i++)
        fixed += !is_optional(&record->fields[i]);
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
    made->fixed = arena_printf(scratch, "%zu", fixed);
    made->words = arena_printf(scratch, "%zu", word_count(record));
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
