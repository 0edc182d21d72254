/* aegis info: what a service is and offers, as a page that is read from above. */
#include <string.h>

#include "catalog.h"
#include "cells.h"
#include "describe.h"
#include "fleet_json.h"
#include "wire.h"

#include "commands.h"
#include "diag.h"

#define NAMES_MAX 256

typedef struct request {
    session_options common;
    bool idl;
} request;

/* All that is known of the service that was named. */
typedef struct about {
    session *s;
    const char *wire;
    const schema_service *schema; /* NULL: it tells none */
    fleet f;
    const fleet_service *running; /* NULL: nobody, or nobody was asked */
} about;

/* ---- for a person ---- */

static void put_heading(const screen *out, const char *text)
{
    fputc('\n', out->file);
    screen_put(out, INK_BOLD, "%s\n", text);
}

static void put_title(const about *a)
{
    const screen *out = &a->s->out;

    fputs(screen_ink_text(out, INK_BOLD), out->file);
    cli_safe(out->file, a->wire);
    fputs(screen_ink_text(out, INK_PLAIN), out->file);
    if (a->schema != NULL) {
        fprintf(out->file, " %s", a->schema->version);
        screen_put(out, INK_DIM, "  %s of package %s\n", a->schema->name, a->schema->package->name);
        describe_text(a->s, INK_RED, "deprecated: ", a->schema->deprecated, 2);
        describe_text(a->s, INK_PLAIN, "", a->schema->docs, 2);
        return;
    }
    screen_put(out, INK_DIM, "  it tells no schema\n");
    if (a->running != NULL)
        describe_text(a->s, INK_PLAIN, "", a->running->instances[0].description, 2);
}

static void put_instances(const about *a)
{
    const screen *out = &a->s->out;
    screen_table *table = screen_table_new(&a->s->line->memory, "  INSTANCE|VERSION|STATE|>UP|>SEEN|SCHEMA");
    char text[SCREEN_TEXT];
    size_t i;

    if (a->running == NULL)
        return;
    fputc('\n', out->file);
    for (i = 0; i < a->running->instance_count; i++) {
        const fleet_instance *one = &a->running->instances[i];

        screen_cell(table, INK_PLAIN, "  %s", one->id);
        cell_text(table, INK_PLAIN, one->version);
        screen_cell(table, strcmp(one->state, "active") == 0 ? INK_GREEN : INK_YELLOW, "%s", one->state);
        screen_cell(table, INK_PLAIN, "%s", fleet_age(fleet_up(one), text));
        screen_cell(table, INK_PLAIN, "%s", fleet_age(one->seen, text));
        screen_cell(table, INK_DIM, "%.12s", one->schema != NULL ? one->schema : "-");
    }
    screen_table_print(table, out);
    if (a->running->versions_differ || a->running->schemas_differ)
        screen_put(out, INK_YELLOW, "  ! instances differ in their %s\n",
                   !a->running->schemas_differ   ? "version"
                   : a->running->versions_differ ? "version and schema"
                                                 : "schema");
}

/* "text: string(1..1000), times: u32 = 1"; defaults of what one gives. */
static void put_fields(const session *s, const schema_record *record, bool given)
{
    const screen *out = &s->out;
    size_t i;

    for (i = 0; i < record->field_count; i++) {
        const schema_field *field = &record->fields[i];
        const char *value = given ? describe_default(&s->line->memory, field) : NULL;

        fprintf(out->file, "%s%s: ", i > 0 ? ", " : "", field->name);
        screen_put(out, INK_CYAN, "%s", field->type->text);
        if (value != NULL)
            screen_put(out, INK_DIM, " = %s", value);
    }
}

/* " -> Order", " -> {stored: u32}": the fields of what has no name of its own. */
static void put_result(const session *s, const char *label, const schema_record *record, bool is_inline)
{
    const screen *out = &s->out;

    fputs(label, out->file);
    if (is_inline) {
        fputc('{', out->file);
        put_fields(s, record, false);
        fputc('}', out->file);
    } else {
        screen_put(out, INK_CYAN, "%s", record->name);
    }
}

static void put_method(const about *a, const schema_method *m)
{
    const screen *out = &a->s->out;
    size_t i;

    fprintf(out->file, "  %-7s ", m->kind == SCHEMA_RPC ? "rpc" : "command");
    screen_put(out, INK_BOLD, "%s", m->name);
    fputc('(', out->file);
    put_fields(a->s, m->request, true);
    fputc(')', out->file);
    if (m->progress != NULL)
        put_result(a->s, " progress ", m->progress, true);
    put_result(a->s, " -> ", m->result, m->inline_result);
    for (i = 0; i < m->raise_count; i++)
        screen_put(out, INK_RED, "%s%s", i == 0 ? " raises " : ", ", m->raises[i].error->wire);
    fputc('\n', out->file);
    describe_text(a->s, INK_RED, "deprecated: ", m->deprecated, 10);
    describe_text(a->s, INK_PLAIN, "", m->docs, 10);
}

static void put_events(const about *a)
{
    const screen *out = &a->s->out;
    const schema_service *service = a->schema;
    size_t i;

    if (service->publish_count > 0)
        put_heading(out, "publishes");
    for (i = 0; i < service->publish_count; i++) {
        fprintf(out->file, "  %s ", service->publishes[i]->name);
        screen_put(out, INK_DIM, "%s  ", service->publishes[i]->version);
        fputc('(', out->file);
        put_fields(a->s, service->publishes[i]->record, false);
        fputs(")\n", out->file);
        describe_text(a->s, INK_PLAIN, "", service->publishes[i]->docs, 10);
    }
    if (service->subscription_count > 0)
        put_heading(out, "subscribes to");
    for (i = 0; i < service->subscription_count; i++) {
        const schema_subscription *one = &service->subscriptions[i];

        fprintf(out->file, "  %s", one->pattern);
        screen_put(out, INK_DIM, "  %s%s%s%s\n", one->broadcast ? "each instance" : "consumer ",
                   one->broadcast ? "" : one->durable, one->from_new ? ", from new ones on" : "",
                   one->ordered ? ", in order" : "");
        describe_text(a->s, INK_PLAIN, "", one->docs, 10);
    }
    if (service->use_count > 0)
        put_heading(out, "uses");
    for (i = 0; i < service->use_count; i++)
        fprintf(out->file, "  %s\n", service->uses[i]->wire);
}

/* Of a service that tells its endpoints and no more. */
static void put_endpoints(const about *a)
{
    screen_table *table = screen_table_new(&a->s->line->memory, "  ENDPOINT|KIND|SUBJECT");
    size_t i;

    if (a->running == NULL || a->running->endpoint_count == 0)
        return;
    fputc('\n', a->s->out.file);
    for (i = 0; i < a->running->endpoint_count; i++) {
        const fleet_endpoint *e = &a->running->endpoints[i];

        screen_cell(table, INK_BOLD, "  %s", e->name);
        cell_text(table, INK_PLAIN, e->kind);
        cell_text(table, INK_DIM, e->subject);
    }
    screen_table_print(table, &a->s->out);
}

static void print_service(const about *a)
{
    const screen *out = &a->s->out;
    size_t i;

    put_title(a);
    put_instances(a);
    if (a->schema == NULL) {
        put_endpoints(a);
        return;
    }
    if (a->schema->method_count > 0)
        put_heading(out, "methods");
    for (i = 0; i < a->schema->method_count; i++)
        put_method(a, &a->schema->methods[i]);
    put_events(a);
    fputc('\n', out->file);
    screen_put(out, INK_DIM, "'aegis info %s.METHOD' tells all of one; --idl prints the schema\n", a->wire);
}

/* ---- for a program ---- */

static json_t *service_json(const about *a)
{
    json_t *methods = json_array(), *publishes = json_array(), *subscribes = json_array(),
           *uses = json_array();
    const schema_service *service = a->schema;
    json_t *f = fleet_json(&a->f), *instances;
    size_t i;

    for (i = 0; service != NULL && i < service->method_count; i++)
        (void)json_array_append_new(methods, describe_method_json(a->s, &service->methods[i]));
    for (i = 0; service != NULL && i < service->publish_count; i++)
        (void)json_array_append_new(
            publishes, json_pack("{s:s, s:s, s:s?}", "event", service->publishes[i]->name, "version",
                                 service->publishes[i]->version, "docs", service->publishes[i]->docs));
    for (i = 0; service != NULL && i < service->subscription_count; i++)
        (void)json_array_append_new(subscribes,
                                    json_pack("{s:s, s:s, s:b}", "pattern", service->subscriptions[i].pattern,
                                              "consumer", service->subscriptions[i].durable, "broadcast",
                                              (int)service->subscriptions[i].broadcast));
    for (i = 0; service != NULL && i < service->use_count; i++)
        (void)json_array_append_new(uses, json_string(service->uses[i]->wire));
    instances = json_object_get(json_array_get(json_object_get(f, "services"), 0), "instances");
    instances = instances != NULL ? json_incref(instances) : json_array();
    json_decref(f);
    return json_pack("{s:s, s:s?, s:s?, s:s?, s:b, s:b, s:o, s:o, s:o, s:o, s:o}", "service", a->wire, "name",
                     service != NULL ? service->name : NULL, "version",
                     service != NULL ? service->version : NULL, "docs",
                     service != NULL ? service->docs : NULL, "versions_differ",
                     (int)(a->running != NULL && a->running->versions_differ), "schemas_differ",
                     (int)(a->running != NULL && a->running->schemas_differ), "instances", instances,
                     "methods", methods, "publishes", publishes, "subscribes", subscribes, "uses", uses);
}

/* ---- the IDL ---- */

/* Source text: as it is for a program, and harmless for a person. */
static void put_source(const session *s, const char *text)
{
    const char *at = text;

    if (!s->out.terminal) {
        fputs(text, s->out.file);
        return;
    }
    while (*at != '\0') {
        const size_t size = strcspn(at, "\n\t");
        const char *part = arena_copy(&s->line->memory, at, size);

        cli_safe(s->out.file, part != NULL ? part : "");
        at += size;
        if (*at != '\0')
            fputc(*at++, s->out.file);
    }
}

static int print_idl(session *s, const char *wire)
{
    const char *subject = arena_printf(&s->line->memory, "service.%s.schema", wire);
    json_t *answer = NULL, *files, *file;
    aegis_error error = {0};
    size_t i;

    if (subject == NULL)
        return cli_out_of_memory();
    if (wire_ask(s, subject, NULL, session_timeout(s, 2 * AEGIS_SECOND), &answer, &error) != AEGIS_OK)
        return session_failed(s, &error, "'%s' tells no schema", wire);
    files = json_object_get(answer, "files");
    if (s->options->json) {
        screen_json_line(&s->out, answer);
    } else if (json_array_size(files) == 0) {
        cli_complain("'%s' has no text of its schema", wire);
    } else {
        json_array_foreach(files, i, file)
        {
            if (json_array_size(files) > 1) {
                fputs(i > 0 ? "\n// ---- " : "// ---- ", s->out.file);
                cli_safe(s->out.file, wire_text(file, "path", ""));
                fputc('\n', s->out.file);
            }
            put_source(s, wire_text(file, "text", ""));
        }
    }
    i = json_array_size(files);
    json_decref(answer);
    return i > 0 || s->options->json ? CLI_DONE : CLI_MISTAKES;
}

/* ---- which one ---- */

static void put_wire_names(const session *s, const schema_method *m)
{
    size_t i;

    if (s->options->json)
        return;
    screen_put(&s->out, INK_BOLD, "\non the wire\n");
    fprintf(s->out.file, "  %s.%s.%s", m->kind == SCHEMA_RPC ? "rpc" : "commands", m->service->wire, m->name);
    if (m->lanes)
        fputs(", and .low .high .critical", s->out.file);
    for (i = 0; i < m->was_count; i++)
        fprintf(s->out.file, "%s%s", i == 0 ? ", earlier " : ", ", m->was[i]);
    fputc('\n', s->out.file);
}

static int tell_method(session *s, const schema_service *service, const char *name)
{
    const char *names[NAMES_MAX], *near;
    size_t i, count = 0;
    int code;

    for (i = 0; i < service->method_count; i++) {
        const schema_method *m = &service->methods[i];

        if (strcmp(m->name, name) == 0 || strcmp(m->idl_name, name) == 0) {
            code = describe_method(s, m);
            put_wire_names(s, m);
            return code;
        }
        if (count < NAMES_MAX)
            names[count++] = m->name;
    }
    near = diag_nearest(name, names, count);
    if (near != NULL)
        cli_complain("%s has no method '%s'" CLI_HINT "did you mean '%s'?", service->wire, name, near);
    else
        cli_complain("%s has no method '%s'", service->wire, name);
    return CLI_MISTAKES;
}

/* An instance of it is known: one of the original SDK, or of others. */
static bool tells_nothing(session *s, const char *service)
{
    aegis_error error = {0};
    bool found;
    fleet f;

    if (s->bus == NULL || service == NULL ||
        fleet_read(s, service, NULL, &s->line->memory, &f, &error) != AEGIS_OK)
        return false;
    found = fleet_find(&f, service) != NULL;
    fleet_free(&f);
    return found;
}

/* "order-service.create_order", or an event: their names have dots too. */
static int tell_member(session *s, catalog *known, const char *text, const char *dot)
{
    const size_t size = (size_t)(dot - text);
    const schema_event *event = NULL;
    catalog_list all;
    size_t i;
    int code = catalog_all(known, &all);

    for (i = 0; code == CLI_DONE && i < all.count; i++) {
        const schema_service *service = all.items[i];

        if ((strncmp(service->wire, text, size) == 0 && service->wire[size] == '\0') ||
            (strncmp(service->name, text, size) == 0 && service->name[size] == '\0'))
            return tell_method(s, service, dot + 1);
    }
    if (code == CLI_DONE)
        code = catalog_find_event(known, text, NULL, &event);
    if (code != CLI_DONE)
        return code;
    if (event != NULL)
        return describe_event(s, event);
    if (tells_nothing(s, arena_copy(&s->line->memory, text, size))) {
        cli_status("NOT_FOUND");
        cli_complain("'%.*s' runs and tells no schema" CLI_HINT
                     "-f names one; 'aegis call' and 'aegis send' do without",
                     (int)size, text);
        return CLI_MISTAKES;
    }
    cli_status("NOT_FOUND");
    cli_complain("no service that runs tells a schema with '%s'" CLI_HINT "'aegis ls' lists what runs", text);
    return CLI_MISTAKES;
}

static int tell_service(session *s, const request *r, catalog *known, const char *name)
{
    about a = {.s = s};
    aegis_error error = {0};
    int code = catalog_service(known, name, &a.wire, &a.schema);

    if (code == CLI_DONE && r->idl)
        return print_idl(s, a.wire);
    if (code == CLI_DONE && s->bus != NULL) {
        if (fleet_read(s, a.wire, NULL, &s->line->memory, &a.f, &error) != AEGIS_OK)
            return session_failed(s, &error, "cannot ask '%s'", a.wire);
        a.running = fleet_find(&a.f, a.wire);
    }
    if (code == CLI_DONE && a.schema == NULL && a.running == NULL)
        code = fleet_nobody(s, a.wire);
    if (code == CLI_DONE && s->options->json) {
        json_t *told = service_json(&a);

        screen_json_line(&s->out, told);
        json_decref(told);
    } else if (code == CLI_DONE) {
        print_service(&a);
    }
    fleet_free(&a.f);
    return code;
}

static int tell(session *s, const void *data)
{
    const request *r = (const request *)data;
    const char *name = s->line->arguments.items[0], *dot = strrchr(name, '.');
    const bool files = s->options->schemas.count > 0;
    catalog *known = NULL;
    int code = CLI_DONE;

    if (r->idl && (files || dot != NULL))
        return cli_usage(s->line->command, "--idl asks a running service, as a whole");
    if (!files)
        code = session_connect(s);
    session_catch_signals(s);
    if (code == CLI_DONE)
        code = catalog_open(s, &known);
    if (code == CLI_DONE)
        code =
            dot != NULL && dot != name ? tell_member(s, known, name, dot) : tell_service(s, r, known, name);
    catalog_free(known);
    return code;
}

static int run(cli *line, void *data)
{
    return session_run(line, &((const request *)data)->common, tell, data);
}

static const cli_option options[] = {
    {"--idl", NULL, CLI_FLAG, offsetof(request, idl), "print the schema itself, as the service tells it"},
    SESSION_OPTIONS(request, common)};

const cli_command cmd_info = {
    .name = "info",
    .summary = "tells what a service, a method or an event is",
    .takes = "SERVICE|SERVICE.METHOD|EVENT",
    .about =
        "Of a service: its instances, and whether they differ in version or schema; its methods, what it "
        "publishes,\n"
        "subscribes to and uses. Of a method or an event: all its fields with types, bounds and defaults, "
        "errors,\n"
        "an example. It is what the running service tells; with -f what the file says, and nobody is asked.\n"
        "A service that tells no schema is shown as far as $SRV.INFO and the registry know it.",
    .examples = "  aegis info order-service\n"
                "  aegis info order-service.create_order\n"
                "  aegis info order.created -f shop.aegis\n"
                "  aegis info order-service --idl >shop.aegis\n",
    .failure = "nothing is known of it",
    .options = options,
    .option_count = CLI_COUNT(options),
    .request_size = sizeof(request),
    .least = 1,
    .most = 1,
    .on_missing = "of which service?",
    .run = run,
};
