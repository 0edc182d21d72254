/* Pull consumers with a credit loop of our own. Credit is what the application allows; pull requests ask the
 * server for what it does not know of yet. The server serves pulls in the order they came, so a delivery
 * counts against the oldest; a status message names its pull by the last token of its subject and ends it. A
 * pull whose end was lost is given up a little after it expired. After a reconnection all are asked for
 * again.
 */
#define _GNU_SOURCE
#include "internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PULL_EXPIRES (30 * AEGIS_SECOND)
#define PULL_GRACE   (3 * AEGIS_SECOND)
#define PULL_PAUSE   (100 * AEGIS_MILLISECOND)
/* Not at once: a 2.9 server still holds the pull whose reader has just gone, tries that first, and then takes
 * the delivery off the count. 100 ms later another reader's pull has made it look. */
#define HAND_BACK      "-NAK {\"delay\":100000000}"
#define PULL_PAUSE_MAX (2 * AEGIS_SECOND)

/* ---- pulls ----------------------------------------------------------------------------------------------
 */

static void pull_drop(nats_source *source, unsigned index)
{
    source->asked -= source->pulls[index].left;
    source->pull_count--;
    memmove(&source->pulls[index], &source->pulls[index + 1],
            (source->pull_count - index) * sizeof source->pulls[0]);
}

void aegis_nats_pulls_lost(nats_source *source)
{
    source->pull_count = 0;
    source->asked = 0;
    source->pull_after = 0;
}

/* A consumer was made in place of one that its readers' pulls went to: a 2.9 server ends those without a
 * word. */
void aegis_nats_pulls_anew(nats_engine *engine, const char *stream, const char *durable)
{
    char subject[512];
    snprintf(subject, sizeof subject, "%s.CONSUMER.MSG.NEXT.%s.%s", engine->api, stream, durable);
    pthread_mutex_lock(&engine->lock);
    for (nats_source *s = engine->sources; s != NULL; s = s->next) {
        if (s->kind == NATS_CONSUMER && strcmp(s->pull_subject, subject) == 0) {
            aegis_nats_pulls_lost(s);
            aegis_nats_timer(engine, 0);
        }
    }
    aegis_nats_kick_idle(engine);
    aegis_nats_unlock(engine);
}

static void pull_later(nats_source *source)
{
    aegis_duration pause = PULL_PAUSE << (source->pull_errors < 5 ? source->pull_errors : 5);
    if (pause > PULL_PAUSE_MAX)
        pause = PULL_PAUSE_MAX;
    source->pull_errors++;
    source->pull_after = aegis_clock_monotonic() + pause;
    aegis_nats_timer(source->engine, source->pull_after);
}

/* Ask for what the credit allows, unless more is under way already. Lock held. */
void aegis_nats_pull(nats_source *source, int64_t now)
{
    nats_engine *engine = source->engine;
    char body[96];
    char reply[NATS_INBOX_MAX];
    while (source->pull_count > 0 && now > source->pulls[0].ends)
        pull_drop(source, 0);
    if (source->pull_count > 0)
        aegis_nats_timer(engine, source->pulls[0].ends + 1);
    if (source->draining || source->link == NULL || source->link->closed)
        return;
    if (source->credit <= source->asked || source->pull_count == NATS_PULLS_MAX)
        return;
    const uint64_t missing = source->credit - source->asked;
    if (missing < source->asked) /* half of it is still under way: ask for the rest in one piece, later */
        return;
    if (now < source->pull_after) {
        aegis_nats_timer(engine, source->pull_after);
        return;
    }
    snprintf(body, sizeof body, "{\"batch\":%" PRIu64 ",\"expires\":%" PRId64 "}", missing, PULL_EXPIRES);
    const int prefix = (int)strlen(source->subject) - 1;
    snprintf(reply, sizeof reply, "%.*s%" PRIu64, prefix, source->subject, ++source->pull_id);
    const aegis_outgoing request = {.subject = source->pull_subject,
                                    .body = {(const uint8_t *)body, strlen(body)}};
    if (aegis_nats_send(source->link, &request, reply) != NATS_OK) {
        pull_later(source);
        return;
    }
    source->pulls[source->pull_count++] = (nats_pull){
        .id = source->pull_id, .left = (uint32_t)missing, .ends = now + PULL_EXPIRES + PULL_GRACE};
    source->asked += missing;
    aegis_nats_timer(engine, source->pulls[0].ends + 1);
}

/* No responders: no such consumer, or JetStream is away. Which pull it was is not known: ask for all again.
 */
void aegis_nats_pull_nobody(nats_source *source)
{
    aegis_nats_pulls_lost(source);
    pull_later(source);
}

/* Status of a pull, as nats.c shows the first line of a headers-only message. */
bool aegis_nats_pull_status(nats_source *source, natsMsg *raw)
{
    const char *status = NULL;
    const size_t prefix = strlen(source->subject) - 1;
    const char *subject = natsMsg_GetSubject(raw);
    if (strncmp(subject, source->subject, prefix) != 0)
        return false; /* a delivery has its stream's subject */
    if (natsMsgHeader_Get(raw, "Status", &status) != NATS_OK || strcmp(status, "100") == 0)
        return true;
    const uint64_t id = strtoull(subject + prefix, NULL, 10);
    for (unsigned i = 0; i < source->pull_count; i++) {
        if (source->pulls[i].id == id) {
            pull_drop(source, i);
            break;
        }
    }
    if (strcmp(status, "408") == 0 || strcmp(status, "404") == 0)
        aegis_nats_timer(source->engine, 0); /* expired: ask anew at once */
    else
        pull_later(source); /* 409: consumer deleted, leader changed, too many waiting */
    return true;
}

/* ---- deliveries -----------------------------------------------------------------------------------------
 */

/* $JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<time>.<pending>, nine tokens;
 * since 2.8 servers may put <domain>.<account> before <stream> and a random token at the end. Source: ADR-15.
 */
static void read_metadata(aegis_message *message)
{
    const char *token[16];
    unsigned count = 0;
    if (message->reply == NULL || strncmp(message->reply, "$JS.ACK.", 8) != 0)
        return;
    for (const char *c = message->reply; c != NULL && count < 16; c = strchr(c, '.')) {
        if (count > 0)
            c++;
        token[count++] = c;
    }
    if (count < 9)
        return;
    const unsigned first = count >= 11 ? 6 : 4;
    message->deliveries = (uint32_t)strtoul(token[first], NULL, 10);
    message->sequence = strtoull(token[first + 1], NULL, 10);
    message->stored_at = (aegis_timestamp)strtoll(token[first + 3], NULL, 10);
    message->pending = strtoull(token[first + 4], NULL, 10);
}

static void unsettled_remove(nats_parcel *parcel)
{
    if (parcel->earlier != NULL)
        parcel->earlier->later = parcel->later;
    else
        parcel->consumer->unsettled = parcel->later;
    if (parcel->later != NULL)
        parcel->later->earlier = parcel->earlier;
    parcel->earlier = NULL;
    parcel->later = NULL;
    parcel->consumer = NULL;
}

/* It comes again: forget the earlier delivery that nobody settled. */
static void forget_earlier(nats_source *source, uint64_t sequence)
{
    for (nats_parcel *p = source->unsettled; p != NULL; p = p->later) {
        if (p->released && p->message.sequence == sequence) {
            unsettled_remove(p);
            aegis_nats_parcel_free(p);
            return;
        }
    }
}

void aegis_nats_delivery(nats_source *source, nats_parcel *parcel)
{
    read_metadata(&parcel->message);
    if (parcel->message.deliveries > 1)
        forget_earlier(source, parcel->message.sequence);
    parcel->consumer = source;
    parcel->later = source->unsettled;
    if (source->unsettled != NULL)
        source->unsettled->earlier = parcel;
    source->unsettled = parcel;
    source->pull_errors = 0;
    if (source->credit > 0)
        source->credit--;
    if (source->pull_count > 0) {
        source->asked--;
        if (--source->pulls[0].left == 0)
            pull_drop(source, 0);
    }
    aegis_nats_timer(source->engine, 0);
}

/* Over the connection it came by, behind what else was settled there, or any other. While more deliveries
 * wait to be read, more settlements will follow at once. */
static natsStatus send_settlement(const nats_source *source, const char *subject, const char *body)
{
    const aegis_outgoing message = {
        .subject = subject, .body = {(const uint8_t *)body, strlen(body)}, .more = source->count > 0};
    nats_link *link = source->link;
    if (link == NULL || link->closed)
        link = aegis_nats_pick(source->engine, NATS_BULK);
    return link != NULL ? aegis_nats_send(link, &message, NULL) : NATS_CONNECTION_CLOSED;
}

/* A settlement that meets no connection is lost, and ack_wait brings the message again: the caller is told.
 */
aegis_status aegis_nats_settle(const aegis_message *message, aegis_settlement settlement,
                               aegis_duration delay)
{
    nats_parcel *parcel = (nats_parcel *)message->adapter;
    char body[64];
    if (parcel == NULL || parcel->message.reply == NULL)
        return AEGIS_INVALID_ARGUMENT;
    switch (settlement) {
    case AEGIS_ACK:
        snprintf(body, sizeof body, "+ACK");
        break;
    case AEGIS_NAK:
        if (delay > 0)
            snprintf(body, sizeof body, "-NAK {\"delay\":%" PRId64 "}", delay);
        else
            snprintf(body, sizeof body, "-NAK");
        break;
    case AEGIS_TERM:
        snprintf(body, sizeof body, "+TERM");
        break;
    case AEGIS_WORKING:
        snprintf(body, sizeof body, "+WPI");
        break;
    default:
        return AEGIS_INVALID_ARGUMENT;
    }
    nats_engine *engine = parcel->engine;
    pthread_mutex_lock(&engine->lock);
    if (parcel->consumer == NULL) { /* settled already, or handed back */
        aegis_nats_unlock(engine);
        return AEGIS_FAILED_PRECONDITION;
    }
    const natsStatus status = send_settlement(parcel->consumer, parcel->message.reply, body);
    if (status == NATS_OK && settlement != AEGIS_WORKING)
        unsettled_remove(parcel);
    aegis_nats_unlock(engine);
    return status == NATS_OK ? AEGIS_OK : AEGIS_UNAVAILABLE;
}

/* The source closes: what was not settled goes back now rather than after ack_wait. Lock held. */
void aegis_nats_hand_back(nats_source *source)
{
    while (source->unsettled != NULL) {
        nats_parcel *parcel = source->unsettled;
        send_settlement(source, parcel->message.reply, HAND_BACK);
        unsettled_remove(parcel);
        if (parcel->released)
            aegis_nats_parcel_free(parcel);
    }
}

/* ---- the port's operations ------------------------------------------------------------------------------
 */

aegis_status aegis_nats_consume(aegis_port *port, const char *stream, const char *durable,
                                aegis_source **source, aegis_error *error)
{
    nats_engine *engine = aegis_nats_engine_of(port);
    if (!aegis_nats_name_ok(stream) || !aegis_nats_name_ok(durable))
        return aegis_error_set(error, AEGIS_INVALID_ARGUMENT, "not a name of a stream and a durable");
    nats_source *made = aegis_nats_source_new(engine, NATS_CONSUMER, SIZE_MAX);
    if (made == NULL)
        return aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "no memory for a consumer");
    pthread_mutex_lock(&engine->lock);
    const uint64_t id = engine->slot_id++;
    aegis_nats_unlock(engine);
    if (asprintf(&made->subject, "%s.%" PRIu64 ".*", engine->inbox, id) < 0)
        made->subject = NULL;
    if (asprintf(&made->pull_subject, "%s.CONSUMER.MSG.NEXT.%s.%s", engine->api, stream, durable) < 0)
        made->pull_subject = NULL;
    if (made->subject == NULL || made->pull_subject == NULL) {
        aegis_nats_source_free(made);
        return aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "no memory for a consumer");
    }
    return aegis_nats_source_add(made, source, error);
}

void aegis_nats_credit(aegis_source *base, uint32_t messages)
{
    nats_source *source = aegis_nats_source_of(base);
    nats_engine *engine = source->engine;
    pthread_mutex_lock(&engine->lock);
    source->credit += messages;
    aegis_nats_pull(source, aegis_clock_monotonic());
    aegis_nats_kick_idle(engine);
    aegis_nats_unlock(engine);
}
