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

/* The bytes of a base64 text, with a zero behind them; NULL when memory is short or it is none. */
static char *decode(const char *text, aegis_arena *arena, size_t *length)
{
    const size_t size = strlen(text);
    char *data = (char *)aegis_arena_alloc(arena, size / 4 * 3 + 1);
    *length = 0;
    if (data == NULL ||
        (size > 0 && !aegis_base64_decode((const uint8_t *)text, size, (uint8_t *)data, length)))
        return NULL;
    data[*length] = '\0';
    return data;
}

/* One "Name: value" per line, cut apart in place. */
static aegis_status read_headers(char *text, aegis_arena *arena, aegis_stored *out)
{
    aegis_header *headers = (aegis_header *)aegis_arena_alloc(arena, HEADERS_MAX * sizeof *headers);
    char *rest = text != NULL ? strstr(text, "\r\n") : NULL; /* behind "NATS/1.0" */
    size_t count = 0;
    if (headers == NULL || text == NULL)
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

static aegis_status read_message(nats_json answer, aegis_arena *arena, aegis_stored *out)
{
    const char *headers = aegis_json_text(answer, "message.hdrs");
    size_t length;
    out->subject = aegis_arena_strdup(arena, aegis_json_text(answer, "message.subject"));
    out->sequence = aegis_json_u64(answer, "message.seq");
    out->stored_at = aegis_nats_time(aegis_json_text(answer, "message.time"));
    out->body.data = (const uint8_t *)decode(aegis_json_text(answer, "message.data"), arena, &out->body.len);
    if (out->subject == NULL || out->body.data == NULL)
        return AEGIS_RESOURCE_EXHAUSTED;
    return headers[0] == '\0' ? AEGIS_OK : read_headers(decode(headers, arena, &length), arena, out);
}

static aegis_status ask(aegis_port *port, const char *what, const char *stream, const char *body,
                        int64_t deadline, aegis_arena *arena, nats_json *answer, aegis_error *error)
{
    char subject[256];
    uint32_t code = 0;
    aegis_error why = {0};
    if (!aegis_nats_name_ok(stream))
        return aegis_error_set(error, AEGIS_INVALID_ARGUMENT, "'%s' is not a stream's name",
                               stream != NULL ? stream : "");
    snprintf(subject, sizeof subject, "STREAM.MSG.%s.%s", what, stream);
    const aegis_status status = aegis_nats_api(port, subject, body, deadline, arena, answer, &code, &why);
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
    AEGIS_SCOPED_ARENA(scratch);
    nats_text text = {body, sizeof body, 0, false};
    nats_json answer;
    *stored = (aegis_stored){0};
    if (filter != NULL && !aegis_subject_pattern_valid(filter))
        return aegis_error_set(error, AEGIS_INVALID_ARGUMENT, "'%s' is not a subject or pattern", filter);
    aegis_text_add(&text, "{\"seq\":%" PRIu64, sequence > 0 ? sequence : 1);
    if (filter != NULL) {
        aegis_text_add(&text, ",\"next_by_subj\":");
        aegis_text_quote(&text, filter);
    }
    aegis_text_add(&text, "}");
    aegis_status status = ask(port, "GET", stream, body, deadline, scratch, &answer, error);
    if (status == AEGIS_NOT_FOUND)
        return aegis_error_set(error, status, "stream %s has no message %" PRIu64, stream, sequence);
    if (status != AEGIS_OK)
        return status;
    status = read_message(answer, arena, stored);
    return status == AEGIS_OK ? AEGIS_OK : aegis_error_set(error, status, "no memory for a message");
}

aegis_status aegis_nats_message_delete(aegis_port *port, const char *stream, uint64_t sequence,
                                       int64_t deadline, aegis_error *error)
{
    AEGIS_SCOPED_ARENA(arena);
    char body[64];
    nats_json answer;
    snprintf(body, sizeof body, "{\"seq\":%" PRIu64 ",\"no_erase\":true}", sequence);
    const aegis_status status = ask(port, "DELETE", stream, body, deadline, arena, &answer, error);
    if (status == AEGIS_NOT_FOUND)
        return aegis_error_set(error, status, "stream %s has no message %" PRIu64, stream, sequence);
    return status;
}
