/* What a bus has counted. Everything is counted always: per method, on both sides, in cells of its own for each
 * processor core, so that a call pays a few additions and no lock.
 */
#ifndef AEGIS_METRICS_H
#define AEGIS_METRICS_H

#include <aegis/client.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Latencies are counted in buckets: four of 1,024 ns, then four to each doubling up to 68 s, so that a quantile is off
 *  by a quarter at most. The last one holds everything longer. */
#define AEGIS_LATENCY_BUCKETS 104

typedef struct aegis_latency {
    uint64_t sum;                /**< nanoseconds */
    uint64_t buckets[AEGIS_LATENCY_BUCKETS];
    uint64_t count;
} aegis_latency;

/** What bucket `index` holds is shorter than this, and at least as long as the bound before it. */
AEGIS_API aegis_duration aegis_latency_bound(size_t index);
/** What `quantile` (0.99) of the calls did not exceed: the bound of its bucket; 0 without calls. */
AEGIS_API aegis_duration aegis_latency_quantile(const aegis_latency *latency, double quantile);

#define AEGIS_STATUS_COUNT 17

/** One method, seen from the callers' side or from the service's, since the bus was opened. */
typedef struct aegis_method_metrics {
    const char *service;         /**< wire names */
    const char *method;
    bool server;
    bool command;                /**< server: what is counted are attempts of a command */
    uint64_t status[AEGIS_STATUS_COUNT]; /**< how calls (attempts of commands) ended, by aegis_status; a typed error
                                      under the status of its number */
    uint64_t in_flight;          /**< client: calls that have not ended */
    uint64_t running;            /**< server: handlers of calls that run now, and calls that are to be answered later */
    uint64_t waiting;            /**< server: calls in the waiting room, now */
    uint64_t retried;            /**< client: attempts after a failure */
    uint64_t hedged;             /**< client: second requests */
    uint64_t refused;            /**< client: attempts an open breaker held back; server: requests for which the waiting
                                      room had no place */
    uint64_t expired;            /**< server: requests not started because their deadline had passed */
    aegis_latency latency;       /**< client: from call to outcome; server: from arrival to answer, of what was started */
    aegis_latency failed;        /**< of those, the ones that did not end OK */
} aegis_method_metrics;

/** What this process puts into a stream: an event, or a command, since the bus was opened. */
typedef struct aegis_sending_metrics {
    const char *subject;         /**< "events.order.created", "commands.order-service.process_batch" */
    uint64_t status[AEGIS_STATUS_COUNT]; /**< how it ended; OK: the stream has it */
    uint64_t in_flight;          /**< not acknowledged yet */
    aegis_latency latency;       /**< until it was acknowledged, or given up */
    aegis_latency failed;        /**< of those, the ones that did not end OK */
} aegis_sending_metrics;

/** A service as one client sees it. */
typedef struct aegis_breaker_metrics {
    const char *service;
    const char *client;          /**< its source */
    aegis_breaker_state state;
    uint64_t opened;             /**< times */
    uint64_t rejected;           /**< attempts held back */
} aegis_breaker_metrics;

/** A service of this process, now. */
typedef struct aegis_service_metrics {
    const char *service;
    const char *instance;
    uint32_t concurrency;
    uint32_t running;            /**< handlers of calls */
    uint32_t waiting;            /**< calls in the waiting room */
    uint32_t deferred;           /**< calls to be answered later */
} aegis_service_metrics;

/** A consumer that services of this process read: of a subscription, or of one lane of a command; since the bus was
 *  opened. Of events a try is what of a command is an attempt. */
typedef struct aegis_consumer_metrics {
    const char *service;         /**< wire name */
    const char *subject;         /**< that it takes: "events.payment.*", "commands.order-service.process_batch.high"; of
                                      what was renamed there is one more with the older name */
    bool command;
    const char *name;            /**< the subscription's pattern, or the command */
    const char *lane;            /**< commands: "low", "normal", "high", "critical"; events: "" */
    uint64_t pending;            /**< messages that wait to be read, by any instance; as of when one was last read,
                                      or asked for: every ten seconds while metrics are read */
    bool pending_known;
    uint32_t ready;              /**< commands: read and waiting for a slot, now */
    uint32_t running;            /**< handlers now, and deferred commands */
    uint64_t redelivered;        /**< messages that came another time, for whatever reason */
    uint64_t handled;            /**< events whose handler returned AEGIS_DONE; commands that have an outcome */
    uint64_t retried;            /**< tries that another follows */
    uint64_t dead;               /**< dead letters */
    uint64_t lost;               /**< events that the stream's limits took away unread: exact when all messages of the stream
                                      match and one instance reads them, else at most so many */
    uint64_t taken_over;         /**< commands whose worker ended without an outcome, begun again here */
    uint64_t leases_lost;        /**< commands that were begun elsewhere because we were too slow to say that they run */
    uint64_t progress_sent;      /**< updates of commands */
    uint64_t progress_replaced;  /**< that were not sent, because a later one came first */
    aegis_latency latency;       /**< of handlers of events; attempts of commands are in aegis_method_metrics */
} aegis_consumer_metrics;

/** The bus's connections to its server, now. */
typedef struct aegis_connection_metrics {
    const char *server;          /**< URL of the server in use, or of the last one tried */
    bool connected;
    bool durable;                /**< streams can be used: JetStream answers, and its store was not full lately */
    uint32_t connections;        /**< that are up */
    uint64_t reconnects;         /**< this and all below since the bus was opened */
    uint64_t lame_ducks;         /**< times a server told one of them that it is about to end */
    uint64_t dropped;            /**< messages that came faster than they were taken, and were lost */
    uint64_t resent;             /**< publications and questions about streams that were sent another time */
    uint64_t messages_in;        /**< over the wire, of whatever kind, and their bytes */
    uint64_t bytes_in;
    uint64_t messages_out;
    uint64_t bytes_out;
} aegis_connection_metrics;

typedef struct aegis_metrics {
    aegis_connection_metrics connection;
    const aegis_method_metrics *methods;
    size_t method_count;
    const aegis_breaker_metrics *breakers;
    size_t breaker_count;
    const aegis_service_metrics *services;
    size_t service_count;
    const aegis_sending_metrics *sendings;
    size_t sending_count;
    const aegis_consumer_metrics *consumers;
    size_t consumer_count;
} aegis_metrics;

/** Everything as it is now, in `arena`. Counters never go back while the bus is open. Methods
 *  and what is sent, beyond the first 1024 of a bus, and consumers beyond as many, are not counted. */
AEGIS_API aegis_status aegis_metrics_read(aegis_bus *bus, aegis_arena *arena, aegis_metrics *metrics,
                                          aegis_error *error);

#ifdef __cplusplus
}
#endif

#endif
