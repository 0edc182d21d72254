/* The streams and buckets everything durable lives in: EVENTS, COMMANDS, AEGIS_DLQ, and what is recorded of
 * commands and of events that were tried again. They are created where there are none and verified where
 * there are; nothing here ever alters one.
 */
#ifndef AEGIS_APPLICATION_TOPOLOGY_H
#define AEGIS_APPLICATION_TOPOLOGY_H

#include <stdatomic.h>

#include "ports/bus.h"

/* Their names, where the options do not say otherwise: ask aegis_bus_stream. */
#define AEGIS_STREAM_EVENTS   "EVENTS"
#define AEGIS_STREAM_COMMANDS "COMMANDS"
#define AEGIS_STREAM_DLQ      "AEGIS_DLQ"
#define AEGIS_BUCKET_TRIES    "aegis_events"
#define AEGIS_BUCKET_RECORDS  "aegis_commands"
#define AEGIS_BUCKET_REGISTRY "service_registry"

typedef enum aegis_stream_kind {
    AEGIS_KIND_EVENTS = 0,
    AEGIS_KIND_COMMANDS,
    AEGIS_KIND_DLQ,
    AEGIS_KIND_RECORDS,  /* the bucket of command records; its name is for the kv_* functions of the port */
    AEGIS_KIND_TRIES,    /* the bucket of tries of events, likewise */
    AEGIS_KIND_REGISTRY, /* the bucket of instances, likewise */
    AEGIS_KIND_COUNT
} aegis_stream_kind;

/* As the options of a bus have them. */
typedef struct aegis_topology {
    char names[AEGIS_KIND_COUNT][65];
    aegis_stream_config streams[AEGIS_KIND_COUNT];
    bool asked[AEGIS_KIND_COUNT];         /* the options say something about its limits */
    atomic_bool wanted[AEGIS_KIND_COUNT]; /* somebody needs it */
    atomic_bool ready[AEGIS_KIND_COUNT];  /* known to be there */
    atomic_bool told[AEGIS_KIND_COUNT];   /* what is not as asked for has been logged */
    struct aegis_sweep *sweep;            /* sweep.c; set under the lock of the bus, gone when it is freed */
} aegis_topology;

/* INVALID_ARGUMENT for options that cannot be meant. */
aegis_status aegis_topology_init(aegis_topology *topology, const aegis_options *options, aegis_error *error);

/* Make sure that it is there; asks the server once per bus. */
aegis_status aegis_bus_ensure(aegis_bus *bus, aegis_stream_kind kind, aegis_error *error);
/* It turned out not to be there (NOT_FOUND for one of its subjects): the next aegis_bus_ensure asks again. */
void aegis_bus_missing(aegis_bus *bus, aegis_stream_kind kind);

/* Publish into one of the streams, which is made sure of first. One that nobody answers for is looked for
 * again until the deadline: a cluster takes seconds to find it another leader, and one that lived in memory
 * is to be made anew. */
aegis_status aegis_bus_store(aegis_bus *bus, aegis_stream_kind kind, const aegis_outgoing *message,
                             int64_t deadline, aegis_publish_ack *ack, aegis_error *error);

/* The same of an entry of one of the buckets; `expected` and `revision` as for kv_put. */
aegis_status aegis_bus_put(aegis_bus *bus, aegis_stream_kind kind, const char *key, aegis_bytes value,
                           uint64_t expected, int64_t deadline, uint64_t *revision, aegis_error *error);

/* Its name. Lives as long as the bus. */
const char *aegis_bus_stream(const aegis_bus *bus, aegis_stream_kind kind);

/* ---- sweep.c ---- */
/* From now on what workers of the original leave in COMMANDS is taken out of it. Once per bus; any thread. */
void aegis_sweep_start(aegis_bus *bus);
/* Before the port is closed. */
void aegis_sweep_stop(aegis_bus *bus);

#endif
