/* What makes two commands the same one: an id that follows from service, command and idempotency key. It is a
 * UUID of version 5 (RFC 9562) in a namespace of ours, of the texts joined by zero bytes, which none of them
 * can hold; idl/WIRE.md says so to those who build it without us. The key comes in parts, from the generated
 * stub, unless the caller gave one of his own.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "application/commands_client.h"
#include "domain/sha1.h"
#include "domain/time.h"

/* 4d4338c7-a383-4edf-aae4-bbd14434f092 */
static const uint8_t namespace_of_commands[16] = {0x4d, 0x43, 0x38, 0xc7, 0xa3, 0x83, 0x4e, 0xdf,
                                                  0xaa, 0xe4, 0xbb, 0xd1, 0x44, 0x34, 0xf0, 0x92};

/* NULL when memory is exhausted, which the exchange then knows. */
static aegis_sha1 *key_of(aegis_exchange *x)
{
    aegis_sha1 *hash = x->key;

    if (hash != NULL || !x->begun)
        return x->begun ? hash : NULL;
    hash = (aegis_sha1 *)aegis_arena_alloc(x->arena, sizeof *hash);
    if (hash == NULL) {
        x->begun = false;
        (void)aegis_no_memory(&x->error);
        return NULL;
    }
    aegis_sha1_begin(hash);
    aegis_sha1_add(hash, namespace_of_commands, sizeof namespace_of_commands);
    aegis_sha1_add(hash, x->method->service, strlen(x->method->service) + 1);
    aegis_sha1_add(hash, x->method->name, strlen(x->method->name));
    x->key = hash;
    return hash;
}

static void add(aegis_exchange *x, const char *text)
{
    aegis_sha1 *hash = key_of(x);

    if (hash == NULL || text == NULL) /* NULL: encoding fails for it as well, with its path */
        return;
    x->key_empty = x->key_empty || text[0] == '\0';
    aegis_sha1_add(hash, "", 1);
    aegis_sha1_add(hash, text, strlen(text));
}

void aegis_command_key_given(aegis_exchange *x, const char *key)
{
    add(x, key);
    x->key_given = true;
}

void aegis_key_text(aegis_exchange *x, const char *text)
{
    if (!x->key_given)
        add(x, text);
}

void aegis_key_uuid(aegis_exchange *x, aegis_uuid uuid)
{
    char text[AEGIS_UUID_TEXT];

    aegis_key_text(x, aegis_uuid_format(uuid, text));
}

void aegis_key_i64(aegis_exchange *x, int64_t number)
{
    char text[24];

    (void)snprintf(text, sizeof text, "%" PRId64, number);
    aegis_key_text(x, text);
}

void aegis_key_u64(aegis_exchange *x, uint64_t number)
{
    char text[24];

    (void)snprintf(text, sizeof text, "%" PRIu64, number);
    aegis_key_text(x, text);
}

void aegis_key_timestamp(aegis_exchange *x, aegis_timestamp when)
{
    char text[AEGIS_TIMESTAMP_TEXT];

    (void)aegis_timestamp_format(when, text);
    aegis_key_text(x, text);
}

bool aegis_command_key_id(const aegis_exchange *x, aegis_uuid *out)
{
    uint8_t digest[AEGIS_SHA1_SIZE];
    aegis_sha1 hash;

    if (x->key == NULL || x->key_empty)
        return false;
    hash = *x->key; /* taking the digest ends it */
    aegis_sha1_end(&hash, digest);
    memcpy(out->bytes, digest, sizeof out->bytes);
    out->bytes[6] = (uint8_t)((digest[6] & 0x0f) | 0x50);
    out->bytes[8] = (uint8_t)((digest[8] & 0x3f) | 0x80);
    return true;
}

aegis_status aegis_command_key_apply(aegis_exchange *x, aegis_error *error)
{
    if (x->key == NULL)
        return AEGIS_OK;
    if (x->key_empty) {
        (void)aegis_error_set(error, AEGIS_INVALID_ARGUMENT, "%s.%s: the idempotency key is empty",
                              x->method->service, x->method->name);
        if (error != NULL)
            error->not_processed = true;
        return AEGIS_INVALID_ARGUMENT;
    }
    (void)aegis_command_key_id(x, &x->message_id);
    return AEGIS_OK;
}
