/* Calls whose thread waits. One attempt is one request of the port, which the waiting thread drives itself;
 * only when a second request may go out beside the first does the call read a completion queue, its own, on
 * the same thread. The answer is decoded from a copy in the caller's arena, so nothing has to be given back
 * afterwards.
 */
#define _POSIX_C_SOURCE 200809L
#include <string.h>

#include "application/client.h"

aegis_writer *aegis_call_begin(aegis_exchange *x, aegis_client *client, const aegis_method *method,
                               const aegis_call_options *options, aegis_arena *arena)
{
    (void)aegis_exchange_begin(x, client, arena, options != NULL ? options->parent : NULL);
    aegis_attempt_prepare(x, method, options);
    return &x->writer;
}

static int attempt(aegis_exchange *x, aegis_raw params, aegis_error *failed)
{
    aegis_port *port = x->client->bus->port;
    aegis_outgoing request;
    aegis_message message;
    aegis_status status;

    if (!aegis_attempt_open(x, 0, params, &request, failed))
        return AEGIS_ANSWER_FAILED;
    status = port->ops->request(port, &request, x->deadline, &message, failed);
    if (status != AEGIS_OK)
        return aegis_attempt_failed(x, 0, failed);
    status = aegis_exchange_keep(x, &message.body, failed);
    port->ops->release(&message);
    if (status == AEGIS_OK)
        return aegis_attempt_answered(x, 0, message.body, failed);
    x->final = true; /* it came, and did not fit */
    return aegis_attempt_failed(x, 0, failed);
}

/* ---- two at a time ------------------------------------------------------------------------------------ */

typedef struct race {
    aegis_exchange *x;
    aegis_source *source;
    aegis_raw params;
    bool running[2];
} race;

static bool launch(race *r, unsigned which, aegis_error *failed)
{
    aegis_outgoing request;

    if (!aegis_attempt_open(r->x, which, r->params, &request, failed))
        return false;
    r->running[which] = r->source->port->ops->submit(r->source, AEGIS_OP_REQUEST, &request, which,
                                                     r->x->deadline, failed) == AEGIS_OK;
    if (!r->running[which])
        (void)aegis_attempt_failed(r->x, which, failed);
    return r->running[which];
}

/* The next completion; false when there is none by `until`. */
static bool finish(race *r, int64_t until, int *answer, aegis_error *failed)
{
    const aegis_port_ops *ops = r->source->port->ops;
    aegis_error why;
    aegis_message message;
    aegis_status status;
    unsigned which;

    do
        status = ops->next(r->source, until, &message);
    while (status == AEGIS_CANCELLED);
    if (status != AEGIS_OK)
        return false;
    which = (unsigned)message.token;
    r->running[which] = false;
    if (message.status == AEGIS_OK && aegis_exchange_keep(r->x, &message.body, &why) != AEGIS_OK) {
        message.status = AEGIS_RESOURCE_EXHAUSTED;
        r->x->final = true;
    }
    *answer = aegis_attempt_completed(r->x, which, &message, failed);
    ops->release(&message);
    return true;
}

/* The first answer counts; a failure only when it is final, or the other one has failed too. */
static int attempt_hedged(aegis_exchange *x, aegis_raw params, aegis_error *failed)
{
    aegis_port *port = x->client->bus->port;
    race r = {x, NULL, params, {false, false}};
    int64_t second = aegis_clock_monotonic() + x->hedge;
    int answer = AEGIS_ANSWER_FAILED;
    aegis_error other;

    if (port->ops->completions(port, 2, &r.source, failed) != AEGIS_OK) {
        x->final = true;
        return AEGIS_ANSWER_FAILED;
    }
    if (launch(&r, 0, failed)) {
        /* Both deadlines are the port's: it completes what is late. */
        while ((r.running[0] || r.running[1]) && answer == AEGIS_ANSWER_FAILED) {
            if (finish(&r, second, &answer, failed)) {
                if (answer == AEGIS_ANSWER_FAILED && !aegis_attempt_hopeful(x, failed))
                    break;
            } else if (second == INT64_MAX) {
                break;
            } else {
                second = INT64_MAX;
                if (aegis_attempt_hedge(x))
                    (void)launch(&r, 1, &other);
            }
        }
    }
    if (r.running[0])
        aegis_attempt_dropped(x, 0);
    if (r.running[1])
        aegis_attempt_dropped(x, 1);
    port->ops->close_source(r.source);
    return answer;
}

/* ---- until it is over --------------------------------------------------------------------------------- */

int aegis_call_finish(aegis_exchange *x, aegis_error *failed)
{
    aegis_raw params = {{NULL, 0}, AEGIS_FORMAT_AUTO};
    int answer = AEGIS_ANSWER_FAILED;
    int64_t when;

    memset(failed, 0, sizeof *failed);
    if (aegis_exchange_value(x, "the request", &params, failed) == AEGIS_OK &&
        aegis_exchange_may_wait(x, failed) == AEGIS_OK) {
        for (;;) {
            answer = x->hedge > 0 ? attempt_hedged(x, params, failed) : attempt(x, params, failed);
            if (answer != AEGIS_ANSWER_FAILED || !aegis_attempt_again(x, failed, &when))
                break;
            aegis_pause_until(when);
        }
    }
    aegis_attempt_over(x, answer, failed);
    return answer;
}
