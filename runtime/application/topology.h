/* The streams and the bucket everything durable lives in: EVENTS, COMMANDS, AEGIS_DLQ, and the records of
 * commands. They are created where there are none and verified where there are; nothing here ever alters one.
 */
#ifndef AEGIS_APPLICATION_TOPOLOGY_H
#define AEGIS_APPLICATION_TOPOLOGY_H

#include <aegis/bus.h>

/* Their names, where the options do not say otherwise: ask aegis_bus_stream. */
#define AEGIS_STREAM_EVENTS   "EVENTS"
#define AEGIS_STREAM_COMMANDS "COMMANDS"
#define AEGIS_STREAM_DLQ      "AEGIS_DLQ"
#define AEGIS_BUCKET_RECORDS  "aegis_commands"

typedef enum aegis_stream_kind {
    AEGIS_KIND_EVENTS = 0,
    AEGIS_KIND_COMMANDS,
    AEGIS_KIND_DLQ,
    AEGIS_KIND_RECORDS, /* the bucket of command records; its name is for the kv_* functions of the port */
    AEGIS_KIND_COUNT
} aegis_stream_kind;

/* Make sure that it is there; asks the server once per bus. */
aegis_status aegis_bus_ensure(aegis_bus *bus, aegis_stream_kind kind, aegis_error *error);

/* Its name, as the options have it. Lives as long as the bus. */
const char *aegis_bus_stream(const aegis_bus *bus, aegis_stream_kind kind);

#endif
