/* Checked schemas as descriptors of the library. */
#include "descriptor.h"

#include "schema_hash.h"

/* Files that import each other in a row: as many as the compiler follows. */
#define IMPORTS_DEEP 64

static bool set_errors(arena *memory, const schema_method *m, aegis_method *out)
{
    const char **names = (const char **)arena_array(memory, m->raise_count + 1, sizeof *names);
    int32_t *codes = (int32_t *)arena_array(memory, m->raise_count + 1, sizeof *codes);
    bool *retried = (bool *)arena_array(memory, m->raise_count + 1, sizeof *retried);
    size_t i;

    if (names == NULL || codes == NULL || retried == NULL)
        return false;
    for (i = 0; i < m->raise_count; i++) {
        names[i] = m->raises[i].error->wire;
        codes[i] = m->raises[i].error->code;
        retried[i] = m->raises[i].retried;
    }
    out->errors = names;
    out->error_codes = codes;
    out->retried_errors = retried;
    out->error_count = m->raise_count;
    return true;
}

static bool set_method(arena *memory, const schema_method *m, aegis_method *out)
{
    out->service = m->service->wire;
    out->name = m->name;
    out->was = m->was;
    out->was_count = m->was_count;
    out->timeout = m->timeout;
    out->idempotent = m->idempotent;
    out->max_retries = m->max_retries;
    out->backoff_min = m->backoff_min;
    out->backoff_max = m->backoff_max;
    out->hedge = m->hedge;
    out->command = m->kind == SCHEMA_COMMAND;
    out->lanes = m->lanes;
    out->priority = (aegis_priority)(AEGIS_PRIORITY_LOW + (int)m->priority);
    out->guarantee = m->delivery == SCHEMA_EXACTLY_ONCE   ? AEGIS_EXACTLY_ONCE
                     : m->delivery == SCHEMA_AT_MOST_ONCE ? AEGIS_AT_MOST_ONCE
                                                          : AEGIS_AT_LEAST_ONCE;
    return set_errors(memory, m, out);
}

const aegis_method *descriptor_of_method(arena *memory, const schema_method *method)
{
    aegis_method *out = arena_new(memory, aegis_method);

    return out != NULL && set_method(memory, method, out) ? out : NULL;
}

static bool set_older(arena *memory, const schema_subscription *s, aegis_subscription *out)
{
    aegis_older_subject *older =
        (aegis_older_subject *)arena_array(memory, s->older_count + 1, sizeof *older);
    size_t i;

    if (older == NULL)
        return false;
    for (i = 0; i < s->older_count; i++)
        older[i] = (aegis_older_subject){s->older[i].pattern, s->older[i].durable};
    out->older = older;
    out->older_count = s->older_count;
    return true;
}

static bool set_subscription(arena *memory, const schema_subscription *s, aegis_subscription *out)
{
    out->pattern = s->pattern;
    out->durable = s->durable;
    out->from_new = s->from_new;
    out->broadcast = s->broadcast;
    out->ordered = s->ordered;
    out->concurrency = s->concurrency;
    out->in_flight = s->in_flight;
    out->max_retries = s->max_retries;
    out->backoff_min = s->backoff_min;
    out->backoff_max = s->backoff_max;
    return set_older(memory, s, out);
}

/* The text of a package's file, and of what it imports. */
static const aegis_schema_file *file_of(arena *memory, const schema_package *package, unsigned depth)
{
    aegis_schema_file *file = arena_new(memory, aegis_schema_file);
    aegis_schema_import *imports =
        (aegis_schema_import *)arena_array(memory, package->import_count + 1, sizeof *imports);
    const char **part = (const char **)arena_alloc(memory, sizeof *part);
    size_t i;

    if (file == NULL || imports == NULL || part == NULL || depth > IMPORTS_DEEP)
        return NULL;
    *part = arena_copy(memory, package->text, package->text_size);
    file->path = arena_printf(memory, "%s.aegis", package->base);
    if (*part == NULL || file->path == NULL)
        return NULL;
    for (i = 0; i < package->import_count; i++) {
        imports[i].path = package->imports[i].path;
        imports[i].beside = package->imports[i].beside;
        imports[i].file = file_of(memory, package->imports[i].package, depth + 1);
        if (imports[i].file == NULL)
            return NULL;
    }
    file->parts = part;
    file->part_count = 1;
    file->imports = imports;
    file->import_count = package->import_count;
    return file;
}

static const aegis_schema *schema_of(arena *memory, const schema_package *package)
{
    aegis_schema *told = arena_new(memory, aegis_schema);
    char hash[SHA256_TEXT];

    if (told == NULL || !schema_hash(package, memory, hash))
        return NULL;
    told->hash = arena_strdup(memory, hash);
    told->file = file_of(memory, package, 0);
    return told->hash != NULL && told->file != NULL ? told : NULL;
}

aegis_service_type *descriptor_of_service(arena *memory, const schema_service *service)
{
    aegis_service_type *type = arena_new(memory, aegis_service_type);
    aegis_endpoint *endpoints =
        (aegis_endpoint *)arena_array(memory, service->method_count + 1, sizeof *endpoints);
    aegis_subscription *subscriptions =
        (aegis_subscription *)arena_array(memory, service->subscription_count + 1, sizeof *subscriptions);
    bool good = type != NULL && endpoints != NULL && subscriptions != NULL;
    size_t i;

    for (i = 0; good && i < service->method_count; i++) {
        endpoints[i].method = descriptor_of_method(memory, &service->methods[i]);
        good = endpoints[i].method != NULL;
    }
    for (i = 0; good && i < service->subscription_count; i++)
        good = set_subscription(memory, &service->subscriptions[i], &subscriptions[i]);
    if (!good)
        return NULL;
    type->schema = schema_of(memory, service->package);
    if (type->schema == NULL)
        return NULL;
    type->description = service->docs != NULL ? service->docs : "";
    type->name = service->wire;
    type->version = service->version;
    type->was = service->was;
    type->was_count = service->was_count;
    type->endpoints = endpoints;
    type->endpoint_count = service->method_count;
    type->subscriptions = subscriptions;
    type->subscription_count = service->subscription_count;
    return type;
}
