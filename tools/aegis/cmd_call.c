/* aegis call: an rpc, once. */
#include "arguments.h"
#include "dynamic.h"

typedef struct request {
    session_options common;
    const char *data;
} request;

/* What a failure was, for a person or a program. */
static void print_failure(const session *s, const dynamic_outcome *outcome)
{
    json_t *told;

    if (s->options->json) {
        told = json_pack("{s:{s:s?, s:s, s:i, s:s, s:O?}}", "error", "type", outcome->type, "status",
                         aegis_status_name(outcome->failed.status), "code", (int)outcome->failed.code,
                         "message", aegis_error_text(&outcome->failed), "details", outcome->value);
        screen_json_line(&s->out, told);
        json_decref(told);
        return;
    }
    fprintf(stderr, "%s: ", cli_program.name);
    screen_safe(stderr, aegis_error_text(&outcome->failed));
    fputc('\n', stderr);
    if (outcome->value != NULL && json_object_size(outcome->value) > 0)
        screen_json(&s->out, outcome->value, 0);
}

static int call(session *s, const request *r)
{
    catalog *known;
    catalog_method method;
    dynamic_outcome outcome;
    json_t *parameters = NULL;
    int code = catalog_open(s, &known);

    if (code == CLI_DONE)
        code = catalog_find_method(known, s->line->arguments.items[0], SCHEMA_RPC, &method);
    if (code == CLI_DONE)
        code =
            arguments_read(s, method.method != NULL ? method.method->request : NULL, 1, r->data, &parameters);
    if (code == CLI_DONE) {
        dynamic_call(s, &method, parameters, NULL, &outcome);
        if (outcome.ok && s->options->json)
            screen_json_line(&s->out, outcome.value);
        else if (outcome.ok)
            screen_json(&s->out, outcome.value, 0);
        else
            print_failure(s, &outcome);
        code = outcome.ok ? CLI_DONE : CLI_MISTAKES;
        dynamic_free(&outcome);
    }
    json_decref(parameters);
    catalog_free(known);
    return code;
}

static int run(cli *line, void *data)
{
    const request *r = (const request *)data;
    session s;
    int code = session_open(&s, line, &r->common);

    if (code == CLI_DONE)
        code = call(&s, r);
    session_close(&s);
    return code;
}

static const cli_option options[] = {
    {"--data", "JSON", CLI_TEXT, offsetof(request, data), "all parameters, as JSON; @FILE or - reads them"},
    SESSION_OPTIONS(request, common)};

const cli_command cmd_call = {
    .name = "call",
    .summary = "calls an rpc and prints its result",
    .takes = "SERVICE.METHOD [NAME=VALUE]...",
    .about = "Calls an rpc of a service. Parameters are typed by the service's schema: the one it tells "
             "itself, or\n"
             "that of -f. NAME=VALUE reads VALUE as the parameter's type, NAME:=JSON as JSON; NAME may be a "
             "path,\n"
             "items[0].sku or labels.colour.",
    .examples = "  aegis call order-service.get_order id=6f1c5a9e-0d0f-4c39-9a7b-2f6f0b0c8a11\n"
                "  aegis call Orders.create_order customer=ada 'items[0].sku=A-1' 'items[0].quantity=2'\n"
                "  aegis call order-service.create_order --data @order.json --json\n",
    .failure = "the call failed, or the service does not know the method",
    .options = options,
    .option_count = CLI_COUNT(options),
    .request_size = sizeof(request),
    .least = 1,
    .most = CLI_ANY,
    .on_missing = "which method? SERVICE.METHOD",
    .run = run,
};
