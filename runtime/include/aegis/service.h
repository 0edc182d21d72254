/* The server side: what handlers see, and the life of a service. The typed names (`shop_orders_serve`, `..._ok`) are
 * generated; these are the parts every service shares. */
#ifndef AEGIS_SERVICE_H
#define AEGIS_SERVICE_H

#include <aegis/bus.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One call (or one attempt of a command) while its handler runs, or until it is answered after a deferral. Typed by
 *  method: generated `..._call` types hold it as `base`. All members are read-only; strings live as long as the call.
 *  One thread at a time. A deferred call that nobody answers is answered DEADLINE_EXCEEDED, and ends a minute later or with its bus. */
typedef struct aegis_call {
    aegis_bus *bus;
    aegis_arena *arena;          /**< freed when the call ends: build replies here */
    const char *service;         /**< wire names */
    const char *method;
    const char *message_id;      /**< of the request */
    const char *trace_id;
    const char *source;          /**< who called, or NULL */
    int64_t deadline;            /**< on the monotonic clock, nanoseconds */
    uint32_t attempt;            /**< commands: 1 for the first; calls: 1 */
    bool maybe_executed;         /**< commands: an earlier attempt was cut short, so its effects may be there already */
    struct aegis_call_state *state;
} aegis_call;

/** What a handler returns. Only the generated functions of its own method make one; `{0}` (nothing was replied)
 *  answers INTERNAL. */
typedef struct aegis_reply {
    uint32_t made;
} aegis_reply;

/** Nanoseconds left until the caller gives up; 0 when none. */
AEGIS_API aegis_duration aegis_call_remaining(const aegis_call *call);

/** True when the work should stop: the deadline passed, the command was cancelled, or the service shuts down hard. */
AEGIS_API bool aegis_call_cancelled(const aegis_call *call);

/** One try of an event, while its handler runs. `base` is what it has in common with a call: arena, message_id, trace_id,
 *  source and attempt (1 for the first; deliveries that reached no handler do not count); its method is the event's name,
 *  and it has no deadline. So `.parent = &event->base` in the options of calls, commands and publications that the handler
 *  makes continues the trace, and aegis_call_cancelled(&event->base) says that the service shuts down hard. */
typedef struct aegis_event {
    aegis_call base;
    const char *name;            /**< "order.created" */
    const char *version;         /**< "1.0" */
    aegis_timestamp published_at;
    aegis_raw payload;           /**< as it came */
} aegis_event;

/** What becomes of an event. Zero, the safe answer, keeps it. */
typedef enum aegis_settle {
    AEGIS_RETRY = 0,             /**< deliver again later, with growing delays; after the last try, dead letter */
    AEGIS_DONE = 1,              /**< handled */
    AEGIS_DEAD = 2               /**< to the dead-letter queue now */
} aegis_settle;

typedef struct aegis_service aegis_service;

/** All optional: zero means the default. */
typedef struct aegis_service_options {
    const char *instance;        /**< instance id; default `<service>-<8 hex digits>` */
    uint32_t concurrency;        /**< handlers at once; default 1 */
    uint32_t waiting_room;       /**< requests held while all handlers are busy; the rest is refused with
                                      RESOURCE_EXHAUSTED; default 256 */
    aegis_duration drain_timeout;/**< longest wait for running handlers on stop; default 30 s */
    aegis_duration lease;        /**< commands, events: a worker that shows no sign of life for so long may be followed by
                                      another; the same in all instances; default 10 s, at least 100 ms */
    bool unlisted;               /**< not in the registry, and no heartbeats */
    bool (*healthy)(void *user, char *why, size_t size); /**< asked once a second, with the `user` of the service: false,
                                      and why in at most `size` bytes, when it should take no work; it then leaves its
                                      queue group until it was true for 3 s. On a thread of the bus's own that has other
                                      duties: it must return soon */
} aegis_service_options;

/** Stop taking work, finish what runs (up to drain_timeout), hand back what did not start, and free the service.
 *  Not from one of its handlers. NULL is fine. */
AEGIS_API void aegis_service_stop(aegis_service *service);

/** Its instance id; lives as long as the service. */
AEGIS_API const char *aegis_service_instance(const aegis_service *service);

#ifdef __cplusplus
}
#endif

#endif
