/* Dead letters for those who look after them: list, show, replay, drop. A letter is read by its number in the
 * stream; replaying is publish, acknowledgement, delete, in this order, so that a letter is never lost, and
 * with a message id made of the letter's number, so that two who do it at once send one message. */
#include <aegis/deadletter.h>

#include <stdlib.h>
#include <string.h>

#include "application/bus.h"
#include "application/deadletter.h"
#include "application/envelope.h"
#include "application/record.h"
#include "domain/subject.h"

#define PAGE     100
#define PAGE_MAX 1000
/* For all of one call; a page of a thousand takes a thousand questions. */
#define TIMEOUT (10 * AEGIS_SECOND)

static const char *header_of(const aegis_stored *stored, const char *name)
{
    return aegis_header_value(stored->headers, stored->header_count, name);
}

static uint64_t number_of(const aegis_stored *stored, const char *name)
{
    const char *value = header_of(stored, name);

    return value != NULL ? strtoull(value, NULL, 10) : 0;
}

/* ---- reading one -------------------------------------------------------------------------------------- */

static const char *text_of(const aegis_stored *stored, const char *name, aegis_arena *arena)
{
    const char *value = header_of(stored, name);

    return aegis_arena_strdup(arena, value != NULL ? value : "");
}

/* dlq.<service>.<name>; anything else has no service and no name. */
static bool read_subject(const aegis_stored *stored, aegis_arena *arena, aegis_deadletter *out)
{
    const char *service = strchr(stored->subject, '.');
    const char *name = service != NULL ? strchr(service + 1, '.') : NULL;

    if (name == NULL) {
        out->name = out->service = "";
        return true;
    }
    out->name = aegis_arena_strdup(arena, name + 1);
    out->service = aegis_arena_printf(arena, "%.*s", (int)(name - service - 1), service + 1);
    return out->name != NULL && out->service != NULL;
}

static bool read_headers(const aegis_stored *stored, aegis_arena *arena, aegis_deadletter *out)
{
    const size_t prefix = strlen(AEGIS_LETTER_ORIGINAL);
    aegis_deadletter_header *headers =
        (aegis_deadletter_header *)aegis_arena_alloc(arena, stored->header_count * sizeof *headers);
    size_t count = 0;

    if (headers == NULL)
        return false;
    for (size_t i = 0; i < stored->header_count; i++) {
        if (strncmp(stored->headers[i].name, AEGIS_LETTER_ORIGINAL, prefix) != 0)
            continue;
        headers[count].name = aegis_arena_strdup(arena, stored->headers[i].name + prefix);
        headers[count].value = aegis_arena_strdup(arena, stored->headers[i].value);
        if (headers[count].name == NULL || headers[count].value == NULL)
            return false;
        count++;
    }
    out->headers = headers;
    out->header_count = count;
    return true;
}

static void read_failure(const aegis_stored *stored, aegis_arena *arena, aegis_deadletter *out)
{
    static const aegis_method none = {.name = ""};
    const char *text = header_of(stored, AEGIS_LETTER_FAILURE);
    aegis_raw failure;
    aegis_reader reader;

    if (text == NULL) {
        (void)aegis_error_set(&out->failure, AEGIS_UNKNOWN, "%s", out->why);
        out->failure.code = 0;
        return;
    }
    text = aegis_arena_strdup(arena, text);
    failure.data.data = (const uint8_t *)text;
    failure.data.len = text != NULL ? strlen(text) : 0;
    failure.format = AEGIS_FORMAT_JSON;
    (void)aegis_envelope_failure(&none, out->why, failure, AEGIS_FORMAT_JSON, arena, &reader, &out->failure);
}

/* All of it is copied into `arena`. */
static aegis_status read_letter(const aegis_stored *stored, bool whole, aegis_arena *arena,
                                aegis_deadletter *out, aegis_error *error)
{
    uint8_t *body = NULL;

    memset(out, 0, sizeof *out);
    out->sequence = stored->sequence;
    out->instance = text_of(stored, AEGIS_LETTER_INSTANCE, arena);
    out->why = text_of(stored, AEGIS_LETTER_ERROR, arena);
    out->subject = text_of(stored, AEGIS_LETTER_SUBJECT, arena);
    if (out->instance == NULL || out->why == NULL || out->subject == NULL ||
        !read_subject(stored, arena, out) || !read_headers(stored, arena, out))
        return aegis_no_memory(error);
    out->source_sequence = number_of(stored, AEGIS_LETTER_SEQUENCE);
    out->deliveries = (uint32_t)number_of(stored, AEGIS_LETTER_DELIVERIES);
    out->attempts = (uint32_t)number_of(stored, AEGIS_LETTER_ATTEMPTS);
    out->sent_at = (int64_t)number_of(stored, AEGIS_LETTER_STORED) * AEGIS_MILLISECOND;
    out->given_up_at = (int64_t)number_of(stored, AEGIS_LETTER_TIME) * AEGIS_MILLISECOND;
    read_failure(stored, arena, out);
    out->body_dropped = header_of(stored, AEGIS_LETTER_DROPPED) != NULL;
    out->body_size = out->body_dropped ? (size_t)number_of(stored, AEGIS_LETTER_DROPPED) : stored->body.len;
    if (!whole || stored->body.len == 0)
        return AEGIS_OK;
    body = (uint8_t *)aegis_arena_alloc(arena, stored->body.len);
    if (body == NULL)
        return aegis_no_memory(error);
    memcpy(body, stored->body.data, stored->body.len);
    out->body.data = body;
    out->body.len = stored->body.len;
    return AEGIS_OK;
}

static aegis_status fetch(aegis_bus *bus, const char *filter, uint64_t sequence, int64_t deadline,
                          aegis_arena *arena, aegis_stored *stored, aegis_error *error)
{
    return bus->port->ops->message_get(bus->port, aegis_bus_stream(bus, AEGIS_KIND_DLQ), filter, sequence,
                                       deadline, arena, stored, error);
}

static aegis_status no_letter(uint64_t sequence, aegis_error *error)
{
    return aegis_error_set(error, AEGIS_NOT_FOUND, "there is no dead letter %llu",
                           (unsigned long long)sequence);
}

aegis_status aegis_deadletter_show(aegis_bus *bus, uint64_t sequence, aegis_arena *arena,
                                   aegis_deadletter *letter, aegis_error *error)
{
    aegis_arena *scratch = aegis_arena_new(bus->allocator);
    aegis_stored stored;

    memset(letter, 0, sizeof *letter);
    if (scratch == NULL)
        return aegis_no_memory(error);
    aegis_status status =
        fetch(bus, NULL, sequence, aegis_clock_monotonic() + TIMEOUT, scratch, &stored, error);
    if (status == AEGIS_OK)
        status = read_letter(&stored, true, arena, letter, error);
    else if (status == AEGIS_NOT_FOUND)
        (void)no_letter(sequence, error);
    aegis_arena_free(scratch);
    return status;
}

/* ---- a page ------------------------------------------------------------------------------------------- */

static aegis_status pattern_of(const aegis_deadletter_filter *filter, aegis_arena *arena,
                               const char **pattern, aegis_error *error)
{
    const char *service = filter->service != NULL ? filter->service : "*";
    const char *name = filter->name != NULL ? filter->name : ">";
    const char *text = aegis_arena_printf(arena, "dlq.%s.%s", service, name);

    if (text == NULL)
        return aegis_no_memory(error);
    if (strchr(service, '.') != NULL || !aegis_subject_pattern_valid(text))
        return aegis_error_set(error, AEGIS_INVALID_ARGUMENT, "no dead letters can be of '%s' and '%s'",
                               service, name);
    *pattern = text;
    return AEGIS_OK;
}

static aegis_status read_page(aegis_bus *bus, const aegis_deadletter_filter *filter, const char *pattern,
                              aegis_arena *scratch, aegis_arena *arena, aegis_deadletter_page *page,
                              aegis_error *error)
{
    size_t limit = filter->limit == 0 ? PAGE : filter->limit < PAGE_MAX ? filter->limit : PAGE_MAX;
    aegis_deadletter *items = (aegis_deadletter *)aegis_arena_alloc(arena, limit * sizeof *items);
    int64_t deadline = aegis_clock_monotonic() + TIMEOUT;
    uint64_t from = filter->after + 1;
    aegis_status status = AEGIS_OK;
    aegis_stored stored;

    if (items == NULL)
        return aegis_no_memory(error);
    page->items = items;
    while (page->count < limit) {
        aegis_arena_reset(scratch);
        status = fetch(bus, pattern, from, deadline, scratch, &stored, error);
        if (status == AEGIS_OK)
            status = read_letter(&stored, false, arena, &items[page->count], error);
        if (status != AEGIS_OK)
            break;
        page->count++;
        from = stored.sequence + 1;
    }
    if (status == AEGIS_OK)
        page->next = from - 1;
    return status == AEGIS_NOT_FOUND ? aegis_error_set(error, AEGIS_OK, "%s", "") : status;
}

aegis_status aegis_deadletter_list(aegis_bus *bus, const aegis_deadletter_filter *filter, aegis_arena *arena,
                                   aegis_deadletter_page *page, aegis_error *error)
{
    static const aegis_deadletter_filter all = {0};
    const char *pattern = NULL;

    memset(page, 0, sizeof *page);
    if (filter == NULL)
        filter = &all;
    aegis_status status = pattern_of(filter, arena, &pattern, error);
    if (status != AEGIS_OK)
        return status;
    aegis_arena *scratch = aegis_arena_new(bus->allocator);
    if (scratch == NULL)
        return aegis_no_memory(error);
    status = read_page(bus, filter, pattern, scratch, arena, page, error);
    aegis_arena_free(scratch);
    return status;
}

/* ---- what becomes of one ------------------------------------------------------------------------------ */

aegis_status aegis_deadletter_drop(aegis_bus *bus, uint64_t sequence, aegis_error *error)
{
    aegis_status status =
        bus->port->ops->message_delete(bus->port, aegis_bus_stream(bus, AEGIS_KIND_DLQ), sequence,
                                       aegis_clock_monotonic() + AEGIS_MANAGE_TIMEOUT, error);

    return status == AEGIS_NOT_FOUND ? no_letter(sequence, error) : status;
}

/* A command that was given up has a record that says so, and would be answered from it. */
static aegis_status forget_failure(aegis_bus *bus, const aegis_deadletter *letter, aegis_arena *arena,
                                   aegis_error *error)
{
    int64_t deadline = aegis_clock_monotonic() + AEGIS_MANAGE_TIMEOUT;
    aegis_wire_command command = {0};
    aegis_record record;

    if (strncmp(letter->subject, "commands.", 9) != 0 ||
        aegis_wire_command_decode(letter->body, aegis_format_of(letter->body), arena, &command, NULL) !=
            AEGIS_OK)
        return AEGIS_OK;
    aegis_status status = aegis_record_read(bus, command.message_id, deadline, arena, &record, error);
    if (status == AEGIS_NOT_FOUND || status == AEGIS_INVALID_ARGUMENT)
        return aegis_error_set(error, AEGIS_OK, "%s", ""); /* none, or an id that can have none */
    if (status != AEGIS_OK || record.value.state != AEGIS_DUTIES_COMMAND_STATE_FAILED)
        return status;
    return aegis_record_forget(bus, &record, deadline, error);
}

/* What instructs a server about storing (Nats-...) was for the first time only. */
static aegis_status again(aegis_bus *bus, const aegis_deadletter *letter, aegis_arena *arena,
                          aegis_error *error)
{
    aegis_header *headers =
        (aegis_header *)aegis_arena_alloc(arena, (letter->header_count + 2) * sizeof *headers);
    aegis_outgoing message = {0};
    aegis_publish_ack ack;
    size_t count = 0;

    if (headers == NULL)
        return aegis_no_memory(error);
    for (size_t i = 0; i < letter->header_count; i++) {
        if (strncmp(letter->headers[i].name, "Nats-", 5) == 0 ||
            strcmp(letter->headers[i].name, AEGIS_REPLAY_FOR) == 0)
            continue;
        headers[count].name = letter->headers[i].name;
        headers[count++].value = letter->headers[i].value;
    }
    headers[count].name = "Nats-Msg-Id";
    headers[count++].value = aegis_arena_printf(
        arena, "replay.%llu.%lld", (unsigned long long)letter->sequence, (long long)letter->given_up_at);
    if (strncmp(letter->subject, "events.", 7) == 0) {
        headers[count].name = AEGIS_REPLAY_FOR;
        headers[count++].value = letter->service;
    }
    for (size_t i = 0; i < count; i++) {
        if (headers[i].value == NULL)
            return aegis_no_memory(error);
    }
    message.subject = letter->subject;
    message.headers = headers;
    message.header_count = count;
    message.body = letter->body;
    int64_t deadline = aegis_clock_monotonic() + TIMEOUT;
    if (strncmp(letter->subject, "events.", 7) == 0)
        return aegis_bus_store(bus, AEGIS_KIND_EVENTS, &message, deadline, &ack, error);
    if (strncmp(letter->subject, "commands.", 9) == 0)
        return aegis_bus_store(bus, AEGIS_KIND_COMMANDS, &message, deadline, &ack, error);
    return bus->port->ops->publish_durable(bus->port, &message, deadline, &ack, error);
}

aegis_status aegis_deadletter_replay(aegis_bus *bus, uint64_t sequence, aegis_error *error)
{
    aegis_arena *arena = aegis_arena_new(bus->allocator);
    aegis_deadletter letter;

    if (arena == NULL)
        return aegis_no_memory(error);
    aegis_status status = aegis_deadletter_show(bus, sequence, arena, &letter, error);
    if (status == AEGIS_OK && letter.body_dropped)
        status = aegis_error_set(error, AEGIS_FAILED_PRECONDITION,
                                 "dead letter %llu has lost its body of %zu bytes: it did not fit",
                                 (unsigned long long)sequence, letter.body_size);
    if (status == AEGIS_OK && letter.subject[0] == '\0')
        status =
            aegis_error_set(error, AEGIS_FAILED_PRECONDITION,
                            "dead letter %llu does not say where it came from", (unsigned long long)sequence);
    if (status == AEGIS_OK)
        status = forget_failure(bus, &letter, arena, error);
    if (status == AEGIS_OK)
        status = again(bus, &letter, arena, error);
    if (status == AEGIS_OK) {
        status = aegis_deadletter_drop(bus, sequence, error);
        if (status == AEGIS_NOT_FOUND) /* another who replays it was faster */
            status = aegis_error_set(error, AEGIS_OK, "%s", "");
    }
    aegis_arena_free(arena);
    return status;
}
