/* Sums over instances, and differences between two readings. */
#include <stdlib.h>
#include <string.h>

#include "fleet_parts.h"

/* ---- since the reading before ---- */

/* How much more; all of it after a restart, when it counts anew. */
static double more(double before, double now)
{
    return before >= 0 && before <= now ? now - before : now;
}

static const aegis_latency *latency_since(arena *memory, const aegis_latency *before,
                                          const aegis_latency *now)
{
    aegis_latency *recent;
    size_t i;

    if (now == NULL || before == NULL || now->count < before->count)
        return now;
    recent = arena_new(memory, aegis_latency);
    if (recent == NULL)
        return NULL;
    for (i = 0; i < AEGIS_LATENCY_BUCKETS; i++) {
        recent->buckets[i] =
            now->buckets[i] - (before->buckets[i] < now->buckets[i] ? before->buckets[i] : now->buckets[i]);
        recent->count += recent->buckets[i];
    }
    recent->sum = now->sum - (before->sum < now->sum ? before->sum : now->sum);
    return recent;
}

static void callers_since(const fleet_endpoint *before, fleet_endpoint *now, double seconds, arena *memory)
{
    fleet_caller *callers = now->caller_count > 0
                                ? (fleet_caller *)arena_array(memory, now->caller_count, sizeof *callers)
                                : NULL;
    size_t i, k;

    if (callers == NULL)
        return;
    for (i = 0; i < now->caller_count; i++) {
        double known = 0;

        callers[i] = now->callers[i];
        for (k = 0; k < before->caller_count; k++) {
            const fleet_caller *caller = &before->callers[(i + k) % before->caller_count];

            if (strcmp(caller->source, callers[i].source) == 0) {
                known = caller->requests;
                break;
            }
        }
        callers[i].rate = more(known, callers[i].requests) / seconds;
    }
    now->callers = callers;
}

static void endpoint_since(const fleet_endpoint *before, fleet_endpoint *now, double seconds, arena *memory)
{
    if (now->requests < 0)
        return;
    now->rate = more(before->requests, now->requests) / seconds;
    now->error_rate = now->errors >= 0 ? more(before->errors, now->errors) / seconds : -1;
    now->recent = latency_since(memory, before->latency, now->latency);
    callers_since(before, now, seconds, memory);
}

static int by_instance(const void *a, const void *b)
{
    const fleet_instance *x = (const fleet_instance *)a, *y = (const fleet_instance *)b;
    const int order = strcmp(x->service, y->service);

    return order != 0 ? order : strcmp(x->id, y->id);
}

void fleet_set_rates(const fleet *before, fleet_instance *now, size_t count, arena *memory)
{
    size_t i, k;

    for (i = 0; i < count && before->instance_count > 0; i++) {
        const fleet_instance *was = (const fleet_instance *)bsearch(
            &now[i], before->instances, before->instance_count, sizeof *was, by_instance);
        double seconds;

        if (was == NULL || was->arrived == 0 || now[i].arrived <= was->arrived)
            continue;
        seconds = (double)(now[i].arrived - was->arrived) / 1e9;
        for (k = 0; k < now[i].endpoint_count; k++) {
            fleet_endpoint *endpoint = &now[i].endpoints[k];
            const fleet_endpoint *same =
                fleet_same_endpoint(was->endpoints, was->endpoint_count, endpoint, k);

            if (same != NULL)
                endpoint_since(same, endpoint, seconds, memory);
        }
    }
}

/* ---- services ---- */

/* Unknown and something is something. */
static void add(double *to, double value)
{
    if (value >= 0)
        *to = *to >= 0 ? *to + value : value;
}

static const aegis_latency *add_latency(arena *memory, const aegis_latency *to, const aegis_latency *more_of)
{
    aegis_latency *sum;
    size_t i;

    if (to == NULL || more_of == NULL)
        return to != NULL ? to : more_of;
    sum = arena_new(memory, aegis_latency);
    if (sum == NULL)
        return to;
    *sum = *to;
    for (i = 0; i < AEGIS_LATENCY_BUCKETS; i++)
        sum->buckets[i] += more_of->buckets[i];
    sum->count += more_of->count;
    sum->sum += more_of->sum;
    return sum;
}

static void add_callers(arena *memory, fleet_endpoint *to, const fleet_endpoint *from)
{
    fleet_caller *all;
    size_t count = to->caller_count, i, k;

    if (from->caller_count == 0)
        return;
    all = (fleet_caller *)arena_array(memory, count + from->caller_count, sizeof *all);
    if (all == NULL)
        return;
    if (count > 0)
        memcpy(all, to->callers, count * sizeof *all);
    for (i = 0; i < from->caller_count; i++) {
        for (k = 0; k < to->caller_count && strcmp(all[k].source, from->callers[i].source) != 0; k++)
            continue;
        if (k == to->caller_count) {
            all[count++] = from->callers[i];
            continue;
        }
        add(&all[k].requests, from->callers[i].requests);
        add(&all[k].errors, from->callers[i].errors);
        add(&all[k].rate, from->callers[i].rate);
    }
    to->callers = all;
    to->caller_count = count;
}

static void add_endpoint(arena *memory, fleet_endpoint *to, const fleet_endpoint *from)
{
    add(&to->requests, from->requests);
    add(&to->errors, from->errors);
    add(&to->spent, from->spent);
    add(&to->rate, from->rate);
    add(&to->error_rate, from->error_rate);
    add(&to->running, from->running);
    add(&to->waiting, from->waiting);
    add(&to->retried, from->retried);
    add(&to->dead, from->dead);
    add(&to->lost, from->lost);
    if (to->kind[0] == '\0')
        to->kind = from->kind;
    if (to->last_error[0] == '\0')
        to->last_error = from->last_error;
    to->latency = add_latency(memory, to->latency, from->latency);
    to->recent = add_latency(memory, to->recent, from->recent);
    add_callers(memory, to, from);
}

static void add_instance(arena *memory, fleet_service *service, const fleet_instance *instance)
{
    size_t i;

    for (i = 0; i < instance->endpoint_count; i++) {
        const fleet_endpoint *from = &instance->endpoints[i];
        const fleet_endpoint *same =
            fleet_same_endpoint(service->endpoints, service->endpoint_count, from, i);
        fleet_endpoint *grown;

        add(&service->running, from->running);
        add(&service->waiting, from->waiting);
        if (same != NULL) {
            add_endpoint(memory, &service->endpoints[same - service->endpoints], from);
            continue;
        }
        grown =
            (fleet_endpoint *)arena_grow(memory, service->endpoints, service->endpoint_count, sizeof *grown);
        if (grown == NULL)
            return;
        grown[service->endpoint_count++] = *from;
        service->endpoints = grown;
    }
}

/* Whether `text` is another than the first that was known. */
static bool differs(const char **first, const char *text)
{
    if (text == NULL || text[0] == '\0')
        return false;
    if (*first == NULL)
        *first = text;
    return strcmp(*first, text) != 0;
}

static void sum(arena *memory, fleet_service *service)
{
    const char *version = NULL, *schema = NULL;
    size_t i;

    service->rate = service->error_rate = service->requests = service->errors = -1;
    service->running = service->waiting = -1;
    for (i = 0; i < service->instance_count; i++) {
        const fleet_instance *instance = &service->instances[i];

        service->versions_differ = differs(&version, instance->version) || service->versions_differ;
        service->schemas_differ = differs(&schema, instance->schema) || service->schemas_differ;
        add_instance(memory, service, instance);
    }
    for (i = 0; i < service->endpoint_count; i++) {
        const fleet_endpoint *endpoint = &service->endpoints[i];

        add(&service->rate, endpoint->rate);
        add(&service->error_rate, endpoint->error_rate);
        add(&service->requests, endpoint->requests);
        add(&service->errors, endpoint->errors);
        service->latency = add_latency(memory, service->latency, endpoint->latency);
        service->recent = add_latency(memory, service->recent, endpoint->recent);
    }
}

void fleet_make_services(fleet *f)
{
    fleet_service *services = NULL;
    size_t i;

    for (i = 0; i < f->instance_count; i++) {
        const fleet_instance *instance = &f->instances[i];
        fleet_service *last = f->service_count > 0 ? &services[f->service_count - 1] : NULL;

        if (last == NULL || strcmp(last->name, instance->service) != 0) {
            services = (fleet_service *)arena_grow(f->memory, services, f->service_count, sizeof *services);
            if (services == NULL)
                return;
            f->services = services;
            last = &services[f->service_count++];
            memset(last, 0, sizeof *last);
            last->name = instance->service;
            last->instances = instance;
        }
        last->instance_count++;
    }
    for (i = 0; i < f->service_count; i++)
        sum(f->memory, &services[i]);
}
