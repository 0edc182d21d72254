/* Commands without the client, and a worker whose handlers do what the test says: a command is published with
 * any id, headers and lane, its completion is heard, its record is read and written. For tests of what a
 * service does with what it finds.
 */
#ifndef TESTS_CONTRACT_DESK_H
#define TESTS_CONTRACT_DESK_H

#include "contract/world.h"

#include "application/record.h"

typedef struct order {
    const char *service, *command; /* "worker", "pack" unless given */
    const char *lane;              /* "" or ".high" */
    const char *id;                /* of the command */
    const char *message;           /* Nats-Msg-Id; NULL: one of its own */
    note payload;
    uint32_t max_retries;
    aegis_duration timeout; /* 0: 30 s */
    int64_t not_before;     /* unix ms; 0: at once */
} order;

bool desk_publish(aegis_bus *bus, const order *what);

/* Progress and completions of a command; to be closed with desk_hang_up. */
aegis_source *desk_listen(aegis_bus *bus, const char *id);
void desk_hang_up(aegis_source *source);
/* The next completion; in `arena`. False: none came within `patience`. `updates` (may be NULL) counts the
 * progress before it. */
bool desk_hear(aegis_source *source, aegis_duration patience, aegis_arena *arena,
               aegis_wire_completion *completion, int *updates);

aegis_record desk_record(aegis_bus *bus, const char *id, aegis_arena *arena);
/* Waits for the record of a command that has ended; false after ten seconds. */
bool desk_ended(aegis_bus *bus, const char *id, aegis_arena *arena, aegis_record *out);
/* A record as somebody else has left it. */
aegis_record desk_plant(aegis_bus *bus, const char *id, aegis_duties_command_state state, uint32_t attempt,
                        aegis_arena *arena);
/* Messages in a stream. */
uint64_t desk_stored(aegis_bus *bus, aegis_stream_kind kind);
/* Until a stream holds so many; false after ten seconds. */
bool desk_settled(aegis_bus *bus, aegis_stream_kind kind, uint64_t wanted);

#endif
