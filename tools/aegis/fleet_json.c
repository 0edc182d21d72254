/* A fleet as JSON. */
#include "fleet_json.h"

#include <math.h>

#include "domain/time.h"

json_t *fleet_json_number(double value)
{
    if (!(value >= 0) || isinf(value))
        return json_null();
    return value < 9e15 && value == floor(value) ? json_integer((json_int_t)value) : json_real(value);
}

json_t *fleet_json_time(aegis_timestamp when)
{
    char text[AEGIS_TIMESTAMP_TEXT];

    if (when == 0)
        return json_null();
    (void)aegis_timestamp_format(when, text);
    return json_string(text);
}

static json_t *text_or_null(const char *text)
{
    return text != NULL && text[0] != '\0' ? json_string(text) : json_null();
}

static json_t *quantile(const aegis_latency *latency, double of)
{
    return latency != NULL && latency->count > 0
               ? json_integer((json_int_t)aegis_latency_quantile(latency, of))
               : json_null();
}

static json_t *callers(const fleet_endpoint *e)
{
    json_t *list = json_array();
    size_t i;

    for (i = 0; i < e->caller_count; i++) {
        const fleet_caller *c = &e->callers[i];

        (void)json_array_append_new(list, json_pack("{s:s, s:o, s:o, s:o}", "source", c->source, "requests",
                                                    fleet_json_number(c->requests), "errors",
                                                    fleet_json_number(c->errors), "rate",
                                                    fleet_json_number(c->rate)));
    }
    return list;
}

json_t *fleet_json_endpoint(const fleet_endpoint *e)
{
    const aegis_latency *latency = e->recent != NULL && e->recent->count > 0 ? e->recent : e->latency;
    const double mean = e->requests > 0 && e->spent >= 0 ? e->spent / e->requests : -1;

    return json_pack("{s:s, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "name",
                     e->name, "kind", text_or_null(e->kind), "subject", e->subject, "requests",
                     fleet_json_number(e->requests), "errors", fleet_json_number(e->errors), "rate",
                     fleet_json_number(e->rate), "error_rate", fleet_json_number(e->error_rate), "mean_ns",
                     fleet_json_number(mean >= 0 ? floor(mean) : -1), "p50_ns", quantile(latency, 0.5),
                     "p99_ns", quantile(latency, 0.99), "retried", fleet_json_number(e->retried), "dead",
                     fleet_json_number(e->dead), "lost", fleet_json_number(e->lost), "last_error",
                     text_or_null(e->last_error), "callers", callers(e));
}

static json_t *instance_json(const fleet_instance *i)
{
    json_t *endpoints = json_array();
    size_t k;

    for (k = 0; k < i->endpoint_count; k++)
        (void)json_array_append_new(endpoints, fleet_json_endpoint(&i->endpoints[k]));
    return json_pack("{s:s, s:o, s:s, s:o, s:o, s:o, s:o, s:b, s:b, s:o}", "id", i->id, "version",
                     text_or_null(i->version), "state", i->state, "started", fleet_json_time(i->started),
                     "heartbeat", fleet_json_time(i->heartbeat), "seen_ns",
                     fleet_json_number(i->seen >= 0 ? (double)i->seen : -1), "schema",
                     text_or_null(i->schema), "answers", (int)i->answers, "registered", (int)i->registered,
                     "endpoints", endpoints);
}

json_t *fleet_json(const fleet *f)
{
    json_t *services = json_array();
    size_t i, k;

    for (i = 0; i < f->service_count; i++) {
        json_t *instances = json_array();

        for (k = 0; k < f->services[i].instance_count; k++)
            (void)json_array_append_new(instances, instance_json(&f->services[i].instances[k]));
        (void)json_array_append_new(
            services, json_pack("{s:s, s:o}", "name", f->services[i].name, "instances", instances));
    }
    return json_pack("{s:o, s:b}", "services", services, "registry", (int)f->registry_read);
}
