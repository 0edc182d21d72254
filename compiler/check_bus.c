/* Names that programs share on the bus: those of services, events and stored subscriptions, over all packages
 * of a compile. Two declarations with one subject would take each other's messages, and no compiler that
 * looks at one file at a time sees it.
 */
#include "check.h"

#include <string.h>

/* Names for which there is room at first; a power of two. */
#define ROOM 64

static size_t hash(const char *key)
{
    size_t h = 5381;

    for (; *key != '\0'; key++)
        h = h * 33 + (unsigned char)*key;
    return h;
}

/* Where a key is, or where it belongs. */
static bus_name *slot_of(const bus_names *names, const char *key)
{
    size_t at = hash(key) & (names->room - 1);

    while (names->items[at].key != NULL && strcmp(names->items[at].key, key) != 0)
        at = (at + 1) & (names->room - 1);
    return &names->items[at];
}

static void make_room(compile *c)
{
    const bus_names old = c->bus;

    if (old.room != 0 && old.count * 2 < old.room)
        return;
    c->bus.room = old.room == 0 ? ROOM : 2 * old.room;
    c->bus.items = (bus_name *)arena_array(&c->memory, c->bus.room, sizeof *c->bus.items);
    for (size_t i = 0; i < old.room; i++) {
        if (old.items[i].key != NULL)
            *slot_of(&c->bus, old.items[i].key) = old.items[i];
    }
}

/* Whether `u` is `other` or imports it, directly or not. */
bool reaches(unit *u, const unit *other)
{
    if (u == other)
        return true;
    if (u->visit == u->c->visit)
        return false;
    u->visit = u->c->visit;
    for (size_t i = 0; i < u->import_count; i++) {
        if (reaches(u->imports[i].unit, other))
            return true;
    }
    return false;
}

const bus_name *claim_on_bus(unit *u, const char *kind, const char *name, span where, const char *owner)
{
    const char *key = arena_printf(&u->c->memory, "%s %s", kind, name);
    bus_name *slot;

    make_room(u->c);
    slot = slot_of(&u->c->bus, key);
    if (slot->key == NULL) {
        *slot = (bus_name){key, owner, u, where};
        u->c->bus.count++;
        return NULL;
    }
    u->c->visit++;
    if (reaches(u, slot->unit))
        return slot;
    diag_report(&u->c->reports, 511, where,
                "%s, in a file that this one does not import, has the same name on the bus", slot->owner);
    diag_add_note(&u->c->reports, slot->where, "the other is here");
    return NULL;
}

/* ---- patterns ---- */

bool patterns_meet(const char *a, const char *b)
{
    while (*a != '\0' && *b != '\0') {
        size_t one = strcspn(a, "."), other = strcspn(b, ".");

        if (*a == '>' || *b == '>')
            return true;
        if (*a != '*' && *b != '*' && (one != other || strncmp(a, b, one) != 0))
            return false;
        a += a[one] == '.' ? one + 1 : one;
        b += b[other] == '.' ? other + 1 : other;
    }
    return *a == '\0' && *b == '\0';
}
