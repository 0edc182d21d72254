/* aegis call: an rpc, once or again and again. */
#define _POSIX_C_SOURCE 200809L
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "commands.h"
#include "describe.h"
#include "outcome.h"
#include "ports/clock.h"
#include "wait.h"

/* Times that --repeat allows. */
#define REPEAT_MAX 1000000000U

typedef struct request {
    session_options common;
    const char *data, *repeat, *every;
    bool describe, example, time, once;
} request;

static int call_once(session *s, const request *r, const catalog_method *method, json_t *parameters)
{
    const aegis_call_options options = {.once = r->once};
    const int64_t begun = aegis_clock_monotonic();
    char took[SCREEN_TEXT];
    dynamic_outcome outcome;
    int code;

    aegis_arena_reset(s->arena);
    dynamic_call(s, method, parameters, &options, &outcome);
    if (r->time)
        (void)screen_duration(aegis_clock_monotonic() - begun, took);
    code = outcome_print(s, &outcome);
    if (r->time) {
        (void)fflush(stdout);
        fprintf(stderr, "%s\n", took);
    }
    dynamic_free(&outcome);
    return code;
}

static int call_often(session *s, const request *r, const catalog_method *method, json_t *parameters)
{
    aegis_duration pause = 0;
    uint64_t left = r->every != NULL ? REPEAT_MAX : 1, i;
    int code = session_read_number(s, r->repeat, "calls", REPEAT_MAX, &left), last;

    if (code == CLI_DONE)
        code = session_read_time(s, r->every, &pause);
    if (code != CLI_DONE)
        return code;
    if (left > 1)
        session_catch_signals(s);
    for (i = 0; i < left && !session_interrupted(); i++) {
        if (i > 0)
            wait_for(pause);
        if (session_interrupted())
            break;
        last = call_once(s, r, method, parameters);
        code = code != CLI_DONE ? code : last;
        (void)fflush(stdout);
    }
    return code;
}

static int call(session *s, const void *data)
{
    const request *r = (const request *)data;
    catalog *known;
    catalog_method method;
    json_t *parameters = NULL;
    int code = catalog_open(s, &known);

    if (code == CLI_DONE)
        code = catalog_find_method(known, s->line->arguments.items[0], SCHEMA_RPC, &method);
    if (code == CLI_DONE && (r->describe || r->example)) {
        code = describe_instead(s, &method, r->describe);
    } else if (code == CLI_DONE) {
        code =
            arguments_read(s, method.method != NULL ? method.method->request : NULL, 1, r->data, &parameters);
        if (code == CLI_DONE)
            code = session_connect(s);
        if (code == CLI_DONE)
            code = call_often(s, r, &method, parameters);
    }
    json_decref(parameters);
    catalog_free(known);
    return code;
}

static int run(cli *line, void *data)
{
    return session_run(line, &((const request *)data)->common, call, data);
}

static const cli_option options[] = {
    {"--data", "JSON", CLI_TEXT, offsetof(request, data), "all parameters, as JSON; @FILE or - reads them"},
    {"--describe", NULL, CLI_FLAG, offsetof(request, describe),
     "call nothing; show what the method takes and answers"},
    {"--example", NULL, CLI_FLAG, offsetof(request, example),
     "call nothing; print parameters that are valid, to begin with"},
    {"--time", NULL, CLI_FLAG, offsetof(request, time), "print how long it took, on standard error"},
    {"--once", NULL, CLI_FLAG, offsetof(request, once), "never send it again, even where that is safe"},
    {"--repeat", "N", CLI_TEXT, offsetof(request, repeat), "call N times"},
    {"--every", "TIME", CLI_TEXT, offsetof(request, every),
     "pause between calls; without --repeat until Ctrl-C"},
    SESSION_OPTIONS(request, common)};

const cli_command cmd_call = {
    .name = "call",
    .summary = "calls an rpc and prints its result",
    .takes = "SERVICE.METHOD [NAME=VALUE]...",
    .about =
        "Calls an rpc of a service. Parameters are typed by the service's schema: the one it tells "
        "itself, or\n"
        "that of -f; what does not fit is refused before it is sent. NAME may be a path, items[0].sku or\n"
        "labels.colour, and items[].sku is one more. NAME=VALUE reads VALUE as the parameter's type: "
        "texts\n"
        "need no quotes, durations are 5s or 1m30s, times 2026-11-24T13:05:00Z, now or now-5m, a uuid may "
        "be\n"
        "'new', lists of simple values are a,b,c. NAME:=JSON is JSON whatever the type, NAME@=FILE what\n"
        "stands in a file. --timeout is the call's deadline; without it the schema's counts.",
    .examples = "  aegis call order-service.get_order id=6f1c5a9e-0d0f-4c39-9a7b-2f6f0b0c8a11\n"
                "  aegis call Orders.create_order customer=ada 'items[0].sku=A-1' 'items[0].quantity=2'\n"
                "  aegis call order-service.create_order --describe\n"
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
