/* The canonical form is a row of texts, each after its length, and of numbers, each with an end; what may be
 * absent is marked, lists begin with their count. So two schemas have the same one only when they say the
 * same. It is never kept: what is written goes into the hash. */
#include "schema_hash.h"

#include "pattern.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Begins every form; another number when the form changes. */
#define FORM "aegis schema 1"

/* ---- what it is made of ------------------------------------------------------------------------------- */

static void put_number(sha256 *h, uint64_t number)
{
    char digits[24];
    size_t at = sizeof digits;

    digits[--at] = ' ';
    do
        digits[--at] = (char)('0' + number % 10);
    while ((number /= 10) != 0);
    sha256_add(h, digits + at, sizeof digits - at);
}

/* NULL, that is absent, differs from "". */
static void put_text(sha256 *h, const char *text)
{
    const size_t length = text == NULL ? 0 : strlen(text);

    if (text == NULL) {
        sha256_add(h, "-", 1);
        return;
    }
    put_number(h, length);
    sha256_add(h, text, length);
}

static void put_texts(sha256 *h, const char *const *texts, size_t count)
{
    put_number(h, count);
    for (size_t i = 0; i < count; i++)
        put_text(h, texts[i]);
}

static void put_float(sha256 *h, double number)
{
    uint64_t bits = 0;

    memcpy(&bits, &number, sizeof bits);
    put_number(h, bits);
}

/* ---- types and values --------------------------------------------------------------------------------- */

static void put_bound(sha256 *h, schema_kind kind, bool there, const schema_bound *bound)
{
    put_number(h, there);
    if (!there)
        return;
    if (kind == SCHEMA_F32 || kind == SCHEMA_F64)
        put_float(h, bound->f);
    else if (kind >= SCHEMA_I8 && kind <= SCHEMA_I64)
        put_number(h, (uint64_t)bound->i);
    else
        put_number(h, bound->u);
}

/* A declaration by its name, which is one package's. */
static void put_name(sha256 *h, const schema_package *package, const char *name)
{
    put_text(h, package->name);
    put_text(h, name);
}

/* What it is, however it was written: an alias is what it stands for. */
static void put_type(sha256 *h, const schema_type *type)
{
    static const char *const kinds[] = {[SCHEMA_BOOL] = "bool",
                                        [SCHEMA_I8] = "i8",
                                        [SCHEMA_I16] = "i16",
                                        [SCHEMA_I32] = "i32",
                                        [SCHEMA_I64] = "i64",
                                        [SCHEMA_U8] = "u8",
                                        [SCHEMA_U16] = "u16",
                                        [SCHEMA_U32] = "u32",
                                        [SCHEMA_U64] = "u64",
                                        [SCHEMA_F32] = "f32",
                                        [SCHEMA_F64] = "f64",
                                        [SCHEMA_STRING] = "string",
                                        [SCHEMA_BYTES] = "bytes",
                                        [SCHEMA_TIMESTAMP] = "timestamp",
                                        [SCHEMA_DURATION] = "duration",
                                        [SCHEMA_UUID] = "uuid",
                                        [SCHEMA_DECIMAL] = "decimal",
                                        [SCHEMA_ANY] = "any",
                                        [SCHEMA_RAW] = "raw",
                                        [SCHEMA_ENUM] = "enum",
                                        [SCHEMA_RECORD] = "record",
                                        [SCHEMA_LIST] = "list",
                                        [SCHEMA_MAP] = "map"};

    for (; type != NULL; type = type->element) {
        put_text(h, kinds[type->kind]);
        put_bound(h, type->kind, type->range.has_min, &type->range.min);
        put_bound(h, type->kind, type->range.has_max, &type->range.max);
        put_text(h, type->pattern == NULL ? NULL : type->pattern->text);
        if (type->kind == SCHEMA_ENUM)
            put_name(h, type->enumeration->package, type->enumeration->name);
        if (type->kind == SCHEMA_RECORD)
            put_name(h, type->record->package, type->record->name);
    }
}

static void put_value(sha256 *h, const schema_value *value)
{
    put_number(h, (uint64_t)value->kind);
    switch (value->kind) {
    case SCHEMA_VALUE_NONE:
    case SCHEMA_VALUE_EMPTY:
        break;
    case SCHEMA_VALUE_BOOL:
        put_number(h, value->boolean);
        break;
    case SCHEMA_VALUE_INT:
    case SCHEMA_VALUE_DURATION:
        put_number(h, (uint64_t)value->integer);
        put_number(h, value->natural);
        break;
    case SCHEMA_VALUE_FLOAT:
        put_float(h, value->number);
        break;
    case SCHEMA_VALUE_STRING:
    case SCHEMA_VALUE_ENUM:
        put_text(h, value->text);
        break;
    }
}

/* ---- declarations ------------------------------------------------------------------------------------- */

static void put_fields(sha256 *h, const schema_record *record)
{
    put_number(h, record->field_count);
    for (size_t i = 0; i < record->field_count; i++) {
        const schema_field *field = &record->fields[i];

        put_text(h, field->idl_name);
        put_text(h, field->name);
        put_texts(h, field->was, field->was_count);
        put_number(h, (uint64_t)field->presence);
        put_number(h, field->nullable);
        put_type(h, field->type);
        put_value(h, &field->default_value);
        put_text(h, field->deprecated);
    }
}

static void put_const(sha256 *h, const void *declared)
{
    const schema_const *constant = (const schema_const *)declared;

    put_type(h, constant->type);
    put_value(h, &constant->value);
    put_text(h, constant->deprecated);
}

static void put_alias(sha256 *h, const void *declared)
{
    put_type(h, ((const schema_alias *)declared)->type);
}

static void put_enum(sha256 *h, const void *declared)
{
    const schema_enum *e = (const schema_enum *)declared;

    put_number(h, e->strict);
    put_text(h, e->deprecated);
    put_number(h, e->value_count);
    for (size_t i = 0; i < e->value_count; i++) {
        put_text(h, e->values[i].idl_name);
        put_text(h, e->values[i].name);
        put_texts(h, e->values[i].was, e->values[i].was_count);
        put_text(h, e->values[i].deprecated);
    }
}

static void put_record(sha256 *h, const void *declared)
{
    const schema_record *record = (const schema_record *)declared;

    put_number(h, (uint64_t)record->kind);
    put_text(h, record->wire);
    put_texts(h, record->was, record->was_count);
    put_number(h, (uint64_t)record->code);
    put_text(h, record->deprecated);
    put_fields(h, record);
}

static void put_event(sha256 *h, const void *declared)
{
    const schema_event *event = (const schema_event *)declared;

    put_text(h, event->domain);
    put_text(h, event->type);
    put_texts(h, event->was, event->was_count);
    put_text(h, event->version);
    put_text(h, event->deprecated);
    put_fields(h, event->record);
}

static void put_raises(sha256 *h, const schema_method *method)
{
    put_number(h, method->raise_count);
    for (size_t i = 0; i < method->raise_count; i++) {
        put_name(h, method->raises[i].error->package, method->raises[i].error->name);
        put_number(h, method->raises[i].retried);
    }
}

static void put_method(sha256 *h, const schema_method *method)
{
    put_number(h, (uint64_t)method->kind);
    put_text(h, method->idl_name);
    put_text(h, method->name);
    put_texts(h, method->was, method->was_count);
    put_text(h, method->deprecated);
    put_fields(h, method->request);
    put_number(h, method->inline_result);
    if (method->inline_result)
        put_fields(h, method->result);
    else
        put_name(h, method->result->package, method->result->name);
    put_number(h, method->progress != NULL);
    if (method->progress != NULL)
        put_fields(h, method->progress);
    put_raises(h, method);
    put_number(h, (uint64_t)method->timeout);
    put_number(h, method->idempotent);
    put_number(h, method->max_retries);
    put_number(h, (uint64_t)method->backoff_min);
    put_number(h, (uint64_t)method->backoff_max);
    put_number(h, (uint64_t)method->hedge);
    put_number(h, (uint64_t)method->priority);
    put_number(h, method->lanes);
    put_number(h, (uint64_t)method->delivery);
    put_number(h, method->key_count);
    for (size_t i = 0; i < method->key_count; i++)
        put_text(h, method->keys[i]->name);
}

static void put_subscription(sha256 *h, const schema_subscription *s)
{
    put_text(h, s->pattern);
    put_text(h, s->durable);
    put_number(h, s->from_new);
    put_number(h, s->broadcast);
    put_number(h, s->ordered);
    put_number(h, s->concurrency);
    put_number(h, s->in_flight);
    put_number(h, s->max_retries);
    put_number(h, (uint64_t)s->backoff_min);
    put_number(h, (uint64_t)s->backoff_max);
}

static void put_service(sha256 *h, const void *declared)
{
    const schema_service *service = (const schema_service *)declared;

    put_text(h, service->wire);
    put_texts(h, service->was, service->was_count);
    put_text(h, service->version);
    put_text(h, service->deprecated);
    put_number(h, service->method_count);
    for (size_t i = 0; i < service->method_count; i++)
        put_method(h, &service->methods[i]);
    put_number(h, service->subscription_count);
    for (size_t i = 0; i < service->subscription_count; i++)
        put_subscription(h, &service->subscriptions[i]);
    put_number(h, service->publish_count);
    for (size_t i = 0; i < service->publish_count; i++) {
        put_name(h, service->publishes[i]->package, service->publishes[i]->name);
        put_text(h, service->publishes[i]->version);
    }
    put_number(h, service->use_count);
    for (size_t i = 0; i < service->use_count; i++)
        put_name(h, service->uses[i]->package, service->uses[i]->name);
}

/* ---- packages ----------------------------------------------------------------------------------------- */

/* A declaration, to be brought into order. */
typedef struct entry {
    const char *name;
    uint32_t major; /* of events, whose names may come more than once */
    const char *what;
    const void *declared;
    void (*put)(sha256 *h, const void *declared);
} entry;

static int by_name(const void *left, const void *right)
{
    const entry *a = (const entry *)left, *b = (const entry *)right;
    const int names = strcmp(a->name, b->name);

    return names != 0 ? names : a->major < b->major ? -1 : a->major > b->major;
}

/* All that a package declares; `entries` has room. */
static size_t collect(const schema_package *p, entry *entries)
{
    size_t count = 0;

    for (size_t i = 0; i < p->const_count; i++)
        entries[count++] = (entry){p->consts[i].name, 0, "const", &p->consts[i], put_const};
    for (size_t i = 0; i < p->alias_count; i++)
        entries[count++] = (entry){p->aliases[i].name, 0, "alias", &p->aliases[i], put_alias};
    for (size_t i = 0; i < p->enum_count; i++)
        entries[count++] = (entry){p->enums[i]->name, 0, "enum", p->enums[i], put_enum};
    for (size_t i = 0; i < p->record_count; i++) {
        if (p->records[i]->kind <= SCHEMA_ERROR) /* the others belong to methods and events */
            entries[count++] = (entry){p->records[i]->name, 0, "record", p->records[i], put_record};
    }
    for (size_t i = 0; i < p->event_count; i++)
        entries[count++] = (entry){p->events[i]->name, p->events[i]->major, "event", p->events[i], put_event};
    for (size_t i = 0; i < p->service_count; i++)
        entries[count++] = (entry){p->services[i]->name, 0, "service", p->services[i], put_service};
    return count;
}

static bool put_package(sha256 *h, arena *scratch, const schema_package *p)
{
    const arena_mark before = arena_here(scratch);
    entry *entries = (entry *)arena_array(scratch,
                                          p->const_count + p->alias_count + p->enum_count + p->record_count +
                                              p->event_count + p->service_count + 1,
                                          sizeof *entries);
    size_t count = entries == NULL ? 0 : collect(p, entries);

    if (count > 0)
        qsort(entries, count, sizeof *entries, by_name);
    put_text(h, p->name);
    put_number(h, count);
    for (size_t i = 0; i < count; i++) {
        put_text(h, entries[i].what);
        put_text(h, entries[i].name);
        entries[i].put(h, entries[i].declared);
    }
    arena_back(scratch, before);
    return entries != NULL;
}

static int by_package(const void *left, const void *right)
{
    const schema_package *a = *(const schema_package *const *)left;
    const schema_package *b = *(const schema_package *const *)right;
    const int names = strcmp(a->name, b->name);

    return names != 0 ? names : strcmp(a->base, b->base);
}

static bool is_among(const schema_package *const *found, size_t count, const schema_package *package)
{
    for (size_t i = 0; i < count; i++)
        if (found[i] == package)
            return true;
    return false;
}

/* `package` and what it imports, each once. NULL without memory. */
static const schema_package **packages_of(const schema_package *package, arena *scratch, size_t *count)
{
    const schema_package **found =
        (const schema_package **)arena_grow(scratch, NULL, 0, sizeof(schema_package *));

    *count = 1;
    if (found != NULL)
        found[0] = package;
    for (size_t i = 0; found != NULL && i < *count; i++) {
        for (size_t k = 0; found != NULL && k < found[i]->import_count; k++) {
            const schema_package *imported = found[i]->imports[k].package;

            if (is_among(found, *count, imported))
                continue;
            found = (const schema_package **)arena_grow(scratch, found, *count, sizeof(schema_package *));
            if (found != NULL)
                found[(*count)++] = imported;
        }
    }
    return found;
}

bool schema_hash(const schema_package *package, arena *scratch, char text[SHA256_TEXT])
{
    const arena_mark before = arena_here(scratch);
    size_t count;
    const schema_package **packages = packages_of(package, scratch, &count);
    bool good = packages != NULL;
    sha256 h;

    sha256_begin(&h);
    put_text(&h, FORM);
    put_text(&h, package->name);
    if (good)
        qsort(packages, count, sizeof(schema_package *), by_package);
    for (size_t i = 0; good && i < count; i++)
        good = put_package(&h, scratch, packages[i]);
    sha256_end(&h, text);
    arena_back(scratch, before);
    return good;
}
