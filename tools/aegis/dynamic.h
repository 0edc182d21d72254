/* Calling, commanding and publishing without generated code: what a stub has as constants is put together
 * here from the checked schema, and bodies are JSON. Goes through the same library functions as stubs do, so
 * deadlines, retries, budgets and errors are theirs.
 */
#ifndef AEGIS_TOOL_DYNAMIC_H
#define AEGIS_TOOL_DYNAMIC_H

#include <aegis/generated.h>

#include "catalog.h"

/* What became of it. `value` is the caller's: the result, or a typed error's details; NULL where there is
 * none. */
typedef struct dynamic_outcome {
    bool ok;
    const char *type;   /* wire name of a typed error, declared or not; NULL: a plain failure */
    aegis_error failed; /* unless ok; of a typed error its status, code and text. Its chain is in the
                           session's arena */
    json_t *value;
} dynamic_outcome;
void dynamic_free(dynamic_outcome *outcome);

/* The descriptor, with the --timeout given; of an unknown method what the language has without annotations.
 * False without memory. */
bool dynamic_describe(const session *s, const catalog_method *what, schema_method_kind kind,
                      aegis_method *out);

/* Call an rpc. */
void dynamic_call(session *s, const catalog_method *method, json_t *parameters,
                  const aegis_call_options *options, dynamic_outcome *outcome);

/* What is recorded of a command: service, command, state, attempt, updated; NULL: nothing. */
json_t *dynamic_record(session *s, const char *id);
/* Send a command; then `*command` is the caller's, as from a stub. `*before` is the record of one with the
 * same idempotency key that was sent before, or NULL; the caller's, too. */
aegis_status dynamic_submit(session *s, const catalog_method *method, json_t *parameters,
                            const aegis_command_options *options, json_t **before, aegis_command **command,
                            aegis_error *error);
/* Each progress update, as JSON; on the waiting thread. */
typedef void (*dynamic_progress)(json_t *update, void *user);
/* Wait for its outcome, `timeout` at the most; DEADLINE_EXCEEDED then, and it may be waited for again. */
void dynamic_wait(session *s, aegis_command *command, const catalog_method *method, aegis_duration timeout,
                  dynamic_progress progress, void *user, dynamic_outcome *outcome);

/* Publish an event of any name and version. */
aegis_status dynamic_publish(session *s, const char *name, const char *version, json_t *payload,
                             const aegis_publish_options *options, aegis_error *error);

#endif
