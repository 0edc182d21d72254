/* What `aegis top` knows and shows. One thread looks at what runs (top_watch.c), another draws and takes keys
 * (cmd_top.c, top_draw.c); between them goes a reading at a time, which belongs to whoever has it.
 */
#ifndef AEGIS_TOOL_TOP_H
#define AEGIS_TOOL_TOP_H

#include <pthread.h>

#include "durables.h"

/* ---- top_watch.c: looking ---- */

/* One look. Shared: freed by the last who gives it back. */
typedef struct top_reading {
    arena memory;
    fleet f;
    durables d;
    aegis_status status; /* of the look; unless OK there is nothing in it, and why: */
    char why[200];
    int64_t at; /* monotonic */
    int holders;
} top_reading;

typedef struct top_watcher {
    session *s;
    const char *service; /* NULL: all */
    aegis_duration interval;
    pthread_t thread;
    pthread_mutex_t lock; /* guards the rest, and holders of readings */
    pthread_cond_t changed;
    top_reading *fresh; /* not taken yet */
    bool stopping;
    int pipe[2]; /* a byte in it: there is a fresh one */
} top_watcher;

bool top_watch(top_watcher *w, session *s, const char *service, aegis_duration interval);
/* The newest, once; NULL: none since. */
top_reading *top_take(top_watcher *w);
void top_give_back(top_watcher *w, top_reading *r);
void top_unwatch(top_watcher *w);

/* ---- top.c: what it knows ---- */

#define TOP_SERVICES 1024 /* that have a history */
#define TOP_SAMPLES  120

typedef enum top_key {
    TOP_BY_NAME,
    TOP_BY_INSTANCES,
    TOP_BY_RATE,
    TOP_BY_P50,
    TOP_BY_P99,
    TOP_BY_ERRORS,
    TOP_BY_RUNNING,
    TOP_BY_WAITING,
    TOP_BY_LAG,
    TOP_BY_DEAD,
    TOP_KEYS
} top_key;

/* One service through time. */
typedef struct top_service {
    char *name;
    bool here;                 /* in the newest reading */
    double rates[TOP_SAMPLES]; /* a ring; below 0: was not known */
    size_t samples;            /* ever */
    double values[TOP_KEYS];   /* of the newest reading; below 0: not known */
} top_service;

typedef struct top {
    const session *s;
    top_service *services;
    size_t service_count;
    top_reading *reading; /* the newest good one; NULL: none yet */
    bool connected, was_away;
    int64_t away_since, back_since; /* monotonic, 0: not */
    char trouble[200];              /* why the newest look failed, or "" */
    top_service **rows;             /* what is shown, sorted */
    size_t row_count;
    /* what the person at the keys wants */
    top_key sort;
    bool reversed, paused, help, typing;
    char filter[64];
    char selected[200]; /* name of the service that is marked, "" for none */
    bool chosen;        /* by a key; until then it is the first row */
    bool inside;        /* its endpoints are shown */
    size_t first;       /* row that is shown first */
    size_t scroll;      /* lines inside that are above the first */
    bool quit;
} top;

/* A reading has come; the one it had before is given back. */
void top_learn(top *t, top_watcher *w, top_reading *r);
/* Choose and sort rows again: after a reading or a key. */
void top_arrange(top *t);
/* What a key does. `rows` are those of the terminal. */
void top_press(top *t, int key, unsigned rows);
void top_free(top *t);

/* The last `count` rates, oldest first, 0 where unknown; how many there are. */
size_t top_history(const top_service *service, double *out, size_t count);

/* ---- top_draw.c ---- */
/* A frame, for out->columns and out->rows; scrolls so that what is selected can be seen. */
void top_draw(top *t, const screen *out);

#define TOP_HEADER_ROWS 3
#define TOP_FOOTER_ROWS 1

#endif
