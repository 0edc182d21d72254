/* Records of commands: what a worker may conclude from one, that of two writers one is refused, and the
 * states a record goes through. */
#define _POSIX_C_SOURCE 200809L
#include "contract/world.h"

#include "application/record.h"

static int64_t soon(void)
{
    return aegis_clock_monotonic() + 5 * AEGIS_SECOND;
}

static aegis_record read_record(world *w, const char *id)
{
    aegis_error error = {0};
    aegis_record record;
    const aegis_status status = aegis_record_read(w->bus, id, soon(), w->arena, &record, &error);

    if (status != AEGIS_OK && status != AEGIS_NOT_FOUND)
        fail_msg("%s", aegis_error_text(&error));
    return record;
}

static aegis_status write_record(world *w, aegis_record *record)
{
    return aegis_record_write(w->bus, record, soon(), w->arena, NULL);
}

static void test_life(void **state)
{
    static const uint8_t seven_bytes[] = {0x07};
    const aegis_raw result = {{seven_bytes, 1}, AEGIS_FORMAT_MSGPACK};
    world *w = (world *)*state;
    aegis_record record, read;
    char id[AEGIS_UUID_TEXT];

    assert_int_equal(aegis_bus_ensure(w->bus, AEGIS_KIND_RECORDS, NULL), AEGIS_OK);
    (void)aegis_uuid_format(aegis_uuid_new(), id);
    assert_int_equal(read_record(w, id).revision, 0);

    aegis_record_begin(&record, id, "worker", "pack");
    aegis_record_claim(&record, "worker-1");
    assert_int_equal(write_record(w, &record), AEGIS_OK);
    read = read_record(w, id);
    assert_int_equal(read.revision, record.revision);
    assert_string_equal(read.value.command_id, id);
    assert_string_equal(read.value.service, "worker");
    assert_string_equal(read.value.command, "pack");
    assert_string_equal(read.value.owner, "worker-1");
    assert_int_equal(read.value.attempt, 1);
    assert_int_equal(read.value.state, AEGIS_DUTIES_COMMAND_STATE_RUNNING);
    assert_int_equal(read.value.updated, record.value.updated);
    assert_null(read.value.result);
    assert_false(aegis_record_ended(&read));

    aegis_record_conclude(&record, AEGIS_DUTIES_COMMAND_STATE_COMPLETED, NULL, &result);
    assert_int_equal(write_record(w, &record), AEGIS_OK);
    assert_int_equal(write_record(w, &read), AEGIS_ABORTED); /* what it has read is no longer there */
    read = read_record(w, id);
    assert_true(aegis_record_ended(&read));
    assert_int_equal(read.value.result->data.len, 1);
    assert_int_equal(read.value.result->data.data[0], 0x07);
}

static void test_one_of_two_claims(void **state)
{
    world *w = (world *)*state;
    aegis_record mine, theirs;

    assert_int_equal(aegis_bus_ensure(w->bus, AEGIS_KIND_RECORDS, NULL), AEGIS_OK);
    aegis_record_begin(&mine, "a.b c*\xc3\xb3", "worker", "pack"); /* an id the original would take */
    theirs = mine;
    aegis_record_claim(&mine, "worker-1");
    aegis_record_claim(&theirs, "worker-2");
    assert_int_equal(write_record(w, &mine), AEGIS_OK);
    assert_int_equal(write_record(w, &theirs), AEGIS_ABORTED);
    assert_string_equal(read_record(w, "a.b c*\xc3\xb3").value.owner, "worker-1");
    aegis_record_begin(&mine, "", "worker", "pack");
    assert_int_equal(write_record(w, &mine), AEGIS_INVALID_ARGUMENT);
}

static void test_any_revision(void **state)
{
    world *w = (world *)*state;
    aegis_record record;

    assert_int_equal(aegis_bus_ensure(w->bus, AEGIS_KIND_RECORDS, NULL), AEGIS_OK);
    aegis_record_begin(&record, "any", "worker", "pack");
    aegis_record_conclude(&record, AEGIS_DUTIES_COMMAND_STATE_FAILED, "no", NULL);
    record.revision = AEGIS_KV_ANY;
    assert_int_equal(write_record(w, &record), AEGIS_OK);
    record.revision = AEGIS_KV_ANY;
    assert_int_equal(write_record(w, &record), AEGIS_OK);
    assert_string_equal(read_record(w, "any").value.error, "no");
}

static void test_judgement(void **state)
{
    static const struct {
        aegis_duties_command_state state;
        uint32_t attempt; /* 0: no record */
        aegis_guarantee guarantee;
        bool still;
        aegis_claim claim;
    } table[] = {
        {0, 0, AEGIS_EXACTLY_ONCE, false, AEGIS_CLAIM_START},
        {0, 0, AEGIS_AT_MOST_ONCE, true, AEGIS_CLAIM_START},
        {AEGIS_DUTIES_COMMAND_STATE_RUNNING, 1, AEGIS_EXACTLY_ONCE, false, AEGIS_CLAIM_HELD},
        {AEGIS_DUTIES_COMMAND_STATE_RUNNING, 1, AEGIS_EXACTLY_ONCE, true, AEGIS_CLAIM_TAKE_OVER},
        {AEGIS_DUTIES_COMMAND_STATE_RUNNING, 3, AEGIS_EXACTLY_ONCE, true, AEGIS_CLAIM_GIVE_UP},
        {AEGIS_DUTIES_COMMAND_STATE_RUNNING, 3, AEGIS_EXACTLY_ONCE, false, AEGIS_CLAIM_HELD},
        {AEGIS_DUTIES_COMMAND_STATE_RUNNING, 1, AEGIS_AT_MOST_ONCE, false, AEGIS_CLAIM_HELD},
        {AEGIS_DUTIES_COMMAND_STATE_RUNNING, 1, AEGIS_AT_MOST_ONCE, true, AEGIS_CLAIM_PARK},
        {AEGIS_DUTIES_COMMAND_STATE_WAITING, 2, AEGIS_EXACTLY_ONCE, false, AEGIS_CLAIM_START},
        {AEGIS_DUTIES_COMMAND_STATE_WAITING, 3, AEGIS_EXACTLY_ONCE, false, AEGIS_CLAIM_GIVE_UP},
        {AEGIS_DUTIES_COMMAND_STATE_WAITING, 1, AEGIS_AT_MOST_ONCE, false, AEGIS_CLAIM_PARK},
        {AEGIS_DUTIES_COMMAND_STATE_COMPLETED, 1, AEGIS_EXACTLY_ONCE, true, AEGIS_CLAIM_ENDED},
        {AEGIS_DUTIES_COMMAND_STATE_FAILED, 9, AEGIS_AT_MOST_ONCE, false, AEGIS_CLAIM_ENDED},
        {AEGIS_DUTIES_COMMAND_STATE_CANCELLED, 0, AEGIS_EXACTLY_ONCE, false, AEGIS_CLAIM_CANCELLED},
        {AEGIS_DUTIES_COMMAND_STATE_UNKNOWN, 1, AEGIS_EXACTLY_ONCE, false, AEGIS_CLAIM_HELD},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof table / sizeof table[0]; i++) {
        aegis_record record;

        aegis_record_begin(&record, "x", "worker", "pack");
        record.value.state = table[i].state;
        record.value.attempt = table[i].attempt;
        record.revision = table[i].state != 0 || table[i].attempt != 0 ? 5 : 0;
        assert_int_equal(aegis_record_judge(&record, table[i].guarantee, 3, table[i].still), table[i].claim);
    }
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        WORLD_CASE(test_life),
        WORLD_CASE(test_one_of_two_claims),
        WORLD_CASE(test_any_revision),
        WORLD_CASE(test_judgement),
    };

    return world_run(cases, sizeof cases / sizeof cases[0]);
}
