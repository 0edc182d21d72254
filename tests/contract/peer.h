/* A small service and its client, written by hand as aegisc would write them, so that the application layer
 * can be tested apart from the compiler. Every message is a `note`. */
#ifndef TESTS_CONTRACT_PEER_H
#define TESTS_CONTRACT_PEER_H

#include <aegis/generated.h>

typedef struct note {
    const char *text;
    int64_t number;
} note;

void note_put(aegis_writer *w, const note *value);
void note_get(aegis_reader *r, note *out);

/* What a call came to: an answer as aegis_call_finish gives it, and what was in it. */
typedef struct outcome {
    int answer;
    note value;
    aegis_error failed;
} outcome;

extern const char *const peer_errors[];
extern const int32_t peer_error_codes[];

/* Methods by name; any name may be called, also one the service does not have. */
outcome peer_call(aegis_client *client, const char *method, const note *request,
                  const aegis_call_options *options, aegis_arena *arena);

/* The same of a method described by the caller: idempotent, say. */
outcome peer_invoke(aegis_client *client, const aegis_method *method, const note *request,
                    const aegis_call_options *options, aegis_arena *arena);
typedef void (*peer_callback)(const outcome *out, void *user);
aegis_call_id peer_async(aegis_client *client, const aegis_method *method, const note *request,
                         const aegis_call_options *options, peer_callback callback, void *user);

aegis_status peer_publish(aegis_publisher *publisher, const aegis_event_type *type, const note *event,
                          const aegis_publish_options *options, aegis_error *error);
aegis_status peer_publish_async(aegis_publisher *publisher, const aegis_event_type *type, const note *event,
                                const aegis_publish_options *options, aegis_publication_callback callback,
                                void *user, aegis_error *error);

aegis_status peer_submit(aegis_client *client, const aegis_method *method, const note *request,
                         aegis_command **command, aegis_error *error);
/* With options, and a key made of the note's text (`key` has a "t") and number ("n"); "": none. */
aegis_status peer_submit_as(aegis_client *client, const aegis_method *method, const note *request,
                            const aegis_command_options *options, const char *key, aegis_command **command,
                            aegis_error *error);
typedef void (*peer_on_progress)(const note *update, void *user);
outcome peer_wait(aegis_command *command, const aegis_method *method, aegis_duration timeout,
                  peer_on_progress on_progress, void *user, aegis_arena *arena);
bool peer_poll(aegis_command *command, const aegis_method *method, peer_on_progress on_progress, void *user,
               aegis_arena *arena, outcome *out);
aegis_status peer_notify(aegis_command *command, const aegis_method *method, aegis_duration timeout,
                         peer_on_progress on_progress, peer_callback callback, void *user,
                         aegis_error *error);

/* Replies of any method. */
aegis_reply peer_ok(aegis_call *call, const note *result);
aegis_reply peer_out_of_stock(aegis_call *call, const note *error);
aegis_reply peer_fail(aegis_call *call, aegis_status status, const char *format, ...) AEGIS_PRINTF(3, 4);
bool peer_progress(aegis_call *call, const note *update);

/* Wrap a handler: decodes the parameters and answers INVALID_ARGUMENT when it cannot. */
typedef aegis_reply (*peer_handler)(aegis_call *call, const note *request, void *user);
aegis_reply peer_serve(aegis_call *call, aegis_reader *params, void *user, peer_handler handler);

#endif
