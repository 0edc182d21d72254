/* See envelope_peer.h. */
#define _GNU_SOURCE
#include "bench/envelope_peer.h"

#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "bench/bench.h"
#include "bench/duel.h"

void peer_ids_init(peer_ids *ids)
{
    if (getrandom(&ids->run, sizeof ids->run, 0) != (ssize_t)sizeof ids->run)
        ids->run = (uint64_t)bench_now();
    atomic_init(&ids->number, 0);
}

const char *peer_ids_next(peer_ids *ids, char text[PEER_UUID_TEXT])
{
    const uint64_t number = atomic_fetch_add_explicit(&ids->number, 1, memory_order_relaxed);
    aegis_uuid uuid;

    memcpy(uuid.bytes, &ids->run, 8);
    memcpy(uuid.bytes + 8, &number, 8);
    uuid.bytes[6] = (uint8_t)(0x40 | (uuid.bytes[6] & 0x0f));
    return peer_format_uuid(uuid, text);
}

void peer_pack_key(msgpack_packer *packer, const char *key)
{
    (void)msgpack_pack_str_with_body(packer, key, strlen(key));
}

void peer_pack_text(msgpack_packer *packer, const char *key, const char *value)
{
    peer_pack_key(packer, key);
    if (value != NULL)
        (void)msgpack_pack_str_with_body(packer, value, strlen(value));
    else
        (void)msgpack_pack_nil(packer);
}

void peer_pack_envelope(msgpack_packer *packer, const peer_envelope *envelope, size_t more)
{
    struct timespec now;
    char when[PEER_WHEN_TEXT];

    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)msgpack_pack_map(packer, 6 + more);
    peer_pack_text(packer, "message_id", envelope->id);
    peer_pack_text(packer, "trace_id", envelope->trace);
    peer_pack_text(packer, "correlation_id", envelope->correlation);
    peer_pack_text(packer, "timestamp", peer_format_when(now.tv_sec * AEGIS_SECOND + now.tv_nsec, when));
    peer_pack_text(packer, "source", envelope->source);
    peer_pack_text(packer, "target", envelope->target);
}

static bool is(const msgpack_object *key, const char *name)
{
    return key->via.str.size == strlen(name) && memcmp(key->via.str.ptr, name, key->via.str.size) == 0;
}

static bool read_when(const msgpack_object *value)
{
    char text[PEER_WHEN_TEXT];
    aegis_timestamp at;

    if (value->type != MSGPACK_OBJECT_STR || value->via.str.size >= sizeof text)
        return false;
    memcpy(text, value->via.str.ptr, value->via.str.size);
    text[value->via.str.size] = '\0';
    return peer_parse_when(text, &at);
}

static const msgpack_object_str *text_or_nil(const msgpack_object *value)
{
    return value->type == MSGPACK_OBJECT_STR ? &value->via.str : NULL;
}

bool peer_read_envelope(const msgpack_object *object, peer_received *received)
{
    memset(received, 0, sizeof *received);
    if (object->type != MSGPACK_OBJECT_MAP)
        return false;
    for (uint32_t i = 0; i < object->via.map.size; i++) {
        const msgpack_object *key = &object->via.map.ptr[i].key, *value = &object->via.map.ptr[i].val;

        if (key->type != MSGPACK_OBJECT_STR)
            return false;
        if (is(key, "message_id"))
            received->id = text_or_nil(value);
        else if (is(key, "trace_id"))
            received->trace = text_or_nil(value);
        else if (is(key, "correlation_id"))
            received->correlation = text_or_nil(value);
        else if (is(key, "timestamp") && !read_when(value))
            return false;
        else if (is(key, "params") || is(key, "payload") || is(key, "result"))
            received->body = value;
        else if (is(key, "success"))
            received->success = value->type == MSGPACK_OBJECT_BOOLEAN && value->via.boolean;
    }
    return received->id != NULL && received->trace != NULL && received->body != NULL;
}
