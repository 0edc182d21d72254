/* The families of /metrics: prometheus.c has the list of them, and the few of the bus itself.
 *
 *   expose_calls.c     methods, breakers, services
 *   expose_messages.c  what is sent to streams, and read
 */
#ifndef AEGIS_HTTP_EXPOSE_H
#define AEGIS_HTTP_EXPOSE_H

#include <aegis/health.h>

#include "http/exposition.h"

#define AEGIS_LABELS(array) (array), sizeof(array) / sizeof((array)[0])

typedef struct aegis_page {
    aegis_exposition out;
    const aegis_metrics *metrics;
    const aegis_health_report *health;
} aegis_page;

/* Writes the samples of one family. */
typedef void aegis_expose(aegis_page *p, const aegis_family *family);

/* Histograms of what ended OK and of what did not; there is room for one label more than `count`. */
void aegis_expose_times(aegis_page *p, const aegis_family *family, aegis_label *labels, size_t count,
                        const aegis_latency *latency, const aegis_latency *failed);

aegis_expose aegis_expose_client_durations;
aegis_expose aegis_expose_server_durations;
aegis_expose aegis_expose_client_outcomes;
aegis_expose aegis_expose_server_outcomes;
aegis_expose aegis_expose_in_flight;
aegis_expose aegis_expose_retries;
aegis_expose aegis_expose_hedges;
aegis_expose aegis_expose_held_back;
aegis_expose aegis_expose_shed;
aegis_expose aegis_expose_expired;
aegis_expose aegis_expose_method_running;
aegis_expose aegis_expose_method_waiting;
aegis_expose aegis_expose_breakers;
aegis_expose aegis_expose_breaker_openings;
aegis_expose aegis_expose_concurrency;
aegis_expose aegis_expose_running;
aegis_expose aegis_expose_waiting;
aegis_expose aegis_expose_deferred;
aegis_expose aegis_expose_send_durations;
aegis_expose aegis_expose_sent;
aegis_expose aegis_expose_sending;
aegis_expose aegis_expose_process_durations;
aegis_expose aegis_expose_attempts;
aegis_expose aegis_expose_consumed;
aegis_expose aegis_expose_redelivered;
aegis_expose aegis_expose_pending;
aegis_expose aegis_expose_at_work;
aegis_expose aegis_expose_ready;
aegis_expose aegis_expose_taken_over;
aegis_expose aegis_expose_leases_lost;
aegis_expose aegis_expose_progress;

#endif
