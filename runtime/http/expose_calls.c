/* What /metrics says of calls: methods on both sides, the breakers of clients, the queues of services. What
 * several instances or clients in one process have is added up. */
#include "http/expose.h"

#include <stdio.h>
#include <string.h>

/* Of a service's wire name and a method's. */
#define NAME_SIZE 512

/* ---- calls -------------------------------------------------------------------------------------------- */

static void method_name(const aegis_method_metrics *m, char name[NAME_SIZE])
{
    (void)snprintf(name, NAME_SIZE, "%s/%s", m->service, m->method);
}

/* Those that ended OK, then those that did not, where there are any: OpenTelemetry's error.type, in short. */
void aegis_expose_times(aegis_page *p, const aegis_family *family, aegis_label *labels, size_t count,
                        const aegis_latency *latency, const aegis_latency *failed)
{
    aegis_latency good = *latency;
    size_t i;

    good.sum -= failed->sum;
    good.count -= failed->count;
    for (i = 0; i < AEGIS_LATENCY_BUCKETS; i++)
        good.buckets[i] -= failed->buckets[i];
    labels[count].name = "error_type";
    labels[count].value = NULL;
    aegis_exposition_histogram(&p->out, family, labels, count + 1, &good);
    labels[count].value = "_OTHER";
    if (failed->count > 0)
        aegis_exposition_histogram(&p->out, family, labels, count + 1, failed);
}

static void durations(aegis_page *p, const aegis_family *family, bool server)
{
    char name[NAME_SIZE];
    size_t i;

    for (i = 0; i < p->metrics->method_count; i++) {
        const aegis_method_metrics *m = &p->metrics->methods[i];
        aegis_label labels[3] = {{"rpc_system_name", "aegis"}, {"rpc_method", name}};

        if (m->server != server || m->command)
            continue;
        method_name(m, name);
        aegis_expose_times(p, family, labels, 2, &m->latency, &m->failed);
    }
}

void aegis_expose_client_durations(aegis_page *p, const aegis_family *family)
{
    durations(p, family, false);
}

void aegis_expose_server_durations(aegis_page *p, const aegis_family *family)
{
    durations(p, family, true);
}

static void outcomes(aegis_page *p, const aegis_family *family, bool server)
{
    char name[NAME_SIZE];
    size_t i;
    int status;

    for (i = 0; i < p->metrics->method_count; i++) {
        const aegis_method_metrics *m = &p->metrics->methods[i];

        if (m->server != server || m->command)
            continue;
        method_name(m, name);
        for (status = 0; status < AEGIS_STATUS_COUNT; status++) {
            const aegis_label labels[] = {
                {"rpc_method", name}, {"rpc_response_status_code", aegis_status_name((aegis_status)status)}};

            if (m->status[status] > 0 || status == AEGIS_OK)
                aegis_exposition_sample(&p->out, family, AEGIS_LABELS(labels), m->status[status]);
        }
    }
}

void aegis_expose_client_outcomes(aegis_page *p, const aegis_family *family)
{
    outcomes(p, family, false);
}

void aegis_expose_server_outcomes(aegis_page *p, const aegis_family *family)
{
    outcomes(p, family, true);
}

/* One counter of each method on one side; `at` is where it is in aegis_method_metrics. */
static void counts(aegis_page *p, const aegis_family *family, bool server, size_t at)
{
    char name[NAME_SIZE];
    size_t i;

    for (i = 0; i < p->metrics->method_count; i++) {
        const aegis_method_metrics *m = &p->metrics->methods[i];
        const aegis_label labels[] = {{"rpc_method", name}};
        uint64_t value;

        if (m->server != server || m->command)
            continue;
        method_name(m, name);
        memcpy(&value, (const char *)m + at, sizeof value);
        aegis_exposition_sample(&p->out, family, AEGIS_LABELS(labels), value);
    }
}

void aegis_expose_in_flight(aegis_page *p, const aegis_family *family)
{
    counts(p, family, false, offsetof(aegis_method_metrics, in_flight));
}

void aegis_expose_retries(aegis_page *p, const aegis_family *family)
{
    counts(p, family, false, offsetof(aegis_method_metrics, retried));
}

void aegis_expose_hedges(aegis_page *p, const aegis_family *family)
{
    counts(p, family, false, offsetof(aegis_method_metrics, hedged));
}

void aegis_expose_held_back(aegis_page *p, const aegis_family *family)
{
    counts(p, family, false, offsetof(aegis_method_metrics, refused));
}

void aegis_expose_shed(aegis_page *p, const aegis_family *family)
{
    counts(p, family, true, offsetof(aegis_method_metrics, refused));
}

void aegis_expose_expired(aegis_page *p, const aegis_family *family)
{
    counts(p, family, true, offsetof(aegis_method_metrics, expired));
}

void aegis_expose_method_running(aegis_page *p, const aegis_family *family)
{
    counts(p, family, true, offsetof(aegis_method_metrics, running));
}

void aegis_expose_method_waiting(aegis_page *p, const aegis_family *family)
{
    counts(p, family, true, offsetof(aegis_method_metrics, waiting));
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

void aegis_expose_breakers(aegis_page *p, const aegis_family *family)
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

            aegis_exposition_sample(&p->out, family, AEGIS_LABELS(labels), in[k]);
        }
    }
}

void aegis_expose_breaker_openings(aegis_page *p, const aegis_family *family)
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
        aegis_exposition_sample(&p->out, family, AEGIS_LABELS(labels), opened);
    }
}

/* ---- services ----------------------------------------------------------------------------------------- */

/* One number of each service, its instances in this process added up; `at` as above. */
static void of_services(aegis_page *p, const aegis_family *family, size_t at)
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
            aegis_exposition_sample(&p->out, family, AEGIS_LABELS(labels), sum);
    }
}

void aegis_expose_concurrency(aegis_page *p, const aegis_family *family)
{
    of_services(p, family, offsetof(aegis_service_metrics, concurrency));
}

void aegis_expose_running(aegis_page *p, const aegis_family *family)
{
    of_services(p, family, offsetof(aegis_service_metrics, running));
}

void aegis_expose_waiting(aegis_page *p, const aegis_family *family)
{
    of_services(p, family, offsetof(aegis_service_metrics, waiting));
}

void aegis_expose_deferred(aegis_page *p, const aegis_family *family)
{
    of_services(p, family, offsetof(aegis_service_metrics, deferred));
}
