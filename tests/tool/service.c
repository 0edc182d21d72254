/* The services of depot.aegis as a process, for tests of `aegis`:
 *
 *     service [URL] [depot|courier] [--instance=ID] [--json]
 *
 * Both services unless one is named; `service: ready` is said once they serve. What they do is easy to tell
 * in a test: an echo, things that are nowhere (XX-...), a command that counts, and events `thing.lost` whose
 * code says what becomes of them ("dead": a dead letter at once, "retry": tried again until it is one).
 */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "depot.h"

typedef struct depot {
    aegis_publisher *publisher;
    aegis_client *client;
} depot;

static void rest(aegis_duration time)
{
    const struct timespec span = {.tv_sec = time / AEGIS_SECOND, .tv_nsec = (long)(time % AEGIS_SECOND)};

    if (time > 0)
        (void)nanosleep(&span, NULL);
}

/* ---- the depot ---- */

static aegis_reply echo(depot_depot_echo_call *call, const depot_depot_echo_request *request, void *user)
{
    (void)user;
    return depot_depot_echo_ok(call,
                               &(depot_depot_echo_result){.text = request->text, .times = request->times});
}

static aegis_reply mirror(depot_depot_mirror_call *call, const depot_depot_mirror_request *request,
                          void *user)
{
    (void)user;
    return depot_depot_mirror_ok(call, &request->value);
}

static bool nowhere(const char *code)
{
    return strncmp(code, "XX", 2) == 0;
}

static aegis_reply store(depot_depot_store_call *call, const depot_depot_store_request *request, void *user)
{
    const depot *state = (const depot *)user;
    const aegis_publish_options options = {.parent = &call->base};
    const aegis_timestamp now = aegis_now();
    aegis_error error;

    for (size_t i = 0; i < request->items.count; i++) {
        const depot_item *item = &request->items.items[i];

        if (nowhere(item->code))
            return depot_depot_store_not_found(
                call, &(depot_not_found){.code = item->code, .message = "there is no such thing"});
        if (depot_thing_stored_publish(
                state->publisher, &(depot_thing_stored){.item = *item, .owner = request->owner, .at = now},
                &options, &error) != AEGIS_OK)
            return depot_depot_store_fail(call, AEGIS_UNAVAILABLE, "cannot tell of it: %s",
                                          aegis_error_text(&error));
    }
    return depot_depot_store_ok(
        call, &(depot_depot_store_result){.stored = (uint32_t)request->items.count, .at = now});
}

static aegis_reply find(depot_depot_find_call *call, const depot_depot_find_request *request, void *user)
{
    (void)user;
    if (nowhere(request->code))
        return depot_depot_find_not_found(
            call, &(depot_not_found){.code = request->code, .message = "there is no such thing"});
    return depot_depot_find_ok(
        call, &(depot_item){.code = request->code, .quantity = 3, .colour = DEPOT_COLOUR_GREEN});
}

static aegis_reply slow(depot_depot_slow_call *call, const depot_depot_slow_request *request, void *user)
{
    (void)user;
    rest(request->takes);
    return depot_depot_slow_ok(call, &(depot_depot_slow_result){.took = request->takes});
}

static aegis_reply fail(depot_depot_fail_call *call, const depot_depot_fail_request *request, void *user)
{
    (void)user;
    return depot_depot_fail_fail(call, AEGIS_FAILED_PRECONDITION, "%s", request->why);
}

static aegis_reply count(depot_depot_count_call *call, const depot_depot_count_request *request, void *user)
{
    (void)user;
    for (uint32_t done = 0; done < request->total; done++) {
        if (request->fail_at.has && request->fail_at.value == done)
            return depot_depot_count_broken(
                call, &(depot_broken){.tries = call->base.attempt, .message = "a thing fell down"});
        rest(request->pause);
        if (!depot_depot_count_progress(call, &(depot_depot_count_progress_update){.done = done + 1,
                                                                                   .total = request->total,
                                                                                   .note = "counting"}))
            return depot_depot_count_fail(call, AEGIS_CANCELLED, "stopped after %u of %u", done + 1,
                                          request->total);
    }
    return depot_depot_count_ok(call, &(depot_depot_count_result){.counted = request->total});
}

static aegis_reply tidy(depot_depot_tidy_call *call, const depot_depot_tidy_request *request, void *user)
{
    (void)request;
    (void)user;
    return depot_depot_tidy_ok(call, &(depot_depot_tidy_result){0});
}

/* ---- the courier ---- */

static aegis_reply relay(depot_courier_relay_call *call, const depot_courier_relay_request *request,
                         void *user)
{
    const depot *state = (const depot *)user;
    const depot_depot_echo_outcome out =
        depot_depot_echo(state->client, &(depot_depot_echo_request){.text = request->text, .times = 1},
                         &(aegis_call_options){.parent = &call->base}, call->base.arena);

    if (out.kind == DEPOT_DEPOT_ECHO_OK)
        return depot_courier_relay_ok(call, &(depot_courier_relay_result){.text = out.ok.text});
    return depot_courier_relay_fail(call, out.failed.status, "%s", aegis_error_text(&out.failed));
}

static aegis_settle on_stored(const aegis_event *event, const depot_thing_stored *payload, void *user)
{
    (void)event;
    (void)payload;
    (void)user;
    return AEGIS_DONE;
}

static aegis_settle on_lost(const aegis_event *event, const depot_thing_lost *payload, void *user)
{
    (void)event;
    (void)user;
    if (strcmp(payload->code, "retry") == 0)
        return AEGIS_RETRY;
    return strcmp(payload->code, "dead") == 0 ? AEGIS_DEAD : AEGIS_DONE;
}

/* ---- the process ---- */

static const depot_depot_ops depot_ops = {.echo = echo,
                                          .mirror = mirror,
                                          .store = store,
                                          .find = find,
                                          .slow = slow,
                                          .fail = fail,
                                          .count = count,
                                          .tidy = tidy};
static const depot_courier_ops courier_ops = {
    .relay = relay, .on_thing_stored = on_stored, .on_thing_lost = on_lost};

typedef struct arguments {
    const char *url, *only, *instance;
    aegis_format format;
} arguments;

static bool read_arguments(int argc, char **argv, arguments *out)
{
    const char *from_environment = getenv("AEGIS_URL");

    *out = (arguments){.url = from_environment != NULL ? from_environment : "nats://127.0.0.1:4222",
                       .format = AEGIS_FORMAT_MSGPACK};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "depot") == 0 || strcmp(argv[i], "courier") == 0)
            out->only = argv[i];
        else if (strncmp(argv[i], "--instance=", 11) == 0)
            out->instance = argv[i] + 11;
        else if (strcmp(argv[i], "--json") == 0)
            out->format = AEGIS_FORMAT_JSON;
        else if (argv[i][0] != '-')
            out->url = argv[i];
        else
            return false;
    }
    return true;
}

static aegis_status serve(aegis_bus *bus, const arguments *args, depot *state, aegis_error *error)
{
    const aegis_service_options options = {.instance = args->instance, .concurrency = 4};
    const bool all = args->only == NULL;
    aegis_service *service;
    aegis_status status = aegis_publisher_new(bus, NULL, &state->publisher, error);

    if (status == AEGIS_OK)
        status = aegis_client_new(bus, NULL, &state->client, error);
    if (status == AEGIS_OK && (all || strcmp(args->only, "depot") == 0))
        status = depot_depot_serve(bus, &depot_ops, state, &options, &service, error);
    if (status == AEGIS_OK && (all || strcmp(args->only, "courier") == 0))
        status = depot_courier_serve(bus, &courier_ops, state, &options, &service, error);
    return status;
}

static void log_line(void *user, aegis_log_level level, const char *line)
{
    (void)user;
    if (level >= AEGIS_LOG_WARNING)
        fprintf(stderr, "service: %s\n", line);
}

int main(int argc, char **argv)
{
    depot state = {0};
    arguments args;
    aegis_bus *bus = NULL;
    aegis_error error = {0};
    int code = 1;

    if (!read_arguments(argc, argv, &args)) {
        fprintf(stderr, "usage: %s [URL] [depot|courier] [--instance=ID] [--json]\n", argv[0]);
        return 2;
    }
    const aegis_options options = {.name = "service", .format = args.format, .log = log_line};
    if (aegis_open(args.url, &options, &bus, &error) == AEGIS_OK &&
        serve(bus, &args, &state, &error) == AEGIS_OK) {
        printf("service: ready\n");
        (void)fflush(stdout);
        code = aegis_run(bus, &error) == AEGIS_OK ? 0 : 1;
    }
    if (code != 0)
        fprintf(stderr, "service: %s\n", aegis_error_text(&error));
    aegis_publisher_free(state.publisher);
    aegis_client_free(state.client);
    aegis_close(bus);
    return code;
}
