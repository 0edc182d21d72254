/* Messages that may be larger than a server takes.
 *
 * Where everything in a message has an upper bound, the largest encoding can be told: in MessagePack, which
 * is what travels unless somebody asks for JSON. Anything unbounded in it, or data that contain themselves,
 * have no largest size; what is sent is then only known at run time, where the sender gets an error with both
 * sizes.
 */
#include "check.h"

#include "place.h"

#include <string.h>

/* What nats-server takes unless configured otherwise (max_payload), and what the envelope around the data may
 * need. */
#define PAYLOAD_MAX  ((uint64_t)1 << 20)
#define ENVELOPE_MAX ((uint64_t)512)

/* More than anything that is worth telling: additions end here. */
#define SIZE_CAP ((uint64_t)1 << 50)

static uint64_t add(uint64_t a, uint64_t b)
{
    return a == SIZE_NONE || b == SIZE_NONE ? SIZE_NONE : a + b < SIZE_CAP ? a + b : SIZE_CAP;
}

static uint64_t times(uint64_t a, uint64_t b)
{
    if (a == SIZE_NONE || b == SIZE_NONE)
        return SIZE_NONE;
    return b != 0 && a > SIZE_CAP / b ? SIZE_CAP : a * b;
}

/* A text or bytes with the head that says how long it is. */
static uint64_t with_head(uint64_t length)
{
    return add(length, length < 32 ? 1 : length < 256 ? 2 : length < 65536 ? 3 : 5);
}

/* The head of a list or map. */
static uint64_t head(uint64_t count)
{
    return count < 16 ? 1 : count < 65536 ? 3 : 5;
}

static uint64_t largest_integer(const schema_type *t)
{
    uint64_t most = t->kind >= SCHEMA_U8 && t->kind <= SCHEMA_U64 ? t->range.max.u : (uint64_t)t->range.max.i,
             least = 0;

    if (t->kind >= SCHEMA_I8 && t->kind <= SCHEMA_I64) {
        most = t->range.max.i < 0 ? 0 : most;
        least = t->range.min.i < 0 ? (uint64_t)(-(t->range.min.i + 1)) : 0;
    }
    if (most < 128 && least < 32)
        return 1;
    if (most < 256 && least < 128)
        return 2;
    if (most < 65536 && least < 32768)
        return 3;
    return most <= UINT32_MAX && least < ((uint64_t)1 << 31) ? 5 : 9;
}

static uint64_t largest_enum(const schema_enum *e)
{
    size_t longest = 0;

    for (size_t i = 0; i < e->value_count; i++) {
        size_t length = strlen(e->values[i].name);

        longest = length > longest ? length : longest;
    }
    return with_head(longest);
}

/* A type's depth is bounded, and the records in it have been measured. */
static uint64_t largest_value(const schema_type *t)
{
    uint64_t element;

    switch (t->kind) {
    case SCHEMA_BOOL:
        return 1;
    case SCHEMA_F32:
    case SCHEMA_F64:
    case SCHEMA_DURATION:
        return 9;
    case SCHEMA_STRING:
    case SCHEMA_BYTES:
        return t->range.has_max ? with_head(t->range.max.u) : SIZE_NONE;
    case SCHEMA_TIMESTAMP:
        return with_head(sizeof "2026-01-01T00:00:00.123456789+00:00" - 1);
    case SCHEMA_UUID:
        return SCHEMA_UUID_BYTES;
    case SCHEMA_DECIMAL:
    case SCHEMA_ANY:
    case SCHEMA_RAW:
    case SCHEMA_MAP: /* its keys have no bounds */
        return SIZE_NONE;
    case SCHEMA_ENUM:
        return largest_enum(t->enumeration);
    case SCHEMA_RECORD:
        return t->record->most;
    case SCHEMA_LIST:
        element = t->range.has_max ? largest_value(t->element) : SIZE_NONE;
        return element == SIZE_NONE ? SIZE_NONE : add(head(t->range.max.u), times(element, t->range.max.u));
    default:
        return largest_integer(t);
    }
}

static uint64_t largest_field(const schema_field *f)
{
    return add(with_head(strlen(f->name)), largest_value(f->type));
}

uint64_t largest_record(const schema_record *record)
{
    uint64_t size = record->kind == SCHEMA_UNION ? 1 : head(record->field_count), most = 0;

    for (size_t i = 0; i < record->field_count; i++) {
        uint64_t one = largest_field(&record->fields[i]);

        if (one == SIZE_NONE)
            return SIZE_NONE;
        most = one > most ? one : most;
        if (record->kind != SCHEMA_UNION)
            size = add(size, one);
    }
    return record->kind == SCHEMA_UNION ? size + most : size;
}

/* ---- reports ---- */

static const char *size_text(unit *u, uint64_t size)
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
    double value = (double)size / 1024;
    size_t i = 0;

    for (; value >= 1024 && i + 1 < sizeof units / sizeof units[0]; i++)
        value /= 1024;
    return arena_printf(&u->c->memory, "%.1f %s", value, units[i]);
}

static void check_message(unit *u, const schema_record *record, span where, const char *what)
{
    const schema_field *largest = NULL;
    unit *owner = place_unit(u->c, record->package);
    const ast_node *member;
    uint64_t most = 0;

    if (record->most == SIZE_NONE || record->most + ENVELOPE_MAX <= PAYLOAD_MAX)
        return;
    for (size_t i = 0; i < record->field_count; i++) {
        uint64_t size = largest_field(&record->fields[i]);

        if (size > most) {
            most = size;
            largest = &record->fields[i];
        }
    }
    diag_report(&u->c->reports, 510, where, "%s can take %s, and a server takes 1 MiB unless told otherwise",
                what, size_text(u, record->most));
    member = largest == NULL
                 ? NULL
                 : place_member(place_members(owner != NULL ? owner : u, record), largest->idl_name);
    if (member != NULL)
        diag_add_note(&u->c->reports, member->name.where, "this alone can take %s", size_text(u, most));
    diag_add_help(&u->c->reports, "lower a bound, or split it into several messages");
}

static void check_method_sizes(unit *u, const schema_method *m, const ast_node *node)
{
    arena *a = &u->c->memory;

    check_message(u, m->request, node->name.where, arena_printf(a, "a call of '%s'", m->idl_name));
    if (node->result != NULL)
        check_message(u, m->result, node->result->where, arena_printf(a, "the result of '%s'", m->idl_name));
    else if (node->result_body != NULL)
        check_message(u, m->result, node->result_body->where,
                      arena_printf(a, "the result of '%s'", m->idl_name));
    if (m->progress != NULL)
        check_message(u, m->progress, node->progress->where,
                      arena_printf(a, "the progress of '%s'", m->idl_name));
    for (size_t i = 0; i < m->raise_count; i++) {
        const ast_path *path = (const ast_path *)node->raises.items[i];

        check_message(u, m->raises[i].error, path->where,
                      arena_printf(a, "error '%s'", m->raises[i].error->name));
    }
}

void check_sizes(unit *u)
{
    for (size_t i = 0; i < u->event_count; i++)
        check_message(u, u->events[i]->record, u->event_nodes[i]->path->where,
                      arena_printf(&u->c->memory, "event '%s'", u->events[i]->name));
    for (size_t i = 0; i < u->package->service_count; i++) {
        const schema_service *service = u->package->services[i];
        const ast_node *node = place_symbol(u, service->name);

        for (size_t k = 0; node != NULL && k < service->method_count; k++) {
            const ast_node *method = place_member(&node->members, service->methods[k].idl_name);

            if (method != NULL)
                check_method_sizes(u, &service->methods[k], method);
        }
    }
}
