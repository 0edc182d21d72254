/* The parts of the OTLP exporter:
 *
 *   otlp.c         the object: options, opening, closing
 *   otlp_gather.c  where spans gather: the way of a span through the locks
 *   otlp_span.c    a span as JSON
 *   otlp_work.c    the thread: what goes out when, and what is said of losses
 *   otlp_file.c    into a file          otlp_post.c    to a collector
 *
 * Spans gather in chunks, each of which becomes one request: `head`, spans with commas between, `tail`. There
 * are as many shards as twice the CPUs, each with a chunk that is being filled; a thread takes the shard of
 * its CPU, or the next one that nobody holds, so it waits for none. A full chunk goes to the list `full`, an
 * empty one comes from `idle`, both under `lock`, which is held for no more than that and once in some
 * hundred spans.
 */
#ifndef AEGIS_HTTP_OTLP_H
#define AEGIS_HTTP_OTLP_H

#include <pthread.h>
#include <stdatomic.h>

#include <aegis/otlp.h>

/* Text of one request. A collector takes megabytes; this is enough for some hundred spans. */
#define OTLP_CHUNK ((size_t)128 << 10)
/* Of the resource's JSON. */
#define OTLP_HEAD_MAX ((size_t)16 << 10)
/* Of one span, whatever its texts hold. */
#define OTLP_SPAN_MAX ((size_t)33 << 10)
#define OTLP_SHARDS   16

#define OTLP_TAIL      "]}]}]}\n"
#define OTLP_TAIL_SIZE (sizeof OTLP_TAIL - 1)
_Static_assert(OTLP_HEAD_MAX + OTLP_SPAN_MAX + OTLP_TAIL_SIZE + 1 <= OTLP_CHUNK, "a chunk holds any span");

typedef struct otlp_chunk {
    struct otlp_chunk *next;
    size_t used;
    uint32_t spans;
    char text[OTLP_CHUNK];
} otlp_chunk;

typedef struct otlp_shard {
    pthread_mutex_t lock;
    otlp_chunk *chunk; /* NULL: none */
    uint64_t dropped;
    char apart[64]; /* no two of them on one line of the cache */
} otlp_shard;

/* What one attempt to send came to. */
typedef enum otlp_result {
    OTLP_SENT = 0,
    OTLP_AGAIN, /* it may yet succeed */
    OTLP_NEVER
} otlp_result;

typedef struct otlp_answer {
    otlp_result result;
    uint64_t rejected;    /* SENT: spans of it that the collector refused */
    aegis_duration after; /* AGAIN: how long the collector wants to be left alone; 0: it did not say */
    bool nobody;          /* AGAIN: nobody is there */
    char why[256];
} otlp_answer;

struct aegis_otlp {
    otlp_shard shards[OTLP_SHARDS];
    unsigned shard_count;
    atomic_bool starved; /* `idle` was empty */
    _Atomic uint64_t dropped, sent, lost, requests, retries;

    pthread_mutex_t lock;
    pthread_cond_t wake;
    otlp_chunk *full, **full_end;
    otlp_chunk *idle;
    size_t chunks, most; /* made; at most */
    bool closing;
    int64_t close_by; /* monotonic */

    char *head; /* of a request, up to its spans */
    size_t head_size;
    const aegis_allocator *allocator;
    aegis_log_function log;
    void *log_user;
    aegis_duration interval, timeout, retry_for, close_timeout;
    pthread_t thread;

    /* the thread's */
    char *endpoint;
    int file;           /* -1: to a collector */
    bool broken_line;   /* the file ends in a piece of one */
    void *curl;         /* CURL */
    void *headers;      /* struct curl_slist */
    bool failing;       /* the last one was lost, */
    int64_t told_at;    /* and this was said then */
    uint64_t told_lost; /* with this number */
    uint64_t seen_lost; /* at the last look; */
    int64_t lost_at;    /* the last of them before this */
    unsigned random;
    char last_why[256];
};

int64_t otlp_now(void);
void *otlp_memory(const aegis_otlp *otlp, void *pointer, size_t old_size, size_t new_size);

/* ---- otlp_gather.c ---- */
/* All that has gathered, full chunks first; `partly`: also those that are being filled, put together. */
otlp_chunk *otlp_take(aegis_otlp *otlp, bool partly);
/* It may be filled again. */
void otlp_give_back(aegis_otlp *otlp, otlp_chunk *chunk);
uint64_t otlp_dropped(aegis_otlp *otlp);
void otlp_gather_free(aegis_otlp *otlp);

/* ---- otlp_span.c ---- */
/* At most OTLP_SPAN_MAX bytes; returns the end. */
char *otlp_write_span(char *at, const aegis_span *span);
/* How much room it may take. */
size_t otlp_span_room(const aegis_span *span);
/* `text` as it stands between the quotes of JSON, clipped; at most 6 * OTLP_TEXT_MAX bytes. */
char *otlp_write_text(char *at, const char *text);
#define OTLP_TEXT_MAX 512

/* ---- otlp_file.c ---- */
aegis_status otlp_file_open(aegis_otlp *otlp, const char *path, aegis_error *error);
void otlp_file_send(aegis_otlp *otlp, const char *text, size_t size, otlp_answer *answer);
/* ---- otlp_post.c ---- */
aegis_status otlp_post_open(aegis_otlp *otlp, const aegis_otlp_options *options, aegis_error *error);
void otlp_post_send(aegis_otlp *otlp, const char *text, size_t size, uint32_t spans, otlp_answer *answer);
void otlp_post_close(aegis_otlp *otlp);

/* ---- otlp_work.c ---- */
void *otlp_work(void *otlp);
/* The time it has to end by; INT64_MAX: it need not end. */
int64_t otlp_deadline(aegis_otlp *otlp);

/* ---- otlp.c ---- */
/* The next of "key=value,key=value", decoded in place; false at the end. NULL in *key: it cannot be read. */
bool otlp_next_pair(char **list, char **key, char **value);

#endif
