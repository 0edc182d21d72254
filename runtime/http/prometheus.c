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

#include <stdio.h>
#include <string.h>

#include "http/exposition.h"

#define LABELS(array) (array), sizeof(array) / sizeof((array)[0])
/* Of a service's wire name and a method's. */
#define NAME_SIZE 512

typedef struct page {
    aegis_exposition out;
    const aegis_metrics *metrics;
} page;

typedef void (*show_family)(page *p, const aegis_family *family);

/* ---- calls -------------------------------------------------------------------------------------------- */

static void method_name(const aegis_method_metrics *m, char name[NAME_SIZE])
{
    (void)snprintf(name, NAME_SIZE, "%s/%s", m->service, m->method);
}

static void durations(page *p, const aegis_family *family, bool server)
{
    char name[NAME_SIZE];
    size_t i;

    for (i = 0; i < p->metrics->method_count; i++) {
        const aegis_method_metrics *m = &p->metrics->methods[i];
        const aegis_label labels[] = {{"rpc_system_name", "aegis"}, {"rpc_method", name}};

        if (m->server != server)
            continue;
        method_name(m, name);
        aegis_exposition_histogram(&p->out, family, LABELS(labels), &m->latency);
    }
}

static void client_durations(page *p, const aegis_family *family)
{
    durations(p, family, false);
}

static void server_durations(page *p, const aegis_family *family)
{
    durations(p, family, true);
}

static void outcomes(page *p, const aegis_family *family, bool server)
{
    char name[NAME_SIZE];
    size_t i;
    int status;

    for (i = 0; i < p->metrics->method_count; i++) {
        const aegis_method_metrics *m = &p->metrics->methods[i];

        if (m->server != server)
            continue;
        method_name(m, name);
        for (status = 0; status < AEGIS_STATUS_COUNT; status++) {
            const aegis_label labels[] = {
                {"rpc_method", name}, {"rpc_response_status_code", aegis_status_name((aegis_status)status)}};

            if (m->status[status] > 0 || status == AEGIS_OK)
                aegis_exposition_sample(&p->out, family, LABELS(labels), m->status[status]);
        }
    }
}

static void client_outcomes(page *p, const aegis_family *family)
{
    outcomes(p, family, false);
}

static void server_outcomes(page *p, const aegis_family *family)
{
    outcomes(p, family, true);
}

/* One counter of each method on one side; `at` is where it is in aegis_method_metrics. */
static void counts(page *p, const aegis_family *family, bool server, size_t at)
{
    char name[NAME_SIZE];
    size_t i;

    for (i = 0; i < p->metrics->method_count; i++) {
        const aegis_method_metrics *m = &p->metrics->methods[i];
        const aegis_label labels[] = {{"rpc_method", name}};
        uint64_t value;

        if (m->server != server)
            continue;
        method_name(m, name);
        memcpy(&value, (const char *)m + at, sizeof value);
        aegis_exposition_sample(&p->out, family, LABELS(labels), value);
    }
}

static void retries(page *p, const aegis_family *family)
{
    counts(p, family, false, offsetof(aegis_method_metrics, retried));
}

static void hedges(page *p, const aegis_family *family)
{
    counts(p, family, false, offsetof(aegis_method_metrics, hedged));
}

static void held_back(page *p, const aegis_family *family)
{
    counts(p, family, false, offsetof(aegis_method_metrics, refused));
}

static void shed(page *p, const aegis_family *family)
{
    counts(p, family, true, offsetof(aegis_method_metrics, refused));
}

static void expired(page *p, const aegis_family *family)
{
    counts(p, family, true, offsetof(aegis_method_metrics, expired));
}

/* ---- breakers ----------------------------------------------------------------------------------------- */

/* Is this the first of its service? There are few, so that looking back costs little. */
static bool first_breaker(const aegis_metrics *m, size_t at)
{
    size_t i;

    for (i = 0; i < at; i++) {
        if (strcmp(m->breakers[i].service, m->breakers[at].service) == 0)
            return false;
    }
    return true;
}

static void breakers(page *p, const aegis_family *family)
{
    static const char *const states[] = {"closed", "open", "half_open"};
    const aegis_metrics *m = p->metrics;
    size_t i, k;

    for (i = 0; i < m->breaker_count; i++) {
        uint64_t in[3] = {0, 0, 0};

        if (!first_breaker(m, i))
            continue;
        for (k = i; k < m->breaker_count; k++) {
            if (strcmp(m->breakers[k].service, m->breakers[i].service) == 0 &&
                (size_t)m->breakers[k].state < 3)
                in[m->breakers[k].state]++;
        }
        for (k = 0; k < 3; k++) {
            const aegis_label labels[] = {{"aegis_service", m->breakers[i].service}, {"state", states[k]}};

            aegis_exposition_sample(&p->out, family, LABELS(labels), in[k]);
        }
    }
}

static void breaker_openings(page *p, const aegis_family *family)
{
    const aegis_metrics *m = p->metrics;
    size_t i, k;

    for (i = 0; i < m->breaker_count; i++) {
        const aegis_label labels[] = {{"aegis_service", m->breakers[i].service}};
        uint64_t opened = 0;

        if (!first_breaker(m, i))
            continue;
        for (k = i; k < m->breaker_count; k++)
            opened += strcmp(m->breakers[k].service, m->breakers[i].service) == 0 ? m->breakers[k].opened : 0;
        aegis_exposition_sample(&p->out, family, LABELS(labels), opened);
    }
}

/* ---- services ----------------------------------------------------------------------------------------- */

/* One number of each service, its instances in this process added up; `at` as above. */
static void of_services(page *p, const aegis_family *family, size_t at)
{
    const aegis_metrics *m = p->metrics;
    size_t i, k;

    for (i = 0; i < m->service_count; i++) {
        const char *name = m->services[i].service;
        const aegis_label labels[] = {{"aegis_service", name}};
        uint64_t sum = 0;
        bool first = true;

        for (k = 0; k < m->service_count; k++) {
            uint32_t value;

            if (strcmp(m->services[k].service, name) != 0)
                continue;
            first = first && k >= i;
            memcpy(&value, (const char *)&m->services[k] + at, sizeof value);
            sum += value;
        }
        if (first)
            aegis_exposition_sample(&p->out, family, LABELS(labels), sum);
    }
}

static void concurrency(page *p, const aegis_family *family)
{
    of_services(p, family, offsetof(aegis_service_metrics, concurrency));
}

static void running(page *p, const aegis_family *family)
{
    of_services(p, family, offsetof(aegis_service_metrics, running));
}

static void waiting(page *p, const aegis_family *family)
{
    of_services(p, family, offsetof(aegis_service_metrics, waiting));
}

static void deferred(page *p, const aegis_family *family)
{
    of_services(p, family, offsetof(aegis_service_metrics, deferred));
}

/* ---- subscriptions ------------------------------------------------------------------------------------ */

static void events(page *p, const aegis_family *family)
{
    size_t i, k;

    for (i = 0; i < p->metrics->subscription_count; i++) {
        const aegis_subscription_metrics *s = &p->metrics->subscriptions[i];
        const struct {
            const char *outcome;
            uint64_t count;
        } of[] = {{"done", s->handled}, {"retried", s->retried}, {"dead", s->dead}, {"lost", s->lost}};

        for (k = 0; k < sizeof of / sizeof of[0]; k++) {
            const aegis_label labels[] = {
                {"aegis_service", s->service}, {"aegis_event", s->pattern}, {"outcome", of[k].outcome}};

            aegis_exposition_sample(&p->out, family, LABELS(labels), of[k].count);
        }
    }
}

/* ---- the bus ------------------------------------------------------------------------------------------ */

static void build(page *p, const aegis_family *family)
{
    const aegis_label labels[] = {{"version", AEGIS_VERSION}};

    aegis_exposition_sample(&p->out, family, LABELS(labels), 1);
}

static void connected(page *p, const aegis_family *family)
{
    aegis_exposition_sample(&p->out, family, NULL, 0, p->metrics->connection.connected);
}

static void durable(page *p, const aegis_family *family)
{
    aegis_exposition_sample(&p->out, family, NULL, 0, p->metrics->connection.durable);
}

static void connections(page *p, const aegis_family *family)
{
    aegis_exposition_sample(&p->out, family, NULL, 0, p->metrics->connection.connections);
}

static void reconnects(page *p, const aegis_family *family)
{
    aegis_exposition_sample(&p->out, family, NULL, 0, p->metrics->connection.reconnects);
}

/* ---- all of them -------------------------------------------------------------------------------------- */

static const struct {
    aegis_family family;
    show_family show;
} families[] = {
    {{"aegis_build_info", AEGIS_GAUGE, NULL, "Always 1; the label says which version of Aegis this is."},
     build},
    {{"aegis_connection_up", AEGIS_GAUGE, NULL, "1 while calls can reach the server."}, connected},
    {{"aegis_connection_streams_up", AEGIS_GAUGE, NULL,
      "1 while events and commands can be stored: JetStream answers, and its store was not full lately."},
     durable},
    {{"aegis_connections", AEGIS_GAUGE, NULL, "Connections to servers that are up."}, connections},
    {{"aegis_connection_reconnects_total", AEGIS_COUNTER, NULL, "Connections that were lost and made anew."},
     reconnects},
    {{"rpc_client_call_duration_seconds", AEGIS_HISTOGRAM, "seconds",
      "From a call to its outcome, retries included."},
     client_durations},
    {{"rpc_server_call_duration_seconds", AEGIS_HISTOGRAM, "seconds",
      "From a request's arrival to its answer, of requests whose handler ran."},
     server_durations},
    {{"aegis_client_calls_total", AEGIS_COUNTER, NULL, "Calls that ended, by status."}, client_outcomes},
    {{"aegis_server_calls_total", AEGIS_COUNTER, NULL, "Requests that were answered, by status."},
     server_outcomes},
    {{"aegis_client_retries_total", AEGIS_COUNTER, NULL, "Attempts after one that failed."}, retries},
    {{"aegis_client_hedges_total", AEGIS_COUNTER, NULL, "Second requests beside a slow first one."}, hedges},
    {{"aegis_client_breaker_rejections_total", AEGIS_COUNTER, NULL,
      "Attempts that an open breaker held back."},
     held_back},
    {{"aegis_client_breakers", AEGIS_GAUGE, NULL, "Circuit breakers of this process's clients, by state."},
     breakers},
    {{"aegis_client_breaker_openings_total", AEGIS_COUNTER, NULL, "How often a circuit breaker opened."},
     breaker_openings},
    {{"aegis_server_shed_total", AEGIS_COUNTER, NULL, "Requests refused because the waiting room was full."},
     shed},
    {{"aegis_server_expired_total", AEGIS_COUNTER, NULL,
      "Requests not started because their deadline had passed."},
     expired},
    {{"aegis_service_concurrency", AEGIS_GAUGE, NULL, "Handlers that may run at once."}, concurrency},
    {{"aegis_service_running", AEGIS_GAUGE, NULL, "Handlers of calls that run now."}, running},
    {{"aegis_service_waiting", AEGIS_GAUGE, NULL, "Requests in the waiting room."}, waiting},
    {{"aegis_service_deferred", AEGIS_GAUGE, NULL,
      "Calls whose handler returned and that are to be answered."},
     deferred},
    {{"aegis_subscription_events_total", AEGIS_COUNTER, NULL, "Events, by what became of them."}, events},
};

char *aegis_http_metrics(aegis_bus *bus, aegis_arena *arena, size_t *size, aegis_error *error)
{
    aegis_metrics metrics;
    page p;
    size_t i;

    memset(&p, 0, sizeof p);
    p.out.arena = arena;
    p.metrics = &metrics;
    if (aegis_metrics_read(bus, arena, &metrics, error) != AEGIS_OK)
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
