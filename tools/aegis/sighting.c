/* What a message is follows from its subject; what it holds from its envelope, which is that of the original
 * SDK. Nothing here trusts either. */
#include "sighting.h"

#include <stdlib.h>
#include <string.h>

#include "domain/time.h"
#include "wire.h"

/* Of a body that cannot be read: as much of it is shown. */
#define RAW_MAX 64

typedef struct kind {
    const char *prefix, *name;
    const char *payload; /* the envelope's member */
} kind;

static const kind kinds[] = {
    {"events.", "event", "payload"},           {"commands.progress.", "progress", "detail"},
    {"commands.callback.", "ended", "result"}, {"commands.cancel.", "cancel", NULL},
    {"commands.", "command", "payload"},       {"rpc.", "call", "params"},
};

static const kind *kind_of(const char *subject)
{
    size_t i;

    for (i = 0; i < CLI_COUNT(kinds); i++) {
        if (strncmp(subject, kinds[i].prefix, strlen(kinds[i].prefix)) == 0)
            return &kinds[i];
    }
    return NULL;
}

/* ---- making ---- */

static void copy_text(json_t *to, const char *name, json_t *from, const char *key)
{
    json_t *value = json_object_get(from, key);

    if (json_is_string(value))
        (void)json_object_set(to, name, value);
}

static void set_time(json_t *seen, aegis_timestamp when)
{
    char text[AEGIS_TIMESTAMP_TEXT];

    (void)aegis_timestamp_format(when, text);
    (void)json_object_set_new(seen, "time", json_string(text));
}

/* Bytes that are no envelope: how many, and the first of them. */
static json_t *raw_of(aegis_bytes body)
{
    char text[RAW_MAX + 1];
    size_t i;

    for (i = 0; i < body.len && i < RAW_MAX; i++)
        text[i] = body.data[i] >= ' ' && body.data[i] < 0x7f ? (char)body.data[i] : '.';
    text[i] = '\0';
    return json_pack("{s:I, s:s}", "bytes", (json_int_t)body.len, "text", text);
}

/* A progress of the original's is itself the payload, and a failure tells its text. */
static void set_payload(json_t *seen, const kind *k, json_t *envelope)
{
    json_t *payload = k != NULL && k->payload != NULL ? json_object_get(envelope, k->payload) : NULL;

    if (payload == NULL || json_is_null(payload))
        payload = k == NULL || strcmp(k->name, "progress") == 0 ? envelope : payload;
    (void)json_object_set(seen, "payload", payload != NULL ? payload : json_null());
}

json_t *sighting_make(session *s, const char *subject, aegis_bytes body, uint64_t sequence,
                      aegis_timestamp stored_at)
{
    const kind *k = kind_of(subject);
    json_t *envelope = wire_decode(s, body, NULL);
    json_t *seen = json_pack("{s:s, s:s, s:s}", "kind", k != NULL ? k->name : "message", "name",
                             subject + (k != NULL ? strlen(k->prefix) : 0), "subject", subject);

    set_time(seen, stored_at != 0 ? stored_at : aegis_now());
    if (sequence > 0)
        (void)json_object_set_new(seen, "sequence", json_integer((json_int_t)sequence));
    if (!json_is_object(envelope)) {
        (void)json_object_set_new(seen, "raw", raw_of(body));
        json_decref(envelope);
        return seen;
    }
    copy_text(seen, "id", envelope, "message_id");
    copy_text(seen, "id", envelope, "command_id");
    copy_text(seen, "source", envelope, "source");
    copy_text(seen, "trace_id", envelope, "trace_id");
    copy_text(seen, "version", envelope, "version");
    copy_text(seen, "status", envelope, "status");
    copy_text(seen, "error", envelope, "error");
    set_payload(seen, k, envelope);
    json_decref(envelope);
    return seen;
}

/* ---- conditions ---- */

static const char *sign_of(const char *condition)
{
    return strchr(condition, '=');
}

bool sighting_is_condition(const char *text)
{
    const char *equals = sign_of(text);

    return equals != NULL && equals != text && !(equals == text + 1 && text[0] == '!');
}

/* "order.items.0.sku" from `value` on; borrowed. */
static json_t *member_at(json_t *value, const char *path, size_t length)
{
    char name[128];

    while (length > 0 && value != NULL) {
        const char *dot = (const char *)memchr(path, '.', length);
        const size_t size = dot != NULL ? (size_t)(dot - path) : length;

        if (size >= sizeof name)
            return NULL;
        memcpy(name, path, size);
        name[size] = '\0';
        value = json_is_array(value) ? json_array_get(value, strtoul(name, NULL, 10))
                                     : json_object_get(value, name);
        path += size + (dot != NULL);
        length -= size + (dot != NULL);
    }
    return value;
}

bool sighting_fits(json_t *seen, const char *condition)
{
    const char *equals = sign_of(condition);
    const bool unlike = equals[-1] == '!';
    const size_t length = (size_t)(equals - condition) - unlike;
    json_t *value = member_at(json_object_get(seen, "payload"), condition, length);
    char *text = NULL;
    bool same = false;

    if (value == NULL)
        value = member_at(seen, condition, length);
    if (json_is_string(value)) {
        same = strcmp(json_string_value(value), equals + 1) == 0;
    } else if (value != NULL) {
        text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
        same = text != NULL && strcmp(text, equals + 1) == 0;
        free(text);
    }
    return same != unlike;
}

/* ---- showing ---- */

static screen_ink ink_of(const char *kind_name)
{
    static const struct {
        const char *kind;
        screen_ink ink;
    } inks[] = {{"event", INK_CYAN},   {"call", INK_BLUE},   {"command", INK_MAGENTA},
                {"progress", INK_DIM}, {"ended", INK_GREEN}, {"cancel", INK_YELLOW}};
    size_t i;

    for (i = 0; i < CLI_COUNT(inks); i++) {
        if (strcmp(inks[i].kind, kind_name) == 0)
            return inks[i].ink;
    }
    return INK_BOLD;
}

/* "13:05:58.123", of today or whenever it was. */
static const char *clock_time(json_t *seen, char text[SCREEN_TEXT])
{
    const char *written = wire_text(seen, "time", "");
    aegis_timestamp when = 0;

    (void)aegis_timestamp_parse(written, strlen(written), &when);
    (void)screen_time(when, text);
    return aegis_now() - when < 12 * AEGIS_HOUR && strlen(text) > 11 ? text + 11 : text;
}

/* Left out where a line has no room for it. */
static void put_part(const screen *out, screen_ink ink, const char *text, size_t *used)
{
    unsigned columns, rows;

    screen_size(out, &columns, &rows);
    if (text[0] == '\0' || (out->terminal && *used + screen_width(text) + 3 > columns))
        return;
    fputs(screen_ink_text(out, ink), out->file);
    cli_safe(out->file, text);
    fputs(screen_ink_text(out, INK_PLAIN), out->file);
    fputs("  ", out->file);
    *used += screen_width(text) + 2;
}

/* The payload in what is left of the line. */
static void put_brief(const screen *out, json_t *payload, size_t used)
{
    char *text = payload != NULL ? json_dumps(payload, JSON_ENCODE_ANY) : NULL;
    unsigned columns, rows;

    if (text == NULL)
        return;
    screen_size(out, &columns, &rows);
    if (out->terminal && used + screen_width(text) > columns) {
        const size_t room = columns > used + 1 ? columns - used - 1 : 0;

        text[screen_fitting(text, room)] = '\0';
        cli_safe(out->file, text);
        fputs(screen_sign_text(SIGN_MORE), out->file);
    } else {
        cli_safe(out->file, text);
    }
    free(text);
}

void sighting_print(const screen *out, json_t *seen, bool wide)
{
    const char *kind_name = wire_text(seen, "kind", "");
    const bool event = strcmp(kind_name, "event") == 0;
    json_t *payload = json_object_get(seen, "payload");
    char time[SCREEN_TEXT];
    size_t used = 0;

    if (payload == NULL)
        payload = json_object_get(seen, "raw");
    put_part(out, INK_DIM, clock_time(seen, time), &used);
    if (!event)
        put_part(out, ink_of(kind_name), kind_name, &used);
    put_part(out, ink_of(kind_name), wire_text(seen, "command", wire_text(seen, "name", "")), &used);
    put_part(out, INK_DIM, wire_text(seen, "version", ""), &used);
    put_part(out, INK_DIM, wire_text(seen, "source", ""), &used);
    if (strcmp(kind_name, "ended") == 0)
        put_part(out, INK_BOLD, wire_text(seen, "status", ""), &used);
    put_part(out, INK_RED, wire_text(seen, "error", ""), &used);
    if (wide) {
        put_part(out, INK_DIM, wire_text(seen, "id", ""), &used);
        fputs("\n    ", out->file);
        screen_json(out, payload, 4);
        return;
    }
    put_brief(out, payload, used);
    fputc('\n', out->file);
}
