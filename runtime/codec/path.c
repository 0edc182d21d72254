/* Where in a message something is: `items[2].sku`.
 *
 * The encoders and decoders keep no path, because keeping one costs on every field and it is needed once in a
 * thousand messages. Here the bytes up to a position are walked with a stack of open maps and lists; what the
 * stack holds when the position is reached is the path. The same walk serves a reader's input, valid up to
 * the position, and a writer's unfinished output. It only trusts what it checks itself.
 */
#include "codec/codec.h"

#include <stdio.h>

typedef struct frame {
    bool map;
    bool keyed; /* a map's key was seen, its value was not */
    const uint8_t *key;
    size_t key_size;
    size_t index; /* items seen */
    size_t left;  /* MessagePack: items or entries still to come */
} frame;

typedef enum last_event { LAST_NONE, LAST_OPENED, LAST_KEY, LAST_VALUE } last_event;

typedef struct walk {
    frame frames[AEGIS_DEPTH_LIMIT + 1];
    size_t depth;
    last_event last;
} walk;

static bool expects_key(const walk *k)
{
    return k->depth > 0 && k->frames[k->depth - 1].map && !k->frames[k->depth - 1].keyed;
}

static bool push(walk *k, bool map, size_t left)
{
    if (k->depth == sizeof k->frames / sizeof k->frames[0])
        return false;
    k->frames[k->depth++] = (frame){.map = map, .left = left};
    k->last = LAST_OPENED;
    return true;
}

static void set_key(walk *k, const uint8_t *key, size_t size)
{
    frame *top = &k->frames[k->depth - 1];

    top->key = key;
    top->key_size = size;
    top->keyed = true;
    k->last = LAST_KEY;
}

static void value_done(walk *k)
{
    k->last = LAST_VALUE;
    if (k->depth == 0)
        return;
    k->frames[k->depth - 1].keyed = false;
    k->frames[k->depth - 1].index++;
    if (k->frames[k->depth - 1].left > 0)
        k->frames[k->depth - 1].left--;
}

static void pop(walk *k)
{
    k->depth--;
    value_done(k);
}

/* MessagePack containers end when their count is used up. */
static void pop_finished(walk *k)
{
    while (k->depth > 0 && k->frames[k->depth - 1].left == 0)
        pop(k);
}

static void walk_mp(walk *k, const uint8_t *at, const uint8_t *position, aegis_where where)
{
    for (;;) {
        aegis_mp_head head;

        if (where == AEGIS_WHERE_NEXT || at < position)
            pop_finished(k);
        if (at >= position)
            return;
        head = aegis_mp_head_at(at, position);
        if (head.kind == AEGIS_MP_CUT || head.kind == AEGIS_MP_BAD)
            return;
        if (head.kind == AEGIS_MP_LIST || head.kind == AEGIS_MP_MAP) {
            if (expects_key(k) || !push(k, head.kind == AEGIS_MP_MAP, head.count))
                return;
            at += head.size;
            continue;
        }
        if (expects_key(k)) {
            if (head.kind != AEGIS_MP_STR)
                return;
            set_key(k, at + head.size, head.count);
        } else {
            value_done(k);
        }
        at += head.size + (size_t)head.count;
    }
}

static const uint8_t *string_end(const uint8_t *at, const uint8_t *end)
{
    while (at < end && *at != '"')
        at += *at == '\\' && end - at > 1 ? 2 : 1;
    return at;
}

static bool is_filler(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ',' || c == ':';
}

static void walk_js(walk *k, const uint8_t *at, const uint8_t *position)
{
    for (;;) {
        while (at < position && is_filler(*at))
            at++;
        if (at >= position)
            return;
        if (*at == '{' || *at == '[') {
            if (!push(k, *at++ == '{', 0))
                return;
        } else if (*at == '}' || *at == ']') {
            if (k->depth == 0)
                return;
            pop(k);
            at++;
        } else if (*at == '"') {
            const uint8_t *end = string_end(at + 1, position);

            if (expects_key(k))
                set_key(k, at + 1, (size_t)(end - at - 1));
            else
                value_done(k);
            at = end < position ? end + 1 : end;
        } else {
            while (at < position && !is_filler(*at) && *at != '}' && *at != ']')
                at++;
            value_done(k);
        }
    }
}

/* At most 64 bytes of a key, whole characters, nothing that would disturb a terminal or a log. */
static size_t add_key(char *out, size_t room, bool first, const uint8_t *key, size_t size)
{
    size_t used = 0, i;
    bool text;

    if (size > 64)
        for (size = 64; size > 0 && (key[size] & 0xc0) == 0x80;)
            size--;
    text = aegis_utf8_valid(key, size); /* a reader's keys need not be: an error's text is sent on */
    if (size + 2 > room)
        return 0;
    if (!first)
        out[used++] = '.';
    for (i = 0; i < size; i++)
        out[used++] = key[i] < 0x20 || key[i] == 0x7f || (key[i] > 0x7f && !text) ? '?' : (char)key[i];
    out[used] = '\0';
    return used;
}

static size_t add_index(char *out, size_t room, size_t index)
{
    int length = snprintf(out, room, "[%zu]", index);

    if (length > 0 && (size_t)length < room)
        return (size_t)length;
    out[0] = '\0';
    return 0;
}

void aegis_path(const uint8_t *start, const uint8_t *position, aegis_format format, aegis_where where,
                char *out, size_t room)
{
    walk k;
    size_t used = 0, i;

    k.depth = 0;
    k.last = LAST_NONE;
    out[0] = '\0';
    if (start == NULL)
        return;
    if (format == AEGIS_FORMAT_JSON)
        walk_js(&k, start, position);
    else
        walk_mp(&k, start, position, where);
    if (where == AEGIS_WHERE_LAST && k.last == LAST_OPENED)
        k.depth--;
    for (i = 0; i < k.depth; i++) {
        const frame *f = &k.frames[i];
        bool last = i + 1 == k.depth && where == AEGIS_WHERE_LAST && k.last == LAST_VALUE;

        if (f->map && (f->keyed || last))
            used += add_key(out + used, room - used, used == 0, f->key, f->key_size);
        else if (!f->map)
            used += add_index(out + used, room - used, f->index - (last && f->index > 0 ? 1 : 0));
    }
}
