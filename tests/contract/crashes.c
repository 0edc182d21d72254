#define _POSIX_C_SOURCE 200809L
#include "contract/crashes.h"

#include <signal.h>

#define LEASE (400 * AEGIS_MILLISECOND)

static const char *const points[CRASH_POINTS] = {"claim", "effect", "result", "callback", "ack"};
static const char *const names[CRASH_POINTS] = {"of-claim", "of-effect", "of-result", "of-callback",
                                                "of-ack"};

/* One station a point; all go through a round together, so that they wait together. */
typedef struct round {
    station *s;
    char id[AEGIS_UUID_TEXT];
    aegis_source *ear;
    pid_t crashing;
} round;

static void begin(aegis_bus *bus, round *r, size_t point)
{
    (void)aegis_uuid_format(aegis_uuid_new(), r->id);
    r->ear = desk_listen(bus, r->id);
    r->crashing = station_start(r->s, points[point], 1);
    assert_true(station_publish(bus, r->s, "exact", r->id, "x", 3));
}

/* What must be true of a command whose first worker died there. */
static void check(aegis_bus *bus, round *r, size_t point, crash_count *count)
{
    AEGIS_SCOPED_ARENA(arena);
    const bool twice = strcmp(points[point], "effect") == 0;
    const bool again = twice || strcmp(points[point], "claim") == 0;
    aegis_wire_completion told;
    aegis_record record;
    effect effects[4];
    size_t done, i;

    assert_true(desk_hear(r->ear, TEN_SECONDS, arena, &told, NULL));
    assert_string_equal(told.status, "completed");
    assert_true(desk_ended(bus, r->id, arena, &record));
    assert_int_equal(record.value.state, AEGIS_DUTIES_COMMAND_STATE_COMPLETED);
    assert_int_equal(record.value.attempt, again ? 2 : 1);
    done = station_effects(r->s, r->id, effects, 4);
    assert_int_equal(done, twice ? 2 : 1);
    for (i = 0; i < done; i++) {
        assert_int_equal(effects[i].maybe, effects[i].by != r->crashing && again);
        count->doubts += effects[i].maybe;
    }
    count->effects += (int)done;
    count->crashes++;
}

static void run_round(aegis_bus *bus, round rounds[CRASH_POINTS], crash_count counts[CRASH_POINTS])
{
    size_t i;

    for (i = 0; i < CRASH_POINTS; i++)
        begin(bus, &rounds[i], i);
    for (i = 0; i < CRASH_POINTS; i++)
        assert_int_equal(station_buried(rounds[i].crashing), SIGKILL);
    for (i = 0; i < CRASH_POINTS; i++)
        (void)station_start(rounds[i].s, NULL, 1);
    for (i = 0; i < CRASH_POINTS; i++)
        check(bus, &rounds[i], i, &counts[i]);
    assert_true(desk_settled(bus, AEGIS_KIND_COMMANDS, 0));
    for (i = 0; i < CRASH_POINTS; i++) {
        station_stop(rounds[i].s->pid);
        rounds[i].s->pid = 0;
        desk_hang_up(rounds[i].ear);
    }
}

void crashes_run(aegis_bus *bus, const char *url, int rounds, crash_count counts[CRASH_POINTS])
{
    station stations[CRASH_POINTS];
    round places[CRASH_POINTS];
    size_t i;

    memset(counts, 0, CRASH_POINTS * sizeof *counts);
    memset(places, 0, sizeof places);
    for (i = 0; i < CRASH_POINTS; i++) {
        station_open(&stations[i], names[i], url, LEASE);
        places[i].s = &stations[i];
        counts[i].point = points[i];
    }
    while (rounds-- > 0)
        run_round(bus, places, counts);
    for (i = 0; i < CRASH_POINTS; i++)
        station_close(&stations[i]);
}
