/* Lines of a recording. */
#define _POSIX_C_SOURCE 200809L
#include "recording.h"

#include <stdlib.h>
#include <string.h>

#include "domain/base64.h"
#include "domain/time.h"
#include "wire.h"

/* ---- writing ---- */

bool recording_put(session *s, FILE *file, const recorded *message)
{
    char time[AEGIS_TIMESTAMP_TEXT];
    json_t *line = json_object(), *headers = json_array(), *decoded = wire_decode(s, message->body, NULL);
    char *text;
    bool good;
    size_t i;

    for (i = 0; i < message->header_count; i++)
        (void)json_array_append_new(headers,
                                    json_pack("[s, s]", message->headers[i].name, message->headers[i].value));
    (void)aegis_timestamp_format(message->when, time);
    (void)json_object_set_new(line, "time", json_string(time));
    (void)json_object_set_new(line, "subject", json_string(message->subject));
    if (message->header_count > 0)
        (void)json_object_set(line, "headers", headers);
    (void)json_object_set_new(line, "body", wire_base64(message->body));
    if (decoded != NULL)
        (void)json_object_set(line, "decoded", decoded);
    text = json_dumps(line, JSON_COMPACT);
    good = text != NULL && fputs(text, file) >= 0 && fputc('\n', file) != EOF;
    free(text);
    json_decref(decoded);
    json_decref(headers);
    json_decref(line);
    return good;
}

/* ---- reading ---- */

static bool read_headers(session *s, json_t *list, recorded *out)
{
    const size_t count = json_array_size(list);
    aegis_header *headers = (aegis_header *)aegis_arena_alloc(s->arena, (count + 2) * sizeof *headers);
    size_t i;

    for (i = 0; headers != NULL && i < count; i++) {
        json_t *pair = json_array_get(list, i);
        const char *name = json_string_value(json_array_get(pair, 0));
        const char *value = json_string_value(json_array_get(pair, 1));

        if (name == NULL || value == NULL)
            return false;
        headers[i].name = aegis_arena_strdup(s->arena, name);
        headers[i].value = aegis_arena_strdup(s->arena, value);
    }
    out->headers = headers;
    out->header_count = count;
    return headers != NULL;
}

static bool read_body(session *s, json_t *value, recorded *out)
{
    const size_t size = json_string_length(value);
    uint8_t *bytes = (uint8_t *)aegis_arena_alloc(s->arena, size / 4 * 3 + 3);

    out->body.data = bytes;
    return json_is_string(value) && bytes != NULL &&
           aegis_base64_decode((const uint8_t *)json_string_value(value), size, bytes, &out->body.len);
}

/* Why a line is none, or NULL. */
static const char *read_line(session *s, const char *text, size_t size, recorded *out)
{
    json_error_t why;
    json_t *line = json_loadb(text, size, 0, &why);
    const char *wrong = NULL;

    if (line == NULL)
        return aegis_arena_strdup(s->arena, why.text);
    memset(out, 0, sizeof *out);
    out->subject = aegis_arena_strdup(s->arena, wire_text(line, "subject", ""));
    if (out->subject == NULL || out->subject[0] == '\0')
        wrong = "it has no subject";
    else if (!aegis_timestamp_parse(wire_text(line, "time", ""), strlen(wire_text(line, "time", "")),
                                    &out->when))
        wrong = "its time is none";
    else if (!read_headers(s, json_object_get(line, "headers"), out))
        wrong = "its headers are no pairs of texts";
    else if (!read_body(s, json_object_get(line, "body"), out))
        wrong = "its body is no base64";
    json_decref(line);
    return wrong;
}

int recording_get(session *s, FILE *file, const char *path, unsigned long *line, recorded *message,
                  bool *more)
{
    char *text = NULL;
    size_t room = 0;
    ssize_t size;
    const char *wrong;

    do {
        size = getline(&text, &room, file);
        (*line)++;
    } while (size == 1); /* an empty line */
    *more = size > 0;
    if (size <= 0) {
        const bool failed = ferror(file) != 0;

        free(text);
        if (failed)
            cli_complain("cannot read '%s'", path);
        return failed ? CLI_IO : CLI_DONE;
    }
    wrong = (size_t)size > RECORDING_LINE_MAX ? "it is too long" : read_line(s, text, (size_t)size, message);
    free(text);
    if (wrong == NULL)
        return CLI_DONE;
    cli_complain("%s:%lu: no line of a recording: %s", path, *line, wrong);
    return CLI_MISTAKES;
}

/* ---- subjects ---- */

const char *recording_pattern(session *s, const char *word)
{
    static const char *const beginnings[] = {"events.", "commands.", "rpc.", "service.", "dlq."};
    size_t i;

    for (i = 0; i < CLI_COUNT(beginnings); i++) {
        if (strncmp(word, beginnings[i], strlen(beginnings[i])) == 0)
            return word;
    }
    if (strcmp(word, ">") == 0 || strchr(word, '.') != NULL)
        return arena_printf(&s->line->memory, "events.%s", word);
    return arena_printf(&s->line->memory, "events.%s.>", word);
}
