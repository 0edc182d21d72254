/* A method or an event as `--describe` shows it. */
#include "describe.h"

#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "arguments_parts.h"
#include "pattern.h"
#include "ports/clock.h"

/* How deep structs are shown. */
#define DEPTH_MAX 4
/* Of examples: some that read well. */
#define EXAMPLE_SEED 7
/* Longest example that is shown as words of one line. */
#define WORDS_MAX 200

/* ---- the parts of one field ---- */

/* As it was written, with what an alias hides; "red|green" for an enum. */
static const char *type_text(arena *memory, const schema_type *type)
{
    const char *text = type->text;
    size_t i;

    if (type->kind == SCHEMA_ENUM && type->enumeration->value_count <= 8) {
        text = "";
        for (i = 0; i < type->enumeration->value_count && text != NULL; i++)
            text = arena_printf(memory, "%s%s%s", text, i > 0 ? "|" : "", type->enumeration->values[i].name);
    }
    if (type->pattern != NULL && text != NULL)
        text = arena_printf(memory, "%s %s", text, type->pattern->text);
    return text != NULL ? text : "";
}

/* As one would write it: in the largest unit that leaves nothing over. */
static const char *duration_text(arena *memory, int64_t duration)
{
    static const struct {
        const char *unit;
        int64_t of;
    } units[] = {{"h", AEGIS_HOUR},         {"m", AEGIS_MINUTE},       {"s", AEGIS_SECOND},
                 {"ms", AEGIS_MILLISECOND}, {"us", AEGIS_MICROSECOND}, {"ns", AEGIS_NANOSECOND}};
    size_t i = 0;

    while (duration % units[i].of != 0 || duration == 0)
        if (++i + 1 == CLI_COUNT(units))
            break;
    return arena_printf(memory, "%lld%s", (long long)(duration / units[i].of), units[i].unit);
}

const char *describe_default(arena *memory, const schema_field *field)
{
    const schema_value *value = &field->default_value;
    const char *text = "";

    switch (value->kind) {
    case SCHEMA_VALUE_BOOL:
        return value->boolean ? "true" : "false";
    case SCHEMA_VALUE_INT:
        text = field->type->kind >= SCHEMA_U8 && field->type->kind <= SCHEMA_U64
                   ? arena_printf(memory, "%llu", (unsigned long long)value->natural)
                   : arena_printf(memory, "%lld", (long long)value->integer);
        break;
    case SCHEMA_VALUE_FLOAT:
        text = arena_printf(memory, "%g", value->number);
        break;
    case SCHEMA_VALUE_STRING:
        text = arena_printf(memory, "\"%s\"", value->text);
        break;
    case SCHEMA_VALUE_ENUM:
        return value->text;
    case SCHEMA_VALUE_DURATION:
        text = duration_text(memory, value->integer);
        break;
    case SCHEMA_VALUE_EMPTY:
        return field->type->kind == SCHEMA_LIST ? "[]" : "{}";
    default:
        return NULL;
    }
    return text != NULL ? text : "";
}

static bool is_required(const schema_record *record, const schema_field *field)
{
    if (record->kind == SCHEMA_UNION)
        return false;
    if (field->presence == SCHEMA_CONTAINER)
        return field->type->range.has_min && field->type->range.min.u > 0;
    return field->presence == SCHEMA_REQUIRED && field->default_value.kind == SCHEMA_VALUE_NONE;
}

static const char *first_line(arena *memory, const char *docs)
{
    const char *text = docs != NULL ? arena_copy(memory, docs, strcspn(docs, "\n")) : "";

    return text != NULL ? text : "";
}

/* The struct inside lists and maps of it. */
static const schema_record *record_in(const schema_type *type)
{
    while (type->kind == SCHEMA_LIST || type->kind == SCHEMA_MAP)
        type = type->element;
    return type->kind == SCHEMA_RECORD ? type->record : NULL;
}

/* ---- for a person ---- */

/* `given`: by who writes it, who has to know what may be left out. */
static void put_fields(screen_table *table, arena *memory, const schema_record *record, bool given,
                       unsigned depth)
{
    size_t i;

    for (i = 0; i < record->field_count; i++) {
        const schema_field *field = &record->fields[i];
        const schema_record *inner = record_in(field->type);
        const char *value = given ? describe_default(memory, field) : NULL;
        const bool required = is_required(record, field);

        screen_cell(table, depth == 1 ? INK_BOLD : INK_PLAIN, "%*s%s", (int)(2 * depth), "", field->name);
        screen_cell(table, INK_CYAN, "%s", type_text(memory, field->type));
        if (value != NULL)
            screen_cell(table, INK_DIM, "= %s", value);
        else
            screen_cell(table, required ? INK_YELLOW : INK_DIM, "%s",
                        record->kind == SCHEMA_UNION ? "or"
                        : field->presence == SCHEMA_BOXED || field->presence == SCHEMA_POINTER ||
                                (given && !required)
                            ? "optional"
                        : given ? "required"
                                : "");
        screen_cell(table, INK_PLAIN, "%s", first_line(memory, field->docs));
        if (inner != NULL && depth < DEPTH_MAX && inner != record)
            put_fields(table, memory, inner, given, depth + 1);
    }
}

static void print_record(const session *s, const char *heading, const schema_record *record, bool given)
{
    arena *memory = &s->line->memory;
    screen_table *table;
    char *title;

    if (record == NULL)
        return;
    if (record->field_count == 0) {
        screen_put(&s->out, INK_BOLD, "\n%s", heading);
        fputs("  nothing\n", s->out.file);
        return;
    }
    title = arena_printf(memory, "%s|type||", heading);
    table = title != NULL ? screen_table_new(memory, title) : NULL;
    if (table == NULL)
        return;
    fputc('\n', s->out.file);
    put_fields(table, memory, record, given, 1);
    screen_table_print(table, &s->out);
}

/* What a service says of itself is others' text. */
void describe_text(const session *s, screen_ink ink, const char *label, const char *text, int indent)
{
    const screen *out = &s->out;

    while (text != NULL && *text != '\0') {
        const size_t size = strcspn(text, "\n");
        const char *line = arena_copy(&s->line->memory, text, size);

        fprintf(out->file, "%*s%s%s", indent, "", ink != INK_PLAIN ? screen_ink_text(out, ink) : "", label);
        cli_safe(out->file, line != NULL ? line : "");
        fprintf(out->file, "%s\n", ink != INK_PLAIN ? screen_ink_text(out, INK_PLAIN) : "");
        text += size + (text[size] == '\n');
    }
}

static void print_docs(const session *s, const char *docs, const char *deprecated)
{
    describe_text(s, INK_RED, "deprecated: ", deprecated, 2);
    describe_text(s, INK_PLAIN, "", docs, 2);
}

static void print_errors(const session *s, const schema_method *method)
{
    screen_table *table = screen_table_new(&s->line->memory, "fails with|code|");
    size_t i;

    for (i = 0; i < method->raise_count; i++) {
        const schema_record *error = method->raises[i].error;

        screen_cell(table, INK_RED, "  %s", error->wire);
        screen_cell(table, INK_PLAIN, "%d", error->code);
        screen_cell(table, INK_PLAIN, "%s", first_line(&s->line->memory, error->docs));
    }
    if (method->raise_count == 0)
        return;
    fputc('\n', s->out.file);
    screen_table_print(table, &s->out);
}

/* One word, as a shell takes it. */
static const char *shell_word(arena *memory, const char *text)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@%+=:,./-";
    const char *at;
    char *quoted;
    size_t used = 0;

    if (text[strspn(text, plain)] == '\0')
        return text;
    quoted = (char *)arena_text(memory, 4 * strlen(text) + 3);
    if (quoted == NULL)
        return NULL;
    quoted[used++] = '\'';
    for (at = text; *at != '\0'; at++) {
        if (*at == '\'') {
            memcpy(quoted + used, "'\\'", 3);
            used += 3;
        }
        quoted[used++] = *at;
    }
    quoted[used++] = '\'';
    quoted[used] = '\0';
    return quoted;
}

const char *describe_words(arena *memory, const schema_record *record, json_t *value)
{
    const char *words = "", *key, *word;
    json_t *member;

    json_object_foreach(value, key, member)
    {
        const schema_field *field = arguments_field(record, key);
        char *text = json_dumps(member, JSON_COMPACT | JSON_ENCODE_ANY);

        if (field != NULL && field->type->kind == SCHEMA_DURATION && json_is_integer(member))
            word = arena_printf(memory, "%s=%s", key, duration_text(memory, json_integer_value(member)));
        else if (json_is_string(member))
            word = arena_printf(memory, "%s=%s", key, json_string_value(member));
        else if (text != NULL && (json_is_number(member) || json_is_boolean(member)))
            word = arena_printf(memory, "%s=%s", key, text);
        else
            word = text != NULL ? arena_printf(memory, "%s:=%s", key, text) : NULL;
        free(text);
        word = word != NULL ? shell_word(memory, word) : NULL;
        words = word != NULL ? arena_printf(memory, "%s %s", words, word) : NULL;
        if (words == NULL)
            return NULL;
    }
    return words;
}

/* How it is written: in words where that is short, else by way of a file. */
static void print_example(const session *s, const char *command, const char *what,
                          const schema_record *record)
{
    json_t *value = arguments_example(record, EXAMPLE_SEED);
    const char *words = value != NULL ? describe_words(&s->line->memory, record, value) : NULL;

    screen_put(&s->out, INK_BOLD, "\nfor example\n");
    if (words != NULL && strlen(words) <= WORDS_MAX)
        fprintf(s->out.file, "  aegis %s %s%s\n", command, what, words);
    else
        fprintf(s->out.file, "  aegis %s %s --example > it.json; aegis %s %s --data @it.json\n", command,
                what, command, what);
    json_decref(value);
}

/* ---- for a program ---- */

static json_t *fields_json(arena *memory, const schema_record *record, unsigned depth)
{
    json_t *list = json_array();
    size_t i;

    for (i = 0; record != NULL && i < record->field_count; i++) {
        const schema_field *field = &record->fields[i];
        const schema_record *inner = record_in(field->type);
        json_t *one = json_pack("{s:s, s:s, s:b, s:s?, s:s?}", "name", field->name, "type",
                                type_text(memory, field->type), "required", is_required(record, field),
                                "default", describe_default(memory, field), "docs", field->docs);

        if (inner != NULL && depth < DEPTH_MAX && inner != record)
            (void)json_object_set_new(one, "fields", fields_json(memory, inner, depth + 1));
        (void)json_array_append_new(list, one);
    }
    return list;
}

static int print_json(const session *s, json_t *value)
{
    if (value == NULL)
        return cli_out_of_memory();
    screen_json_line(&s->out, value);
    json_decref(value);
    return CLI_DONE;
}

/* By which two commands are the same one. */
static void print_key(const session *s, const schema_method *m)
{
    size_t i;

    for (i = 0; i < m->key_count; i++)
        screen_put(&s->out, INK_DIM, "%s%s", i == 0 ? "  idempotency key: " : ", ", m->keys[i]->name);
    if (m->key_count > 0)
        screen_put(&s->out, INK_DIM,
                   "; a second one with the same %s is answered from the first one's record\n",
                   m->key_count == 1 ? m->keys[0]->name : "values");
}

static json_t *key_json(const schema_method *m)
{
    json_t *list = json_array();
    size_t i;

    for (i = 0; i < m->key_count; i++)
        (void)json_array_append_new(list, json_string(m->keys[i]->name));
    return list;
}

json_t *describe_method_json(const session *s, const schema_method *m)
{
    arena *memory = &s->line->memory;
    json_t *errors = json_array();
    size_t i;

    for (i = 0; i < m->raise_count; i++)
        (void)json_array_append_new(
            errors, json_pack("{s:s, s:i, s:s?, s:o}", "name", m->raises[i].error->wire, "code",
                              (int)m->raises[i].error->code, "docs", m->raises[i].error->docs, "fields",
                              fields_json(memory, m->raises[i].error, 1)));
    return json_pack("{s:s, s:s, s:s, s:s?, s:s?, s:I, s:b, s:o, s:o, s:o, s:o, s:o, s:o}", "service",
                     m->service->wire, "method", m->name, "kind", m->kind == SCHEMA_RPC ? "rpc" : "command",
                     "docs", m->docs, "deprecated", m->deprecated, "timeout_ns", (json_int_t)m->timeout,
                     "idempotent", m->idempotent, "idempotency_key", key_json(m), "parameters",
                     fields_json(memory, m->request, 1), "progress", fields_json(memory, m->progress, 1),
                     "result", fields_json(memory, m->result, 1), "errors", errors, "example",
                     arguments_example(m->request, EXAMPLE_SEED));
}

/* ---- */

static void print_traits(const session *s, const schema_method *m)
{
    char time[SCREEN_TEXT];

    screen_put(&s->out, INK_DIM, "  %s, %s at the most%s", m->kind == SCHEMA_RPC ? "rpc" : "command",
               screen_duration(m->timeout, time), m->idempotent ? ", idempotent" : "");
    if (m->kind == SCHEMA_COMMAND)
        screen_put(&s->out, INK_DIM, ", %s",
                   m->delivery == SCHEMA_EXACTLY_ONCE   ? "exactly once"
                   : m->delivery == SCHEMA_AT_MOST_ONCE ? "at most once"
                                                        : "at least once");
    if (m->max_retries > 0)
        screen_put(&s->out, INK_DIM, ", up to %u retr%s", m->max_retries, m->max_retries == 1 ? "y" : "ies");
    fputc('\n', s->out.file);
    print_key(s, m);
}

int describe_method(const session *s, const schema_method *m)
{
    const char *what;

    if (s->options->json)
        return print_json(s, describe_method_json(s, m));
    what = arena_printf(&s->line->memory, "%s.%s", m->service->wire, m->name);
    screen_put(&s->out, INK_BOLD, "%s", what);
    print_traits(s, m);
    print_docs(s, m->docs, m->deprecated);
    print_record(s, "takes", m->request, true);
    print_record(s, "tells on the way", m->progress, false);
    print_record(s, "answers", m->result, false);
    print_errors(s, m);
    print_example(s, m->kind == SCHEMA_RPC ? "call" : "send", what, m->request);
    return CLI_DONE;
}

int describe_event(const session *s, const schema_event *event)
{
    if (s->options->json)
        return print_json(s, json_pack("{s:s, s:s, s:s, s:s?, s:s?, s:o, s:o}", "event", event->name,
                                       "version", event->version, "kind", "event", "docs", event->docs,
                                       "deprecated", event->deprecated, "fields",
                                       fields_json(&s->line->memory, event->record, 1), "example",
                                       arguments_example(event->record, EXAMPLE_SEED)));
    screen_put(&s->out, INK_BOLD, "%s", event->name);
    screen_put(&s->out, INK_DIM, "  event, version %s\n", event->version);
    print_docs(s, event->docs, event->deprecated);
    print_record(s, "holds", event->record, true);
    print_example(s, "emit", event->name, event->record);
    return CLI_DONE;
}

int describe_instead(const session *s, const catalog_method *method, bool describe)
{
    json_t *value;

    if (method->method == NULL) {
        cli_status("NOT_FOUND");
        cli_complain("'%s' tells nothing of '%s'" CLI_HINT "-f names a schema", method->service,
                     method->name);
        return CLI_MISTAKES;
    }
    if (describe)
        return describe_method(s, method->method);
    value = arguments_example(method->method->request, (uint64_t)aegis_clock_monotonic());
    if (value == NULL)
        return cli_out_of_memory();
    if (s->options->json)
        screen_json_line(&s->out, value);
    else
        screen_json(&s->out, value, 0);
    json_decref(value);
    return CLI_DONE;
}
