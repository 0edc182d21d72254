/* See exposition.h. Of the 104 buckets in which latencies are counted a scraper gets 21, one a doubling from
 * 65 us to 68 s: enough for quantiles, and a tenth of the lines. */
#include "http/exposition.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The first and the last bucket whose bound is printed, and how many lie between two of them. */
#define FIRST_BUCKET 19
#define LAST_BUCKET  99
#define BUCKET_STEP  4

#define ROOM_AT_FIRST ((size_t)16 << 10)

static bool make_room(aegis_exposition *out, size_t more)
{
    size_t room = out->room != 0 ? out->room : ROOM_AT_FIRST;
    char *text;

    if (out->failed || out->room - out->size >= more)
        return !out->failed;
    while (room - out->size < more)
        room *= 2;
    text = (char *)aegis_arena_alloc(out->arena, room);
    if (text == NULL) {
        out->failed = true;
        return false;
    }
    if (out->size > 0)
        memcpy(text, out->text, out->size);
    out->text = text;
    out->room = room;
    return true;
}

static void put(aegis_exposition *out, const char *text, size_t size)
{
    if (!make_room(out, size))
        return;
    memcpy(out->text + out->size, text, size);
    out->size += size;
}

static void put_text(aegis_exposition *out, const char *text)
{
    put(out, text, strlen(text));
}

static void AEGIS_PRINTF(2, 3) put_line(aegis_exposition *out, const char *format, ...)
{
    char line[1024];
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof line)
        out->failed = true;
    else
        put(out, line, (size_t)length);
}

static void begin(aegis_exposition *out, const aegis_family *family)
{
    static const char *const types[] = {"counter", "gauge", "histogram"};

    if (out->family == family)
        return;
    out->family = family;
    put_line(out, "# HELP %s %s\n# TYPE %s %s\n", family->name, family->help, family->name,
             types[family->type]);
    if (family->unit != NULL)
        put_line(out, "# UNIT %s %s\n", family->name, family->unit);
}

/* ---- labels ------------------------------------------------------------------------------------------- */

/* Bytes of the UTF-8 character that begins here; 0: none does. */
static size_t character(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    const size_t size = at[0] < 0x80 ? 1 : at[0] < 0xc2 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
    size_t i;

    if (at[0] > 0xf4)
        return 0;
    for (i = 1; i < size; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    }
    if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) ||
        (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f))
        return 0;
    return size;
}

/* A scraper refuses a page that is not UTF-8, so what is not becomes U+FFFD. */
static void put_value(aegis_exposition *out, const char *text)
{
    while (*text != '\0') {
        const size_t size = character(text);

        if (size == 0)
            put_text(out, "\xef\xbf\xbd");
        else if (*text == '\n')
            put_text(out, "\\n");
        else if (*text == '\\' || *text == '"') {
            put(out, "\\", 1);
            put(out, text, 1);
        } else {
            put(out, text, size);
        }
        text += size > 0 ? size : 1;
    }
}

/* The sample up to its value; `le` NULL: no bucket. */
static void put_name(aegis_exposition *out, const char *suffix, const aegis_label *labels, size_t count,
                     const char *le)
{
    bool any = false;
    size_t i;

    put_text(out, out->family->name);
    put_text(out, suffix);
    for (i = 0; i <= count; i++) {
        const char *value = i < count ? labels[i].value : le;

        if (value == NULL)
            continue;
        put(out, any ? "," : "{", 1);
        put_text(out, i < count ? labels[i].name : "le");
        put_text(out, "=\"");
        put_value(out, value);
        put(out, "\"", 1);
        any = true;
    }
    put_text(out, any ? "} " : " ");
}

/* ---- samples ------------------------------------------------------------------------------------------ */

void aegis_exposition_sample(aegis_exposition *out, const aegis_family *family, const aegis_label *labels,
                             size_t count, uint64_t value)
{
    begin(out, family);
    put_name(out, "", labels, count, NULL);
    put_line(out, "%" PRIu64 "\n", value);
}

/* Nanoseconds as seconds, exactly, without zeros at the end. */
static void seconds(uint64_t nanoseconds, char text[32])
{
    int length =
        snprintf(text, 32, "%" PRIu64 ".%09" PRIu64, nanoseconds / 1000000000, nanoseconds % 1000000000);

    while (length > 1 && text[length - 1] == '0')
        text[--length] = '\0';
    if (text[length - 1] == '.')
        text[length - 1] = '\0';
}

void aegis_exposition_histogram(aegis_exposition *out, const aegis_family *family, const aegis_label *labels,
                                size_t count, const aegis_latency *latency)
{
    uint64_t seen = 0;
    char text[32];
    size_t i;

    begin(out, family);
    for (i = 0; i <= LAST_BUCKET; i++) {
        seen += latency->buckets[i];
        if (i < FIRST_BUCKET || (i - FIRST_BUCKET) % BUCKET_STEP != 0)
            continue;
        seconds((uint64_t)aegis_latency_bound(i), text);
        put_name(out, "_bucket", labels, count, text);
        put_line(out, "%" PRIu64 "\n", seen);
    }
    put_name(out, "_bucket", labels, count, "+Inf");
    put_line(out, "%" PRIu64 "\n", latency->count);
    seconds(latency->sum, text);
    put_name(out, "_sum", labels, count, NULL);
    put_line(out, "%s\n", text);
    put_name(out, "_count", labels, count, NULL);
    put_line(out, "%" PRIu64 "\n", latency->count);
}
