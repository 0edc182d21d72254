/* What generated code is made of, beside the codec's primitives: copying, what a service is as constants, and
 * the entry points of client and server. Not for users: it changes together with AEGIS_ABI.
 */
#ifndef AEGIS_GENERATED_H
#define AEGIS_GENERATED_H

#include <aegis/codec_both.h>
#include <stdarg.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- copying (codec/) ---------------------------------------------------------------------------------- */

/** A copy of `count` items, never NULL while memory lasts, also for a count of 0. */
AEGIS_API void *aegis_copy_array(aegis_arena *arena, const void *items, size_t count, size_t size);
/* Each replaces what it is given by a copy in `arena`; false when memory is exhausted. */
AEGIS_API bool aegis_copy_string(aegis_arena *arena, const char **text);
AEGIS_API bool aegis_copy_bytes(aegis_arena *arena, aegis_bytes *bytes);
AEGIS_API bool aegis_copy_any(aegis_arena *arena, aegis_any *any);
AEGIS_API bool aegis_copy_raw(aegis_arena *arena, aegis_raw *raw);

/* ---- descriptors: what a service is, as constants of the generated code ---------------------------------
 */

/** An older wire name of a typed error. */
typedef struct aegis_older_error {
    const char *name;
    size_t index; /* into the method's errors */
} aegis_older_error;

/** What a command's service promises when its workers die, or messages come twice. */
typedef enum aegis_guarantee {
    AEGIS_AT_LEAST_ONCE = 0, /* repeated when in doubt */
    AEGIS_AT_MOST_ONCE = 1,  /* never run a second time */
    AEGIS_EXACTLY_ONCE = 2   /* a recorded outcome is never computed again */
} aegis_guarantee;

/** An rpc or a command; client and server share it. */
typedef struct aegis_method {
    const char *service; /* wire names */
    const char *name;
    const char *const *was; /* older names that are served too */
    size_t was_count;
    aegis_duration timeout;
    const char *const *errors;  /* wire names of the typed errors it raises */
    const int32_t *error_codes; /* their HTTP-like numbers */
    size_t error_count;
    const aegis_older_error *older_errors; /* that are understood too */
    size_t older_error_count;
    bool idempotent;
    uint32_t max_retries; /* of an rpc only with `idempotent` */
    aegis_duration backoff_min, backoff_max;
    aegis_duration hedge; /* 0: none */
    bool command;         /* what follows is about commands */
    bool lanes;           /* @priority was given */
    aegis_priority priority;
    aegis_guarantee guarantee;
    const bool *retried_errors; /* which of `errors` are worth another attempt; NULL: none */
} aegis_method;

typedef struct aegis_endpoint {
    const aegis_method *method;
    aegis_reply (*serve)(aegis_call *call, struct aegis_reader *params, const void *ops, void *user);
} aegis_endpoint;

typedef struct aegis_event_type {
    const char *domain, *type, *version; /* "order", "created", "1.1" */
} aegis_event_type;

/** What a case answers for a version that neither an upcast nor a handler takes; never a user's. */
#define AEGIS_SETTLE_UNSUPPORTED ((aegis_settle)3)

typedef struct aegis_event_case {
    const aegis_event_type *type;
    aegis_settle (*handle)(const aegis_event *event, struct aegis_reader *payload, const void *ops,
                           void *user);
} aegis_event_case;

/** Where events of a subscription were published under an older name. */
typedef struct aegis_older_subject {
    const char *pattern, *durable;
} aegis_older_subject;

typedef struct aegis_subscription {
    const char *pattern; /* "order.created", "payment.*" */
    const char *durable; /* "order-service__order_created" */
    const aegis_older_subject *older;
    size_t older_count;
    bool from_new, broadcast, ordered;
    uint32_t concurrency; /* handlers at once in one instance; 0: 1 */
    uint32_t in_flight;     /* events one instance holds at once; 0: the default */
    uint32_t max_retries;
    aegis_duration backoff_min, backoff_max; /* 0: the defaults, also of max_retries */
    const aegis_event_case *cases;
    size_t case_count;
    aegis_settle (*raw)(const aegis_event *event, const void *ops, void *user); /* NULL unless a wildcard */
} aegis_subscription;

/** Another file that a schema imports. */
typedef struct aegis_schema_import {
    const char *path; /* as written: "common/pay.aegis" */
    bool beside;      /* from the importing file's folder on; else from the top */
    const struct aegis_schema_file *file;
} aegis_schema_import;

/** The text a package was generated from. */
typedef struct aegis_schema_file {
    const char *path;         /* "shop.aegis" */
    const char *const *parts; /* of the text, one behind the other */
    size_t part_count;        /* 0: generated with --no-schema */
    const aegis_schema_import *imports;
    size_t import_count;
} aegis_schema_file;

/** What the services of a package were made from. */
typedef struct aegis_schema {
    const char *hash; /* SHA-256 of the checked schema, 64 hexadecimal digits */
    const aegis_schema_file *file;
} aegis_schema;

typedef struct aegis_service_type {
    const char *name, *version, *description; /* the last may be "" */
    const char *const *was; /* older names that are served too */
    size_t was_count;
    const aegis_endpoint *endpoints; /* rpc and commands */
    size_t endpoint_count;
    const aegis_subscription *subscriptions;
    size_t subscription_count;
    /* What no case takes of an event whose name is known; NULL: dead letter. */
    aegis_settle (*unsupported)(const aegis_event *event, const void *ops, void *user);
    const aegis_schema *schema;
} aegis_service_type;

/* ---- server (application/) ------------------------------------------------------------------------------
 */

AEGIS_API aegis_status aegis_service_start(aegis_bus *bus, const aegis_service_type *type, const void *ops,
                                           void *user, const aegis_service_options *options,
                                           aegis_service **service, aegis_error *error);

/* Replies: begin, encode, end. A second reply on a call is refused. When the writer failed, INTERNAL with the
 * path is sent instead. */
AEGIS_API struct aegis_writer *aegis_reply_begin(aegis_call *call);
AEGIS_API aegis_reply aegis_reply_ok(aegis_call *call);
/** `message` is the error's field of that name, or NULL. */
AEGIS_API aegis_reply aegis_reply_error(aegis_call *call, size_t error_index, const char *message);
AEGIS_API aegis_reply aegis_reply_fail(aegis_call *call, aegis_status status, const char *format,
                                       va_list arguments) AEGIS_PRINTF(3, 0);
/** INVALID_ARGUMENT with the reader's text: "items[2].sku is missing". */
AEGIS_API aegis_reply aegis_reply_invalid(aegis_call *call, struct aegis_reader *params);
AEGIS_API aegis_reply aegis_reply_unimplemented(aegis_call *call);
AEGIS_API aegis_reply aegis_reply_defer(aegis_call *call);
AEGIS_API struct aegis_writer *aegis_progress_begin(aegis_call *call);
AEGIS_API bool aegis_progress_end(aegis_call *call);

/* ---- client (application/) ------------------------------------------------------------------------------
 */

/** One exchange, on the stack of a stub. Its members belong to the application layer. */
typedef struct aegis_exchange {
    struct aegis_writer writer;
    struct aegis_reader reader;
    aegis_client *client;
    const aegis_method *method;    /* calls, commands */
    const aegis_event_type *event; /* publications */
    aegis_arena *arena;
    const aegis_call *parent;
    int64_t started, deadline, now; /* monotonic; `now` was read last */
    aegis_duration budget;     /* commands: what is told to the receiver */
    aegis_priority priority;
    aegis_format format;
    aegis_uuid message_id;
    const char *trace_id;
    const char *correlation_id;
    const char *source; /* who asks */
    const char *traceparent; /* publications, commands: of the world outside, or NULL */
    struct aegis_span *span; /* NULL unless somebody wants it */
    int8_t sampled;          /* -1: as the trace id says */
    bool begun, owns_arena;
    bool no_wait, id_given; /* publications */
    struct aegis_series *series; /* publications, commands: where they are counted */
    aegis_error error; /* why _begin failed, for _finish to report; of an async call why it did */
    /* calls: where to, and what became of the attempts */
    struct aegis_target *target;
    aegis_duration hedge; /* 0: none */
    aegis_uuid sent_id[2];
    int64_t sent_at[2];
    uint32_t attempts, retries, resends;
    bool once, final, safe; /* not again: by option, by the last failure; certainly not processed */
    /* commands: see aegis_key_text */
    struct aegis_sha1 *key; /* NULL: none, the id is random */
    bool key_given, key_empty;
    aegis_duration delay;
} aegis_exchange;

#define AEGIS_ANSWER_FAILED (-1)
#define AEGIS_ANSWER_OK     (-2) /* an answer >= 0 is an index into method->errors */

AEGIS_API struct aegis_writer *aegis_call_begin(aegis_exchange *x, aegis_client *client,
                                                const aegis_method *method, const aegis_call_options *options,
                                                aegis_arena *arena);
/** Sends and waits. Afterwards the exchange's reader yields the result or the error's details; fills *failed
 * for FAILED. */
AEGIS_API int aegis_call_finish(aegis_exchange *x, aegis_error *failed);
AEGIS_API struct aegis_reader *aegis_exchange_reader(aegis_exchange *x);
/** Closes the reader. False: fills *failed with INTERNAL, naming service, method and path. */
AEGIS_API bool aegis_exchange_done(aegis_exchange *x, aegis_error *failed);

/** What an async call came to, decoded and handed to `callback`; for FAILED why is in the exchange. */
typedef void (*aegis_async_thunk)(aegis_exchange *x, int answer, void (*callback)(void), void *user);
/** An exchange of the client's own, whose writer takes the request; NULL when there is none left. */
AEGIS_API aegis_exchange *aegis_async_begin(aegis_client *client, const aegis_method *method,
                                            const aegis_call_options *options);
AEGIS_API aegis_call_id aegis_async_send(aegis_exchange *x, aegis_async_thunk thunk, void (*callback)(void),
                                         void *user);

AEGIS_API struct aegis_writer *aegis_command_begin(aegis_exchange *x, aegis_client *client,
                                                   const aegis_method *method,
                                                   const aegis_command_options *options, aegis_arena *arena);
/* The parts of the idempotency key, in order, between _begin and _submit; passed over when the options have a key. */
AEGIS_API void aegis_key_text(aegis_exchange *x, const char *text);
AEGIS_API void aegis_key_uuid(aegis_exchange *x, aegis_uuid uuid);
AEGIS_API void aegis_key_i64(aegis_exchange *x, int64_t number);
AEGIS_API void aegis_key_u64(aegis_exchange *x, uint64_t number);
AEGIS_API void aegis_key_timestamp(aegis_exchange *x, aegis_timestamp when);
AEGIS_API aegis_status aegis_command_submit(aegis_exchange *x, aegis_command **command, aegis_error *error);
/** Whom to tell of progress: `hear` decodes it and hands it to `callback`; nobody when that is NULL. */
typedef struct aegis_listener {
    void (*hear)(struct aegis_reader *update, void (*callback)(void), void *user);
    void (*callback)(void);
    void *user;
} aegis_listener;
/* `listener` may be NULL. Afterwards the exchange's reader yields the result or the error's details. */
AEGIS_API int aegis_command_wait(aegis_command *command, const aegis_method *method, aegis_duration timeout,
                                 const aegis_listener *listener, aegis_arena *arena, aegis_exchange *x,
                                 aegis_error *failed);
/** True: it is over, and *answer is as from _wait. */
AEGIS_API bool aegis_command_poll(aegis_command *command, const aegis_method *method,
                                  const aegis_listener *listener, aegis_arena *arena, aegis_exchange *x,
                                  int *answer, aegis_error *failed);
/** After OK the handle is not the caller's any more. */
AEGIS_API aegis_status aegis_command_notify(aegis_command *command, const aegis_method *method,
                                            aegis_duration timeout, const aegis_listener *listener,
                                            aegis_async_thunk thunk, void (*callback)(void), void *user,
                                            aegis_error *error);

/** Has an arena of the publisher's, which _finish or _send gives back. */
AEGIS_API struct aegis_writer *aegis_publish_begin(aegis_exchange *x, aegis_publisher *publisher,
                                                   const aegis_event_type *type,
                                                   const aegis_publish_options *options);
AEGIS_API aegis_status aegis_publish_finish(aegis_exchange *x, aegis_error *error);
/** OK: it is under way, and the callback (NULL: none) comes. Else it does not. */
AEGIS_API aegis_status aegis_publish_send(aegis_exchange *x, aegis_publication_callback callback, void *user,
                                          aegis_error *error);

#ifdef __cplusplus
}
#endif

#endif
