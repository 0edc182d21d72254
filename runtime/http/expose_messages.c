/* What /metrics says of streams: what this process puts into them, and what it reads. */
#include "http/expose.h"

#include <stdio.h>
#include <string.h>

#define SYSTEM                                                                                               \
    {                                                                                                        \
        "messaging_system", "nats"                                                                           \
    }
#define SUBJECT(subject)                                                                                     \
    {                                                                                                        \
        "messaging_destination_name", (subject)                                                              \
    }
#define GROUP(service)                                                                                       \
    {                                                                                                        \
        "messaging_consumer_group_name", (service)                                                           \
    }
#define SUBJECT_SIZE 640

/* ---- sent --------------------------------------------------------------------------------------------- */

void aegis_expose_send_durations(aegis_page *p, const aegis_family *family)
{
    size_t i;

    for (i = 0; i < p->metrics->sending_count; i++) {
        const aegis_sending_metrics *s = &p->metrics->sendings[i];
        aegis_label labels[5] = {SYSTEM,
                                 {"messaging_operation_name", "publish"},
                                 {"messaging_operation_type", "send"},
                                 SUBJECT(s->subject)};

        aegis_expose_times(p, family, labels, 4, &s->latency, &s->failed);
    }
}

void aegis_expose_sent(aegis_page *p, const aegis_family *family)
{
    size_t i;
    int status;

    for (i = 0; i < p->metrics->sending_count; i++) {
        const aegis_sending_metrics *s = &p->metrics->sendings[i];

        for (status = 0; status < AEGIS_STATUS_COUNT; status++) {
            const aegis_label labels[] = {
                SYSTEM,
                {"messaging_operation_name", "publish"},
                SUBJECT(s->subject),
                {"error_type", status == AEGIS_OK ? NULL : aegis_status_name((aegis_status)status)}};

            if (s->status[status] > 0 || status == AEGIS_OK)
                aegis_exposition_sample(&p->out, family, AEGIS_LABELS(labels), s->status[status]);
        }
    }
}

void aegis_expose_sending(aegis_page *p, const aegis_family *family)
{
    size_t i;

    for (i = 0; i < p->metrics->sending_count; i++) {
        const aegis_label labels[] = {SUBJECT(p->metrics->sendings[i].subject)};

        aegis_exposition_sample(&p->out, family, AEGIS_LABELS(labels), p->metrics->sendings[i].in_flight);
    }
}

/* ---- read --------------------------------------------------------------------------------------------- */

/* Handlers of events, then attempts of commands, all lanes of one together. */
void aegis_expose_process_durations(aegis_page *p, const aegis_family *family)
{
    const aegis_metrics *m = p->metrics;
    char subject[SUBJECT_SIZE];
    size_t i;

    for (i = 0; i < m->consumer_count; i++) {
        const aegis_consumer_metrics *c = &m->consumers[i];
        const aegis_label labels[] = {
            SYSTEM, {"messaging_operation_name", "process"}, GROUP(c->service), SUBJECT(c->subject)};

        if (!c->command)
            aegis_exposition_histogram(&p->out, family, AEGIS_LABELS(labels), &c->latency);
    }
    for (i = 0; i < m->method_count; i++) {
        const aegis_method_metrics *c = &m->methods[i];
        aegis_label labels[5] = {
            SYSTEM, {"messaging_operation_name", "process"}, GROUP(c->service), SUBJECT(subject)};

        if (!c->command)
            continue;
        (void)snprintf(subject, sizeof subject, "commands.%s.%s", c->service, c->method);
        aegis_expose_times(p, family, labels, 4, &c->latency, &c->failed);
    }
}

void aegis_expose_attempts(aegis_page *p, const aegis_family *family)
{
    const aegis_metrics *m = p->metrics;
    char subject[SUBJECT_SIZE];
    size_t i;
    int status;

    for (i = 0; i < m->method_count; i++) {
        const aegis_method_metrics *c = &m->methods[i];

        if (!c->command)
            continue;
        (void)snprintf(subject, sizeof subject, "commands.%s.%s", c->service, c->method);
        for (status = 0; status < AEGIS_STATUS_COUNT; status++) {
            const aegis_label labels[] = {
                GROUP(c->service), SUBJECT(subject), {"status", aegis_status_name((aegis_status)status)}};

            if (c->status[status] > 0 || status == AEGIS_OK)
                aegis_exposition_sample(&p->out, family, AEGIS_LABELS(labels), c->status[status]);
        }
    }
}

static void one(aegis_page *p, const aegis_family *family, const aegis_consumer_metrics *c, uint64_t value)
{
    const aegis_label labels[] = {GROUP(c->service), SUBJECT(c->subject)};

    aegis_exposition_sample(&p->out, family, AEGIS_LABELS(labels), value);
}

static void by_outcome(aegis_page *p, const aegis_family *family, const aegis_consumer_metrics *c,
                       const char *outcome, uint64_t value)
{
    const aegis_label labels[] = {GROUP(c->service), SUBJECT(c->subject), {"outcome", outcome}};

    aegis_exposition_sample(&p->out, family, AEGIS_LABELS(labels), value);
}

#define EACH_CONSUMER(p, c)                                                                                  \
    for (const aegis_consumer_metrics *c = (p)->metrics->consumers, *end = c + (p)->metrics->consumer_count; \
         c < end; c++)

void aegis_expose_consumed(aegis_page *p, const aegis_family *family)
{
    EACH_CONSUMER(p, c)
    {
        by_outcome(p, family, c, "done", c->handled);
        by_outcome(p, family, c, "retried", c->retried);
        by_outcome(p, family, c, "dead", c->dead);
        if (!c->command)
            by_outcome(p, family, c, "lost", c->lost);
    }
}

void aegis_expose_redelivered(aegis_page *p, const aegis_family *family)
{
    EACH_CONSUMER(p, c)
    one(p, family, c, c->redelivered);
}

void aegis_expose_pending(aegis_page *p, const aegis_family *family)
{
    EACH_CONSUMER(p, c)
    {
        if (c->pending_known)
            one(p, family, c, c->pending);
    }
}

void aegis_expose_at_work(aegis_page *p, const aegis_family *family)
{
    EACH_CONSUMER(p, c)
    one(p, family, c, c->running);
}

void aegis_expose_ready(aegis_page *p, const aegis_family *family)
{
    EACH_CONSUMER(p, c)
    {
        if (c->command)
            one(p, family, c, c->ready);
    }
}

void aegis_expose_taken_over(aegis_page *p, const aegis_family *family)
{
    EACH_CONSUMER(p, c)
    {
        if (c->command)
            one(p, family, c, c->taken_over);
    }
}

void aegis_expose_leases_lost(aegis_page *p, const aegis_family *family)
{
    EACH_CONSUMER(p, c)
    {
        if (c->command)
            one(p, family, c, c->leases_lost);
    }
}

void aegis_expose_progress(aegis_page *p, const aegis_family *family)
{
    EACH_CONSUMER(p, c)
    {
        if (!c->command)
            continue;
        by_outcome(p, family, c, "sent", c->progress_sent);
        by_outcome(p, family, c, "replaced", c->progress_replaced);
    }
}
