/* What every Aegis program shares: status codes, errors, slices, scalar types, arenas.
 *
 * Ownership in one rule: whatever a call decodes or builds lives in the arena that was passed to it (the
 * client's own, or the call's on the server) and is freed with it; nothing is ever freed field by field.
 */
#ifndef AEGIS_BASE_H
#define AEGIS_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The number generated code checks; it changes when generated code and library no longer fit together. */
#define AEGIS_ABI 2

#define AEGIS_VERSION "0.1.0"

#if defined(__GNUC__) || defined(__clang__)
#define AEGIS_PRINTF(text, first) __attribute__((format(printf, text, first)))
#define AEGIS_NODISCARD             __attribute__((warn_unused_result))
#define AEGIS_API                   __attribute__((visibility("default")))
#else
#define AEGIS_PRINTF(text, first)
#define AEGIS_NODISCARD
#define AEGIS_API
#endif

/* What is deprecated warns where it is used, except in generated code, which has to use it. */
#if defined(AEGIS_GENERATED_SOURCE) || !(defined(__GNUC__) || defined(__clang__))
#define AEGIS_DEPRECATED(why)
#else
#define AEGIS_DEPRECATED(why) __attribute__((deprecated(why)))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** Outcome of an operation: gRPC's status codes, with its numbers.
 *  Source: https://grpc.io/docs/guides/status-codes/ */
typedef enum aegis_status {
    AEGIS_OK = 0,
    AEGIS_CANCELLED = 1,
    AEGIS_UNKNOWN = 2,
    AEGIS_INVALID_ARGUMENT = 3,
    AEGIS_DEADLINE_EXCEEDED = 4,
    AEGIS_NOT_FOUND = 5,
    AEGIS_ALREADY_EXISTS = 6,
    AEGIS_PERMISSION_DENIED = 7,
    AEGIS_RESOURCE_EXHAUSTED = 8,
    AEGIS_FAILED_PRECONDITION = 9,
    AEGIS_ABORTED = 10,
    AEGIS_OUT_OF_RANGE = 11,
    AEGIS_UNIMPLEMENTED = 12,
    AEGIS_INTERNAL = 13,
    AEGIS_UNAVAILABLE = 14,
    AEGIS_DATA_LOSS = 15,
    AEGIS_UNAUTHENTICATED = 16
} aegis_status;

/** "NOT_FOUND" for AEGIS_NOT_FOUND; "UNKNOWN" for a number outside the list. Static. */
AEGIS_API const char *aegis_status_name(aegis_status status);

/** Bytes somebody else owns. `data` may be NULL when `len` is 0. */
typedef struct aegis_bytes {
    const uint8_t *data;
    size_t len;
} aegis_bytes;

/** The two encodings of every message. AUTO: on decoding, look at the first byte; on encoding, MessagePack. */
typedef enum aegis_format {
    AEGIS_FORMAT_AUTO = 0,
    AEGIS_FORMAT_MSGPACK = 1,
    AEGIS_FORMAT_JSON = 2
} aegis_format;

/** The format a body is in: 0x80-0x9f and 0xc0-0xdf begin MessagePack, anything else is taken for JSON.
 *  AEGIS_FORMAT_AUTO for an empty body. */
AEGIS_API aegis_format aegis_format_of(aegis_bytes body);

/** One hop of a failure: which method of which service failed with what. Strings live in the call's arena. */
typedef struct aegis_cause {
    const char *service;
    const char *method;
    int32_t code;
    const char *message;
} aegis_cause;

/** Longest text an aegis_error carries, with its NUL; a longer one is cut at a character boundary. */
#define AEGIS_ERROR_TEXT_MAX 384

/** Why something failed. Owned by the caller; `{0}` is "no error". The pointers belong to the arena of the call
 *  that filled it and are NULL elsewhere. */
typedef struct aegis_error {
    int32_t code;               /**< HTTP-like number as on the wire (404), 0 when none applies */
    aegis_status status;        /**< AEGIS_OK when nothing failed */
    bool not_processed;         /**< certainly no handler saw the message: sending again is safe */
    const char *type;           /**< wire name of an error type this client does not declare, or NULL */
    const aegis_cause *chain;   /**< hops of a failure that crossed services, nearest first */
    size_t chain_count;
    char text[AEGIS_ERROR_TEXT_MAX];
} aegis_error;

/** What went wrong as one line: "no order 7", or the status's name when there is no text. Never NULL; lives as long as
 *  `error`. */
AEGIS_API const char *aegis_error_text(const aegis_error *error);

/** Fill `error` (may be NULL) and return `status`, so that a failing function can end with one statement. */
AEGIS_API aegis_status aegis_error_set(aegis_error *error, aegis_status status, const char *format, ...)
    AEGIS_PRINTF(3, 4);

/* ---- values of the language -------------------------------------------------------------------------- */

/** Nanoseconds since 1970-01-01T00:00:00Z (years 1678 to 2262). On the wire RFC 3339 text in UTC. */
typedef int64_t aegis_timestamp;

/** Nanoseconds. On the wire an integer. */
typedef int64_t aegis_duration;

#define AEGIS_NANOSECOND  INT64_C(1)
#define AEGIS_MICROSECOND INT64_C(1000)
#define AEGIS_MILLISECOND INT64_C(1000000)
#define AEGIS_SECOND      INT64_C(1000000000)
#define AEGIS_MINUTE      (INT64_C(60) * AEGIS_SECOND)
#define AEGIS_HOUR        (INT64_C(60) * AEGIS_MINUTE)

/** The wall clock now. */
AEGIS_API aegis_timestamp aegis_now(void);

/** 16 bytes in network order (RFC 9562). On the wire 36 lower-case characters. */
typedef struct aegis_uuid {
    uint8_t bytes[16];
} aegis_uuid;

/** Characters of a uuid's text with its NUL. */
#define AEGIS_UUID_TEXT 37

/** A random (version 4) uuid. Any thread. */
AEGIS_API aegis_uuid aegis_uuid_new(void);
/** Write the 36 characters and a NUL into `text`, and return it. */
AEGIS_API const char *aegis_uuid_format(aegis_uuid uuid, char text[AEGIS_UUID_TEXT]);
/** Read 36 characters, either case. False, and `*uuid` untouched, for anything else. */
AEGIS_API bool aegis_uuid_parse(const char *text, aegis_uuid *uuid);

/** A value of any shape (`any` in the IDL). NULL `object` is nil. Read and build it with <aegis/any.h>;
 *  the object and all below it live in the arena it was decoded into. */
struct msgpack_object;
typedef struct aegis_any {
    const struct msgpack_object *object;
} aegis_any;

/** An encoded value, kept undecoded (`raw` in the IDL). Decoded: a slice of the message it came in, valid as long
 *  as that body. Empty `data` is nil. Encoding it into the other format converts it. */
typedef struct aegis_raw {
    aegis_bytes data;
    aegis_format format;
} aegis_raw;

/* Optional scalars, and lists and maps of built-in types. Maps keep the order of the wire; `_get` is a linear
 * search and returns the last entry with that key, or NULL. */
#define AEGIS_BUILTIN_OPTIONAL(name, type)                                                                         \
    typedef struct aegis_opt_##name {                                                                              \
        bool has;                                                                                                  \
        type value;                                                                                                \
    } aegis_opt_##name
#define AEGIS_BUILTIN_CONTAINERS(name, type)                                                                       \
    typedef struct aegis_##name##_list {                                                                           \
        type const *items;                                                                                         \
        size_t count;                                                                                              \
    } aegis_##name##_list;                                                                                         \
    typedef struct aegis_##name##_map_entry {                                                                      \
        const char *key;                                                                                           \
        type value;                                                                                                \
    } aegis_##name##_map_entry;                                                                                    \
    typedef struct aegis_##name##_map {                                                                            \
        const aegis_##name##_map_entry *entries;                                                                   \
        size_t count;                                                                                              \
    } aegis_##name##_map;                                                                                          \
    AEGIS_API type const *aegis_##name##_map_get(const aegis_##name##_map *map, const char *key)

AEGIS_BUILTIN_OPTIONAL(bool, bool);
AEGIS_BUILTIN_OPTIONAL(i8, int8_t);
AEGIS_BUILTIN_OPTIONAL(i16, int16_t);
AEGIS_BUILTIN_OPTIONAL(i32, int32_t);
AEGIS_BUILTIN_OPTIONAL(i64, int64_t);
AEGIS_BUILTIN_OPTIONAL(u8, uint8_t);
AEGIS_BUILTIN_OPTIONAL(u16, uint16_t);
AEGIS_BUILTIN_OPTIONAL(u32, uint32_t);
AEGIS_BUILTIN_OPTIONAL(u64, uint64_t);
AEGIS_BUILTIN_OPTIONAL(f32, float);
AEGIS_BUILTIN_OPTIONAL(f64, double);
AEGIS_BUILTIN_OPTIONAL(timestamp, aegis_timestamp);
AEGIS_BUILTIN_OPTIONAL(duration, aegis_duration);
AEGIS_BUILTIN_OPTIONAL(uuid, aegis_uuid);

AEGIS_BUILTIN_CONTAINERS(bool, bool);
AEGIS_BUILTIN_CONTAINERS(i8, int8_t);
AEGIS_BUILTIN_CONTAINERS(i16, int16_t);
AEGIS_BUILTIN_CONTAINERS(i32, int32_t);
AEGIS_BUILTIN_CONTAINERS(i64, int64_t);
AEGIS_BUILTIN_CONTAINERS(u8, uint8_t);
AEGIS_BUILTIN_CONTAINERS(u16, uint16_t);
AEGIS_BUILTIN_CONTAINERS(u32, uint32_t);
AEGIS_BUILTIN_CONTAINERS(u64, uint64_t);
AEGIS_BUILTIN_CONTAINERS(f32, float);
AEGIS_BUILTIN_CONTAINERS(f64, double);
AEGIS_BUILTIN_CONTAINERS(string, const char *);
AEGIS_BUILTIN_CONTAINERS(bytes, aegis_bytes);
AEGIS_BUILTIN_CONTAINERS(timestamp, aegis_timestamp);
AEGIS_BUILTIN_CONTAINERS(duration, aegis_duration);
AEGIS_BUILTIN_CONTAINERS(uuid, aegis_uuid);
AEGIS_BUILTIN_CONTAINERS(any, aegis_any);
AEGIS_BUILTIN_CONTAINERS(raw, aegis_raw);
/* A decimal is a checked string, so its containers are a string's. */
#undef AEGIS_BUILTIN_OPTIONAL
#undef AEGIS_BUILTIN_CONTAINERS

/** An initializer for any generated list from an array: `.items = AEGIS_ITEMS(array)`. */
#define AEGIS_ITEMS(array) {(array), sizeof(array) / sizeof((array)[0])}
/** The same for a map from an array of entries. */
#define AEGIS_ENTRIES(array) {(array), sizeof(array) / sizeof((array)[0])}

/* ---- memory ------------------------------------------------------------------------------------------- */

/** Where memory comes from. `resize(user, NULL, 0, n)` allocates, `(p, old, n)` resizes, `(p, old, 0)` frees.
 *  Returns NULL on failure, leaving `p` as it was. Any thread. */
typedef struct aegis_allocator {
    void *(*resize)(void *user, void *pointer, size_t old_size, size_t new_size);
    void *user;
} aegis_allocator;

/** A region that is allocated from piece by piece and freed whole. One thread at a time. */
typedef struct aegis_arena aegis_arena;

/** Most bytes an arena hands out unless told otherwise: 64 MiB. */
#define AEGIS_ARENA_LIMIT ((size_t)64 << 20)

/** A new arena, or NULL. `allocator` NULL: the C library's; otherwise it must outlive the arena. */
AEGIS_API aegis_arena *aegis_arena_new(const aegis_allocator *allocator);
/** An arena whose first piece is `memory` (aligned as for max_align_t; at least AEGIS_ARENA_MIN bytes); it grows from
 *  the C library. End it with aegis_arena_free, which leaves `memory` alone. */
AEGIS_API aegis_arena *aegis_arena_in(void *memory, size_t size);
/** Free all of it. NULL is fine. */
AEGIS_API void aegis_arena_free(aegis_arena *arena);
/** Forget what was allocated; keep the memory for the next use. */
AEGIS_API void aegis_arena_reset(aegis_arena *arena);
/** Change the limit (bytes handed out since the last reset, with what alignment adds). */
AEGIS_API void aegis_arena_set_limit(aegis_arena *arena, size_t bytes);
/** `size` bytes, aligned as for max_align_t, not cleared. NULL when memory or limit is exhausted. 0 gives a
 *  unique pointer. */
AEGIS_API void *aegis_arena_alloc(aegis_arena *arena, size_t size);
/** A copy of `text` (NULL gives NULL). NULL when memory is exhausted. */
AEGIS_API char *aegis_arena_strdup(aegis_arena *arena, const char *text);
/** printf into the arena. NULL when memory is exhausted. */
AEGIS_API char *aegis_arena_printf(aegis_arena *arena, const char *format, ...) AEGIS_PRINTF(2, 3);

#define AEGIS_ARENA_MIN 256

#if defined(__GNUC__) || defined(__clang__)
static inline void aegis_arena_free_scoped(aegis_arena **arena)
{
    aegis_arena_free(*arena);
}
/** Declare an arena that is freed at the end of the scope; its first 4 KiB are on the stack. */
#define AEGIS_SCOPED_ARENA(name)                                                                                   \
    union {                                                                                                        \
        long double align;                                                                                         \
        void *pointer;                                                                                             \
        unsigned char bytes[4096];                                                                                 \
    } name##_memory;                                                                                               \
    aegis_arena *name __attribute__((cleanup(aegis_arena_free_scoped))) =                                          \
        aegis_arena_in(&name##_memory, sizeof name##_memory)
#endif

#ifdef __cplusplus
}
#endif

#endif
