/* See json.h. */
#include "json.h"

#include "utf8.h"

#include <inttypes.h>
#include <string.h>

json json_put_begin(arena *memory)
{
    return (json){text_begin(memory), false};
}

static void separate(json *j)
{
    if (j->comma)
        text_put(&j->out, ",", 1);
    j->comma = true;
}

void json_put_open(json *j, char bracket)
{
    separate(j);
    text_put(&j->out, &bracket, 1);
    j->comma = false;
}

void json_put_close(json *j, char bracket)
{
    text_put(&j->out, &bracket, 1);
    j->comma = true;
}

static void put_character(text_buffer *out, const char *at, size_t length)
{
    const unsigned char c = (unsigned char)*at;

    if (length > 1)
        text_put(out, at, length);
    else if (c == '"' || c == '\\')
        text_printf(out, "\\%c", c);
    else if (c == '\n')
        text_puts(out, "\\n");
    else if (c == '\t')
        text_puts(out, "\\t");
    else if (c < 0x20 || c == 0x7f)
        text_printf(out, "\\u%04x", c);
    else
        text_put(out, at, 1);
}

void json_put_bytes(json *j, const char *data, size_t size)
{
    size_t length;

    separate(j);
    text_put(&j->out, "\"", 1);
    for (size_t i = 0; i < size; i += length) {
        length = utf8_length((const unsigned char *)data + i, size - i);
        if (length == 0 && data[i] != '\0')
            text_puts(&j->out, "\xef\xbf\xbd");
        else
            put_character(&j->out, data + i, length);
        length = length == 0 ? 1 : length;
    }
    text_put(&j->out, "\"", 1);
}

void json_put_string(json *j, const char *string)
{
    json_put_bytes(j, string != NULL ? string : "", string != NULL ? strlen(string) : 0);
}

void json_put_key(json *j, const char *name)
{
    json_put_string(j, name);
    text_put(&j->out, ":", 1);
    j->comma = false;
}

void json_put_number(json *j, uint64_t number)
{
    separate(j);
    text_printf(&j->out, "%" PRIu64, number);
}

void json_put_member(json *j, const char *name, const char *string)
{
    json_put_key(j, name);
    json_put_string(j, string);
}

void json_put_member_number(json *j, const char *name, uint64_t number)
{
    json_put_key(j, name);
    json_put_number(j, number);
}
