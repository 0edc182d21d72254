/* Reading and writing the records of commands, and what a record says about a delivery. The one difficulty is
 * a write whose acknowledgement is lost: the caller must know whether it holds the attempt, so the record is
 * read back and recognized by its mark (owner, attempt and the nanosecond it was written in). */
#define _POSIX_C_SOURCE 200809L
#include "application/record.h"

#include <string.h>

/* Between two tries to learn what became of a write. */
#define PAUSE (20 * AEGIS_MILLISECOND)
/* A write whose acknowledgement takes longer is looked into. */
#define PATIENCE AEGIS_SECOND
/* Longest key of a bucket. */
#define KEY_MAX 256

/* ---- keys --------------------------------------------------------------------------------------------- */

static bool plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* Ids of ours are uuids and their own keys. Peers of the original may send any text: what a key cannot hold
 * is written =XX. False: it is too long, or empty. */
static bool key_of(const char *id, char key[KEY_MAX + 1])
{
    static const char digits[] = "0123456789ABCDEF";
    size_t length = 0;

    for (; *id != '\0'; id++) {
        if (length + 3 > KEY_MAX)
            return false;
        if (plain(*id)) {
            key[length++] = *id;
            continue;
        }
        key[length++] = '=';
        key[length++] = digits[(unsigned char)*id >> 4];
        key[length++] = digits[(unsigned char)*id & 15];
    }
    key[length] = '\0';
    return length > 0;
}

bool aegis_record_fits(const char *id)
{
    char key[KEY_MAX + 1];

    return key_of(id, key);
}

/* ---- reading and writing ------------------------------------------------------------------------------ */

aegis_status aegis_record_read(aegis_bus *bus, const char *id, int64_t deadline, aegis_arena *arena,
                               aegis_record *out, aegis_error *error)
{
    aegis_kv_entry entry = {{NULL, 0}, 0, 0};
    aegis_reader reader;
    aegis_error why = {0};
    char key[KEY_MAX + 1];

    memset(out, 0, sizeof *out);
    if (!key_of(id, key))
        return aegis_error_set(error, AEGIS_INVALID_ARGUMENT, "a command's id has 1 to 256 bytes");
    aegis_status status = bus->port->ops->kv_get(bus->port, aegis_bus_stream(bus, AEGIS_KIND_RECORDS), key,
                                                 deadline, arena, &entry, error);
    if (status != AEGIS_OK)
        return status;
    aegis_reader_open(&reader, entry.value, aegis_format_of(entry.value), arena);
    aegis_duties_command_record_get(&reader, &out->value);
    out->revision = entry.revision;
    status = aegis_reader_close(&reader, &why);
    if (status == AEGIS_OK || status == AEGIS_RESOURCE_EXHAUSTED)
        return status == AEGIS_OK ? status : aegis_error_set(error, status, "%s", why.text);
    return aegis_error_set(error, AEGIS_DATA_LOSS, "the record of command %s: %s", id, why.text);
}

aegis_status aegis_record_forget(aegis_bus *bus, const aegis_record *record, int64_t deadline,
                                 aegis_error *error)
{
    char key[KEY_MAX + 1];

    if (!key_of(record->value.command_id, key))
        return aegis_error_set(error, AEGIS_INVALID_ARGUMENT, "a command's id has 1 to 256 bytes");
    aegis_status status = bus->port->ops->kv_delete(bus->port, aegis_bus_stream(bus, AEGIS_KIND_RECORDS), key,
                                                    record->revision, deadline, error);
    return status == AEGIS_ABORTED ? aegis_error_set(error, AEGIS_OK, "%s", "") : status;
}

static aegis_status encode(const aegis_record *record, aegis_arena *arena, aegis_bytes *body,
                           aegis_error *error)
{
    aegis_writer writer;

    aegis_writer_open(&writer, arena, AEGIS_FORMAT_MSGPACK, 0);
    aegis_duties_command_record_put(&writer, &record->value);
    return aegis_writer_close(&writer, body, error);
}

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Nobody writes the same attempt in the same nanosecond. */
static bool same_write(const aegis_duties_command_record *a, const aegis_duties_command_record *b)
{
    return a->updated == b->updated && a->attempt == b->attempt && a->state == b->state &&
           same_text(a->owner, b->owner);
}

static bool lost(aegis_status status)
{
    return status == AEGIS_DEADLINE_EXCEEDED || status == AEGIS_UNAVAILABLE;
}

/* What became of a write that was refused, or never acknowledged. OK: it is there. ABORTED: another one is.
 * NOT_FOUND: neither, so that it may be sent again. Else: nobody knows. */
static aegis_status find_out(aegis_bus *bus, aegis_record *record, int64_t deadline, aegis_arena *arena)
{
    aegis_record found;
    aegis_status status = aegis_record_read(bus, record->value.command_id, deadline, arena, &found, NULL);

    if (status == AEGIS_NOT_FOUND && record->revision == 0)
        return AEGIS_NOT_FOUND;
    if (status == AEGIS_NOT_FOUND || status == AEGIS_DATA_LOSS)
        return AEGIS_ABORTED;
    if (status != AEGIS_OK)
        return status;
    if (same_write(&found.value, &record->value)) {
        record->revision = found.revision;
        return AEGIS_OK;
    }
    return found.revision == record->revision ? AEGIS_NOT_FOUND : AEGIS_ABORTED;
}

aegis_status aegis_record_write(aegis_bus *bus, aegis_record *record, int64_t deadline, aegis_arena *arena,
                                aegis_error *error)
{
    const bool any = record->revision == AEGIS_KV_ANY;
    int64_t patience;
    aegis_bytes body = {NULL, 0};
    uint64_t revision = 0;
    aegis_status status, truth;
    char key[KEY_MAX + 1];

    if (!key_of(record->value.command_id, key))
        return aegis_error_set(error, AEGIS_INVALID_ARGUMENT, "a command's id has 1 to 256 bytes");
    record->value.updated = aegis_now();
    status = encode(record, arena, &body, error);
    if (status != AEGIS_OK)
        return status;
    for (;;) {
        patience = aegis_clock_monotonic() + PATIENCE;
        status = aegis_bus_put(bus, AEGIS_KIND_RECORDS, key, body, record->revision,
                               patience < deadline ? patience : deadline, &revision, error);
        if (status == AEGIS_OK)
            record->revision = revision;
        if (status != AEGIS_ABORTED && !lost(status))
            return status;
        truth = any ? AEGIS_NOT_FOUND : find_out(bus, record, deadline, arena);
        if (truth == AEGIS_OK || truth == AEGIS_ABORTED)
            return truth == AEGIS_OK ? AEGIS_OK
                                     : aegis_error_set(error, AEGIS_ABORTED,
                                                       "somebody else has changed the record of command %s",
                                                       record->value.command_id);
        if (aegis_clock_monotonic() + PAUSE >= deadline)
            return lost(status) ? status : truth;
        aegis_pause(PAUSE);
    }
}

/* ---- changes ------------------------------------------------------------------------------------------ */

void aegis_record_begin(aegis_record *record, const char *id, const char *service, const char *command)
{
    memset(record, 0, sizeof *record);
    record->value.command_id = id;
    record->value.service = service;
    record->value.command = command;
}

void aegis_record_claim(aegis_record *record, const char *owner)
{
    record->value.state = AEGIS_DUTIES_COMMAND_STATE_RUNNING;
    record->value.owner = owner;
    record->value.attempt++;
    record->value.error = NULL;
    record->value.result = NULL;
}

void aegis_record_conclude(aegis_record *record, aegis_duties_command_state state, const char *error,
                           const aegis_raw *result)
{
    record->value.state = state;
    record->value.error = error;
    record->value.result = result;
}

bool aegis_record_ended(const aegis_record *record)
{
    return record->revision != 0 && (record->value.state == AEGIS_DUTIES_COMMAND_STATE_COMPLETED ||
                                     record->value.state == AEGIS_DUTIES_COMMAND_STATE_FAILED);
}

/* ---- what to do with a delivery ----------------------------------------------------------------------- */

aegis_claim aegis_record_judge(const aegis_record *record, aegis_guarantee guarantee, uint64_t attempts,
                               bool still)
{
    const bool once = guarantee == AEGIS_AT_MOST_ONCE && record->value.attempt > 0;

    if (record->revision == 0)
        return AEGIS_CLAIM_START;
    if (aegis_record_ended(record))
        return AEGIS_CLAIM_ENDED;
    if (record->value.state == AEGIS_DUTIES_COMMAND_STATE_CANCELLED)
        return AEGIS_CLAIM_CANCELLED;
    if (record->value.state != AEGIS_DUTIES_COMMAND_STATE_WAITING && !still)
        return AEGIS_CLAIM_HELD;
    if (once)
        return AEGIS_CLAIM_PARK;
    if (record->value.attempt >= attempts)
        return AEGIS_CLAIM_GIVE_UP;
    return record->value.state == AEGIS_DUTIES_COMMAND_STATE_WAITING ? AEGIS_CLAIM_START
                                                                     : AEGIS_CLAIM_TAKE_OVER;
}
