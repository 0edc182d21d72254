/* What a bus has counted, as Prometheus reads it. Names are OpenTelemetry's where it has one, translated as
 * its rules for Prometheus say: rpc.server.call.duration in seconds is rpc_server_call_duration_seconds, and
 * the attribute rpc.method the label rpc_method. What only Aegis has begins with aegis_. docs/OPERATE.md has
 * the list; a test compares it with the one below.
 *
 * The number of lines is bounded: labels are names that schemas declare, states and statuses; never ids, of
 * which there are new ones with each process. What several instances or clients in one process have is added
 * up.
 *
 * Sources: https://opentelemetry.io/docs/specs/semconv/rpc/rpc-metrics/ and .../messaging/messaging-metrics/,
 * https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/
 */
#include "http/internal.h"

#include <string.h>

#include "http/expose.h"

/* ---- the bus ------------------------------------------------------------------------------------------ */

static void build(aegis_page *p, const aegis_family *family)
{
    const aegis_label labels[] = {{"version", AEGIS_VERSION}};

    aegis_exposition_sample(&p->out, family, AEGIS_LABELS(labels), 1);
}

static void live(aegis_page *p, const aegis_family *family)
{
    aegis_exposition_sample(&p->out, family, NULL, 0, p->health->live);
}

static void ready(aegis_page *p, const aegis_family *family)
{
    aegis_exposition_sample(&p->out, family, NULL, 0, p->health->ready);
}

/* Two instances of a service in one process have checks of the same name: the worse one counts. */
static void checks(aegis_page *p, const aegis_family *family)
{
    const aegis_health_report *h = p->health;
    size_t i, k;

    for (i = 0; i < h->check_count; i++) {
        const aegis_label labels[] = {{"check", h->checks[i].name}};
        bool good = true, first = true;

        for (k = 0; k < h->check_count; k++) {
            if (strcmp(h->checks[k].name, h->checks[i].name) != 0)
                continue;
            first = first && k >= i;
            good = good && h->checks[k].good;
        }
        if (first)
            aegis_exposition_sample(&p->out, family, AEGIS_LABELS(labels), good);
    }
}

static void connected(aegis_page *p, const aegis_family *family)
{
    aegis_exposition_sample(&p->out, family, NULL, 0, p->metrics->connection.connected);
}

static void durable(aegis_page *p, const aegis_family *family)
{
    aegis_exposition_sample(&p->out, family, NULL, 0, p->metrics->connection.durable);
}

static void connections(aegis_page *p, const aegis_family *family)
{
    aegis_exposition_sample(&p->out, family, NULL, 0, p->metrics->connection.connections);
}

static void reconnects(aegis_page *p, const aegis_family *family)
{
    aegis_exposition_sample(&p->out, family, NULL, 0, p->metrics->connection.reconnects);
}

static void lame_ducks(aegis_page *p, const aegis_family *family)
{
    aegis_exposition_sample(&p->out, family, NULL, 0, p->metrics->connection.lame_ducks);
}

static void dropped(aegis_page *p, const aegis_family *family)
{
    aegis_exposition_sample(&p->out, family, NULL, 0, p->metrics->connection.dropped);
}

static void resent(aegis_page *p, const aegis_family *family)
{
    aegis_exposition_sample(&p->out, family, NULL, 0, p->metrics->connection.resent);
}

static void both_ways(aegis_page *p, const aegis_family *family, uint64_t in, uint64_t out)
{
    const aegis_label received[] = {{"direction", "in"}}, sent[] = {{"direction", "out"}};

    aegis_exposition_sample(&p->out, family, AEGIS_LABELS(received), in);
    aegis_exposition_sample(&p->out, family, AEGIS_LABELS(sent), out);
}

static void messages(aegis_page *p, const aegis_family *family)
{
    both_ways(p, family, p->metrics->connection.messages_in, p->metrics->connection.messages_out);
}

static void bytes(aegis_page *p, const aegis_family *family)
{
    both_ways(p, family, p->metrics->connection.bytes_in, p->metrics->connection.bytes_out);
}

/* ---- all of them -------------------------------------------------------------------------------------- */

#define COUNTER(name, help, show)                                                                            \
    {                                                                                                        \
        {name, AEGIS_COUNTER, NULL, help}, show                                                              \
    }
#define GAUGE(name, help, show)                                                                              \
    {                                                                                                        \
        {name, AEGIS_GAUGE, NULL, help}, show                                                                \
    }
#define HISTOGRAM(name, help, show)                                                                          \
    {                                                                                                        \
        {name, AEGIS_HISTOGRAM, "seconds", help}, show                                                       \
    }

static const struct {
    aegis_family family;
    aegis_expose *show;
} families[] = {
    GAUGE("aegis_build_info", "Always 1; the label says which version of Aegis this is.", build),
    GAUGE("aegis_live", "0 when only a new start helps.", live),
    GAUGE("aegis_ready", "1 while all checks are good and work is taken.", ready),
    GAUGE("aegis_health_check", "1 while what this check looks at is well.", checks),
    GAUGE("aegis_connection_up", "1 while calls can reach a server.", connected),
    GAUGE("aegis_connection_streams_up",
          "1 while events and commands can be stored: JetStream answers, and its store was not full lately.",
          durable),
    GAUGE("aegis_connections", "Connections to servers that are up.", connections),
    COUNTER("aegis_connection_reconnects_total", "Connections that were lost and made anew.", reconnects),
    COUNTER("aegis_connection_lame_ducks_total", "How often a server said that it is about to end.",
            lame_ducks),
    COUNTER("aegis_connection_dropped_messages_total",
            "Messages that came faster than they were taken, and were lost.", dropped),
    COUNTER("aegis_connection_resent_messages_total",
            "Publications and questions about streams that were sent another time.", resent),
    COUNTER("aegis_connection_messages_total", "Messages over the wire, of whatever kind.", messages),
    COUNTER("aegis_connection_bytes_total", "Bytes of messages over the wire.", bytes),
    HISTOGRAM("rpc_client_call_duration_seconds", "From a call to its outcome, retries included.",
              aegis_expose_client_durations),
    HISTOGRAM("rpc_server_call_duration_seconds",
              "From a request's arrival to its answer, of requests whose handler ran.",
              aegis_expose_server_durations),
    COUNTER("aegis_client_calls_total", "Calls that ended, by status.", aegis_expose_client_outcomes),
    GAUGE("aegis_client_calls_in_flight", "Calls that have not ended.", aegis_expose_in_flight),
    COUNTER("aegis_client_retries_total", "Attempts after one that failed.", aegis_expose_retries),
    COUNTER("aegis_client_hedges_total", "Second requests beside a slow first one.", aegis_expose_hedges),
    COUNTER("aegis_client_breaker_rejections_total", "Attempts that an open breaker held back.",
            aegis_expose_held_back),
    GAUGE("aegis_client_breakers", "Circuit breakers of this process's clients, by state.",
          aegis_expose_breakers),
    COUNTER("aegis_client_breaker_openings_total", "How often a circuit breaker opened.",
            aegis_expose_breaker_openings),
    COUNTER("aegis_server_calls_total", "Requests that were answered, by status.",
            aegis_expose_server_outcomes),
    COUNTER("aegis_server_shed_total", "Requests refused because the waiting room was full.",
            aegis_expose_shed),
    COUNTER("aegis_server_expired_total", "Requests not started because their deadline had passed.",
            aegis_expose_expired),
    GAUGE("aegis_server_running", "Handlers that run now, and calls that are to be answered later.",
          aegis_expose_method_running),
    GAUGE("aegis_server_waiting", "Requests in the waiting room.", aegis_expose_method_waiting),
    GAUGE("aegis_service_concurrency", "Handlers that may run at once.", aegis_expose_concurrency),
    GAUGE("aegis_service_running", "Handlers of calls that run now.", aegis_expose_running),
    GAUGE("aegis_service_waiting", "Requests in the waiting room.", aegis_expose_waiting),
    GAUGE("aegis_service_deferred", "Calls whose handler returned and that are to be answered.",
          aegis_expose_deferred),
    HISTOGRAM("messaging_client_operation_duration_seconds",
              "From publishing or submitting to the acknowledgement of the stream.",
              aegis_expose_send_durations),
    COUNTER("messaging_client_sent_messages_total", "Events and commands that were stored, or could not be.",
            aegis_expose_sent),
    GAUGE("aegis_sending_in_flight", "Events and commands that are not acknowledged yet.",
          aegis_expose_sending),
    HISTOGRAM("messaging_process_duration_seconds",
              "Handlers of events, and attempts of commands from their arrival on.",
              aegis_expose_process_durations),
    COUNTER("aegis_consumer_messages_total", "Events and commands, by what became of them.",
            aegis_expose_consumed),
    COUNTER("aegis_consumer_redelivered_total", "Messages that came another time, for whatever reason.",
            aegis_expose_redelivered),
    GAUGE("aegis_consumer_pending", "Messages that wait in the stream to be read, by any instance.",
          aegis_expose_pending),
    GAUGE("aegis_consumer_running", "Handlers that run now, and deferred commands.", aegis_expose_at_work),
    GAUGE("aegis_command_ready", "Commands that were read and wait for a slot.", aegis_expose_ready),
    COUNTER("aegis_command_attempts_total", "Attempts that ended, by status.", aegis_expose_attempts),
    COUNTER("aegis_command_taken_over_total",
            "Commands whose worker ended without an outcome, begun again here.", aegis_expose_taken_over),
    COUNTER("aegis_command_leases_lost_total",
            "Commands that were begun elsewhere because this process was too slow to say that they run.",
            aegis_expose_leases_lost),
    COUNTER("aegis_command_progress_total",
            "Progress updates: sent, or replaced by a later one before they were.", aegis_expose_progress),
};

char *aegis_http_metrics(aegis_bus *bus, aegis_arena *arena, size_t *size, aegis_error *error)
{
    aegis_health_report health;
    aegis_metrics metrics;
    aegis_page p;
    size_t i;

    memset(&p, 0, sizeof p);
    p.out.arena = arena;
    p.metrics = &metrics;
    p.health = &health;
    if (aegis_metrics_read(bus, arena, &metrics, error) != AEGIS_OK ||
        aegis_health_read(bus, arena, &health, error) != AEGIS_OK)
        return NULL;
    for (i = 0; i < sizeof families / sizeof families[0]; i++)
        families[i].show(&p, &families[i].family);
    *size = p.out.size;
    if (p.out.failed)
        (void)aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "out of memory");
    return p.out.failed ? NULL : p.out.text;
}

aegis_status aegis_metrics_prometheus(aegis_bus *bus, aegis_arena *arena, aegis_bytes *text,
                                      aegis_error *error)
{
    aegis_error why = {0};
    const char *made = aegis_http_metrics(bus, arena, &text->len, &why);

    text->data = (const uint8_t *)made;
    if (made != NULL)
        return AEGIS_OK;
    text->len = 0;
    if (error != NULL)
        *error = why;
    return why.status;
}
