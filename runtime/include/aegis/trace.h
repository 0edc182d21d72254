/* Spans: what a program does for others, and asks of others, as a tracing system wants to hear it (W3C trace context,
 * OpenTelemetry's kinds). Two functions in aegis_options are told of each span of a sampled trace; of other traces, and
 * without such functions, no span is made at all. <aegis/otlp.h> has functions that send them to a collector.
 */
#ifndef AEGIS_TRACE_H
#define AEGIS_TRACE_H

#include <aegis/service.h>

#ifdef __cplusplus
extern "C" {
#endif

/** With OpenTelemetry's numbers. */
typedef enum aegis_span_kind {
    AEGIS_SPAN_SERVER = 2,       /**< a call, from its arrival to its answer */
    AEGIS_SPAN_CLIENT = 3,       /**< a call, from its beginning to its outcome, with all its attempts; or the wait for
                                      what a command comes to */
    AEGIS_SPAN_PRODUCER = 4,     /**< an event published, or a command sent, until it is stored */
    AEGIS_SPAN_CONSUMER = 5      /**< one try of an event, one attempt of a command */
} aegis_span_kind;

typedef enum aegis_span_about { AEGIS_SPAN_CALL = 0, AEGIS_SPAN_EVENT = 1, AEGIS_SPAN_COMMAND = 2 } aegis_span_about;

/** Strings live until the function that is told of the span returns. */
typedef struct aegis_span {
    aegis_span_kind kind;
    aegis_span_about about;
    const char *service;         /**< wire name: who is called, who handles; of a publication NULL */
    const char *method;          /**< of the call, the command, or "order.created" */
    const char *peer;            /**< who called or published (its `source`), or NULL */
    const char *destination;     /**< events, commands: the subject, or NULL */
    const char *subscription;    /**< consumed events: the durable's name */
    const char *message_id;      /**< events, commands: its text */
    uint8_t trace_id[16];
    uint8_t span_id[8];
    uint8_t parent_id[8];        /**< zeros: none */
    uint8_t link_trace_id[16];   /**< what made the message that is consumed, or the command that is waited for, */
    uint8_t link_span_id[8];     /**< was this span; zeros: there is no link */
    aegis_timestamp started;
    int64_t began;               /**< the same on the monotonic clock */
    uint32_t attempts;           /**< calls of clients, at the end: requests sent; consumers: which try this is */
    aegis_duration took;         /**< at the end */
    aegis_status status;         /**< at the end */
    const char *error;           /**< at the end: the failure's text, or NULL */
    const char *error_type;      /**< at the end: the wire name of the typed error, or NULL */
    void *data;                  /**< the user's: what the start function leaves here, the end function finds */
} aegis_span;

#define AEGIS_TRACEPARENT_TEXT 56

/** "00-<trace>-<span>-<flags>" of what the handler works on, for what it asks of the world outside. */
AEGIS_API const char *aegis_call_traceparent(const aegis_call *call, char text[AEGIS_TRACEPARENT_TEXT]);

#ifdef __cplusplus
}
#endif

#endif
