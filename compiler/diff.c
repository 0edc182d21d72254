/* Myers' algorithm (An O(ND) Difference Algorithm, 1986) over lines, after what is the same at both ends.
 *
 * The frontier of each number of edits is kept, to walk back from the end. Texts that differ in more than
 * EDITS_MAX lines are shown as one change of everything between those ends: nobody reads more, and time and
 * memory stay bounded.
 */
#include "diff.h"

#include <stdint.h>
#include <string.h>

#define EDITS_MAX 2000
/* Unchanged lines around a change. */
#define CONTEXT 3

typedef struct line {
    const char *data;
    size_t size; /* with its newline, if it has one */
    bool kept;   /* stands in both texts */
} line;

typedef struct lines {
    line *items;
    size_t count;
} lines;

static lines split(arena *memory, const char *data, size_t size)
{
    lines all = {NULL, 0};

    while (size > 0) {
        const char *newline = (const char *)memchr(data, '\n', size);
        const size_t length = newline != NULL ? (size_t)(newline - data) + 1 : size;
        line *items = (line *)arena_grow(memory, all.items, all.count, sizeof *items);

        if (items == NULL)
            return (lines){NULL, 0};
        all.items = items;
        items[all.count++] = (line){data, length, false};
        data += length;
        size -= length;
    }
    return all;
}

static bool same(const line *a, const line *b)
{
    return a->size == b->size && memcmp(a->data, b->data, a->size) == 0;
}

/* ---- which lines are kept ---- */

typedef struct search {
    line *a, *b;
    int32_t n, m;
    int32_t **frontiers; /* [edits][diagonal + edits]: how far in `a` */
} search;

/* How far in `a` diagonal `k` is reached with `d` edits. */
static int32_t reach(const search *s, int32_t d, int32_t k)
{
    const int32_t *before;
    int32_t x, y;

    if (d == 0) {
        x = 0;
    } else {
        before = s->frontiers[d - 1] + d - 1;
        if (k == -d || (k != d && before[k - 1] < before[k + 1]))
            x = before[k + 1];
        else
            x = before[k - 1] + 1;
    }
    for (y = x - k; x < s->n && y < s->m && x >= 0 && y >= 0 && same(&s->a[x], &s->b[y]); x++, y++)
        ;
    return x;
}

static void keep(search *s, int32_t x, int32_t y)
{
    s->a[x].kept = s->b[y].kept = true;
}

/* From the end back to the start: what was walked diagonally is kept. */
static void walk_back(search *s, int32_t edits)
{
    int32_t x = s->n, y = s->m;

    for (int32_t d = edits; d > 0; d--) {
        const int32_t *before = s->frontiers[d - 1] + d - 1;
        const int32_t k = x - y;
        const bool down = k == -d || (k != d && before[k - 1] < before[k + 1]);
        const int32_t from = down ? k + 1 : k - 1, start = down ? before[from] : before[from] + 1;

        while (x > start)
            keep(s, --x, --y);
        x = before[from];
        y = x - from;
    }
    while (x > 0 && y > 0)
        keep(s, --x, --y);
}

/* Every diagonal with `d` edits; whether the end is reached. */
static bool advance(search *s, int32_t d)
{
    for (int32_t k = -d; k <= d; k += 2) {
        const int32_t x = reach(s, d, k);

        s->frontiers[d][k + d] = x;
        if (x >= s->n && x - k >= s->m)
            return true;
    }
    return false;
}

static void find_kept(arena *memory, line *a, size_t n, line *b, size_t m)
{
    search s = {a, b, (int32_t)n, (int32_t)m, NULL};

    s.frontiers = (int32_t **)arena_array(memory, EDITS_MAX + 1, sizeof *s.frontiers);
    for (int32_t d = 0; s.frontiers != NULL && d <= EDITS_MAX; d++) {
        s.frontiers[d] = (int32_t *)arena_array(memory, (size_t)d * 2 + 1, sizeof(int32_t));
        if (s.frontiers[d] == NULL)
            return;
        if (advance(&s, d)) {
            walk_back(&s, d);
            return;
        }
    }
}

static void compare(arena *memory, lines *a, lines *b)
{
    size_t start = 0, end = 0;
    const size_t least = a->count < b->count ? a->count : b->count;

    while (start < least && same(&a->items[start], &b->items[start])) {
        a->items[start].kept = b->items[start].kept = true;
        start++;
    }
    while (end < least - start && same(&a->items[a->count - 1 - end], &b->items[b->count - 1 - end])) {
        a->items[a->count - 1 - end].kept = b->items[b->count - 1 - end].kept = true;
        end++;
    }
    if (a->count > start + end && b->count > start + end)
        find_kept(memory, a->items + start, a->count - start - end, b->items + start, b->count - start - end);
}

/* ---- hunks ---- */

static void put_line(text_buffer *out, char mark, const line *l)
{
    text_put(out, &mark, 1);
    text_put(out, l->data, l->size);
    if (l->data[l->size - 1] != '\n')
        text_puts(out, "\n\\ No newline at end of file\n");
}

static void put_range(text_buffer *out, char mark, size_t start, size_t count)
{
    text_printf(out, "%c%zu", mark, count > 0 ? start + 1 : start);
    if (count != 1)
        text_printf(out, ",%zu", count);
}

/* Where the unchanged lines from `at` on end. */
static size_t kept_end(const lines *l, size_t at)
{
    while (at < l->count && l->items[at].kept)
        at++;
    return at;
}

/* One change or several near each other, [*i, ...) of `a` and [*j, ...) of `b` with what surrounds them. */
static void put_hunk(text_buffer *out, const lines *a, const lines *b, size_t *i, size_t *j)
{
    const size_t before = *i < CONTEXT ? *i : CONTEXT, from = *i - before, other = *j - before;
    size_t x = *i, y = *j, after;

    for (;;) {
        while (x < a->count && !a->items[x].kept)
            x++;
        while (y < b->count && !b->items[y].kept)
            y++;
        after = kept_end(a, x) - x;
        if (x + after == a->count && y + after == b->count)
            break;
        if (after > 2 * (size_t)CONTEXT)
            break;
        x += after;
        y += after;
    }
    after = after < CONTEXT ? after : CONTEXT;
    text_puts(out, "@@ ");
    put_range(out, '-', from, x + after - from);
    text_puts(out, " ");
    put_range(out, '+', other, y + after - other);
    text_puts(out, " @@\n");
    *i = x + after;
    *j = y + after;
    for (x = from, y = other; x < *i || y < *j;) {
        if (x < *i && !a->items[x].kept) {
            put_line(out, '-', &a->items[x++]);
        } else if (y < *j && !b->items[y].kept) {
            put_line(out, '+', &b->items[y++]);
        } else {
            put_line(out, ' ', &a->items[x++]);
            y++;
        }
    }
}

void diff_unified(text_buffer *out, const char *name, const char *before, size_t before_size,
                  const char *after, size_t after_size)
{
    lines a = split(out->memory, before, before_size), b = split(out->memory, after, after_size);
    bool first = true;

    if (out->memory->failed)
        return;
    compare(out->memory, &a, &b);
    for (size_t i = 0, j = 0; i < a.count || j < b.count;) {
        if (i < a.count && j < b.count && a.items[i].kept && b.items[j].kept) {
            i++;
            j++;
            continue;
        }
        if (first)
            text_printf(out, "--- %s\n+++ %s\n", name, name);
        first = false;
        put_hunk(out, &a, &b, &i, &j);
    }
}
