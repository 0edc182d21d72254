/* See json.h. Answers are read by the codec, as values of any shape. */
#define _GNU_SOURCE
#include "json.h"

#include <aegis/any.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const nats_json none = {NULL};

nats_json aegis_json_object(aegis_bytes text, aegis_arena *arena)
{
    nats_json value = none;
    if (aegis_any_decode(text, AEGIS_FORMAT_JSON, arena, &value, NULL) != AEGIS_OK || value.object == NULL ||
        value.object->type != MSGPACK_OBJECT_MAP)
        return none;
    return value;
}

nats_json aegis_json_member(nats_json object, const char *path)
{
    char key[64];
    while (object.object != NULL && *path != '\0') {
        const size_t length = strcspn(path, ".");
        if (length >= sizeof key)
            return none;
        memcpy(key, path, length);
        key[length] = '\0';
        object.object = aegis_any_get(object, key);
        path += length + (path[length] == '.' ? 1 : 0);
    }
    return object;
}

nats_json aegis_json_element(nats_json list, size_t index)
{
    if (list.object == NULL || list.object->type != MSGPACK_OBJECT_ARRAY ||
        index >= list.object->via.array.size)
        return none;
    return (nats_json){&list.object->via.array.ptr[index]};
}

uint64_t aegis_json_u64(nats_json object, const char *path)
{
    const msgpack_object *value = aegis_json_member(object, path).object;
    return value != NULL && value->type == MSGPACK_OBJECT_POSITIVE_INTEGER ? value->via.u64 : 0;
}

bool aegis_json_true(nats_json object, const char *path)
{
    const msgpack_object *value = aegis_json_member(object, path).object;
    return value != NULL && value->type == MSGPACK_OBJECT_BOOLEAN && value->via.boolean;
}

const char *aegis_json_string(nats_json value)
{
    /* the codec puts a NUL behind each */
    return value.object != NULL && value.object->type == MSGPACK_OBJECT_STR ? value.object->via.str.ptr : "";
}

const char *aegis_json_text(nats_json object, const char *path)
{
    return aegis_json_string(aegis_json_member(object, path));
}

/* ---- writing --------------------------------------------------------------------------------------------
 */

void aegis_text_add(nats_text *text, const char *format, ...)
{
    va_list arguments;
    if (text->overflow)
        return;
    va_start(arguments, format);
    const int length = vsnprintf(text->buffer + text->length, text->size - text->length, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= text->size - text->length)
        text->overflow = true;
    else
        text->length += (size_t)length;
}

void aegis_text_quote(nats_text *text, const char *value)
{
    aegis_text_add(text, "\"");
    for (const char *c = value; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\')
            aegis_text_add(text, "\\%c", *c);
        else if ((unsigned char)*c < 0x20)
            aegis_text_add(text, "\\u%04x", (unsigned)(unsigned char)*c);
        else
            aegis_text_add(text, "%c", *c);
    }
    aegis_text_add(text, "\"");
}
