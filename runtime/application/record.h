/* What is known of a command: one record in a bucket, by command id. It is what makes a command run exactly
 * once (see docs/COMMANDS.md): a worker claims an attempt, and later writes its result, by replacing the
 * revision it has read, so that of two that try one is refused; and a command that has ended is answered from
 * it. Clients read results there that they did not hear of.
 *
 * These functions know no service and keep nothing; they may be called from any thread.
 */
#ifndef AEGIS_APPLICATION_RECORD_H
#define AEGIS_APPLICATION_RECORD_H

#include <aegis/generated.h>

#include "aegis/duties.h"
#include "aegis/wire.h"
#include "application/bus.h"

/* The header of a command that is to wait: unix milliseconds. */
#define AEGIS_NOT_BEFORE "Aegis-Not-Before"

typedef struct aegis_record {
    aegis_duties_command_record value; /* strings live in the arena it was read or made in */
    uint64_t revision;                 /* 0: there is none yet; AEGIS_KV_ANY: replace whatever is there */
} aegis_record;

/* A command with this id can have a record: it is not empty, nor longer than the key of a bucket. */
bool aegis_record_fits(const char *id);

/* Before any of these: aegis_bus_ensure(bus, AEGIS_KIND_RECORDS). */

/* NOT_FOUND, and `out->revision` 0, when there is none; DATA_LOSS when it cannot be read. */
aegis_status aegis_record_read(aegis_bus *bus, const char *id, int64_t deadline, aegis_arena *arena,
                               aegis_record *out, aegis_error *error);

/* Write record->value over record->revision, which becomes the new one, and `updated` now. ABORTED: somebody
 * else has written since. When an acknowledgement gets lost it is found out whether the write arrived, so OK
 * and ABORTED are certain; after anything else (UNAVAILABLE, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED) nothing
 * is known. `arena` is for scratch. */
aegis_status aegis_record_write(aegis_bus *bus, aegis_record *record, int64_t deadline, aegis_arena *arena,
                                aegis_error *error);

/* Remove it, unless somebody has written since it was read: that is OK, too. */
aegis_status aegis_record_forget(aegis_bus *bus, const aegis_record *record, int64_t deadline,
                                 aegis_error *error);

/* ---- the changes of a record, each followed by aegis_record_write ---- */

/* Of a command nobody has seen. */
void aegis_record_begin(aegis_record *record, const char *id, const char *service, const char *command);
/* One more attempt, by `owner`. */
void aegis_record_claim(aegis_record *record, const char *owner);
/* The attempt ended: `state` is waiting, completed, failed or cancelled. `error` and `result` may be NULL. */
void aegis_record_conclude(aegis_record *record, aegis_duties_command_state state, const char *error,
                           const aegis_raw *result);

bool aegis_record_ended(const aegis_record *record);

/* ---- what to do with a delivery ---- */

typedef enum aegis_claim {
    AEGIS_CLAIM_START = 1, /* claim an attempt and run */
    AEGIS_CLAIM_TAKE_OVER, /* the same, but the attempt before was cut short: maybe executed */
    AEGIS_CLAIM_ENDED,     /* answer from the record */
    AEGIS_CLAIM_CANCELLED, /* it is to fail as cancelled, unless it ran */
    AEGIS_CLAIM_HELD,      /* somebody is at it: later */
    AEGIS_CLAIM_PARK,      /* it may have been executed and must not be again */
    AEGIS_CLAIM_GIVE_UP    /* all attempts were cut short */
} aegis_claim;

/* `still`: the record's revision has not moved for as long as a lease lasts. `attempts`: most there may be.
 */
aegis_claim aegis_record_judge(const aegis_record *record, aegis_guarantee guarantee, uint64_t attempts,
                               bool still);

#endif
