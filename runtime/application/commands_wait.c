/* What comes of a command: progress and completion as they arrive, or the record when the completion did not.
 * The record is read when a wait begins late (and nothing else tells whether the command has ended), then
 * ever more rarely; in the usual case, a wait right after the submission, not at all.
 */
#include <string.h>

#include "application/commands_client.h"
#include "application/record.h"
#include "domain/error.h"

#define LOOK_MOST    (5 * AEGIS_SECOND) /* longest pause between two looks */
#define LOOK_TIMEOUT (2 * AEGIS_SECOND)

/* ---- messages ----------------------------------------------------------------------------------------- */

/* Our own updates travel in `detail`; one of the original is itself the value. */
static void read_progress(const aegis_message *message, const aegis_listener *listener,
                          const aegis_allocator *allocator)
{
    aegis_format format = aegis_format_of(message->body);
    aegis_arena *arena = aegis_arena_new(allocator);
    aegis_wire_progress update = {0};
    aegis_reader reader;

    if (arena == NULL)
        return;
    aegis_reader_open(&reader, message->body, format, arena);
    aegis_wire_progress_get(&reader, &update);
    if (aegis_reader_close(&reader, NULL) == AEGIS_OK) {
        if (update.detail != NULL && !aegis_raw_is_nil(*update.detail))
            aegis_reader_open(&reader, update.detail->data, update.detail->format, arena);
        else
            aegis_reader_open(&reader, message->body, format, arena);
        listener->hear(&reader, listener->callback, listener->user);
    }
    aegis_arena_free(arena);
}

static int ended(aegis_exchange *x, bool completed, const char *text, const aegis_raw *result,
                 aegis_format format, aegis_error *failed)
{
    static const aegis_raw nothing = {{NULL, 0}, AEGIS_FORMAT_AUTO};

    if (result == NULL)
        result = &nothing;
    if (!completed)
        return aegis_envelope_failure(x->method, text, *result, format, x->arena, &x->reader, failed);
    aegis_envelope_open_body(&x->reader, *result, format, x->arena);
    return AEGIS_ANSWER_OK;
}

static int read_completion(aegis_exchange *x, aegis_bytes body, aegis_error *failed)
{
    aegis_format format = aegis_format_of(body);
    aegis_wire_completion completion = {0};
    aegis_error why;

    if (aegis_exchange_keep(x, &body, failed) != AEGIS_OK)
        return AEGIS_ANSWER_FAILED;
    aegis_reader_open(&x->reader, body, format, x->arena);
    aegis_wire_completion_get(&x->reader, &completion);
    if (aegis_reader_close(&x->reader, &why) != AEGIS_OK)
        return aegis_exchange_unreadable(x, &why, failed);
    return ended(x, strcmp(completion.status, "completed") == 0, completion.error, completion.result, format,
                 failed);
}

bool aegis_command_heard(aegis_exchange *x, const aegis_command *command, const aegis_message *message,
                         const aegis_listener *listener, int *answer, aegis_error *failed)
{
    if (strncmp(message->subject, "commands.callback.", 18) == 0) {
        *answer = read_completion(x, message->body, failed);
        return true;
    }
    if (listener != NULL && listener->callback != NULL &&
        strncmp(message->subject, "commands.progress.", 18) == 0)
        read_progress(message, listener, command->client->bus->allocator);
    return false;
}

/* ---- the record --------------------------------------------------------------------------------------- */

/* Whose it is, of a handle that was attached. */
static bool is_of(const aegis_method *method, const aegis_duties_command_record *record)
{
    if (strcmp(record->command, method->name) == 0 || record->command[0] == '\0')
        return true;
    for (size_t i = 0; i < method->was_count; i++) {
        if (strcmp(record->command, method->was[i]) == 0)
            return true;
    }
    return false;
}

/* True when this is the end. */
static bool judge(aegis_exchange *x, const aegis_command *command, const aegis_record *record, int *answer,
                  aegis_error *failed)
{
    const aegis_duties_command_record *value = &record->value;

    *answer = AEGIS_ANSWER_FAILED;
    if (command->service[0] == '\0' && !is_of(x->method, value)) {
        (void)aegis_error_set(failed, AEGIS_FAILED_PRECONDITION, "command %s is %s.%s, not %s.%s",
                              command->id, value->service, value->command, x->method->service,
                              x->method->name);
        return true;
    }
    if (aegis_record_ended(record)) {
        *answer = ended(x, value->state == AEGIS_DUTIES_COMMAND_STATE_COMPLETED, value->error, value->result,
                        AEGIS_FORMAT_MSGPACK, failed);
        return true;
    }
    /* One that runs at least once is begun without a look at the record: its worker has the last word. */
    if (value->state != AEGIS_DUTIES_COMMAND_STATE_CANCELLED || x->method->guarantee == AEGIS_AT_LEAST_ONCE)
        return false;
    (void)aegis_error_set(failed, AEGIS_CANCELLED, "%s.%s was cancelled before it ran", x->method->service,
                          x->method->name);
    return true;
}

/* Into the exchange's arena only when it is the end: a long wait looks often. */
static aegis_status fetch(aegis_exchange *x, const aegis_command *command, int64_t deadline,
                          aegis_record *record)
{
    aegis_bus *bus = command->client->bus;
    aegis_arena *scratch = aegis_arena_new(bus->allocator);
    aegis_status status = AEGIS_RESOURCE_EXHAUSTED;

    if (scratch == NULL)
        return status;
    status = aegis_bus_ensure(bus, AEGIS_KIND_RECORDS, NULL);
    if (status == AEGIS_OK)
        status = aegis_record_read(bus, command->id, deadline, scratch, record, NULL);
    if (status == AEGIS_OK) {
        const bool going_on = record->value.state == AEGIS_DUTIES_COMMAND_STATE_RUNNING ||
                              record->value.state == AEGIS_DUTIES_COMMAND_STATE_WAITING;
        const aegis_duties_command_record found = record->value;

        if (going_on && command->service[0] != '\0')
            status = AEGIS_NOT_FOUND;
        else if (aegis_duties_command_record_copy(&found, x->arena, &record->value) != AEGIS_OK)
            status = AEGIS_RESOURCE_EXHAUSTED;
    }
    aegis_arena_free(scratch);
    return status;
}

bool aegis_command_look(aegis_exchange *x, aegis_command *command, int64_t deadline, int *answer,
                        aegis_error *failed)
{
    const int64_t now = aegis_clock_monotonic();
    aegis_record record;

    if (now < command->look_at)
        return false;
    aegis_status status =
        fetch(x, command, deadline < now + LOOK_TIMEOUT ? deadline : now + LOOK_TIMEOUT, &record);
    if (status == AEGIS_OK && judge(x, command, &record, answer, failed))
        return true;
    command->look_at = aegis_clock_monotonic() + command->pause;
    command->pause = command->pause * 2 < LOOK_MOST ? command->pause * 2 : LOOK_MOST;
    return false;
}

/* ---- waiting ------------------------------------------------------------------------------------------ */

void aegis_command_expect(aegis_exchange *x, const aegis_command *command, const aegis_method *method,
                          aegis_arena *arena)
{
    x->client = command->client;
    x->method = method;
    x->arena = arena;
    x->parent = NULL;
}

/* Reads what there is, and what comes until the deadline. False: that is over and the command is not. */
static bool follow(aegis_exchange *x, aegis_command *command, bool look, const aegis_listener *listener,
                   int *answer, aegis_error *failed)
{
    const aegis_port_ops *ops = command->source->port->ops;
    aegis_message message;
    aegis_status status;
    bool over = false;

    while (!over) {
        const int64_t until = look && command->look_at < x->deadline ? command->look_at : x->deadline;

        status = ops->next(command->source, until, &message);
        if (status == AEGIS_OK) {
            over = aegis_command_heard(x, command, &message, listener, answer, failed);
            ops->release(&message);
        } else if (status != AEGIS_DEADLINE_EXCEEDED && status != AEGIS_CANCELLED) {
            (void)aegis_error_set(failed, status, "command %s: the bus is closed", command->id);
            *answer = AEGIS_ANSWER_FAILED;
            over = true;
        } else if (look && aegis_command_look(x, command, x->deadline, answer, failed)) {
            over = true;
        } else if (aegis_clock_monotonic() >= x->deadline) {
            return false;
        }
    }
    command->look_at = 0; /* whoever asks again is answered from the record */
    return true;
}

int aegis_command_wait(aegis_command *command, const aegis_method *method, aegis_duration timeout,
                       const aegis_listener *listener, aegis_arena *arena, aegis_exchange *x,
                       aegis_error *failed)
{
    int answer = AEGIS_ANSWER_FAILED;

    memset(failed, 0, sizeof *failed);
    aegis_command_expect(x, command, method, arena);
    if (arena == NULL)
        (void)aegis_error_set(failed, AEGIS_INVALID_ARGUMENT, "there is no arena for the answer");
    if (arena == NULL || aegis_exchange_may_wait(x, failed) != AEGIS_OK)
        return AEGIS_ANSWER_FAILED;
    if (timeout <= 0)
        timeout = command->timeout > 0 ? command->timeout : method->timeout;
    x->deadline = aegis_clock_monotonic() + timeout;
    aegis_span *span = aegis_span_await(x->client->bus, &command->sent, method, command->id);
    if (!follow(x, command, true, listener, &answer, failed))
        (void)aegis_error_set(failed, AEGIS_DEADLINE_EXCEEDED,
                              "command %s: no completion of %s.%s came in time", command->id, method->service,
                              method->name);
    aegis_command_end_wait(x, span, answer, failed);
    return answer;
}

void aegis_command_end_wait(const aegis_exchange *x, aegis_span *span, int answer, const aegis_error *failed)
{
    aegis_bus *bus = x->client->bus;
    const bool good = answer == AEGIS_ANSWER_OK;
    const aegis_status status = answer >= 0 ? aegis_status_of_code(x->method->error_codes[answer])
                                : good      ? AEGIS_OK
                                            : failed->status;

    if (span == NULL)
        return;
    if (!good)
        span->error_type = answer >= 0 ? x->method->errors[answer] : failed->type;
    aegis_span_finish(bus, span, status, good ? NULL : failed->text, aegis_clock_monotonic());
    aegis_span_drop(bus, span);
}

bool aegis_command_poll(aegis_command *command, const aegis_method *method, const aegis_listener *listener,
                        aegis_arena *arena, aegis_exchange *x, int *answer, aegis_error *failed)
{
    const aegis_log_context *here = aegis_log_current();

    memset(failed, 0, sizeof *failed);
    *answer = AEGIS_ANSWER_FAILED;
    aegis_command_expect(x, command, method, arena);
    if (arena == NULL) {
        (void)aegis_error_set(failed, AEGIS_INVALID_ARGUMENT, "there is no arena for the answer");
        return true;
    }
    x->deadline = aegis_clock_monotonic();
    if (follow(x, command, false, listener, answer, failed))
        return true;
    if (here != NULL && here->callback) /* reading the record means waiting for the server */
        return false;
    return aegis_command_look(x, command, aegis_clock_monotonic() + LOOK_TIMEOUT, answer, failed);
}
