/* What runs: every instance of every service, put together from what each tells of itself ($SRV.INFO and
 * $SRV.STATS, ADR-32) and from the registry, which also knows the services of the original SDK. Nothing that
 * is told is believed further than its type: texts are others', numbers may be anything.
 *
 * Two readings one after the other tell rates, and latencies of the time between.
 */
#ifndef AEGIS_TOOL_FLEET_H
#define AEGIS_TOOL_FLEET_H

#include <aegis/metrics.h>

#include "session.h"

/* What an endpoint's callers are, by the source in their requests. */
typedef struct fleet_caller {
    const char *source; /* "checkout-1a2b3c4d" */
    double requests, errors;
    double rate; /* requests a second since the reading before; below 0: not known */
} fleet_caller;

/* An endpoint of one instance, or of all instances of a service together. Numbers below 0 are not known. */
typedef struct fleet_endpoint {
    const char *name, *subject, *queue;
    const char *kind;               /* "rpc", "command", "event", or "" */
    double requests, errors, spent; /* since the start; nanoseconds in handlers */
    double rate, error_rate;        /* a second, since the reading before */
    double running, waiting;        /* now: handlers, and what waits for one */
    double retried, dead, lost;     /* events */
    const char *last_error;
    const aegis_latency *latency, *recent; /* NULL: not told; recent: since the reading before */
    const fleet_caller *callers;
    size_t caller_count;
} fleet_endpoint;

typedef struct fleet_instance {
    const char *service, *id, *version, *state; /* "active", "standby", "unhealthy", "shutdown" */
    const char *schema;                         /* its hash; NULL: it tells none */
    const char *description;
    bool answers;                       /* to $SRV */
    bool registered;                    /* in the bucket */
    aegis_timestamp started, heartbeat; /* 0: not known */
    aegis_duration seen;                /* since its heartbeat came in; below 0: not known */
    int64_t arrived;                    /* of its statistics, on aegis_clock_monotonic; 0: none */
    fleet_endpoint *endpoints;
    size_t endpoint_count;
} fleet_instance;

typedef struct fleet_service {
    const char *name;
    const fleet_instance *instances;
    size_t instance_count;
    fleet_endpoint *endpoints; /* of all of them together */
    size_t endpoint_count;
    bool versions_differ, schemas_differ;
    double rate, error_rate, requests, errors, running, waiting;
    const aegis_latency *latency, *recent;
} fleet_service;

typedef struct fleet {
    arena *memory;
    json_t *answers; /* the texts are in there */
    const fleet_instance *instances;
    size_t instance_count;
    const fleet_service *services;
    size_t service_count;
    bool registry_read;       /* the registry could be read; else why not: */
    const char *registry_why; /* NULL: there is none yet */
} fleet;

/* Everything of `service`, or of all (NULL), in `memory`. Without `before` (NULL), a reading that is needed
 * until this one returns, there are no rates. Nobody running is no failure. */
aegis_status fleet_read(session *s, const char *service, const fleet *before, arena *memory, fleet *out,
                        aegis_error *error);
void fleet_free(fleet *f);
/* Complains that no instance of it runs, and says which service was perhaps meant; CLI_MISTAKES. */
int fleet_nobody(session *s, const char *service);

const fleet_service *fleet_find(const fleet *f, const char *service);
/* Which instance has this id; NULL: none that is known. */
const fleet_instance *fleet_instance_of(const fleet *f, const char *id);

/* "3 d 4 h", "12 s"; "-" below 0. */
const char *fleet_age(aegis_duration age, char text[SCREEN_TEXT]);
/* Since it has started; below 0: not known. */
aegis_duration fleet_up(const fleet_instance *i);

#endif
