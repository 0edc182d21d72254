/* The streams and the bucket everything durable lives in, as they are created. */
#include "application/topology.h"

#include <string.h>

#include "application/bus.h"

/* COMMANDS refuses what does not fit, so that a sender learns of it; EVENTS forgets the oldest. */
#define COMMANDS_MAX_BYTES ((int64_t)1 << 30)
#define EVENTS_MAX_BYTES   ((int64_t)1 << 30)
#define DLQ_MAX_BYTES      ((int64_t)256 << 20)
/* How long the result of a command can be read. */
#define RECORDS_MAX_AGE (24 * AEGIS_HOUR)

static const char *const events_subjects[] = {"events.>"};
static const char *const commands_subjects[] = {"commands.>"};
static const char *const dlq_subjects[] = {"dlq.>"};

static const aegis_stream_config streams[] = {
    {AEGIS_STREAM_EVENTS, events_subjects, 1, AEGIS_RETAIN_LIMITS, AEGIS_DISCARD_OLD, AEGIS_STORE_FILE,
     EVENTS_MAX_BYTES, 0, 0, 0, 0},
    {AEGIS_STREAM_COMMANDS, commands_subjects, 1, AEGIS_RETAIN_WORK_QUEUE, AEGIS_DISCARD_NEW,
     AEGIS_STORE_FILE, COMMANDS_MAX_BYTES, 0, 0, 0, 0},
    {AEGIS_STREAM_DLQ, dlq_subjects, 1, AEGIS_RETAIN_LIMITS, AEGIS_DISCARD_OLD, AEGIS_STORE_FILE,
     DLQ_MAX_BYTES, 0, 0, 0, 0},
};

static const aegis_bucket_config records = {AEGIS_BUCKET_RECORDS, RECORDS_MAX_AGE, AEGIS_STORE_FILE, 1, 0};

static aegis_status ensure_stream(aegis_bus *bus, aegis_stream_kind kind, aegis_error *error)
{
    aegis_stream_info info;
    aegis_status status;

    memset(&info, 0, sizeof info);
    status = bus->port->ops->ensure_stream(bus->port, &streams[kind],
                                           aegis_clock_monotonic() + AEGIS_MANAGE_TIMEOUT, &info, error);
    if (status != AEGIS_OK)
        return status;
    if (!atomic_exchange(&bus->ready[kind], true) && !info.ours && info.difference[0] != '\0')
        aegis_log_write(&bus->log, AEGIS_LOG_WARNING,
                        "stream %s was not created by Aegis and is used as it is; it differs: %s",
                        streams[kind].name, info.difference);
    return AEGIS_OK;
}

aegis_status aegis_bus_ensure(aegis_bus *bus, aegis_stream_kind kind, aegis_error *error)
{
    aegis_status status;

    if (atomic_load_explicit(&bus->ready[kind], memory_order_acquire))
        return AEGIS_OK;
    if (kind != AEGIS_KIND_RECORDS)
        return ensure_stream(bus, kind, error);
    status = bus->port->ops->ensure_bucket(bus->port, &records,
                                           aegis_clock_monotonic() + AEGIS_MANAGE_TIMEOUT, error);
    if (status == AEGIS_OK)
        atomic_store(&bus->ready[kind], true);
    return status;
}

const char *aegis_bus_stream(const aegis_bus *bus, aegis_stream_kind kind)
{
    (void)bus;
    return kind == AEGIS_KIND_RECORDS ? records.name : streams[kind].name;
}
