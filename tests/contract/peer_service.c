/* The service the tests of the application layer call: one method for each way a handler can behave. */
#include "contract/world.h"

static aegis_reply echo(aegis_call *call, const note *request, void *user)
{
    world *w = (world *)user;

    atomic_fetch_add(&w->handled, 1);
    return peer_ok(call, request);
}

static aegis_reply refuse(aegis_call *call, const note *request, void *user)
{
    const note error = {"only 2 left", request->number};

    (void)user;
    return peer_out_of_stock(call, &error);
}

static aegis_reply missing(aegis_call *call, const note *request, void *user)
{
    (void)user;
    return peer_fail(call, AEGIS_NOT_FOUND, "no order %lld", (long long)request->number);
}

static aegis_reply silent(aegis_call *call, const note *request, void *user)
{
    const aegis_reply nothing = {0};

    (void)call;
    (void)request;
    (void)user;
    return nothing;
}

static aegis_reply twice(aegis_call *call, const note *request, void *user)
{
    aegis_reply first = peer_ok(call, request);

    (void)user;
    (void)peer_fail(call, AEGIS_INTERNAL, "too late");
    return first;
}

static aegis_reply unencodable(aegis_call *call, const note *request, void *user)
{
    const note bad = {NULL, request->number};

    (void)user;
    return peer_ok(call, &bad);
}

static aegis_reply slow(aegis_call *call, const note *request, void *user)
{
    world *w = (world *)user;

    atomic_fetch_add(&w->running, 1);
    while (!atomic_load(&w->release) && aegis_call_remaining(call) > 0)
        nap(AEGIS_MILLISECOND);
    return peer_ok(call, request);
}

static aegis_reply nested(aegis_call *call, const note *request, void *user)
{
    world *w = (world *)user;
    const aegis_call_options options = {.parent = call};
    outcome out = peer_call(w->client, "fail", request, &options, call->arena);

    return peer_fail(call, AEGIS_UNAVAILABLE, "could not ask: %s", out.failed.text);
}

static aegis_reply later(aegis_call *call, const note *request, void *user)
{
    world *w = (world *)user;

    (void)request;
    atomic_store(&w->parked, call);
    return aegis_reply_defer(call);
}

/* Calls itself `number` times, and the last of it fails; without a parent when the text says so. */
static aegis_reply loop(aegis_call *call, const note *request, void *user)
{
    world *w = (world *)user;
    const aegis_call_options options = {.parent = strcmp(request->text, "orphan") != 0 ? call : NULL};
    outcome out;

    if (request->number == 0)
        return peer_out_of_stock(call, &(note){"the end", 0});
    out = peer_call(w->client, "loop", &(note){request->text, request->number - 1}, &options, call->arena);
    if (out.answer == AEGIS_ANSWER_FAILED)
        return peer_fail(call, out.failed.status, "hop %d: %s", (int)request->number, out.failed.text);
    return peer_fail(call, AEGIS_ABORTED, "hop %d", (int)request->number);
}

static aegis_reply doze(aegis_call *call, const note *request, void *user)
{
    (void)user;
    nap(request->number * AEGIS_MILLISECOND);
    return peer_ok(call, request);
}

/* Asks rpc.raw.ask, which has two seconds by itself. */
static aegis_reply relay(aegis_call *call, const note *request, void *user)
{
    world *w = (world *)user;
    const aegis_method asked = {.service = "raw", .name = "ask", .timeout = 2 * AEGIS_SECOND};
    const aegis_call_options options = {.parent = call};
    outcome out = peer_invoke(w->client, &asked, request, &options, call->arena);

    (void)snprintf(w->last, sizeof w->last, "%s", aegis_status_name(out.failed.status));
    atomic_fetch_add(&w->handled, 1);
    return peer_ok(call, request);
}

SERVE(echo)
SERVE(refuse)
SERVE(missing)
SERVE(silent)
SERVE(twice)
SERVE(unencodable)
SERVE(slow)
SERVE(nested)
SERVE(later)
SERVE(loop)
SERVE(relay)
SERVE(doze)

static aegis_reply serve_absent(aegis_call *call, aegis_reader *params, const void *ops, void *user)
{
    (void)params;
    (void)ops;
    (void)user;
    return aegis_reply_unimplemented(call);
}

#define METHOD(text)                                                                                         \
    {                                                                                                        \
        .service = "peer", .name = text, .timeout = 5 * AEGIS_SECOND, .errors = peer_errors,                 \
        .error_codes = peer_error_codes, .error_count = 1                                                    \
    }
static const aegis_method methods[] = {
    METHOD("echo"),        METHOD("refuse"), METHOD("fail"),   METHOD("silent"), METHOD("twice"),
    METHOD("unencodable"), METHOD("slow"),   METHOD("nested"), METHOD("later"),  METHOD("absent"),
    METHOD("loop"),        METHOD("relay"),  METHOD("nap")};
static const aegis_endpoint endpoints[] = {
    {&methods[0], serve_echo},   {&methods[1], serve_refuse}, {&methods[2], serve_missing},
    {&methods[3], serve_silent}, {&methods[4], serve_twice},  {&methods[5], serve_unencodable},
    {&methods[6], serve_slow},   {&methods[7], serve_nested}, {&methods[8], serve_later},
    {&methods[9], serve_absent}, {&methods[10], serve_loop},  {&methods[11], serve_relay},
    {&methods[12], serve_doze},
};
const aegis_service_type peer_type = {.name = "peer",
                                      .version = "1.0.0",
                                      .endpoints = endpoints,
                                      .endpoint_count = sizeof endpoints / sizeof endpoints[0]};

const aegis_method *peer_method(const char *name)
{
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (strcmp(methods[i].name, name) == 0)
            return &methods[i];
    }
    return NULL;
}
