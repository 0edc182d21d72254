/* Which durable consumers follow from a service's description. A command has one lane, or with @priority
 * four; each under every pair of names that service and command have or had. A subscription has one, and one
 * for each older name that its pattern does not take. */
#include "application/needs.h"

#include <string.h>

/* What of a lane is under way in all instances, waits for its time or for another attempt. */
#define COMMANDS_UNSETTLED 65536
/* How long a broadcast consumer outlives its last reader: an instance that is cut off for longer begins anew
 * where it left off. */
#define INACTIVE (5 * AEGIS_MINUTE)

static const struct {
    aegis_priority priority;
    uint32_t weight;
    const char *suffix;
} lanes[] = {
    {AEGIS_PRIORITY_NORMAL, 4, ""},
    {AEGIS_PRIORITY_LOW, 1, ".low"},
    {AEGIS_PRIORITY_HIGH, 8, ".high"},
    {AEGIS_PRIORITY_CRITICAL, 16, ".critical"},
};
#define LANES (sizeof lanes / sizeof lanes[0])

const char *aegis_lane_suffix(aegis_priority priority)
{
    for (size_t i = 0; i < LANES; i++) {
        if (lanes[i].priority == priority)
            return lanes[i].suffix;
    }
    return "";
}

typedef struct listing {
    const aegis_bus *bus;
    const aegis_service_type *type;
    aegis_duration lease;
    aegis_arena *arena;
    aegis_needs *out;
} listing;

static bool add_subscription(const listing *l, const aegis_subscription *subscription, const char *pattern,
                             const char *durable)
{
    aegis_need *need = &l->out->items[l->out->count++];

    need->subscription = subscription;
    need->pattern = pattern;
    need->config.stream = aegis_bus_stream(l->bus, AEGIS_KIND_EVENTS);
    need->config.durable = durable;
    need->config.filter = aegis_arena_printf(l->arena, "events.%s", pattern);
    need->config.from = subscription->from_new ? AEGIS_DELIVER_NEW : AEGIS_DELIVER_ALL;
    need->config.inactive = subscription->broadcast ? INACTIVE : 0;
    need->config.ack_wait = l->lease;
    need->config.max_ack_pending = subscription->ordered ? 1 : 0;
    return need->config.filter != NULL;
}

static bool add_lane(const listing *l, const aegis_endpoint *endpoint, const char *service, const char *name,
                     size_t which)
{
    aegis_need *need = &l->out->items[l->out->count++];
    const char *suffix = lanes[which].suffix;

    need->endpoint = endpoint;
    need->weight = lanes[which].weight;
    need->config.stream = aegis_bus_stream(l->bus, AEGIS_KIND_COMMANDS);
    need->config.filter = aegis_arena_printf(l->arena, "commands.%s.%s%s", service, name, suffix);
    need->config.durable =
        aegis_arena_printf(l->arena, "%s__%s%s%s", service, name, suffix[0] != '\0' ? "_" : "",
                           suffix[0] != '\0' ? suffix + 1 : "");
    need->config.ack_wait = l->lease;
    need->config.max_ack_pending = COMMANDS_UNSETTLED;
    return need->config.filter != NULL && need->config.durable != NULL;
}

static bool add_command(const listing *l, const aegis_endpoint *endpoint)
{
    const aegis_service_type *type = l->type;
    const aegis_method *method = endpoint->method;
    bool good = true;
    size_t i, j, k;

    for (i = 0; i <= type->was_count; i++) {
        for (j = 0; j <= method->was_count; j++) {
            for (k = 0; k < (method->lanes ? LANES : 1); k++)
                good = add_lane(l, endpoint, i == 0 ? type->name : type->was[i - 1],
                                j == 0 ? method->name : method->was[j - 1], k) &&
                       good;
        }
    }
    return good;
}

static size_t at_most(const aegis_service_type *type)
{
    size_t most = 1, i;

    for (i = 0; i < type->subscription_count; i++)
        most += 1 + type->subscriptions[i].older_count;
    for (i = 0; i < type->endpoint_count; i++)
        most += LANES * (1 + type->was_count) * (1 + type->endpoints[i].method->was_count);
    return most;
}

aegis_status aegis_needs_list(const aegis_bus *bus, const aegis_service_type *type, aegis_duration lease,
                              aegis_arena *arena, aegis_needs *out, aegis_error *error)
{
    const listing l = {bus, type, lease, arena, out};
    const size_t size = at_most(type) * sizeof *out->items;
    size_t i, k;

    out->count = 0;
    out->items = (aegis_need *)aegis_arena_alloc(arena, size);
    bool good = out->items != NULL;
    if (good)
        memset(out->items, 0, size);
    for (i = 0; good && i < type->subscription_count; i++) {
        const aegis_subscription *s = &type->subscriptions[i];

        good = add_subscription(&l, s, s->pattern, s->durable);
        for (k = 0; good && k < s->older_count; k++)
            good = add_subscription(&l, s, s->older[k].pattern, s->older[k].durable);
    }
    for (i = 0; good && i < type->endpoint_count; i++) {
        if (type->endpoints[i].method->command)
            good = add_command(&l, &type->endpoints[i]);
    }
    return good ? AEGIS_OK : aegis_no_memory(error);
}
