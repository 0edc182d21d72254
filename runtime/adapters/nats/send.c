/* Sending: what may be sent, when it is written, and what happens when the server does not take it. nats.c
 * buffers; we write at once what somebody waits for, leave to the leader what more will follow, and hold
 * senders back when the buffer does not empty.
 */
#define _GNU_SOURCE
#include "internal.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include "domain/subject.h"

#define FEW_CALLS 2 /* with more under way their requests are written together */

static bool header_ok(const aegis_header *header)
{
    if (header->name == NULL || *header->name == '\0' || header->value == NULL)
        return false;
    return strpbrk(header->name, ":\r\n ") == NULL && strpbrk(header->value, "\r\n") == NULL;
}

/* Headers as they count against the server's limit. */
static size_t header_bytes(const aegis_outgoing *message)
{
    size_t size = message->header_count > 0 ? sizeof "NATS/1.0\r\n\r\n" - 1 : 0;

    for (size_t i = 0; i < message->header_count; i++)
        size += strlen(message->headers[i].name) + strlen(message->headers[i].value) + sizeof ": \r\n" - 1;
    return size;
}

static aegis_status check(const nats_engine *engine, const aegis_outgoing *message, aegis_error *error)
{
    if (!aegis_subject_valid(message->subject) ||
        (message->reply != NULL && !aegis_subject_valid(message->reply)))
        return aegis_error_set(error, AEGIS_INVALID_ARGUMENT, "'%s' is not a subject to publish to",
                               message->subject != NULL ? message->subject : "");
    for (size_t i = 0; i < message->header_count; i++) {
        if (!header_ok(&message->headers[i]))
            return aegis_error_set(error, AEGIS_INVALID_ARGUMENT, "header %zu has a bad name or value", i);
    }
    const int64_t limit = atomic_load(&engine->max_payload);
    const size_t size = message->body.len + header_bytes(message);
    if (size > (size_t)INT_MAX || (limit > 0 && size > (uint64_t)limit))
        return aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED,
                               "message of %zu bytes is over the server's limit of %" PRId64 " bytes", size,
                               limit);
    return AEGIS_OK;
}

aegis_status aegis_nats_check(const nats_engine *engine, const aegis_outgoing *message, aegis_error *error)
{
    const aegis_status status = check(engine, message, error);

    if (status != AEGIS_OK && error != NULL)
        error->not_processed = true;
    return status;
}

natsStatus aegis_nats_message_new(const aegis_outgoing *message, const char *reply, natsMsg **result)
{
    natsMsg *raw = NULL;
    natsStatus status = natsMsg_Create(&raw, message->subject, reply, (const char *)message->body.data,
                                       (int)message->body.len);

    for (size_t i = 0; status == NATS_OK && i < message->header_count; i++)
        status = natsMsgHeader_Add(raw, message->headers[i].name, message->headers[i].value);
    if (status != NATS_OK) {
        natsMsg_Destroy(raw);
        raw = NULL;
    }
    *result = raw;
    return status;
}

static natsStatus send_with_headers(nats_link *link, const aegis_outgoing *message, const char *reply)
{
    natsMsg *raw;
    natsStatus status = aegis_nats_message_new(message, reply, &raw);

    if (status != NATS_OK)
        return status;
    status = natsConnection_PublishMsg(link->connection, raw);
    aegis_nats_message_dead(link->engine, raw, message->body.len);
    return status;
}

void aegis_nats_sent(nats_link *link)
{
    link->unsent = 0;
    link->unsent_count = 0;
}

/* More calls wait for an answer than to be written: one comes, and with it the leader. */
static bool answers_come(const nats_engine *engine, const nats_link *link)
{
    return engine->brief && 2 * link->unsent_count < engine->call_count;
}

/* Write now if that is what this message waits for; leave it to the leader if more is coming anyway. */
static void write_policy(nats_link *link)
{
    nats_engine *engine = link->engine;
    if (!atomic_load(&link->writable))
        return;
    atomic_store(&link->hold, 0); /* this one does not wait for more */
    const bool lonely = engine->backlog == 0 && engine->call_count <= FEW_CALLS;
    const bool unattended = engine->leader == NULL && link->unsent > NATS_BATCH_BYTES;
    if ((lonely || unattended) && link->unsent < NATS_UNSENT_HIGH)
        aegis_nats_write(link);
    if (!atomic_load(&link->writable))
        aegis_nats_sent(link);
    else if (engine->leader != NULL && !answers_come(engine, link))
        aegis_nats_kick(engine);
    else if (engine->leader == NULL && engine->keeper_asleep)
        pthread_cond_signal(&engine->keeper_wake);
}

/* More follows at once: write it all together, but not later than NATS_HOLD, which the leader sees to. */
static void hold_back(nats_link *link)
{
    nats_engine *engine = link->engine;

    if (atomic_load(&link->hold) != 0)
        return;
    atomic_store(&link->hold, aegis_clock_monotonic() + NATS_HOLD);
    if (atomic_load(&engine->polling))
        aegis_nats_kick(engine);
}

void aegis_nats_reply(char reply[NATS_REPLY_MAX], const char *inbox, size_t prefix, uint64_t number)
{
    char digits[24];
    size_t count = 0;

    do
        digits[count++] = (char)('0' + number % 10);
    while ((number /= 10) != 0);
    memcpy(reply, inbox, prefix);
    for (reply += prefix; count > 0; reply++)
        *reply = digits[--count];
    *reply = '\0';
}

natsStatus aegis_nats_send(nats_link *link, const aegis_outgoing *message, const char *reply)
{
    natsConnection *connection = link->connection;
    natsStatus status;
    atomic_store(&link->quiet, true);
    if (message->header_count > 0)
        status = send_with_headers(link, message, reply);
    else if (reply != NULL)
        status = natsConnection_PublishRequest(connection, message->subject, reply, message->body.data,
                                               (int)message->body.len);
    else
        status =
            natsConnection_Publish(connection, message->subject, message->body.data, (int)message->body.len);
    atomic_store(&link->quiet, false);
    if (status == NATS_OK) {
        link->unsent += message->body.len + 64;
        link->unsent_count++;
        if (message->more && link->unsent < NATS_BATCH_BYTES)
            hold_back(link);
        else
            write_policy(link);
    }
    return status;
}

nats_link *aegis_nats_with_room(nats_engine *engine, nats_choice *choose, nats_role role)
{
    nats_link *link = choose(engine, role);
    if (link == NULL || link->unsent < NATS_UNSENT_HIGH)
        return link;
    int64_t until = aegis_clock_monotonic() + NATS_WRITE_LIMIT;
    nats_waiter waiter;
    aegis_nats_waiter_init(&waiter);
    while (link != NULL && link->unsent >= NATS_UNSENT_HIGH) {
        const int64_t now = aegis_clock_monotonic();
        if (now >= until) {
            link->stuck = true;
            until = now + NATS_WRITE_LIMIT;
        } else {
            aegis_nats_wait(engine, &waiter, now + 5 * AEGIS_MILLISECOND);
        }
        link = choose(engine, role);
    }
    sem_destroy(&waiter.wake);
    return link;
}

aegis_status aegis_nats_unavailable(nats_engine *engine, aegis_error *error)
{
    aegis_error_set(error, AEGIS_UNAVAILABLE, "no connection to %s", engine->url);
    if (error != NULL)
        error->not_processed = true;
    return AEGIS_UNAVAILABLE;
}

aegis_status aegis_nats_publish(aegis_port *port, const aegis_outgoing *message, aegis_error *error)
{
    nats_engine *engine = aegis_nats_engine_of(port);
    aegis_status status = aegis_nats_check(engine, message, error);
    if (status != AEGIS_OK)
        return status;
    natsStatus sent = NATS_CONNECTION_CLOSED;
    pthread_mutex_lock(&engine->lock);
    nats_link *link = aegis_nats_with_room(engine, aegis_nats_first, NATS_RPC);
    if (link != NULL)
        sent = aegis_nats_send(link, message, message->reply);
    aegis_nats_unlock(engine);
    if (link == NULL || sent == NATS_CONNECTION_CLOSED)
        return aegis_nats_unavailable(engine, error);
    return sent == NATS_OK ? AEGIS_OK : aegis_nats_error(error, sent, "publish");
}
