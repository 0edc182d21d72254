/* Spans to a collector that speaks OTLP (OpenTelemetry's protocol), or into a file: Jaeger, Tempo, the OpenTelemetry
 * collector. In library libaegis-http.
 *
 *     aegis_otlp *otlp;
 *     aegis_options options = {0};
 *
 *     aegis_otlp_open(&(aegis_otlp_options){.endpoint = "http://127.0.0.1:4318/v1/traces", .service_name = "shop"},
 *                     &otlp, &error);
 *     aegis_otlp_attach(otlp, &options);
 *     aegis_open(url, &options, &bus, &error);
 *     ...
 *     aegis_close(bus);
 *     aegis_otlp_close(otlp, &error);
 *
 * A span is written down, as JSON, by the thread that ends it: into memory, behind a lock that no other thread waits for.
 * One thread of the exporter sends what has gathered. Nothing here ever waits for the collector or the disk but that
 * thread; what comes when the memory is full is dropped and counted.
 */
#ifndef AEGIS_OTLP_H
#define AEGIS_OTLP_H

#include <aegis/bus.h>
#include <aegis/trace.h>

#ifdef __cplusplus
extern "C" {
#endif

/** An exporter. Any thread. A child process made with fork has no exporter: it may only exec. */
typedef struct aegis_otlp aegis_otlp;

/** All but `endpoint` optional: zero means the default. Strings are copied. Environment variables are not read: an
 *  application that wants OTEL_EXPORTER_OTLP_TRACES_ENDPOINT and the like passes their values here, which have the same
 *  form. */
typedef struct aegis_otlp_options {
    const char *endpoint;        /**< "http://host:4318/v1/traces", https likewise: OTLP/JSON by POST; or
                                      "file:traces.jsonl": one request a line, appended */
    const char *service_name;    /**< resource service.name; default "unknown_service:" and the program's name */
    const char *instance;        /**< resource service.instance.id; default a new uuid */
    const char *resource;        /**< more attributes of the resource: "key=value,key=value", %-encoded, as
                                      OTEL_RESOURCE_ATTRIBUTES has them */
    const char *headers;         /**< of requests, in the same form, as OTEL_EXPORTER_OTLP_HEADERS has them */
    const char *tls_ca_file;     /**< PEM; default: the system's */
    const char *tls_certificate_file; /**< PEM chain and key of this client, or NULL */
    const char *tls_key_file;
    aegis_duration interval;     /**< what has gathered is sent at least so often; default 1 s */
    aegis_duration timeout;      /**< of one request; default 10 s */
    aegis_duration retry_for;    /**< how long a request is repeated that may yet succeed; default 1 min, negative: not */
    aegis_duration close_timeout;/**< how long aegis_otlp_close may take; default 5 s */
    size_t queue_bytes;          /**< memory for what is not sent yet, as JSON; default 8 MiB, some 20,000 spans */
    const aegis_allocator *allocator; /**< default: the C library's; must outlive the exporter */
    aegis_log_function log;      /**< told, on the exporter's thread, when spans get lost and when that is over */
    void *log_user;
} aegis_otlp_options;

/** INVALID_ARGUMENT: the options cannot be read. UNAVAILABLE: the file cannot be opened. Whether there is a collector is
 *  seen later. */
AEGIS_API aegis_status aegis_otlp_open(const aegis_otlp_options *options, aegis_otlp **otlp, aegis_error *error);

/** Let buses opened with these options report their spans here (sets span_end and span_user, and no span_start). */
AEGIS_API void aegis_otlp_attach(aegis_otlp *otlp, aegis_options *options);

/** What attach sets span_end to, for programs that have a function of their own there; `otlp` is an aegis_otlp. */
AEGIS_API void aegis_otlp_span(void *otlp, struct aegis_span *span);

typedef struct aegis_otlp_counts {
    uint64_t sent;               /**< spans taken by the collector, or written */
    uint64_t dropped;            /**< no memory was left for them */
    uint64_t lost;               /**< refused by the collector, or not taken in time, or not written */
    uint64_t requests;           /**< made, or lines written */
    uint64_t retries;            /**< of these, repetitions */
} aegis_otlp_counts;

/** So far. */
AEGIS_API void aegis_otlp_read(aegis_otlp *otlp, aegis_otlp_counts *counts);

/** Send what is left, within close_timeout, and free. After the buses it is attached to are closed. OK: all spans were
 *  sent; else DATA_LOSS, and the text tells how many were not, and why. NULL is fine. */
AEGIS_API aegis_status aegis_otlp_close(aegis_otlp *otlp, aegis_error *error);

#ifdef __cplusplus
}
#endif

#endif
