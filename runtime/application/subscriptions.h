/* Subscriptions at work.
 *
 *   subscriptions.c   their consumers: made, verified, made again, deleted
 *   intake.c          how many events an instance takes at a time
 *   events.c          handlers, and what becomes of an event
 *   tries.c           how often an event was tried
 *   losses.c          what retention took away unread
 *
 * An event has no record while all goes well: its first delivery is its first try, and events that wait for a
 * handler (see intake.c) cost nothing. From the second delivery on its tries are counted in the bucket
 * aegis_events, before the handler runs. So a crash counts against the events whose handlers ran, not against
 * those that only waited.
 */
#ifndef AEGIS_APPLICATION_SUBSCRIPTIONS_H
#define AEGIS_APPLICATION_SUBSCRIPTIONS_H

#include "application/needs.h"
#include "application/service.h"

/* What a subscription does unless its annotations say otherwise. */
#define AEGIS_EVENT_RETRIES    9
#define AEGIS_EVENT_DELAY_MIN  (200 * AEGIS_MILLISECOND)
#define AEGIS_EVENT_DELAY_MAX  (30 * AEGIS_SECOND)
#define AEGIS_EVENTS_IN_FLIGHT 256

/* Sequences that came since the last look, as unbroken runs. */
#define AEGIS_LOSS_RUNS 32
/* Events that wait for another try, of which it is seen when they are gone; beyond that the newest count. */
#define AEGIS_LOSS_WAITING 64

/* What losses.c knows of one consumer. */
typedef struct aegis_losses {
    uint64_t position; /* at the last look all up to here had been handed out, to whomever */
    uint64_t floor;    /* and all up to here had been settled */
    struct {
        uint64_t first, last;
    } runs[AEGIS_LOSS_RUNS];
    size_t run_count;
    struct {
        uint64_t sequence;
        aegis_timestamp stored_at;
        uint32_t tries;
    } waiting[AEGIS_LOSS_WAITING]; /* guarded by the service's lock, not by the turn */
    size_t waiting_count;
    uint64_t untold; /* lost, and not logged yet */
    uint64_t begins; /* where the stream began then */
    bool known;      /* position and floor are: there was a look */
    bool moved;      /* something came since */
    int64_t looked;  /* when, monotonic */
} aegis_losses;

/* What one lane of a subscription takes in. Guarded by the lane's turn, but for what does not change. */
struct aegis_intake {
    aegis_lane *lane;
    aegis_consumer_config config; /* strings in the service's arena */
    bool own;                     /* @broadcast: this instance's alone, deleted when it stops */
    bool open;                    /* the consumer is there */
    aegis_duration ack_wait;      /* the server's patience with what is in our hands */
    uint32_t slots;               /* handlers at once */
    uint32_t most;                /* events in hand at most, being handled or waiting for that */
    uint32_t max_retries;
    aegis_duration backoff_min, backoff_max;

    uint32_t running;  /* handlers */
    uint32_t credited; /* asked for and not yet taken */
    int64_t usual;     /* how long a handler runs: a moving average, 0 until known */
    aegis_losses losses;
};

/* ---- subscriptions.c ---- */
/* The lane of one, under one of its names. */
aegis_status aegis_subscription_open(aegis_lane *lane, const aegis_need *need, aegis_error *error);
/* After their sources are closed: delete the consumers that are this instance's alone. */
void aegis_subscriptions_close(aegis_service *service);
/* The consumer is gone: make it again, from the first event that may not have been settled. With the turn. */
void aegis_subscription_reopen(aegis_intake *in);

/* ---- intake.c ---- */
/* The next event of a lane, and a slot for it; `took` is how long the one before had its slot, below 0 when
 * there was none. False: the service stops. */
bool aegis_intake_next(aegis_lane *lane, int64_t took, aegis_message *message);

/* ---- tries.c ---- */
/* Tries recorded of an event; 0: none. */
aegis_status aegis_tries_read(const aegis_intake *in, uint64_t sequence, aegis_timestamp stored_at,
                              aegis_arena *arena, uint32_t *tries, aegis_error *error);
/* Which try of `message` this is, if one begins now. It is recorded unless it is the first delivery, or
 * beyond `most`. Anything but OK: it cannot be known now. */
aegis_status aegis_tries_begin(const aegis_intake *in, const aegis_message *message, uint32_t most,
                               aegis_arena *arena, uint32_t *tries, aegis_error *error);
/* The first try ended, and another will follow. */
void aegis_tries_first_over(const aegis_intake *in, const aegis_message *message, aegis_arena *arena);

/* ---- losses.c: with the turn, where nothing else is said ---- */
/* When the source is open, and nobody reads it yet. */
void aegis_losses_begin(aegis_intake *in);
/* This came for the first time, as far as is known. */
void aegis_losses_came(aegis_losses *losses, uint64_t sequence);
/* It waits for another try, after so many; or it came again. Not with the turn: any thread. */
void aegis_losses_waits(aegis_intake *in, const aegis_message *message, uint32_t tries);
void aegis_losses_came_again(aegis_intake *in, const aegis_message *message);
/* Look whether retention has overtaken us, when it is time. `untold` is then to be logged. */
void aegis_losses_look(aegis_intake *in, int64_t now, bool idle);
/* Log so many. Without the turn: the log function is the user's. */
void aegis_losses_tell(const aegis_intake *in, uint64_t lost, uint64_t begins);

#endif
