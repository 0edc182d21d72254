/* See figures.h. */
#define _POSIX_C_SOURCE 200809L
#include "contract/figures.h"

static aegis_settle on_told(const aegis_event *event, aegis_reader *payload, const void *ops, void *user)
{
    note value;

    (void)ops;
    (void)user;
    note_get(payload, &value);
    (void)aegis_reader_close(payload, NULL);
    if (strcmp(value.text, "bad") == 0)
        return AEGIS_DEAD;
    return strcmp(value.text, "again") == 0 && event->base.attempt == 1 ? AEGIS_RETRY : AEGIS_DONE;
}

static aegis_reply work(aegis_call *call, const note *request, void *user)
{
    int i;

    (void)user;
    for (i = 0; i < 5; i++) /* at once: one is sent, four are held back, of which one is left */
        (void)peer_progress(call, &(note){"step", i});
    if (strcmp(request->text, "again") == 0 && call->attempt == 1)
        return peer_fail(call, AEGIS_UNAVAILABLE, "not now");
    return peer_ok(call, request);
}

SERVE(work)

static const aegis_event_type told = {"thing", "told", "1.0"};
static const aegis_event_case told_case[] = {{&told, on_told}};
static const aegis_subscription told_subscription = {.pattern = "thing.*",
                                                     .durable = "figures__thing",
                                                     .cases = told_case,
                                                     .case_count = 1,
                                                     .max_retries = 3,
                                                     .backoff_min = 1,
                                                     .backoff_max = AEGIS_MILLISECOND};
static const aegis_method work_method = {.service = "figures",
                                         .name = "work",
                                         .timeout = TEN_SECONDS,
                                         .command = true,
                                         .max_retries = 3,
                                         .backoff_min = AEGIS_MILLISECOND,
                                         .backoff_max = 2 * AEGIS_MILLISECOND,
                                         .lanes = true,
                                         .priority = AEGIS_PRIORITY_NORMAL};
static const aegis_endpoint endpoints[] = {{&work_method, serve_work}};
const aegis_service_type figures_type = {.name = "figures",
                                         .version = "1.0.0",
                                         .endpoints = endpoints,
                                         .endpoint_count = 1,
                                         .subscriptions = &told_subscription,
                                         .subscription_count = 1};

aegis_consumer_metrics figures_consumer(world *w, const char *subject)
{
    const aegis_consumer_metrics none = {0};
    aegis_metrics m;
    size_t i;

    assert_int_equal(aegis_metrics_read(w->bus, w->arena, &m, NULL), AEGIS_OK);
    for (i = 0; i < m.consumer_count; i++) {
        if (strcmp(m.consumers[i].subject, subject) == 0)
            return m.consumers[i];
    }
    return none;
}

static void run_command(world *w, const char *text, aegis_priority priority)
{
    const aegis_command_options options = {.priority = priority};
    const note request = {text, 1};
    aegis_command *command = NULL;
    aegis_error error = {0};

    if (peer_submit_as(w->client, &work_method, &request, &options, "", &command, &error) != AEGIS_OK)
        fail_msg("%s", aegis_error_text(&error));
    assert_int_equal(peer_wait(command, &work_method, TEN_SECONDS, NULL, NULL, w->arena).answer,
                     AEGIS_ANSWER_OK);
    aegis_command_free(command);
}

void figures_run(world *w)
{
    const int64_t until = aegis_clock_monotonic() + TEN_SECONDS;
    const char *const events[] = {"good", "again", "bad"};
    aegis_consumer_metrics c;
    size_t i;

    w->service = start(w, &figures_type, NULL);
    for (i = 0; i < 3; i++)
        assert_int_equal(peer_publish(w->publisher, &told, &(note){events[i], 1}, NULL, NULL), AEGIS_OK);
    run_command(w, "good", AEGIS_PRIORITY_NORMAL);
    run_command(w, "again", AEGIS_PRIORITY_NORMAL);
    run_command(w, "good", AEGIS_PRIORITY_HIGH);
    do {
        nap(AEGIS_MILLISECOND);
        c = figures_consumer(w, "events.thing.*");
    } while ((c.handled < 2 || c.dead < 1 || c.running > 0 ||
              figures_consumer(w, "commands.figures.work").running > 0 ||
              figures_consumer(w, "commands.figures.work.high").running > 0) &&
             aegis_clock_monotonic() < until);
}
