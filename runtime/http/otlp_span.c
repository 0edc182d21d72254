/* A span as JSON, in the form OTLP gives to it: ids in hexadecimal, 64-bit numbers as strings, enums as
 * numbers, names in camel case (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding). Attributes
 * are those of OpenTelemetry's conventions 1.37 for RPC and messaging; what those have no word for is
 * aegis.*.
 *
 * Room is there before the first byte, so nothing is checked while writing. This is the whole cost of a span
 * that is sent, and it is paid by whoever ends it: so it is straight lines and memcpy. */
#include "http/otlp.h"

#include <string.h>

#define PUT(at, literal) ((char *)memcpy((at), (literal), sizeof(literal) - 1) + sizeof(literal) - 1)

static const char digits[] = "0123456789abcdef";

/* ---- texts and numbers -------------------------------------------------------------------------------- */

/* Bytes of the character that begins here; 0: it is none. RFC 3629. */
static size_t character(const unsigned char *s, size_t left)
{
    static const unsigned char least[] = {0, 0, 0x80, 0xa0, 0x90};
    size_t size = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    size_t i;

    if (s[0] < 0xc2 || s[0] > 0xf4 || size > left)
        return 0;
    for (i = 1; i < size; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    }
    if ((s[0] == 0xe0 || s[0] == 0xf0) && s[1] < least[size])
        return 0;
    return (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf4 && s[1] > 0x8f) ? 0 : size;
}

/* What does not stand for itself. Returns how much of `s` that was. */
static size_t put_special(char **to, const unsigned char *s, size_t left)
{
    char *at = *to;
    size_t size = 1;

    if (*s >= 0x80) {
        size = character(s, left);
        at = size > 0 ? (char *)memcpy(at, s, size) + size : PUT(at, "\xef\xbf\xbd"); /* U+FFFD */
        size = size > 0 ? size : 1;
    } else if (*s == '"' || *s == '\\') {
        *at++ = '\\';
        *at++ = (char)*s;
    } else {
        at = PUT(at, "\\u00");
        *at++ = digits[*s >> 4];
        *at++ = digits[*s & 15];
    }
    *to = at;
    return size;
}

/* Has one of these eight bytes a meaning in JSON, or is it no ASCII? */
static bool special_among(uint64_t eight)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
    const uint64_t quote = eight ^ (ones * '"'), slash = eight ^ (ones * '\\');

    return (((eight - ones * 0x20) | (quote - ones) | (slash - ones) | eight) & tops) != 0;
}

/* All of it stands for itself, as names do. At least eight bytes; the last eight are looked at from their
 * end. */
static bool is_plain(const unsigned char *s, size_t size)
{
    uint64_t eight;
    size_t at;

    for (at = 0; at + 8 < size; at += 8) {
        memcpy(&eight, s + at, 8);
        if (special_among(eight))
            return false;
    }
    memcpy(&eight, s + size - 8, 8);
    return !special_among(eight);
}

char *otlp_write_text(char *at, const char *text)
{
    const unsigned char *s = (const unsigned char *)text;
    size_t left = strlen(text);

    if (left > OTLP_TEXT_MAX)
        left = OTLP_TEXT_MAX;
    if (left >= 8 && is_plain(s, left))
        return (char *)memcpy(at, s, left) + left;
    while (left > 0) {
        size_t size = 1;

        if (*s < 0x20 || *s >= 0x80 || *s == '"' || *s == '\\')
            size = put_special(&at, s, left);
        else
            *at++ = (char)*s;
        s += size;
        left -= size;
    }
    return at;
}

static char *put_hex(char *at, const uint8_t *bytes, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++, at += 2) {
        at[0] = digits[bytes[i] >> 4];
        at[1] = digits[bytes[i] & 15];
    }
    return at;
}

static char *put_number(char *at, uint64_t number)
{
    static const char pairs[] =
        "0001020304050607080910111213141516171819202122232425262728293031323334353637383940"
        "4142434445464748495051525354555657585960616263646566676869707172737475767778798081"
        "828384858687888990919293949596979899";
    char text[20];
    char *from = text + sizeof text;

    while (number >= 100) {
        from -= 2;
        memcpy(from, pairs + 2 * (number % 100), 2);
        number /= 100;
    }
    *--from = (char)('0' + number % 10);
    if (number >= 10)
        *--from = (char)('0' + number / 10);
    memcpy(at, from, (size_t)(text + sizeof text - from));
    return at + (text + sizeof text - from);
}

/* ---- attributes; each leaves a comma behind ----------------------------------------------------------- */

#define NAMED(key, type)          "{\"key\":\"" key "\",\"value\":{\"" type "\":"
#define PUT_FIXED(at, key, text)  PUT(at, NAMED(key, "stringValue") "\"" text "\"}},")
#define PUT_TEXT(at, key, text)   put_value(PUT(at, NAMED(key, "stringValue") "\""), text)
#define PUT_COUNT(at, key, count) PUT(put_number(PUT(at, NAMED(key, "intValue") "\""), count), "\"}},")

static char *put_value(char *at, const char *text)
{
    return PUT(otlp_write_text(at, text), "\"}},");
}

static char *put_call(char *at, const aegis_span *span)
{
    at = PUT_FIXED(at, "rpc.system", "aegis");
    at = PUT_TEXT(at, "rpc.service", span->service);
    at = PUT_TEXT(at, "rpc.method", span->method);
    if (span->kind == AEGIS_SPAN_CLIENT && span->attempts > 1)
        at = PUT_COUNT(at, "aegis.attempts", span->attempts);
    return at;
}

static char *put_message(char *at, const aegis_span *span)
{
    at = PUT_FIXED(at, "messaging.system", "nats");
    if (span->kind == AEGIS_SPAN_CONSUMER) {
        at = PUT_FIXED(at, "messaging.operation.name", "process");
        at = PUT_FIXED(at, "messaging.operation.type", "process");
        at = PUT_TEXT(at, "messaging.consumer.group.name", span->service);
        at = PUT_COUNT(at, "aegis.attempt", span->attempts);
    } else {
        at = span->about == AEGIS_SPAN_EVENT ? PUT_FIXED(at, "messaging.operation.name", "publish")
                                             : PUT_FIXED(at, "messaging.operation.name", "send");
        at = PUT_FIXED(at, "messaging.operation.type", "send");
    }
    if (span->destination != NULL)
        at = PUT_TEXT(at, "messaging.destination.name", span->destination);
    if (span->subscription != NULL)
        at = PUT_TEXT(at, "messaging.destination.subscription.name", span->subscription);
    if (span->message_id != NULL)
        at = PUT_TEXT(at, "messaging.message.id", span->message_id);
    return at;
}

/* What comes is on a subject of its own, and the command's id is what both have in common. */
static char *put_wait(char *at, const aegis_span *span)
{
    at = PUT_FIXED(at, "messaging.system", "nats");
    at = PUT_FIXED(at, "messaging.operation.name", "await");
    at = PUT_FIXED(at, "messaging.operation.type", "receive");
    at = PUT_FIXED(at, "messaging.destination.template", "commands.callback.{id}");
    at = PUT(at, NAMED("messaging.destination.temporary", "boolValue") "true}},");
    if (span->message_id != NULL)
        at = PUT_TEXT(at, "messaging.message.conversation_id", span->message_id);
    return at;
}

static bool is_wait(const aegis_span *span)
{
    return span->kind == AEGIS_SPAN_CLIENT && span->about == AEGIS_SPAN_COMMAND;
}

static char *put_attributes(char *at, const aegis_span *span)
{
    const char *status = aegis_status_name(span->status);

    if (span->about == AEGIS_SPAN_CALL)
        at = put_call(at, span);
    else if (is_wait(span))
        at = put_wait(at, span);
    else
        at = put_message(at, span);
    if (span->peer != NULL)
        at = PUT_TEXT(at, "aegis.source", span->peer);
    if (span->status != AEGIS_OK)
        at = PUT_TEXT(at, "error.type", span->error_type != NULL ? span->error_type : status);
    if (span->error_type != NULL)
        at = PUT_TEXT(at, "aegis.status", status);
    return at - 1; /* the last comma */
}

/* ---- the span ----------------------------------------------------------------------------------------- */

static char *put_name(char *at, const aegis_span *span)
{
    if (span->about == AEGIS_SPAN_CALL)
        return otlp_write_text(PUT(otlp_write_text(at, span->service), "/"), span->method);
    if (span->kind == AEGIS_SPAN_CONSUMER)
        at = PUT(at, "process ");
    else if (is_wait(span))
        at = PUT(at, "await ");
    else
        at = span->about == AEGIS_SPAN_EVENT ? PUT(at, "publish ") : PUT(at, "send ");
    if (span->about == AEGIS_SPAN_EVENT)
        return otlp_write_text(PUT(at, "events."), span->method);
    at = otlp_write_text(PUT(at, "commands."), span->service);
    return otlp_write_text(PUT(at, "."), span->method);
}

/* W3C's flags, and whether the context that is meant is another process's: bits 8 and 9 of OTLP. */
static char *put_flags(char *at, bool remote)
{
    return remote ? PUT(at, ",\"flags\":769") : PUT(at, ",\"flags\":257");
}

static char *put_link(char *at, const aegis_span *span)
{
    at = PUT(at, ",\"links\":[{\"traceId\":\"");
    at = put_hex(at, span->link_trace_id, sizeof span->link_trace_id);
    at = PUT(at, "\",\"spanId\":\"");
    at = put_hex(at, span->link_span_id, sizeof span->link_span_id);
    at = put_flags(PUT(at, "\""), span->kind == AEGIS_SPAN_CONSUMER);
    return PUT(at, "}]");
}

/* A caller's mistake is no error of the service that says so, as OpenTelemetry has it for gRPC. */
static bool is_error(const aegis_span *span)
{
    switch (span->status) {
    case AEGIS_OK:
        return false;
    case AEGIS_UNKNOWN:
    case AEGIS_DEADLINE_EXCEEDED:
    case AEGIS_UNIMPLEMENTED:
    case AEGIS_INTERNAL:
    case AEGIS_UNAVAILABLE:
    case AEGIS_DATA_LOSS:
        return true;
    default:
        return span->kind != AEGIS_SPAN_SERVER;
    }
}

static char *put_status(char *at, const aegis_span *span)
{
    at = PUT(at, ",\"status\":{\"code\":2");
    if (span->error != NULL && span->error[0] != '\0')
        at = PUT(otlp_write_text(PUT(at, ",\"message\":\""), span->error), "\"");
    return PUT(at, "}");
}

char *otlp_write_span(char *at, const aegis_span *span)
{
    static const uint8_t none[8] = {0};
    const bool arrived = span->kind == AEGIS_SPAN_SERVER || span->kind == AEGIS_SPAN_CONSUMER;

    at = put_hex(PUT(at, "{\"traceId\":\""), span->trace_id, sizeof span->trace_id);
    at = put_hex(PUT(at, "\",\"spanId\":\""), span->span_id, sizeof span->span_id);
    if (memcmp(span->parent_id, none, sizeof none) != 0)
        at = put_hex(PUT(at, "\",\"parentSpanId\":\""), span->parent_id, sizeof span->parent_id);
    at = put_flags(PUT(at, "\""), arrived);
    at = put_name(PUT(at, ",\"name\":\""), span);
    at = PUT(at, "\",\"kind\":");
    *at++ = (char)('0' + (int)span->kind);
    at = put_number(PUT(at, ",\"startTimeUnixNano\":\""), (uint64_t)span->started);
    at = put_number(PUT(at, "\",\"endTimeUnixNano\":\""), (uint64_t)(span->started + span->took));
    at = PUT(put_attributes(PUT(at, "\",\"attributes\":["), span), "]");
    if (memcmp(span->link_span_id, none, sizeof none) != 0)
        at = put_link(at, span);
    if (is_error(span))
        at = put_status(at, span);
    *at++ = '}';
    return at;
}

static size_t room_of(const char *text)
{
    const size_t size = text != NULL ? strlen(text) : 0;

    return size < OTLP_TEXT_MAX ? size : OTLP_TEXT_MAX;
}

/* Names are written twice. */
size_t otlp_span_room(const aegis_span *span)
{
    const size_t texts = 2 * (room_of(span->service) + room_of(span->method)) + room_of(span->peer) +
                         room_of(span->destination) + room_of(span->subscription) +
                         room_of(span->message_id) + room_of(span->error) + room_of(span->error_type);

    return 1536 + 6 * texts;
}
