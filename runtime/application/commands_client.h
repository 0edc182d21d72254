/* A submitted command, as the files of its client side see it.
 *
 *   commands_client.c   submitting, attaching, cancelling
 *   command_key.c       the id that follows from a key
 *   commands_wait.c     what comes of it: waiting, polling
 *   commands_notify.c   the same with a callback
 *
 * A handle listens to `commands.*.<id>`, where progress and completion come, from before the command is
 * stored; and it looks at the command's record now and then, because a completion is a core message, which a
 * lost connection takes along. Both lead to the same end, whichever is first.
 */
#ifndef AEGIS_APPLICATION_COMMANDS_CLIENT_H
#define AEGIS_APPLICATION_COMMANDS_CLIENT_H

#include "application/client.h"
#include "application/trace.h"

struct aegis_command {
    aegis_client *client;
    aegis_source *source; /* commands.*.<id> */
    const char *id;       /* these three lie behind the struct */
    const char *service;  /* "": of an attached one it is not known */
    const char *name;
    size_t size; /* of all of it */
    aegis_guarantee guarantee;
    aegis_duration timeout; /* with the delay; 0: not known */
    int64_t look_at;        /* when the record is to be read next, monotonic */
    aegis_duration pause;   /* until the time after that */
    aegis_sent sent;
};

/* ---- command_key.c ---- */
/* The caller's own key; instead of what the stub puts together. */
void aegis_command_key_given(aegis_exchange *x, const char *key);
/* The id that follows from the key as it is by now; false: it has none. */
bool aegis_command_key_id(const aegis_exchange *x, aegis_uuid *out);
/* The exchange's message id becomes the key's, if it has one. INVALID_ARGUMENT: it is empty. */
aegis_status aegis_command_key_apply(aegis_exchange *x, aegis_error *error);

/* ---- commands_wait.c ---- */
/* Prepares the exchange that the outcome is read with. */
void aegis_command_expect(aegis_exchange *x, const aegis_command *command, const aegis_method *method,
                          aegis_arena *arena);
/* One message of the command. True: it has ended, *answer and *failed say how and the exchange's reader is
 * open. */
bool aegis_command_heard(aegis_exchange *x, const aegis_command *command, const aegis_message *message,
                         const aegis_listener *listener, int *answer, aegis_error *failed);
/* The same from the record, when it is time to look; the next time is then set. */
bool aegis_command_look(aegis_exchange *x, aegis_command *command, int64_t deadline, int *answer,
                        aegis_error *failed);

/* The span of a wait, or NULL, is over with this answer of the exchange. */
void aegis_command_end_wait(const aegis_exchange *x, aegis_span *span, int answer, const aegis_error *failed);

/* ---- commands_notify.c ---- */
void aegis_notices_close(aegis_client *client);

#endif
