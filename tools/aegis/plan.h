/* What the streams, buckets and consumers of some services are, and what they should be: the steps from the
 * one to the other. `plan` prints them, `apply` takes them, `check` looks at them.
 *
 * What is needed comes from the library's own tables (application/topology.h, application/needs.h), with the
 * options of the bus. Limits that are other than there are left as they are unless the options ask for them.
 */
#ifndef AEGIS_TOOL_PLAN_H
#define AEGIS_TOOL_PLAN_H

#include "application/needs.h"
#include "catalog.h"
#include "session.h"

typedef enum plan_act {
    PLAN_KEEP, /* it is as it should be */
    PLAN_CREATE,
    PLAN_CHANGE,
    PLAN_REMOVE, /* a consumer that no service of the plan needs */
    PLAN_REFUSE  /* it should change, and cannot */
} plan_act;

typedef struct plan_step {
    plan_act act;
    const char *kind; /* "stream", "bucket", "consumer" */
    const char *name;
    const char *stream; /* a consumer's */
    const char *about;  /* one line: what is made, what differs, why not */
    const char *note;   /* what else is to be known, or NULL */
    bool risky;         /* CHANGE: only when it is insisted on; `note` says why */
    aegis_stream_kind which;
    const aegis_consumer_config *consumer;
    json_t *config; /* CHANGE: the whole configuration as it will be; the plan's */
    json_t *info;   /* what is there, as JetStream tells it; NULL: nothing. The plan's */
} plan_step;

typedef struct plan {
    plan_step *steps;
    size_t count;
} plan;

/* For these services (none: only what every bus has). Complains. */
int plan_make(session *s, const catalog_list *services, plan *out);
void plan_free(plan *p);

/* Take one step. */
aegis_status plan_take(session *s, const plan_step *step, aegis_error *error);

#endif
