/* One message of a stream by its number, over the JSON API: answers carry subject, headers and body in
 * base64. Asking the leader, not a replica, so that what was just stored or deleted is seen.
 */
#define _GNU_SOURCE
#include "internal.h"
#include "json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "domain/base64.h"
#include "domain/subject.h"

#define HEADERS_MAX 256
/* A message that is not there can be refused with HTTP code 400, as "sequence 7 not found" or, when it was
 * there, as "no message found". */
#define ERR_SEQUENCE_NOT_FOUND 10043
#define ERR_DELETE_FAILED      10057

/* The bytes of a base64 string, with a zero behind them; data NULL when memory is short or it is none. */
static aegis_bytes decode(nats_json value, aegis_arena *arena)
{
    aegis_bytes bytes = {NULL, 0};
    const size_t size = value.len >= 2 ? value.len - 2 : 0;
    uint8_t *data = (uint8_t *)aegis_arena_alloc(arena, size / 4 * 3 + 1);
    if (data == NULL || (size > 0 && !aegis_base64_decode(value.data + 1, size, data, &bytes.len)))
        return (aegis_bytes){NULL, 0};
    data[bytes.len] = 0;
    bytes.data = data;
    return bytes;
}

/* One "Name: value" per line, cut apart in place. */
static aegis_status read_headers(char *text, aegis_arena *arena, aegis_stored *out)
{
    aegis_header *headers = (aegis_header *)aegis_arena_alloc(arena, HEADERS_MAX * sizeof *headers);
    char *rest = strstr(text, "\r\n"); /* behind "NATS/1.0" */
    size_t count = 0;
    if (headers == NULL)
        return AEGIS_RESOURCE_EXHAUSTED;
    while (rest != NULL && count < HEADERS_MAX) {
        char *line = rest + 2;
        char *colon = strchr(line, ':');
        rest = strstr(line, "\r\n");
        if (rest == NULL || colon == NULL || colon > rest)
            break;
        *rest = '\0';
        *colon = '\0';
        headers[count++] = (aegis_header){line, colon + 1 + strspn(colon + 1, " \t")};
    }
    out->headers = headers;
    out->header_count = count;
    return AEGIS_OK;
}

static aegis_status read_message(aegis_bytes answer, aegis_arena *arena, aegis_stored *out)
{
    const nats_json message = aegis_json_member(aegis_json_object(answer), "message");
    const nats_json headers = aegis_json_member(message, "hdrs");
    char subject[AEGIS_SUBJECT_MAX + 8];
    char time[64];
    aegis_json_text(aegis_json_member(message, "subject"), subject, sizeof subject);
    aegis_json_text(aegis_json_member(message, "time"), time, sizeof time);
    out->subject = aegis_arena_strdup(arena, subject);
    out->sequence = aegis_json_u64(aegis_json_member(message, "seq"), 0);
    out->stored_at = aegis_nats_time(time);
    out->body = decode(aegis_json_member(message, "data"), arena);
    if (out->subject == NULL || out->body.data == NULL)
        return AEGIS_RESOURCE_EXHAUSTED;
    if (headers.data == NULL)
        return AEGIS_OK;
    const aegis_bytes text = decode(headers, arena);
    if (text.data == NULL)
        return AEGIS_RESOURCE_EXHAUSTED;
    char *copy = (char *)aegis_arena_alloc(arena, text.len + 1);
    if (copy == NULL)
        return AEGIS_RESOURCE_EXHAUSTED;
    memcpy(copy, text.data, text.len + 1);
    return read_headers(copy, arena, out);
}

static aegis_status ask(aegis_port *port, const char *what, const char *stream, const char *body,
                        int64_t deadline, aegis_message *answer, aegis_error *error)
{
    char subject[256];
    uint32_t code = 0;
    aegis_error why = {0};
    if (!aegis_nats_name_ok(stream))
        return aegis_error_set(error, AEGIS_INVALID_ARGUMENT, "'%s' is not a stream's name",
                               stream != NULL ? stream : "");
    snprintf(subject, sizeof subject, "STREAM.MSG.%s.%s", what, stream);
    const aegis_status status = aegis_nats_api(port, subject, body, deadline, answer, &code, &why);
    if (code == ERR_SEQUENCE_NOT_FOUND ||
        (code == ERR_DELETE_FAILED && strncmp(why.text, "no message", 10) == 0))
        return AEGIS_NOT_FOUND;
    if (status != AEGIS_OK && error != NULL)
        *error = why;
    return status;
}

aegis_status aegis_nats_message_get(aegis_port *port, const char *stream, const char *filter,
                                    uint64_t sequence, int64_t deadline, aegis_arena *arena,
                                    aegis_stored *stored, aegis_error *error)
{
    char body[2 * AEGIS_SUBJECT_MAX];
    nats_text text = {body, sizeof body, 0, false};
    aegis_message answer;
    *stored = (aegis_stored){0};
    if (filter != NULL && !aegis_subject_pattern_valid(filter))
        return aegis_error_set(error, AEGIS_INVALID_ARGUMENT, "'%s' is not a subject or pattern", filter);
    aegis_text_add(&text, "{\"seq\":%" PRIu64, sequence > 0 ? sequence : 1);
    if (filter != NULL) {
        aegis_text_add(&text, ",\"next_by_subj\":");
        aegis_text_quote(&text, filter);
    }
    aegis_text_add(&text, "}");
    aegis_status status = ask(port, "GET", stream, body, deadline, &answer, error);
    if (status == AEGIS_NOT_FOUND)
        return aegis_error_set(error, status, "stream %s has no message %" PRIu64, stream, sequence);
    if (status != AEGIS_OK)
        return status;
    status = read_message(answer.body, arena, stored);
    aegis_nats_release(&answer);
    return status == AEGIS_OK ? AEGIS_OK : aegis_error_set(error, status, "no memory for a message");
}

aegis_status aegis_nats_message_delete(aegis_port *port, const char *stream, uint64_t sequence,
                                       int64_t deadline, aegis_error *error)
{
    char body[64];
    aegis_message answer;
    snprintf(body, sizeof body, "{\"seq\":%" PRIu64 ",\"no_erase\":true}", sequence);
    const aegis_status status = ask(port, "DELETE", stream, body, deadline, &answer, error);
    if (status == AEGIS_NOT_FOUND)
        return aegis_error_set(error, status, "stream %s has no message %" PRIu64, stream, sequence);
    if (status == AEGIS_OK)
        aegis_nats_release(&answer);
    return status;
}
