/* Schemas from files, and from whoever runs.
 *
 * A running service answers `service.<name>.schema` with its files; each such answer is a compile of its own,
 * in which paths begin with "<name>:/". Whoever answers nonsense is treated like one that tells nothing, but
 * that is said. */
#include "catalog.h"

#include <string.h>

#include <aegis/discovery.h>

#include "frontend.h"
#include "wire.h"

/* Services that are asked for their schemas by one command. */
#define SERVICES_MAX 256
#define ASK_TIMEOUT  (2 * AEGIS_SECOND)

typedef struct known {
    const char *wire;
    compile *schema;               /* NULL: it tells nothing */
    const schema_service *service; /* in it */
} known;

struct catalog {
    session *s;
    compile files;
    bool from_files;
    known *asked;
    size_t asked_count;
    json_t *running; /* answers to $SRV.PING; NULL: not asked yet */
};

static int read_files(catalog *c)
{
    const session_options *o = c->s->options;
    bool good = true;
    const char *text;
    size_t i;

    for (i = 0; i < o->schemas.count; i++)
        good = frontend_compile(&c->files, o->schemas.items[i]) && good;
    text = diag_format(&c->files.reports, false);
    if (text == NULL || c->files.memory.failed)
        return cli_out_of_memory();
    if (text[0] != '\0' && cli_holds())
        cli_complain("%s", text);
    else
        fputs(text, stderr);
    return good ? CLI_DONE : c->files.io_failed ? CLI_IO : CLI_MISTAKES;
}

int catalog_open(session *s, catalog **out)
{
    catalog *c = arena_new(&s->line->memory, catalog);
    int code;

    *out = NULL;
    if (c == NULL)
        return cli_out_of_memory();
    c->s = s;
    c->from_files = s->options->schemas.count > 0;
    compile_init(&c->files, s->options->includes.items, s->options->includes.count);
    code = c->from_files ? read_files(c) : session_connect(s);
    if (code == CLI_DONE)
        *out = c;
    else
        catalog_free(c);
    return code;
}

void catalog_free(catalog *c)
{
    size_t i;

    if (c == NULL)
        return;
    for (i = 0; i < c->asked_count; i++) {
        if (c->asked[i].schema != NULL)
            compile_free(c->asked[i].schema);
    }
    json_decref(c->running);
    compile_free(&c->files);
}

/* ---- running services ---- */

static int ask_who_runs(catalog *c)
{
    aegis_error error = {0};

    if (c->running == NULL &&
        wire_gather(c->s, "$SRV.PING", WIRE_QUIET, WIRE_LIMIT, &c->running, &error) != AEGIS_OK)
        return session_failed(c->s, &error, "cannot ask which services run");
    return CLI_DONE;
}

/* Names of running services, each once. */
static size_t running_names(const catalog *c, const char **names, size_t most)
{
    size_t count = 0, i, k;
    json_t *answer;

    json_array_foreach(c->running, i, answer)
    {
        const char *name = wire_text(answer, "name", NULL);

        for (k = 0; name != NULL && k < count && strcmp(names[k], name) != 0; k++)
            continue;
        if (name != NULL && k == count && count < most)
            names[count++] = name;
    }
    return count;
}

static const schema_service *service_named(const schema *all, const char *name)
{
    size_t i, k;

    for (i = 0; i < all->package_count; i++) {
        for (k = 0; k < all->packages[i]->service_count; k++) {
            const schema_service *service = all->packages[i]->services[k];

            if (strcmp(service->wire, name) == 0 || strcmp(service->name, name) == 0)
                return service;
        }
    }
    return NULL;
}

/* What is wrong with a schema that was told: paths and names in it are text of others. */
static void show_reports(compile *told)
{
    const char *line = diag_format(&told->reports, false);

    while (line != NULL && *line != '\0') {
        const size_t size = strcspn(line, "\n");
        const char *shown = arena_copy(told->reports.memory, line, size);

        if (shown != NULL)
            cli_safe(stderr, shown);
        fputc('\n', stderr);
        line += size + (line[size] == '\n');
    }
}

/* Compile what a service answered. False: said why, where it was no schema. */
static bool compile_answer(const catalog *c, known *k, json_t *answer)
{
    arena *memory = &c->s->line->memory;
    json_t *files = json_object_get(answer, "files"), *file;
    const char *first = NULL;
    const char **folder = (const char **)arena_alloc(memory, sizeof *folder);
    bool good = folder != NULL;
    size_t i;

    k->schema = arena_new(memory, compile);
    if (folder == NULL || k->schema == NULL)
        return false;
    *folder = arena_printf(memory, "%s:", k->wire);
    compile_init(k->schema, folder, 1);
    k->schema->files.memory_root = arena_printf(memory, "%s:/", k->wire);
    json_array_foreach(files, i, file)
    {
        const char *path = wire_text(file, "path", NULL), *text = wire_text(file, "text", NULL);
        const char *name = path != NULL ? arena_printf(memory, "%s:/%s", k->wire, path) : NULL;

        good = good && name != NULL && text != NULL &&
               source_add_text(&k->schema->files, name, text, strlen(text));
        first = first != NULL ? first : name;
    }
    if (good && first != NULL && frontend_compile(k->schema, first))
        k->service = service_named(&k->schema->result, k->wire);
    if (k->service != NULL)
        return true;
    cli_remark("the schema that '%s' tells cannot be used: -f names one to use instead", k->wire);
    if (k->schema->reports.memory->failed || first == NULL)
        return false;
    show_reports(k->schema);
    return false;
}

/* What the service of this wire name tells; NULL without memory. */
static const known *ask_service(catalog *c, const char *wire)
{
    arena *memory = &c->s->line->memory;
    aegis_error error = {0};
    json_t *answer = NULL;
    known *list, *k;
    size_t i;

    for (i = 0; i < c->asked_count; i++) {
        if (strcmp(c->asked[i].wire, wire) == 0)
            return &c->asked[i];
    }
    list = (known *)arena_grow(memory, c->asked, c->asked_count, sizeof *list);
    if (list == NULL)
        return NULL;
    c->asked = list;
    k = &list[c->asked_count];
    memset(k, 0, sizeof *k);
    k->wire = arena_strdup(memory, wire);
    if (k->wire == NULL)
        return NULL;
    c->asked_count++;
    if (strpbrk(wire, " .*>\t") == NULL &&
        wire_ask(c->s, arena_printf(memory, "service.%s.schema", wire), NULL, ASK_TIMEOUT, &answer, &error) ==
            AEGIS_OK &&
        !compile_answer(c, k, answer) && k->schema != NULL) {
        compile_free(k->schema);
        k->schema = NULL;
    }
    json_decref(answer);
    return k;
}

/* And of those that only the registry knows, as it does services of the original SDK. */
static size_t registered_names(catalog *c, const char **names, size_t count, size_t most)
{
    aegis_instance_list list = {NULL, 0};
    aegis_error error = {0};
    size_t i, k;

    if (aegis_instances_read(c->s->bus, NULL, c->s->arena, &list, &error) != AEGIS_OK)
        return count;
    for (i = 0; i < list.count; i++) {
        const char *name = list.items[i].service;

        for (k = 0; k < count && strcmp(names[k], name) != 0; k++)
            continue;
        if (k == count && count < most)
            names[count++] = name;
    }
    return count;
}

static bool is_among(const char *name, const char *const *names, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (strcmp(names[i], name) == 0)
            return true;
    }
    return false;
}

/* Among those that run: `name` as on the wire, or as a schema calls it. */
static int find_running(catalog *c, const char *name, const char **wire, const schema_service **service)
{
    const char *names[SERVICES_MAX], *near;
    const known *k = ask_service(c, name);
    size_t count, i;
    int code;

    if (k == NULL)
        return cli_out_of_memory();
    *wire = k->wire;
    *service = k->service;
    if (k->service != NULL)
        return CLI_DONE;
    code = ask_who_runs(c);
    if (code != CLI_DONE)
        return code;
    count = running_names(c, names, SERVICES_MAX);
    if (is_among(name, names, count))
        return CLI_DONE; /* it runs, and tells nothing */
    for (i = 0; i < count; i++) {
        k = ask_service(c, names[i]);
        if (k != NULL && k->service != NULL && strcmp(k->service->name, name) == 0) {
            *wire = k->wire;
            *service = k->service;
            return CLI_DONE;
        }
    }
    count = registered_names(c, names, count, SERVICES_MAX);
    near = is_among(name, names, count) ? NULL : diag_nearest(name, names, count);
    if (near == NULL)
        return CLI_DONE; /* maybe one of the original SDK, which answers no $SRV */
    cli_status("NOT_FOUND");
    cli_complain("no service '%s' runs" CLI_HINT "did you mean '%s'?", name, near);
    return CLI_MISTAKES;
}

/* ---- files ---- */

static int find_declared(const catalog *c, const char *name, const char **wire,
                         const schema_service **service)
{
    const char *names[SERVICES_MAX], *near;
    const schema *all = &c->files.result;
    size_t count = 0, i, k;

    *service = service_named(all, name);
    if (*service != NULL) {
        *wire = (*service)->wire;
        return CLI_DONE;
    }
    for (i = 0; i < all->package_count; i++) {
        for (k = 0; k < all->packages[i]->service_count && count < SERVICES_MAX; k++)
            names[count++] = all->packages[i]->services[k]->wire;
    }
    near = diag_nearest(name, names, count);
    cli_status("NOT_FOUND");
    if (near != NULL)
        cli_complain("no service '%s' in the files given" CLI_HINT "did you mean '%s'?", name, near);
    else
        cli_complain("no service '%s' in the files given", name);
    return CLI_MISTAKES;
}

int catalog_service(catalog *c, const char *name, const char **wire, const schema_service **service)
{
    return c->from_files ? find_declared(c, name, wire, service) : find_running(c, name, wire, service);
}

/* ---- methods ---- */

static const char *kind_name(schema_method_kind kind)
{
    return kind == SCHEMA_RPC ? "rpc" : "command";
}

/* "echo, mirror, store"; into `text`, which is returned. */
static const char *listed(const char *const *names, size_t count, char *text, size_t size)
{
    size_t used = 0, i;

    (void)snprintf(text, size, "none");
    for (i = 0; i < count; i++) {
        const size_t length = strlen(names[i]) + (i > 0 ? 2 : 0);

        if (used + length + sizeof ", ..." > size) {
            (void)snprintf(text + used, size - used, ", ...");
            break;
        }
        used += (size_t)snprintf(text + used, size - used, "%s%s", i > 0 ? ", " : "", names[i]);
    }
    return text;
}

static int in_service(const schema_service *service, const char *name, schema_method_kind kind,
                      catalog_method *out)
{
    const char *names[SERVICES_MAX] = {NULL}, *near;
    char some[200];
    size_t count = 0, i;

    for (i = 0; i < service->method_count; i++) {
        const schema_method *method = &service->methods[i];

        if (count < SERVICES_MAX && method->kind == kind)
            names[count++] = method->name;
        if (strcmp(method->name, name) != 0 && strcmp(method->idl_name, name) != 0)
            continue;
        if (method->kind != kind) {
            cli_complain("%s.%s is %s %s" CLI_HINT "'aegis %s' sends it", service->wire, name,
                         method->kind == SCHEMA_RPC ? "an" : "a", kind_name(method->kind),
                         method->kind == SCHEMA_RPC ? "call" : "send");
            return CLI_USAGE;
        }
        out->name = method->name;
        out->method = method;
        return CLI_DONE;
    }
    near = diag_nearest(name, names, count);
    cli_status("NOT_FOUND");
    if (near != NULL)
        cli_complain("%s has no %s '%s'" CLI_HINT "did you mean '%s'?", service->wire, kind_name(kind), name,
                     near);
    else
        cli_complain("%s has no %s '%s'" CLI_HINT "it has %s", service->wire, kind_name(kind), name,
                     listed(names, count, some, sizeof some));
    return CLI_MISTAKES;
}

/* "order-service" alone: what it has. */
static int only_service(const catalog *c, const schema_service *service, schema_method_kind kind)
{
    const char *names[SERVICES_MAX] = {NULL};
    char some[200];
    size_t count = 0, i;

    for (i = 0; i < service->method_count && count < SERVICES_MAX; i++) {
        if (service->methods[i].kind == kind)
            names[count++] = service->methods[i].name;
    }
    return cli_usage(c->s->line->command, "'%s' is a service" CLI_HINT "which %s of it? it has %s",
                     service->wire, kind_name(kind), listed(names, count, some, sizeof some));
}

/* "create_order" alone: the only one of that name in the files. */
static int without_service(catalog *c, const char *name, schema_method_kind kind, catalog_method *out)
{
    const known *running = c->from_files ? NULL : ask_service(c, name);
    const schema_service *alone = running != NULL ? running->service : service_named(&c->files.result, name);

    const schema *all = &c->files.result;
    size_t found = 0, i, k, m;

    for (i = 0; i < all->package_count; i++) {
        for (k = 0; k < all->packages[i]->service_count; k++) {
            const schema_service *service = all->packages[i]->services[k];

            for (m = 0; m < service->method_count; m++) {
                if (strcmp(service->methods[m].name, name) == 0 && service->methods[m].kind == kind) {
                    *out = (catalog_method){service->wire, service->methods[m].name, &service->methods[m]};
                    found++;
                }
            }
        }
    }
    if (found == 1)
        return CLI_DONE;
    if (alone != NULL)
        return only_service(c, alone, kind);
    return cli_usage(c->s->line->command, "'%s' names no method" CLI_HINT "write SERVICE.METHOD", name);
}

int catalog_find_method(catalog *c, const char *text, schema_method_kind kind, catalog_method *out)
{
    const char *dot = strrchr(text, '.');
    const schema_service *service;
    int code;

    memset(out, 0, sizeof *out);
    if (dot == NULL || dot == text || dot[1] == '\0')
        return without_service(c, text, kind, out);
    out->service = arena_copy(&c->s->line->memory, text, (size_t)(dot - text));
    out->name = dot + 1;
    if (out->service == NULL)
        return cli_out_of_memory();
    code = catalog_service(c, out->service, &out->service, &service);
    return code != CLI_DONE || service == NULL ? code : in_service(service, dot + 1, kind, out);
}

/* ---- all ---- */

static int add_service(catalog *c, catalog_list *out, const schema_service *service)
{
    const schema_service **items =
        (const schema_service **)arena_grow(&c->s->line->memory, out->items, out->count, sizeof *items);

    if (items == NULL)
        return cli_out_of_memory();
    items[out->count++] = service;
    out->items = items;
    return CLI_DONE;
}

int catalog_all(catalog *c, catalog_list *out)
{
    const char *names[SERVICES_MAX];
    const schema *all = &c->files.result;
    size_t count, i, k;
    int code = CLI_DONE;

    memset(out, 0, sizeof *out);
    for (i = 0; i < all->package_count; i++) {
        for (k = 0; k < all->packages[i]->service_count && code == CLI_DONE; k++)
            code = add_service(c, out, all->packages[i]->services[k]);
    }
    if (c->from_files || code != CLI_DONE)
        return code;
    code = ask_who_runs(c);
    count = code == CLI_DONE ? running_names(c, names, SERVICES_MAX) : 0;
    for (i = 0; i < count && code == CLI_DONE; i++) {
        const known *known_service = ask_service(c, names[i]);

        if (known_service == NULL)
            code = cli_out_of_memory();
        else if (known_service->service != NULL)
            code = add_service(c, out, known_service->service);
    }
    return code;
}

/* ---- events ---- */

/* The event in one compile; the highest version when none is wanted. */
static const schema_event *event_in(const schema *all, const char *name, const char *version)
{
    const schema_event *found = NULL;
    size_t i, k;

    for (i = 0; i < all->package_count; i++) {
        for (k = 0; k < all->packages[i]->event_count; k++) {
            const schema_event *event = all->packages[i]->events[k];

            if (strcmp(event->name, name) == 0 &&
                (version == NULL ? event->latest : strcmp(event->version, version) == 0))
                found = event;
        }
    }
    return found;
}

/* Names of the events of one compile, behind those that are there. */
static size_t add_events(const schema *all, const char **names, size_t count)
{
    size_t i, k;

    for (i = 0; i < all->package_count; i++) {
        for (k = 0; k < all->packages[i]->event_count && count < SERVICES_MAX; k++)
            names[count++] = all->packages[i]->events[k]->name;
    }
    return count;
}

/* All names of events that are declared, in files or by whoever was asked; those of the first come first. */
static size_t event_names(const catalog *c, const char **names)
{
    size_t count = add_events(&c->files.result, names, 0), i;

    for (i = 0; i < c->asked_count; i++) {
        if (c->asked[i].schema != NULL)
            count = add_events(&c->asked[i].schema->result, names, count);
    }
    return count;
}

const char *catalog_near_event(catalog *c, const char *name)
{
    const char *names[SERVICES_MAX];
    catalog_list services;
    size_t count;

    if (catalog_all(c, &services) != CLI_DONE)
        return NULL;
    count = event_names(c, names);
    return is_among(name, names, count) ? NULL : diag_nearest(name, names, count);
}

int catalog_find_event(catalog *c, const char *name, const char *version, const schema_event **event)
{
    const char *names[SERVICES_MAX], *near;
    const char *where = c->from_files ? "in the files given" : "of the services that run";
    const schema_event *other = event_in(&c->files.result, name, NULL);
    catalog_list services;
    size_t i;
    int code = CLI_DONE;

    *event = event_in(&c->files.result, name, version);
    if (*event == NULL && !c->from_files)
        code = catalog_all(c, &services);
    if (*event != NULL || code != CLI_DONE)
        return code;
    for (i = 0; i < c->asked_count; i++) {
        const schema *told = c->asked[i].schema != NULL ? &c->asked[i].schema->result : NULL;

        if (told == NULL)
            continue;
        *event = *event != NULL ? *event : event_in(told, name, version);
        other = other != NULL ? other : event_in(told, name, NULL);
    }
    if (*event != NULL)
        return CLI_DONE;
    near = diag_nearest(name, names, event_names(c, names));
    if (other != NULL || near != NULL || c->from_files)
        cli_status("NOT_FOUND");
    if (other != NULL)
        cli_complain("event '%s' has no version %s %s" CLI_HINT "the highest is %s", name, version, where,
                     other->version);
    else if (near != NULL)
        cli_complain("no event '%s' %s" CLI_HINT "did you mean '%s'?", name, where, near);
    else if (c->from_files)
        cli_complain("no event '%s' %s", name, where);
    else
        return CLI_DONE; /* nobody declares it, which is no mistake */
    return CLI_MISTAKES;
}
