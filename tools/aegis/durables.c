/* Consumers and dead letters, by JetStream's own API. */
#include "durables.h"

#include <string.h>

#include "jetstream.h"
#include "wire.h"

/* "order-service" of "order-service__payment_any" (ours), "order-service" and "order-service-process_batch"
 * (the original's): the longest name of a service that it begins with, or what stands before "__". */
static const char *owner_of(const fleet *f, arena *memory, const char *consumer)
{
    const char *best = NULL, *end = strstr(consumer, "__");
    size_t longest = 0, i;

    for (i = 0; f != NULL && i < f->service_count; i++) {
        const char *name = f->services[i].name;
        const size_t size = strlen(name);

        if (size > longest && strncmp(consumer, name, size) == 0 &&
            (consumer[size] == '\0' || consumer[size] == '-' || strncmp(consumer + size, "__", 2) == 0)) {
            longest = size;
            best = name;
        }
    }
    if (best != NULL || end == NULL || end == consumer)
        return best;
    return arena_copy(memory, consumer, (size_t)(end - consumer));
}

static void add_consumer(const fleet *f, arena *memory, const char *stream, json_t *told, durables *out)
{
    json_t *config = json_object_get(told, "config");
    const char *name = wire_text(told, "name", "");
    durable *items;

    /* what only lives as long as its reader has nothing that waits for a service */
    if (wire_text(config, "durable_name", NULL) == NULL)
        return;
    items = (durable *)arena_grow(memory, out->items, out->count, sizeof *items);
    if (items == NULL)
        return;
    out->items = items;
    items[out->count++] = (durable){.service = owner_of(f, memory, name),
                                    .stream = stream,
                                    .name = arena_strdup(memory, name),
                                    .filter = arena_strdup(memory, wire_text(config, "filter_subject", "")),
                                    .lag = wire_number(told, "num_pending", -1),
                                    .unsettled = wire_number(told, "num_ack_pending", -1),
                                    .redelivered = wire_number(told, "num_redelivered", -1),
                                    .readers = wire_text(config, "deliver_subject", NULL) != NULL
                                                   ? -1
                                                   : wire_number(told, "num_waiting", -1)};
}

static aegis_status read_consumers(session *s, const fleet *f, arena *memory, const char *stream,
                                   durables *out, aegis_error *error)
{
    json_t *list = NULL, *told;
    const aegis_status status = jetstream_consumers(s, stream, &list, error);
    size_t i;

    json_array_foreach(list, i, told) add_consumer(f, memory, stream, told, out);
    json_decref(list);
    return status;
}

/* dlq.<service>.<name> */
static void add_letter(arena *memory, const char *subject, double count, durables *out)
{
    const char *service = strchr(subject, '.');
    const char *name = service != NULL ? strchr(service + 1, '.') : NULL;
    dead_letters *letters;

    if (name == NULL || !(count > 0))
        return;
    letters = (dead_letters *)arena_grow(memory, out->letters, out->letter_count, sizeof *letters);
    if (letters == NULL)
        return;
    out->letters = letters;
    letters[out->letter_count++] = (dead_letters){
        arena_copy(memory, service + 1, (size_t)(name - service - 1)), arena_strdup(memory, name + 1), count};
}

static aegis_status read_letters(session *s, arena *memory, const char *stream, durables *out,
                                 aegis_error *error)
{
    json_t *body = json_pack("{s:s}", "subjects_filter", "dlq.>"), *answer = NULL, *subjects, *count;
    const char *subject;
    const aegis_status status =
        jetstream_ask(s, aegis_arena_printf(s->arena, "STREAM.INFO.%s", stream), body, &answer, error);

    subjects = json_object_get(json_object_get(answer, "state"), "subjects");
    json_object_foreach(subjects, subject, count) add_letter(memory, subject, json_number_value(count), out);
    json_decref(answer);
    json_decref(body);
    return status == AEGIS_NOT_FOUND ? AEGIS_OK : status; /* nothing has died yet */
}

void durables_read(session *s, const fleet *f, arena *memory, durables *out)
{
    aegis_error error = {0};
    aegis_status status;

    memset(out, 0, sizeof *out);
    status = read_consumers(s, f, memory, aegis_bus_stream(s->bus, AEGIS_KIND_EVENTS), out, &error);
    if (status == AEGIS_OK)
        status = read_consumers(s, f, memory, aegis_bus_stream(s->bus, AEGIS_KIND_COMMANDS), out, &error);
    if (status == AEGIS_OK)
        status = read_letters(s, memory, aegis_bus_stream(s->bus, AEGIS_KIND_DLQ), out, &error);
    out->read = status == AEGIS_OK;
    out->why = out->read ? NULL : arena_strdup(memory, aegis_error_text(&error));
}

double durables_lag(const durables *d, const char *service)
{
    double sum = 0;
    size_t i;

    for (i = 0; i < d->count; i++) {
        if (d->items[i].lag > 0 &&
            (service == NULL || (d->items[i].service != NULL && strcmp(d->items[i].service, service) == 0)))
            sum += d->items[i].lag;
    }
    return d->read ? sum : -1;
}

double durables_dead(const durables *d, const char *service)
{
    double sum = 0;
    size_t i;

    for (i = 0; i < d->letter_count; i++) {
        if (service == NULL || strcmp(d->letters[i].service, service) == 0)
            sum += d->letters[i].count;
    }
    return d->read ? sum : -1;
}
