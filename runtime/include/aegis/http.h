/* What monitoring asks a process over HTTP: is it alive, can it take work, what has it counted. In a library of its
 * own, libaegis-http (`pkg-config aegis-http`), so that a program without it needs no HTTP library.
 *
 *     aegis_http *http;
 *
 *     if (aegis_http_start(bus, NULL, &http, &error) != AEGIS_OK)
 *         fprintf(stderr, "%s\n", aegis_error_text(&error));
 *     printf("see http://127.0.0.1:%u/metrics\n", (unsigned)aegis_http_port(http));
 */
#ifndef AEGIS_HTTP_H
#define AEGIS_HTTP_H

#include <aegis/bus.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A listener for GET and HEAD of /livez, /readyz and /metrics. It works on one thread of its own, for 128 connections
 *  at most; one connection is one request, and has ten seconds, a tenth of one while others may wait to be accepted. */
typedef struct aegis_http aegis_http;

/** All optional: zero means the default. Strings are copied. */
typedef struct aegis_http_options {
    const char *address;         /**< to listen on: IPv4, IPv6 ("::1", "::" for all) or a host's name; default
                                      127.0.0.1. There is no access control: what listens elsewhere can be asked by all
                                      who reach it */
    uint16_t port;               /**< 0: a free one, which aegis_http_port tells */
} aegis_http_options;

/** Listen. On success `*http` is the caller's, to be stopped before its bus is closed.
 *  Errors: INVALID_ARGUMENT for an address that is none; UNAVAILABLE, naming address and port, when it cannot listen
 *  there; RESOURCE_EXHAUSTED. `options` and `error` may be NULL. */
AEGIS_API aegis_status aegis_http_start(aegis_bus *bus, const aegis_http_options *options, aegis_http **http,
                                        aegis_error *error);

/** The port it listens on. */
AEGIS_API uint16_t aegis_http_port(const aegis_http *http);

/** What /metrics says: everything that aegis_metrics_read tells, in Prometheus's text format 0.0.4, for those who have a
 *  listener of their own. In `arena`; names and labels are in docs/OPERATE.md. Errors: RESOURCE_EXHAUSTED. */
AEGIS_API aegis_status aegis_metrics_prometheus(aegis_bus *bus, aegis_arena *arena, aegis_bytes *text,
                                                aegis_error *error);

/** Stop listening, end all connections, free. NULL is fine. */
AEGIS_API void aegis_http_stop(aegis_http *http);

#ifdef __cplusplus
}
#endif

#endif
