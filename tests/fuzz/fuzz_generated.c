/* Generated decoders, which read what the codecs' own walks do not: envelopes, a recursive type, unions, an
 * order. The first byte chooses the type. What was decoded encodes, and stays the same when it is decoded
 * again. */
#define _POSIX_C_SOURCE 200809L
#include "fuzz.h"

#include <aegis/wire.h>
#include <shop.h>
#include <torture.h>

/* A raw member is kept unread, so that only its own format is sure to take it. A union or an enum may be of a
 * case that is not known here, which cannot be sent on. */
#define CHECK_TYPE(name)                                                                                     \
    static void check_##name(aegis_bytes body, aegis_format format, aegis_arena *arena)                      \
    {                                                                                                        \
        aegis_error error = {0};                                                                             \
        aegis_bytes first, second;                                                                           \
        name value, again;                                                                                   \
        aegis_status status = name##_decode(body, format, arena, &value, &error);                            \
        aegis_format other = format == AEGIS_FORMAT_JSON ? AEGIS_FORMAT_MSGPACK : AEGIS_FORMAT_JSON;         \
        if (status != AEGIS_OK) {                                                                            \
            check_failure(status, &error);                                                                   \
            MUST(status == AEGIS_INVALID_ARGUMENT);                                                          \
            return;                                                                                          \
        }                                                                                                    \
        status = name##_encode(&value, other, arena, &first, &error);                                        \
        if (status == AEGIS_OK)                                                                              \
            MUST(name##_decode(first, other, arena, &again, &error) == AEGIS_OK);                            \
        else                                                                                                 \
            check_failure(status, &error);                                                                   \
        status = name##_encode(&value, format, arena, &first, &error);                                       \
        if (status != AEGIS_OK) {                                                                            \
            check_failure(status, &error);                                                                   \
            MUST(status == AEGIS_INVALID_ARGUMENT);                                                          \
            return;                                                                                          \
        }                                                                                                    \
        MUST(name##_decode(first, format, arena, &again, &error) == AEGIS_OK);                               \
        MUST(name##_encode(&again, format, arena, &second, &error) == AEGIS_OK);                             \
        MUST(same(first, second));                                                                           \
    }

CHECK_TYPE(aegis_wire_rpc_request)
CHECK_TYPE(aegis_wire_rpc_response)
CHECK_TYPE(aegis_wire_event)
CHECK_TYPE(aegis_wire_command)
CHECK_TYPE(aegis_wire_progress)
CHECK_TYPE(aegis_wire_completion)
CHECK_TYPE(torture_holder)
CHECK_TYPE(torture_names)
CHECK_TYPE(shop_order)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const checks[])(aegis_bytes, aegis_format, aegis_arena *) = {
        check_aegis_wire_rpc_request, check_aegis_wire_rpc_response, check_aegis_wire_event,
        check_aegis_wire_command,     check_aegis_wire_progress,     check_aegis_wire_completion,
        check_torture_holder,         check_torture_names,           check_shop_order};
    const size_t count = sizeof checks / sizeof checks[0];
    aegis_arena *arena = aegis_arena_new(NULL);
    uint8_t *copy = (uint8_t *)malloc(size + 1);

    if (arena != NULL && copy != NULL && size > 1) {
        memcpy(copy, data + 1, size - 1);
        checks[data[0] % count]((aegis_bytes){copy, size - 1},
                                (data[0] / count) % 2 == 0 ? AEGIS_FORMAT_MSGPACK : AEGIS_FORMAT_JSON, arena);
    }
    free(copy);
    aegis_arena_free(arena);
    return 0;
}

#ifndef AEGIS_LIBFUZZER
int main(int argc, char **argv)
{
    return fuzz_main(argc, argv, "tests/fuzz/corpus/generated");
}
#endif
