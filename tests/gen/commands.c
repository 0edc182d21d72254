/* What aegisc makes of a command on the caller's side, with a service on the bus in this process: the id that
 * follows from a key (checked against Python's uuid.uuid5), and every way to learn of the outcome. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "commands.h"

typedef struct desk {
    aegis_bus *bus;
    aegis_service *service;
    aegis_client *client;
    aegis_arena *arena;
    atomic_int updates;
    atomic_int heard;
    commands_desk_process_batch_kind kind;
    uint32_t processed;
} desk;

static aegis_reply process_batch(commands_desk_process_batch_call *call,
                                 const commands_desk_process_batch_request *request, void *user)
{
    (void)user;
    if (request->size == 13)
        return commands_desk_process_batch_sold(call, &(commands_sold){.message = "to somebody else"});
    (void)commands_desk_process_batch_progress(
        call, &(commands_desk_process_batch_progress_update){.done = request->size});
    return commands_desk_process_batch_ok(call,
                                          &(commands_desk_process_batch_result){.processed = request->size});
}

static aegis_reply move(commands_desk_move_call *call, const commands_desk_move_request *request, void *user)
{
    (void)user;
    (void)request;
    return commands_desk_move_ok(call, &(commands_desk_move_result){0});
}

static aegis_reply tidy(commands_desk_tidy_call *call, const commands_desk_tidy_request *request, void *user)
{
    (void)user;
    return commands_desk_tidy_ok(call, &(commands_desk_tidy_result){.n = request->n});
}

static const commands_desk_ops ops = {.process_batch = process_batch, .move = move, .tidy = tidy};

static int open_desk(void **state)
{
    static desk d;

    memset(&d, 0, sizeof d);
    *state = &d;
    d.arena = aegis_arena_new(NULL);
    return aegis_open("mem:", NULL, &d.bus, NULL) == AEGIS_OK &&
                   commands_desk_serve(d.bus, &ops, &d, NULL, &d.service, NULL) == AEGIS_OK &&
                   aegis_client_new(d.bus, NULL, &d.client, NULL) == AEGIS_OK
               ? 0
               : -1;
}

static int close_desk(void **state)
{
    desk *d = (desk *)*state;

    aegis_client_free(d->client);
    aegis_service_stop(d->service);
    aegis_close(d->bus);
    aegis_arena_free(d->arena);
    return 0;
}

static aegis_command *submit(desk *d, const char *batch, uint32_t size, const aegis_command_options *options)
{
    const commands_desk_process_batch_request request = {.batch_id = batch, .size = size};
    aegis_command *command = NULL;
    aegis_error error;

    if (commands_desk_process_batch_submit(d->client, &request, options, &command, &error) != AEGIS_OK)
        fail_msg("%s", aegis_error_text(&error));
    return command;
}

static void has_id(aegis_command *command, const char *id)
{
    assert_string_equal(aegis_command_id(command), id);
    aegis_command_free(command);
}

static void ids_follow_from_keys(void **state)
{
    static const aegis_command_options by_hand = {.key = "monday"};
    desk *d = (desk *)*state;
    commands_desk_move_request request = {.sku = "A-1",
                                          .number = -7,
                                          .step = COMMANDS_STEP_SHIPPED,
                                          .since = INT64_C(1735689600) * AEGIS_SECOND};
    const commands_desk_tidy_request untidy = {.n = 1};
    aegis_command *command = NULL;
    char long_key[201];

    memset(long_key, 'x', 200);
    long_key[200] = '\0';
    has_id(submit(d, "2024-11", 1, NULL), "5ea4d200-0484-5538-982f-c486f0b7012f");
    has_id(submit(d, "za\xc5\xbc\xc3\xb3\xc5\x82\xc4\x87", 1, NULL), "acb7bf95-9850-5c81-ac3d-154566fafd34");
    has_id(submit(d, long_key, 1, NULL), "c558d784-e3a8-51c7-a788-21c419cf5a9f");
    assert_true(aegis_uuid_parse("00000000-0000-4000-8000-000000000001", &request.id));
    assert_int_equal(commands_desk_move_submit(d->client, &request, NULL, &command, NULL), AEGIS_OK);
    has_id(command, "a581ddc2-e258-576a-a088-d6bf24d2a808");
    assert_int_equal(commands_desk_tidy_submit(d->client, &untidy, &by_hand, &command, NULL), AEGIS_OK);
    has_id(command, "b61086b0-23c1-5cd1-8a8d-a559a18189c1");
    /* the key in the options instead of the parameter's */
    has_id(submit(d, "2024-12", 1, &(aegis_command_options){.key = "2024-11"}),
           "5ea4d200-0484-5538-982f-c486f0b7012f");
}

static void without_a_key_ids_differ(void **state)
{
    desk *d = (desk *)*state;
    const commands_desk_tidy_request request = {.n = 1};
    aegis_command *one = NULL, *two = NULL;

    assert_int_equal(commands_desk_tidy_submit(d->client, &request, NULL, &one, NULL), AEGIS_OK);
    assert_int_equal(commands_desk_tidy_submit(d->client, &request, NULL, &two, NULL), AEGIS_OK);
    assert_string_not_equal(aegis_command_id(one), aegis_command_id(two));
    aegis_command_free(one);
    aegis_command_free(two);
}

static void an_empty_key_is_refused(void **state)
{
    desk *d = (desk *)*state;
    const commands_desk_process_batch_request none = {.batch_id = ""};
    const commands_desk_process_batch_request some = {.batch_id = "b"};
    const commands_desk_process_batch_request null = {0};
    aegis_command *command = NULL;
    aegis_error error;

    assert_int_equal(commands_desk_process_batch_submit(d->client, &none, NULL, &command, &error),
                     AEGIS_INVALID_ARGUMENT);
    assert_string_equal(aegis_error_text(&error),
                        "order-service.process_batch: the idempotency key is empty");
    assert_true(error.not_processed);
    assert_int_equal(commands_desk_process_batch_submit(d->client, &some, &(aegis_command_options){.key = ""},
                                                        &command, &error),
                     AEGIS_INVALID_ARGUMENT);
    assert_int_equal(commands_desk_process_batch_submit(d->client, &null, NULL, &command, &error),
                     AEGIS_INVALID_ARGUMENT);
    assert_non_null(strstr(aegis_error_text(&error), "batch_id"));
    assert_null(command);
}

static void count_update(const commands_desk_process_batch_progress_update *update, void *user)
{
    desk *d = (desk *)user;

    if (update->done == 4)
        atomic_fetch_add(&d->updates, 1);
}

static void note_outcome(const commands_desk_process_batch_outcome *outcome, void *user)
{
    desk *d = (desk *)user;

    d->kind = outcome->kind;
    if (outcome->kind == COMMANDS_DESK_PROCESS_BATCH_OK)
        d->processed = outcome->ok.processed;
    atomic_fetch_add(&d->heard, 1);
}

static bool reached(atomic_int *count, int wanted)
{
    const struct timespec pause = {0, 1000000};
    int patience = 5000;

    while (atomic_load(count) < wanted && patience-- > 0)
        (void)nanosleep(&pause, NULL);
    return atomic_load(count) == wanted;
}

static void told_of_progress_and_outcome(void **state)
{
    desk *d = (desk *)*state;

    assert_int_equal(
        commands_desk_process_batch_notify(submit(d, "n1", 4, NULL), 0, count_update, note_outcome, d, NULL),
        AEGIS_OK);
    assert_true(reached(&d->heard, 1));
    assert_int_equal(d->kind, COMMANDS_DESK_PROCESS_BATCH_OK);
    assert_int_equal(d->processed, 4);
    assert_int_equal(d->updates, 1);
    assert_int_equal(
        commands_desk_process_batch_notify(submit(d, "n2", 13, NULL), 0, NULL, note_outcome, d, NULL),
        AEGIS_OK);
    assert_true(reached(&d->heard, 2));
    assert_int_equal(d->kind, COMMANDS_DESK_PROCESS_BATCH_SOLD);
}

static void polled(void **state)
{
    const struct timespec pause = {0, 1000000};
    desk *d = (desk *)*state;
    commands_desk_process_batch_outcome outcome;
    aegis_command *command = submit(d, "p1", 4, NULL);
    int patience = 5000;

    while (!commands_desk_process_batch_poll(command, count_update, d, &outcome, d->arena) && patience-- > 0)
        (void)nanosleep(&pause, NULL);
    assert_int_equal(outcome.kind, COMMANDS_DESK_PROCESS_BATCH_OK);
    assert_int_equal(outcome.ok.processed, 4);
    assert_int_equal(d->updates, 1);
    aegis_command_free(command);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test_setup_teardown(ids_follow_from_keys, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(without_a_key_ids_differ, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(an_empty_key_is_refused, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(told_of_progress_and_outcome, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(polled, open_desk, close_desk),
    };

    return cmocka_run_group_tests(cases, NULL, NULL);
}
