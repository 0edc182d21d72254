/* Who is asked, and the answer. All services of a bus share one subscription to $SRV.>, so that one request
 * is read once; each has its own to service.<name>.schema, which any instance may answer. A service that is
 * about to be asked is kept alive by a reference, not by a lock: handlers and callers never wait for an
 * answer. */
#include "application/describe.h"

#include <stdio.h>
#include <string.h>

#include "application/presence.h"
#include "domain/error.h"

#define SRV "$SRV."
/* Most services of one bus that answer one request. */
#define ANSWERERS_MAX 256
/* Longest subject of ours: "service.", a name, ".schema". */
#define SUBJECT_SIZE 160

/* ---- listening ---------------------------------------------------------------------------------------- */

/* The first of a bus's services opens what they share, the last one closes it. */
static aegis_status share(aegis_bus *bus, aegis_error *error)
{
    aegis_status status = AEGIS_OK;

    (void)pthread_mutex_lock(&bus->asking);
    if (bus->asked == NULL)
        status = aegis_presence_hear(bus, SRV ">", NULL, &bus->asked, error);
    if (status == AEGIS_OK)
        bus->askable++;
    else
        bus->asked = NULL;
    (void)pthread_mutex_unlock(&bus->asking);
    return status;
}

static void unshare(aegis_bus *bus)
{
    (void)pthread_mutex_lock(&bus->asking);
    if (--bus->askable == 0) {
        bus->port->ops->close_source(bus->asked);
        bus->asked = NULL;
    }
    (void)pthread_mutex_unlock(&bus->asking);
}

/* Tallies outlive instances; what is told is this one's. */
static bool remember_tallies(aegis_service *service)
{
    size_t i, k;

    service->tallied = (uint64_t(*)[AEGIS_TALLIES])aegis_arena_alloc(
        service->arena, (service->lane_count + 1) * sizeof *service->tallied);
    for (i = 0; service->tallied != NULL && i < service->lane_count; i++) {
        for (k = 0; k < AEGIS_TALLIES; k++)
            service->tallied[i][k] = aegis_tally_count(service->lanes[i].tally, (aegis_tallied)k);
    }
    return service->tallied != NULL;
}

aegis_status aegis_describe_open(aegis_service *service, aegis_error *error)
{
    char subject[SUBJECT_SIZE], queue[SUBJECT_SIZE];
    aegis_status status;

    if (!remember_tallies(service))
        return aegis_no_memory(error);
    status = share(service->bus, error);
    if (status != AEGIS_OK)
        return status;
    atomic_store(&service->askable, true);
    (void)snprintf(subject, sizeof subject, "service.%s.schema", service->type->name);
    (void)snprintf(queue, sizeof queue, "service.%s", service->type->name);
    status = aegis_presence_hear(service->bus, subject, queue, &service->asked, error);
    if (status != AEGIS_OK)
        service->asked = NULL;
    return status;
}

void aegis_describe_close(aegis_service *service)
{
    if (service->asked != NULL)
        service->bus->port->ops->close_source(service->asked);
    service->asked = NULL;
    if (atomic_load(&service->askable))
        unshare(service->bus);
    atomic_store(&service->askable, false);
}

/* ---- what is asked ------------------------------------------------------------------------------------ */

typedef aegis_status teller(aegis_service *service, aegis_arena *arena, aegis_bytes *out, aegis_error *error);

typedef struct question {
    teller *tell;     /* NULL: the schema is asked for */
    const char *name; /* the service, `size` bytes; NULL: all */
    size_t size;
    const char *id; /* the instance; NULL: all */
} question;

/* "$SRV.PING", "$SRV.PING.<name>", "$SRV.PING.<name>.<id>". */
static bool read_srv(const char *subject, question *q)
{
    static const struct {
        const char *verb;
        teller *tell;
    } verbs[] = {
        {"PING", aegis_describe_ping}, {"INFO", aegis_describe_info}, {"STATS", aegis_describe_stats}};
    const size_t size = strcspn(subject, ".");
    size_t i;

    for (i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strlen(verbs[i].verb) == size && memcmp(verbs[i].verb, subject, size) == 0)
            q->tell = verbs[i].tell;
    }
    if (subject[size] == '.') {
        q->name = subject + size + 1;
        q->size = strcspn(q->name, ".");
        if (q->name[q->size] == '.')
            q->id = q->name + q->size + 1;
    }
    return q->tell != NULL;
}

/* "service.<name>.schema". */
static bool read_schema(const char *subject, question *q)
{
    q->name = subject + strlen("service.");
    q->size = strcspn(q->name, ".");
    return strcmp(q->name + q->size, ".schema") == 0;
}

static bool read_question(const char *subject, question *q)
{
    memset(q, 0, sizeof *q);
    if (strncmp(subject, SRV, strlen(SRV)) == 0)
        return read_srv(subject + strlen(SRV), q);
    return strncmp(subject, "service.", strlen("service.")) == 0 && read_schema(subject, q);
}

static bool is_for(const question *q, const aegis_service *service)
{
    const char *name = service->type->name;

    if (!atomic_load(&service->askable) || atomic_load(&service->stopping))
        return false;
    if (q->name != NULL && (strlen(name) != q->size || memcmp(name, q->name, q->size) != 0))
        return false;
    return q->id == NULL || strcmp(q->id, service->instance) == 0;
}

/* Those who are to answer, each with a reference. */
static size_t find(aegis_bus *bus, const question *q, aegis_service **found)
{
    const size_t most = q->tell != NULL ? ANSWERERS_MAX : 1;
    aegis_service *service;
    size_t count = 0;

    (void)pthread_mutex_lock(&bus->lock);
    for (service = bus->services; service != NULL && count < most; service = service->next) {
        if (!is_for(q, service))
            continue;
        (void)pthread_mutex_lock(&service->lock);
        service->references++;
        (void)pthread_mutex_unlock(&service->lock);
        found[count++] = service;
    }
    (void)pthread_mutex_unlock(&bus->lock);
    return count;
}

/* ---- answers ------------------------------------------------------------------------------------------ */

static aegis_status send(aegis_bus *bus, const aegis_message *message, aegis_bytes body,
                         const aegis_header *headers, size_t count, aegis_error *error)
{
    const aegis_outgoing answer = {
        .subject = message->reply, .body = body, .headers = headers, .header_count = count};

    return bus->port->ops->publish(bus->port, &answer, error);
}

/* As the protocol has it: a text and a number in headers, and no body. */
static void refuse(aegis_bus *bus, const aegis_message *message, const aegis_error *why)
{
    char text[AEGIS_ERROR_TEXT_MAX];
    char code[16];
    const aegis_header headers[] = {{"Nats-Service-Error", text}, {"Nats-Service-Error-Code", code}};
    char *at;

    (void)snprintf(text, sizeof text, "%s", aegis_error_text(why));
    for (at = text; *at != '\0'; at++) {
        if ((unsigned char)*at < 0x20 || (unsigned char)*at >= 0x7f) /* a header is one line, and ASCII */
            *at = '?';
    }
    (void)snprintf(code, sizeof code, "%d", (int)aegis_code_of_status(why->status));
    (void)send(bus, message, (aegis_bytes){NULL, 0}, headers, 2, NULL);
}

/* In the asker's format, which is JSON when nothing was sent. An answer that is larger than the server takes
 * says so instead. */
static aegis_status tell_schema(const aegis_service *service, const aegis_message *message,
                                aegis_arena *arena, aegis_error *error)
{
    const aegis_schema *schema = service->type->schema;
    const aegis_format format = message->body.len == 0 ? AEGIS_FORMAT_JSON : aegis_format_of(message->body);
    aegis_bytes body;
    aegis_error why;
    aegis_status status;

    memset(&why, 0, sizeof why);
    status = aegis_describe_schema(schema, format, NULL, arena, &body, &why);
    if (status == AEGIS_OK)
        status = send(service->bus, message, body, NULL, 0, &why);
    if (status == AEGIS_OK || status == AEGIS_UNAVAILABLE)
        return status;
    status = aegis_describe_schema(schema, format,
                                   aegis_arena_printf(arena, "the schema cannot be sent: %s", why.text),
                                   arena, &body, error);
    return status != AEGIS_OK ? status : send(service->bus, message, body, NULL, 0, error);
}

static aegis_status tell(const question *q, aegis_service *service, const aegis_message *message,
                         aegis_arena *arena, aegis_error *error)
{
    aegis_bytes body;
    aegis_status status;

    if (q->tell == NULL)
        return tell_schema(service, message, arena, error);
    status = q->tell(service, arena, &body, error);
    return status != AEGIS_OK ? status : send(service->bus, message, body, NULL, 0, error);
}

static void answer(const question *q, aegis_service *service, const aegis_message *message,
                   aegis_arena *arena)
{
    aegis_bus *bus = service->bus;
    aegis_error why;

    memset(&why, 0, sizeof why);
    if (tell(q, service, message, arena, &why) == AEGIS_OK)
        return;
    aegis_log_write(&bus->log, AEGIS_LOG_WARNING, "%s: %s cannot be answered: %s", service->type->name,
                    message->subject, aegis_error_text(&why));
    refuse(bus, message, &why);
}

void aegis_describe_answer(aegis_bus *bus, const aegis_message *message)
{
    aegis_service *found[ANSWERERS_MAX];
    aegis_arena *arena;
    size_t count, i;
    question q;

    if (message->reply == NULL || !read_question(message->subject, &q))
        return;
    count = find(bus, &q, found);
    arena = count > 0 ? aegis_arena_new(bus->allocator) : NULL;
    for (i = 0; i < count; i++) {
        if (arena != NULL) {
            answer(&q, found[i], message, arena);
            aegis_arena_reset(arena);
        }
        aegis_service_drop(found[i]);
    }
    aegis_arena_free(arena);
}
