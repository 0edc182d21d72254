/* Which connection does which work. A port has seats for connections of two roles, so that a call does not
 * wait behind the bulk of a stream. Work goes to the healthy connection of its role that has least to do;
 * when the role has none, to one of the other. A seat that falls empty is filled again by the keeper; bulk
 * seats are filled when something is to be stored or consumed for the first time, so a client that only calls
 * has one connection. When a server says that it is about to go, and another is known, the seat gets a new
 * connection while the old one, out of its seat, ends what runs over it.
 */
#define _GNU_SOURCE
#include "internal.h"

#include <stdlib.h>

#define BULK_PATIENCE AEGIS_SECOND

static bool healthy(const nats_link *link)
{
    return link != NULL && !link->closed && !link->stuck;
}

/* Whether `a` is the better choice for the role. */
static bool better(const nats_link *a, const nats_link *b, nats_role role)
{
    if (b == NULL)
        return true;
    if ((a->role == role) != (b->role == role))
        return a->role == role;
    if (a->lame != b->lame)
        return b->lame;
    return a->load < b->load;
}

nats_link *aegis_nats_pick(nats_engine *engine, nats_role role)
{
    nats_link *best = NULL;

    for (size_t i = 0; i < engine->seat_count; i++) {
        nats_link *link = engine->seats[i].link;
        if (healthy(link) && better(link, best, role))
            best = link;
    }
    return best;
}

nats_link *aegis_nats_first(nats_engine *engine, nats_role role)
{
    nats_link *other = NULL;

    for (size_t i = 0; i < engine->seat_count; i++) {
        nats_link *link = engine->seats[i].link;
        if (healthy(link) && link->role == role)
            return link;
        if (healthy(link) && other == NULL)
            other = link;
    }
    return other;
}

size_t aegis_nats_links(const nats_engine *engine, nats_link **links)
{
    size_t count = 0;

    for (size_t i = 0; i < engine->seat_count; i++) {
        if (engine->seats[i].link != NULL)
            links[count++] = engine->seats[i].link;
    }
    for (size_t i = 0; i < engine->leaving_count; i++)
        links[count++] = engine->leaving[i];
    return count;
}

/* Another server may take over from one that is about to go. */
static bool replaceable(const nats_engine *engine, const nats_link *link)
{
    return link->lame && engine->known_count > 1 && engine->leaving_count < NATS_SEATS_MAX;
}

nats_seat *aegis_nats_seat_due(nats_engine *engine, int64_t now, int64_t *when)
{
    *when = INT64_MAX;
    for (size_t i = 0; i < engine->seat_count; i++) {
        nats_seat *seat = &engine->seats[i];
        if (!seat->wanted || (seat->link != NULL && !replaceable(engine, seat->link)))
            continue;
        if (seat->connect_at <= now)
            return seat;
        if (seat->connect_at < *when)
            *when = seat->connect_at;
    }
    return NULL;
}

void aegis_nats_forget_servers(nats_engine *engine)
{
    while (engine->known_count > 0)
        free(engine->known[--engine->known_count]);
}

void aegis_nats_use_servers(nats_engine *engine)
{
    const char *servers[NATS_URL_MAX];

    for (unsigned i = 0; i < engine->known_count; i++)
        servers[i] = engine->known[i];
    if (engine->known_count > 0 &&
        natsOptions_SetServers(engine->options, servers, (int)engine->known_count) == NATS_OK)
        engine->servers = engine->known_count;
}

static bool bulk_pending(const nats_engine *engine)
{
    bool pending = false;

    for (size_t i = 0; i < engine->seat_count; i++) {
        const nats_seat *seat = &engine->seats[i];
        if (seat->role != NATS_BULK)
            continue;
        if (seat->link != NULL)
            return false;
        pending = pending || seat->failures == 0;
    }
    return pending;
}

void aegis_nats_want_bulk(nats_engine *engine, int64_t deadline)
{
    const int64_t patience = aegis_clock_monotonic() + BULK_PATIENCE;
    bool news = false;

    for (size_t i = 0; i < engine->seat_count; i++) {
        news = news || !engine->seats[i].wanted;
        engine->seats[i].wanted = true;
    }
    if (!news || engine->up == 0)
        return;
    pthread_cond_signal(&engine->keeper_wake);
    aegis_nats_kick(engine);
    while (bulk_pending(engine) && !engine->stopping) {
        if (!aegis_nats_cond_until(engine, &engine->seated, deadline < patience ? deadline : patience))
            break;
    }
}
