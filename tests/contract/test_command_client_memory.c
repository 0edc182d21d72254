/* F31 for the caller's side of commands: every allocation of a client that submits, attaches, polls, waits,
 * is told and cancels is made to fail once. What it is asked says so or is done all the same, each callback
 * comes once, nothing waits for ever, and all memory comes back.
 */
#define _POSIX_C_SOURCE 200809L
#include "contract/meter.h"
#include "contract/world.h"

#include <unistd.h>

/* Nobody serves it: a command is stored, and what is told of it comes from here. */
static const aegis_method method = {.service = "nobody",
                                    .name = "pack",
                                    .timeout = 50 * AEGIS_MILLISECOND,
                                    .command = true,
                                    .guarantee = AEGIS_EXACTLY_ONCE};

static void hear(const outcome *out, void *user)
{
    (void)out;
    atomic_fetch_add((atomic_int *)user, 1);
}

static void fair(aegis_status status)
{
    if (status != AEGIS_OK && status != AEGIS_RESOURCE_EXHAUSTED && status != AEGIS_DEADLINE_EXCEEDED &&
        status != AEGIS_CANCELLED)
        fail_msg("%s", aegis_status_name(status));
}

static void commands(aegis_client *client, aegis_arena *arena)
{
    const aegis_command_options options = {.key = "k", .delay = AEGIS_MILLISECOND};
    aegis_command *command = NULL, *other = NULL;
    atomic_int heard;
    int handed = 0;
    outcome out;

    atomic_init(&heard, 0);
    fair(peer_submit_as(client, &method, &(note){"n", 1}, &options, "", &command, NULL));
    fair(aegis_command_attach(client, "00000000-0000-4000-8000-000000000009", &other, NULL));
    if (command != NULL) {
        (void)peer_poll(command, &method, NULL, NULL, arena, &out);
        fair(peer_wait(command, &method, 20 * AEGIS_MILLISECOND, NULL, NULL, arena).failed.status);
        fair(aegis_command_cancel(command, NULL));
        fair(peer_wait(command, &method, 20 * AEGIS_MILLISECOND, NULL, NULL, arena).failed.status);
        handed = peer_notify(command, &method, 0, NULL, hear, &heard, NULL) == AEGIS_OK;
        if (!handed)
            aegis_command_free(command);
    }
    if (other != NULL && peer_notify(other, &method, 0, NULL, hear, &heard, NULL) == AEGIS_OK)
        handed++;
    else
        aegis_command_free(other);
    aegis_client_free(client);
    assert_int_equal(atomic_load(&heard), handed);
}

/* Spans take memory, too; each that begins ends. */
static void span_begins(void *user, aegis_span *span)
{
    (void)span;
    atomic_fetch_add((atomic_int *)user, 1);
}

static void span_ends(void *user, aegis_span *span)
{
    (void)span;
    atomic_fetch_sub((atomic_int *)user, 1);
}

/* False when there was no such allocation. */
static bool walk(size_t at)
{
    atomic_int spans = 0;
    meter m = {.fail_at = at};
    const aegis_allocator allocator = {metered, &m};
    const aegis_options options = {
        .allocator = &allocator, .span_start = span_begins, .span_end = span_ends, .span_user = &spans};
    aegis_arena *arena = aegis_arena_new(NULL);
    aegis_client *client = NULL;
    aegis_bus *bus;

    if (aegis_open("mem:", &options, &bus, NULL) == AEGIS_OK) {
        if (aegis_client_new(bus, NULL, &client, NULL) == AEGIS_OK)
            commands(client, arena);
        aegis_close(bus);
    }
    aegis_arena_free(arena);
    assert_int_equal(atomic_load(&m.out), 0);
    assert_int_equal(atomic_load(&spans), 0);
    return atomic_load(&m.failed);
}

static void every_allocation(void **state)
{
    size_t at = 1;

    (void)state;
    (void)alarm(100); /* nothing may wait for ever */
    assert_false(walk(0));
    while (at < 1000 && walk(at))
        at++;
    (void)printf("F31: %zu allocations of a caller of commands failed in turn\n", at - 1);
    assert_in_range(at, 20, 999);
}

int main(void)
{
    const struct CMUnitTest cases[] = {cmocka_unit_test(every_allocation)};

    return cmocka_run_group_tests(cases, NULL, NULL);
}
