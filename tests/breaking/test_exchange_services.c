/* Programs of two versions on one bus: for every rule about how they reach each other, a call, command or
 * event of one version that programs of the other do not answer, do not see or do not understand; and safe
 * changes, where they do.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <aegis/aegis.h>

#include "diag_rules.h"
#include "breaking/rules/error-renamed_old.h"
#include "breaking/rules/error-renamed_new.h"
#include "breaking/rules/raises-removed_old.h"
#include "breaking/rules/raises-removed_new.h"
#include "breaking/rules/method-removed_old.h"
#include "breaking/rules/method-removed_new.h"
#include "breaking/rules/method-renamed_old.h"
#include "breaking/rules/method-renamed_new.h"
#include "breaking/rules/method-kind-changed_old.h"
#include "breaking/rules/method-kind-changed_new.h"
#include "breaking/rules/service-removed_old.h"
#include "breaking/rules/service-removed_new.h"
#include "breaking/rules/service-renamed_old.h"
#include "breaking/rules/service-renamed_new.h"
#include "breaking/rules/event-removed_old.h"
#include "breaking/rules/event-removed_new.h"
#include "breaking/rules/event-renamed_old.h"
#include "breaking/rules/event-renamed_new.h"
#include "breaking/rules/event-version-removed_old.h"
#include "breaking/rules/event-version-removed_new.h"
#include "breaking/rules/lanes-added_old.h"
#include "breaking/rules/lanes-added_new.h"
#include "breaking/rules/lanes-removed_old.h"
#include "breaking/rules/lanes-removed_new.h"
#include "breaking/rules/renamed-was_old.h"
#include "breaking/rules/renamed-was_new.h"
#include "breaking/safe/method-added_old.h"
#include "breaking/safe/method-added_new.h"
#include "breaking/safe/event-grows_old.h"
#include "breaking/safe/event-grows_new.h"
#include "breaking/safe/renamed-in-two-steps_old.h"
#include "breaking/safe/renamed-in-two-steps_new.h"

/* Long enough for an answer in the same process; what is shown is that there is none. */
#define PATIENCE (300 * AEGIS_MILLISECOND)

typedef struct world {
    aegis_bus *bus;
    aegis_client *client;
    aegis_publisher *publisher;
    aegis_arena *arena;
    aegis_service *service;
    atomic_int handled; /* calls, commands or events */
    atomic_int sum;     /* of the numbers they brought */
} world;

static const aegis_call_options brief = {.timeout = PATIENCE};

static void worked(aegis_status status, const aegis_error *error)
{
    if (status != AEGIS_OK)
        fail_msg("%s", aegis_error_text(error));
}

static aegis_format format;

static int set_up(void **state)
{
    world *w = (world *)calloc(1, sizeof *w);
    const aegis_options options = {.format = format};
    aegis_error error = {0};

    if (w == NULL || aegis_open("mem:", &options, &w->bus, &error) != AEGIS_OK ||
        aegis_client_new(w->bus, NULL, &w->client, &error) != AEGIS_OK ||
        aegis_publisher_new(w->bus, NULL, &w->publisher, &error) != AEGIS_OK)
        return -1;
    w->arena = aegis_arena_new(NULL);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    world *w = (world *)*state;

    aegis_service_stop(w->service);
    aegis_client_free(w->client);
    aegis_publisher_free(w->publisher);
    aegis_close(w->bus);
    aegis_arena_free(w->arena);
    free(w);
    return 0;
}

static void note(world *w, uint32_t number)
{
    atomic_fetch_add(&w->sum, (int)number);
    atomic_fetch_add(&w->handled, 1);
}

static void wait_for(world *w, int handled)
{
    const struct timespec pause = {0, 2000000};
    int left = 5000; /* ten seconds */

    while (atomic_load(&w->handled) < handled && left-- > 0)
        (void)nanosleep(&pause, NULL);
    assert_int_equal(atomic_load(&w->handled), handled);
}

/* ---- what programs of a version do ---- */

/* Start service S of a version; its method `go` answers with the next number. */
#define SERVES_GO(version)                                                                                   \
    static aegis_reply version##_go(version##_s_go_call *call, const version##_s_go_request *request,        \
                                    void *user)                                                              \
    {                                                                                                        \
        note((world *)user, request->n);                                                                     \
        return version##_s_go_ok(call, &(version##_s_go_result){.n = request->n + 1});                       \
    }                                                                                                        \
    static void version##_start(world *w)                                                                    \
    {                                                                                                        \
        static const version##_s_ops ops = {.go = version##_go};                                             \
        aegis_error error = {0};                                                                             \
                                                                                                             \
        worked(version##_s_serve(w->bus, &ops, w, NULL, &w->service, &error), &error);                       \
    }

/* The same, but it raises Bad. */
#define RAISES_BAD(version)                                                                                  \
    static aegis_reply version##_go(version##_s_go_call *call, const version##_s_go_request *request,        \
                                    void *user)                                                              \
    {                                                                                                        \
        note((world *)user, request->n);                                                                     \
        return version##_s_go_bad(call, &(version##_bad){.left = 3});                                        \
    }                                                                                                        \
    static void version##_start(world *w)                                                                    \
    {                                                                                                        \
        static const version##_s_ops ops = {.go = version##_go};                                             \
        aegis_error error = {0};                                                                             \
                                                                                                             \
        worked(version##_s_serve(w->bus, &ops, w, NULL, &w->service, &error), &error);                       \
    }

/* Call go(7) as a version does. */
#define CALLS_GO(version)                                                                                    \
    static version##_s_go_outcome version##_call(world *w)                                                   \
    {                                                                                                        \
        return version##_s_go(w->client, &(version##_s_go_request){.n = 7}, &brief, w->arena);               \
    }

/* Publish order.made and start the service Sub of a version. */
#define HAS_MADE(version)                                                                                    \
    static void version##_publish(world *w, uint32_t number)                                                 \
    {                                                                                                        \
        aegis_error error = {0};                                                                             \
                                                                                                             \
        worked(                                                                                              \
            version##_order_made_publish(w->publisher, &(version##_order_made){.n = number}, NULL, &error),  \
            &error);                                                                                         \
    }                                                                                                        \
    static aegis_settle version##_made(const aegis_event *event, const version##_order_made *payload,        \
                                       void *user)                                                           \
    {                                                                                                        \
        (void)event;                                                                                         \
        note((world *)user, payload->n);                                                                     \
        return AEGIS_DONE;                                                                                   \
    }
#define SUBSCRIBES_MADE(version)                                                                             \
    HAS_MADE(version)                                                                                        \
    static void version##_start(world *w)                                                                    \
    {                                                                                                        \
        static const version##_sub_ops ops = {.on_order_made = version##_made};                              \
        aegis_error error = {0};                                                                             \
                                                                                                             \
        worked(version##_sub_serve(w->bus, &ops, w, NULL, &w->service, &error), &error);                     \
    }

/* Serve the command `run`, and run it, as a version does. */
#define RUNS(version)                                                                                        \
    static aegis_reply version##_handle(version##_s_run_call *call, const version##_s_run_request *request,  \
                                        void *user)                                                          \
    {                                                                                                        \
        (void)request;                                                                                       \
        note((world *)user, 1);                                                                              \
        return version##_s_run_ok(call, &(version##_s_run_result){0});                                       \
    }                                                                                                        \
    static void version##_start(world *w)                                                                    \
    {                                                                                                        \
        static const version##_s_ops ops = {.run = version##_handle};                                        \
        aegis_error error = {0};                                                                             \
                                                                                                             \
        worked(version##_s_serve(w->bus, &ops, w, NULL, &w->service, &error), &error);                       \
    }                                                                                                        \
    static bool version##_run(world *w, aegis_duration patience)                                             \
    {                                                                                                        \
        aegis_command *command = NULL;                                                                       \
        bool done;                                                                                           \
        aegis_error error = {0};                                                                             \
                                                                                                             \
        worked(version##_s_run_submit(w->client, &(version##_s_run_request){.batch_id = "b"}, NULL,          \
                                      &command, &error),                                                     \
               &error);                                                                                      \
        done = version##_s_run_wait(command, patience, w->arena).kind != 0;                                  \
        aegis_command_free(command);                                                                         \
        return done;                                                                                         \
    }

/* ---- errors ---- */

RAISES_BAD(error_renamed_old)
CALLS_GO(error_renamed_old)
RAISES_BAD(error_renamed_new)
CALLS_GO(error_renamed_new)

static void test_error_renamed(void **state)
{
    world *w = (world *)*state;
    error_renamed_new_s_go_outcome young;
    error_renamed_old_s_go_outcome old;

    error_renamed_old_start(w);
    old = error_renamed_old_call(w);
    assert_int_equal(old.kind, ERROR_RENAMED_OLD_S_GO_BAD);
    assert_int_equal(old.bad.left, 3);
    young = error_renamed_new_call(w);
    assert_int_equal(young.kind, ERROR_RENAMED_NEW_S_GO_FAILED);
    assert_non_null(strstr(aegis_error_text(&young.failed), "Bad"));
    aegis_service_stop(w->service);
    error_renamed_new_start(w);
    assert_int_equal(error_renamed_new_call(w).kind, ERROR_RENAMED_NEW_S_GO_BAD);
    assert_int_equal(error_renamed_old_call(w).kind, ERROR_RENAMED_OLD_S_GO_FAILED);
}

RAISES_BAD(raises_removed_old)
CALLS_GO(raises_removed_old)
CALLS_GO(raises_removed_new)

static void test_raises_removed(void **state)
{
    world *w = (world *)*state;
    raises_removed_new_s_go_outcome young;

    raises_removed_old_start(w);
    assert_int_equal(raises_removed_old_call(w).kind, RAISES_REMOVED_OLD_S_GO_BAD);
    young = raises_removed_new_call(w);
    assert_int_equal(young.kind, RAISES_REMOVED_NEW_S_GO_FAILED);
    assert_non_null(strstr(aegis_error_text(&young.failed), "Bad"));
}

/* ---- methods and services ---- */

CALLS_GO(method_removed_old)
SERVES_GO(method_removed_old)

static aegis_reply stop_new(method_removed_new_s_stop_call *call,
                            const method_removed_new_s_stop_request *request, void *user)
{
    note((world *)user, request->n);
    return method_removed_new_s_stop_ok(call, &(method_removed_new_s_stop_result){.n = request->n});
}

static void test_method_removed(void **state)
{
    static const method_removed_new_s_ops ops = {.stop = stop_new};
    world *w = (world *)*state;
    aegis_error error = {0};

    method_removed_old_start(w);
    assert_int_equal(method_removed_old_call(w).kind, METHOD_REMOVED_OLD_S_GO_OK);
    aegis_service_stop(w->service);
    worked(method_removed_new_s_serve(w->bus, &ops, w, NULL, &w->service, &error), &error);
    assert_int_equal(method_removed_old_call(w).kind, METHOD_REMOVED_OLD_S_GO_FAILED);
    assert_int_equal(atomic_load(&w->handled), 1);
}

CALLS_GO(method_renamed_old)
SERVES_GO(method_renamed_old)
CALLS_GO(method_renamed_new)
SERVES_GO(method_renamed_new)

static void test_method_renamed(void **state)
{
    world *w = (world *)*state;

    method_renamed_new_start(w);
    assert_int_equal(method_renamed_new_call(w).kind, METHOD_RENAMED_NEW_S_GO_OK);
    assert_int_equal(method_renamed_old_call(w).kind, METHOD_RENAMED_OLD_S_GO_FAILED);
    aegis_service_stop(w->service);
    method_renamed_old_start(w);
    assert_int_equal(method_renamed_old_call(w).kind, METHOD_RENAMED_OLD_S_GO_OK);
    assert_int_equal(method_renamed_new_call(w).kind, METHOD_RENAMED_NEW_S_GO_FAILED);
    assert_int_equal(atomic_load(&w->handled), 2);
}

CALLS_GO(method_kind_changed_old)
SERVES_GO(method_kind_changed_old)
SERVES_GO(method_kind_changed_new)

static void test_method_kind_changed(void **state)
{
    world *w = (world *)*state;

    method_kind_changed_old_start(w);
    assert_int_equal(method_kind_changed_old_call(w).kind, METHOD_KIND_CHANGED_OLD_S_GO_OK);
    aegis_service_stop(w->service);
    method_kind_changed_new_start(w);
    assert_int_equal(method_kind_changed_old_call(w).kind, METHOD_KIND_CHANGED_OLD_S_GO_FAILED);
    assert_int_equal(atomic_load(&w->handled), 1);
}

CALLS_GO(service_removed_old)
SERVES_GO(service_removed_old)

static aegis_reply stay(service_removed_new_t_stay_call *call,
                        const service_removed_new_t_stay_request *request, void *user)
{
    (void)request;
    note((world *)user, 0);
    return service_removed_new_t_stay_ok(call, &(service_removed_new_t_stay_result){0});
}

static void test_service_removed(void **state)
{
    static const service_removed_new_t_ops ops = {.stay = stay};
    world *w = (world *)*state;
    aegis_error error = {0};

    service_removed_old_start(w);
    assert_int_equal(service_removed_old_call(w).kind, SERVICE_REMOVED_OLD_S_GO_OK);
    aegis_service_stop(w->service);
    worked(service_removed_new_t_serve(w->bus, &ops, w, NULL, &w->service, &error), &error);
    assert_int_equal(service_removed_old_call(w).kind, SERVICE_REMOVED_OLD_S_GO_FAILED);
    assert_int_equal(atomic_load(&w->handled), 1);
}

CALLS_GO(service_renamed_old)
SERVES_GO(service_renamed_old)
CALLS_GO(service_renamed_new)
SERVES_GO(service_renamed_new)

static void test_service_renamed(void **state)
{
    world *w = (world *)*state;

    service_renamed_new_start(w);
    assert_int_equal(service_renamed_new_call(w).kind, SERVICE_RENAMED_NEW_S_GO_OK);
    assert_int_equal(service_renamed_old_call(w).kind, SERVICE_RENAMED_OLD_S_GO_FAILED);
    aegis_service_stop(w->service);
    service_renamed_old_start(w);
    assert_int_equal(service_renamed_old_call(w).kind, SERVICE_RENAMED_OLD_S_GO_OK);
    assert_int_equal(service_renamed_new_call(w).kind, SERVICE_RENAMED_NEW_S_GO_FAILED);
}

/* ---- events: what comes after shows that what came before was not for them ---- */

HAS_MADE(event_removed_old)

static void sent_old(world *w, uint32_t number)
{
    aegis_error error = {0};

    worked(event_removed_old_order_sent_publish(w->publisher, &(event_removed_old_order_sent){.n = number},
                                                NULL, &error),
           &error);
}

static aegis_settle on_sent_old(const aegis_event *event, const event_removed_old_order_sent *payload,
                                void *user)
{
    (void)event;
    note((world *)user, payload->n);
    return AEGIS_DONE;
}

static aegis_settle on_sent_new(const aegis_event *event, const event_removed_new_order_sent *payload,
                                void *user)
{
    (void)event;
    note((world *)user, payload->n);
    return AEGIS_DONE;
}

static void test_event_removed(void **state)
{
    static const event_removed_old_sub_ops old_ops = {.on_order_made = event_removed_old_made,
                                                      .on_order_sent = on_sent_old};
    static const event_removed_new_sub_ops new_ops = {.on_order_sent = on_sent_new};
    world *w = (world *)*state;
    aegis_error error = {0};

    worked(event_removed_old_sub_serve(w->bus, &old_ops, w, NULL, &w->service, &error), &error);
    event_removed_old_publish(w, 1);
    sent_old(w, 10);
    wait_for(w, 2);
    assert_int_equal(atomic_load(&w->sum), 11);
    aegis_service_stop(w->service);
    event_removed_old_publish(w, 100);
    worked(event_removed_new_sub_serve(w->bus, &new_ops, w, NULL, &w->service, &error), &error);
    sent_old(w, 1000);
    wait_for(w, 3);
    assert_int_equal(atomic_load(&w->sum), 1011); /* the event of 100 waits for nobody */
}

SUBSCRIBES_MADE(event_renamed_old)
SUBSCRIBES_MADE(event_renamed_new)

static void test_event_renamed(void **state)
{
    world *w = (world *)*state;

    event_renamed_new_start(w);
    event_renamed_old_publish(w, 1);
    event_renamed_new_publish(w, 10);
    wait_for(w, 1);
    assert_int_equal(atomic_load(&w->sum), 10);
    aegis_service_stop(w->service);
    event_renamed_old_start(w); /* has missed what it knows, and gets it now */
    event_renamed_new_publish(w, 100);
    event_renamed_old_publish(w, 1000);
    wait_for(w, 3);
    assert_int_equal(atomic_load(&w->sum), 1011);
}

SUBSCRIBES_MADE(event_version_removed_old)
SUBSCRIBES_MADE(event_version_removed_new)

static void test_event_version_removed(void **state)
{
    world *w = (world *)*state;

    event_version_removed_old_publish(w, 1);
    event_version_removed_new_publish(w, 10);
    event_version_removed_new_start(w);
    wait_for(w, 1);
    assert_int_equal(atomic_load(&w->sum), 10); /* the older one became a dead letter */
    aegis_service_stop(w->service);
    event_version_removed_new_publish(w, 100);
    event_version_removed_old_publish(w, 1000);
    event_version_removed_old_start(w);
    wait_for(w, 2);
    assert_int_equal(atomic_load(&w->sum), 1010);
}

/* ---- lanes ---- */

RUNS(lanes_added_old)
RUNS(lanes_added_new)

static void test_lanes_added(void **state)
{
    world *w = (world *)*state;

    lanes_added_old_start(w);
    assert_false(lanes_added_new_run(w, PATIENCE));
    assert_int_equal(atomic_load(&w->handled), 0);
    assert_true(lanes_added_old_run(w, 0));
    aegis_service_stop(w->service);
    lanes_added_new_start(w); /* which finds the one that waited, and hears both kinds of callers */
    assert_true(lanes_added_old_run(w, 0));
    assert_true(lanes_added_new_run(w, 0));
    wait_for(w, 4);
}

RUNS(lanes_removed_old)
RUNS(lanes_removed_new)

static void test_lanes_removed(void **state)
{
    world *w = (world *)*state;

    lanes_removed_new_start(w);
    assert_false(lanes_removed_old_run(w, PATIENCE));
    assert_int_equal(atomic_load(&w->handled), 0);
    assert_true(lanes_removed_new_run(w, 0));
    aegis_service_stop(w->service);
    lanes_removed_old_start(w);
    assert_true(lanes_removed_new_run(w, 0));
    wait_for(w, 3);
}

/* ---- older names: who receives knows them, who sends does not use them ---- */

/* Services S, whose `fail` raises Bad, and T of a version, and calls of them. */
#define RENAMED(version)                                                                                     \
    static aegis_reply version##_go(version##_s_go_call *call, const version##_s_go_request *request,        \
                                    void *user)                                                              \
    {                                                                                                        \
        (void)user;                                                                                          \
        return version##_s_go_ok(call, &(version##_s_go_result){.n = request->n + 1});                       \
    }                                                                                                        \
    static aegis_reply version##_fail(version##_s_fail_call *call, const version##_s_fail_request *request,  \
                                      void *user)                                                            \
    {                                                                                                        \
        (void)request;                                                                                       \
        (void)user;                                                                                          \
        return version##_s_fail_bad(call, &(version##_bad){.left = 3});                                      \
    }                                                                                                        \
    static aegis_reply version##_t_handle(version##_t_go_call *call, const version##_t_go_request *request,  \
                                          void *user)                                                        \
    {                                                                                                        \
        (void)user;                                                                                          \
        return version##_t_go_ok(call, &(version##_t_go_result){.n = request->n + 1});                       \
    }                                                                                                        \
    static void version##_start_both(world *w, aegis_service **other)                                        \
    {                                                                                                        \
        static const version##_s_ops s_ops = {.go = version##_go, .fail = version##_fail};                   \
        static const version##_t_ops t_ops = {.go = version##_t_handle};                                     \
        aegis_error error = {0};                                                                             \
                                                                                                             \
        worked(version##_s_serve(w->bus, &s_ops, w, NULL, &w->service, &error), &error);                     \
        worked(version##_t_serve(w->bus, &t_ops, w, NULL, other, &error), &error);                           \
    }                                                                                                        \
    static int version##_call_s(world *w)                                                                    \
    {                                                                                                        \
        return (int)version##_s_go(w->client, &(version##_s_go_request){.n = 7}, &brief, w->arena).kind;     \
    }                                                                                                        \
    static int version##_call_t(world *w)                                                                    \
    {                                                                                                        \
        return (int)version##_t_go(w->client, &(version##_t_go_request){.n = 7}, &brief, w->arena).kind;     \
    }                                                                                                        \
    static int version##_call_fail(world *w)                                                                 \
    {                                                                                                        \
        return (int)version##_s_fail(w->client, &(version##_s_fail_request){0}, &brief, w->arena).kind;      \
    }

RENAMED(renamed_was_old)
RENAMED(renamed_was_new)
SUBSCRIBES_MADE(renamed_was_old)
SUBSCRIBES_MADE(renamed_was_new)

enum { FAILED = 0, OK = 1, BAD = 2 };

static void test_renamed_was(void **state)
{
    world *w = (world *)*state;
    aegis_service *other = NULL;

    renamed_was_new_start_both(w, &other);
    assert_int_equal(renamed_was_new_call_s(w), OK);
    assert_int_equal(renamed_was_old_call_s(w), OK);
    assert_int_equal(renamed_was_old_call_t(w), OK);
    assert_int_equal(renamed_was_old_call_fail(w), FAILED); /* it does not know Worse */
    aegis_service_stop(w->service);
    aegis_service_stop(other);
    renamed_was_old_start_both(w, &other);
    assert_int_equal(renamed_was_old_call_t(w), OK);
    assert_int_equal(renamed_was_new_call_s(w), FAILED);
    assert_int_equal(renamed_was_new_call_t(w), FAILED);
    assert_int_equal(renamed_was_new_call_fail(w), BAD); /* it knows that Worse was Bad */
    aegis_service_stop(w->service);
    aegis_service_stop(other);
    renamed_was_new_start(w);
    renamed_was_old_publish(w, 1);
    renamed_was_new_publish(w, 10);
    wait_for(w, 2);
    aegis_service_stop(w->service);
    renamed_was_new_publish(w, 100);
    renamed_was_old_publish(w, 1000);
    renamed_was_old_start(w);
    wait_for(w, 3);
    assert_int_equal(atomic_load(&w->sum), 1011); /* nobody takes the event of 100 */
}

/* ---- safe ---- */

CALLS_GO(method_added_old)
SERVES_GO(method_added_old)
CALLS_GO(method_added_new)
SERVES_GO(method_added_new)

static void test_method_grows(void **state)
{
    world *w = (world *)*state;
    method_added_new_s_go_outcome young;

    method_added_new_start(w);
    assert_int_equal(method_added_old_call(w).kind, METHOD_ADDED_OLD_S_GO_OK);
    aegis_service_stop(w->service);
    method_added_old_start(w);
    young = method_added_new_call(w);
    assert_int_equal(young.kind, METHOD_ADDED_NEW_S_GO_OK);
    assert_int_equal(young.ok.n, 8);
    assert_null(young.ok.extra);
}

SUBSCRIBES_MADE(event_grows_old)
SUBSCRIBES_MADE(event_grows_new)

static void test_event_grows(void **state)
{
    world *w = (world *)*state;

    event_grows_old_start(w);
    event_grows_new_publish(w, 1);
    event_grows_old_publish(w, 10);
    wait_for(w, 2);
    aegis_service_stop(w->service);
    event_grows_new_start(w);
    event_grows_old_publish(w, 100);
    event_grows_new_publish(w, 1000);
    wait_for(w, 4);
    assert_int_equal(atomic_load(&w->sum), 1111);
}

CALLS_GO(renamed_in_two_steps_old)
SERVES_GO(renamed_in_two_steps_old)
CALLS_GO(renamed_in_two_steps_new)
SERVES_GO(renamed_in_two_steps_new)

static void test_two_steps(void **state)
{
    world *w = (world *)*state;

    renamed_in_two_steps_new_start(w);
    assert_int_equal(renamed_in_two_steps_old_call(w).kind, RENAMED_IN_TWO_STEPS_OLD_S_GO_OK);
    aegis_service_stop(w->service);
    renamed_in_two_steps_old_start(w);
    assert_int_equal(renamed_in_two_steps_new_call(w).kind, RENAMED_IN_TWO_STEPS_NEW_S_GO_OK);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test_##test, set_up, tear_down)

/* In the order of the rules. */
static const struct CMUnitTest cases[] = {
    CASE(error_renamed),       CASE(raises_removed),        CASE(method_removed),  CASE(method_renamed),
    CASE(method_kind_changed), CASE(service_removed),       CASE(service_renamed), CASE(event_removed),
    CASE(event_renamed),       CASE(event_version_removed), CASE(lanes_added),     CASE(lanes_removed),
    CASE(renamed_was)};

/* Each rule about reaching each other has its test, named after it. */
static void test_all_rules(void **state)
{
    size_t count, at = 0;
    const diag_rule *rules = diag_rules_breaking(&count);

    (void)state;
    for (size_t i = 0; i < count && rules[i].code.number < SOURCE_PACKAGE_REMOVED; i++) {
        char name[64] = "test_";

        if (rules[i].code.number <= WIRE_RESERVED_NAME_BACK)
            continue;
        assert_true(strlen(rules[i].name) < sizeof name - strlen(name));
        strcat(name, rules[i].name);
        for (char *c = name; *c != '\0'; c++)
            *c = *c == '-' ? '_' : *c;
        assert_true(at < sizeof cases / sizeof cases[0]);
        assert_string_equal(cases[at++].name, name);
    }
    assert_int_equal(at, sizeof cases / sizeof cases[0]);
}

static const struct CMUnitTest others[] = {CASE(method_grows), CASE(event_grows), CASE(two_steps),
                                           cmocka_unit_test(test_all_rules)};

int main(void)
{
    int failed = cmocka_run_group_tests(cases, NULL, NULL) + cmocka_run_group_tests(others, NULL, NULL);

    format = AEGIS_FORMAT_JSON;
    failed += cmocka_run_group_tests(cases, NULL, NULL) + cmocka_run_group_tests(others, NULL, NULL);
    return failed;
}
