/* The client side: calling, commanding, publishing. The typed names (`shop_orders_create_order`,
 * `shop_order_created_publish`) are generated; these are the parts they share. Pointers must not be
 * NULL unless it is said: a client, a publisher, a request. */
#ifndef AEGIS_CLIENT_H
#define AEGIS_CLIENT_H

#include <aegis/service.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Calls rpc methods and submits commands. Any thread. It keeps a retry budget and a circuit breaker for each service,
 *  so make one and share it; free it before its bus is closed. */
typedef struct aegis_client aegis_client;

/** When calls to a service that is not there, or does not answer in time, are refused at once instead of tried: when
 *  `percent` of at least `least` attempts within `window` failed with UNAVAILABLE or DEADLINE_EXCEEDED. After `open_for`
 *  one call may try; its success lets all of them through again. Zero means the default. */
typedef struct aegis_breaker_options {
    bool off;
    uint32_t percent;            /**< default 50 */
    uint32_t least;              /**< default 20 */
    aegis_duration window;       /**< default 10 s */
    aegis_duration open_for;     /**< default 1 s */
} aegis_breaker_options;

/** All optional: zero means the default. Strings are copied. */
typedef struct aegis_client_options {
    const char *source;          /**< instance id sent with each message; default the bus's name and 8 hex digits, and with
                                      a parent the instance of the service that handles it */
    aegis_format format;         /**< default: the bus's */
    uint32_t async_limit;        /**< async calls, or publications, under way at once; default 4096, at most 65536 */
    uint32_t retry_percent;      /**< retries and hedges for a hundred calls to a service; default 8. Ten are in stock */
    aegis_breaker_options breaker;
} aegis_client_options;

AEGIS_API aegis_status aegis_client_new(aegis_bus *bus, const aegis_client_options *options, aegis_client **client,
                                        aegis_error *error);
/** Cancels async calls that are under way and waits for their callbacks: so not from one of them. NULL is fine. */
AEGIS_API void aegis_client_free(aegis_client *client);

typedef enum aegis_breaker_state {
    AEGIS_BREAKER_CLOSED = 0,    /**< calls go out */
    AEGIS_BREAKER_OPEN = 1,      /**< calls fail at once: UNAVAILABLE, not processed */
    AEGIS_BREAKER_HALF_OPEN = 2  /**< one call tries */
} aegis_breaker_state;

/** The breaker of a service (its wire name) as this client sees it; CLOSED for one it has not called. */
AEGIS_API aegis_breaker_state aegis_client_breaker(aegis_client *client, const char *service);

/** Of one call; all optional. */
typedef struct aegis_call_options {
    aegis_duration timeout;      /**< default: the method's from the IDL. Never longer than the parent's remainder */
    const aegis_call *parent;    /**< the call or event being handled (`&call->base`), whose deadline and trace are inherited;
                                      needed only until the function returns */
    aegis_duration hedge;        /**< idempotent methods: a second request when no answer came in this time; the first
                                      answer counts. Default: the IDL's @hedge; negative: never */
    bool once;                   /**< never send it again, whatever became of it */
    const char *traceparent;     /**< W3C text of a caller that is no Aegis call (an HTTP request), or NULL */
} aegis_call_options;

/** An async call under way, as its `..._async` function returned it. 0: it was not taken and no callback comes; so only
 *  when memory is exhausted, or when as many refused calls as the client's async_limit wait for their callbacks. */
typedef uint64_t aegis_call_id;

/** Its callback comes with CANCELLED, unless the answer was there first. The service is not told: it may run. False
 *  when the call is over. Any thread. */
AEGIS_API bool aegis_call_cancel(aegis_client *client, aegis_call_id id);

/** Publishes events. `<event>_publish` returns when the server has stored the event, `<event>_publish_async` when it is
 *  under way: then its callback says what became of it, or aegis_publisher_flush of all. A bounded number is under way
 *  at once (options.async_limit, default 4096, and 64 MB); who publishes more waits for room. Any thread. */
typedef struct aegis_publisher aegis_publisher;

AEGIS_API aegis_status aegis_publisher_new(aegis_bus *bus, const aegis_client_options *options,
                                           aegis_publisher **publisher, aegis_error *error);
/** Waits, 10 s at most, for what is under way; what is left then ends with CANCELLED. So not from a callback, and before
 *  the bus is closed. NULL is fine. */
AEGIS_API void aegis_publisher_free(aegis_publisher *publisher);
/** Wait until all that was published before is stored, or has failed, and its callbacks have returned; `timeout` 0: 5 s.
 *  OK: all of it was stored, also what ended since the last flush. Else the status of the first that failed; the text
 *  says how many did. DEADLINE_EXCEEDED: some are still under way. Not from a callback. */
AEGIS_API aegis_status aegis_publisher_flush(aegis_publisher *publisher, aegis_duration timeout, aegis_error *error);

/** Of one publication; all optional. */
typedef struct aegis_publish_options {
    aegis_duration timeout;      /**< for room and acknowledgement; default 5 s */
    const char *message_id;      /**< a uuid's text; a second publication with the same one inside the stream's
                                      duplicate window is dropped. Default: a new one */
    const aegis_call *parent;    /**< whose trace is inherited; needed only until the function returns */
    const char *traceparent;     /**< W3C text of a publisher that is no Aegis call, or NULL */
    bool no_wait;                /**< async: RESOURCE_EXHAUSTED at once when there is no room, as in a callback. The bus's
                                      first publication still looks for the stream, 5 s at most */
} aegis_publish_options;

/** What became of an async publication. Valid until the callback returns. */
typedef struct aegis_publication {
    const char *message_id;      /**< publishing it again with this id makes no duplicate inside the stream's window */
    uint64_t sequence;           /**< in the stream; 0: not stored, as far as is known */
    bool duplicate;              /**< the stream had it already: published before, or its first acknowledgement was lost */
    aegis_error failed;          /**< status OK: stored. DEADLINE_EXCEEDED: it may be, or may yet be */
} aegis_publication;

/** Comes exactly once for each publication that was taken, on a thread of the runtime, with no lock held. Others wait
 *  behind it; a blocking call or publication in it fails at once. */
typedef void (*aegis_publication_callback)(const aegis_publication *publication, void *user);

typedef enum aegis_priority {
    AEGIS_PRIORITY_DEFAULT = 0,  /**< as the IDL says */
    AEGIS_PRIORITY_LOW = 1,
    AEGIS_PRIORITY_NORMAL = 2,
    AEGIS_PRIORITY_HIGH = 3,
    AEGIS_PRIORITY_CRITICAL = 4
} aegis_priority;

/** Of one command; all optional. */
typedef struct aegis_command_options {
    aegis_duration timeout;      /**< for each attempt; default: the IDL's */
    aegis_priority priority;
    aegis_duration submit_timeout; /**< for the stream to accept it; default 5 s */
    const aegis_call *parent;
    aegis_duration delay;        /**< it does not begin before this time has passed */
    const char *key;             /**< idempotency key, instead of the one the IDL makes of parameters; not "" */
    const char *traceparent;     /**< W3C text of a sender that is no Aegis call, or NULL */
} aegis_command_options;

/** A submitted command: its id and its open ends for progress and result. One thread at a time; waited for, polled, or
 *  handed over to a `..._notify`. Free it, before its client, with aegis_command_free, which does not stop the
 *  command. */
typedef struct aegis_command aegis_command;

/** The command's id (a uuid's text), as logs and tools show it. Lives as long as the handle. */
AEGIS_API const char *aegis_command_id(const aegis_command *command);
/** A handle of a command that anybody submitted, also another process, by its id. Nothing is asked yet, so OK says
 *  nothing about whether there is one. */
AEGIS_API aegis_status aegis_command_attach(aegis_client *client, const char *id, aegis_command **command,
                                            aegis_error *error);
/** Ask the worker to stop, which sees it at its next progress report; a command that has not begun, or waits for
 *  another attempt, does not begin any more. OK means that this was asked for: the outcome tells what came of it. */
AEGIS_API aegis_status aegis_command_cancel(aegis_command *command, aegis_error *error);
AEGIS_API void aegis_command_free(aegis_command *command);

#ifdef __cplusplus
}
#endif

#endif
