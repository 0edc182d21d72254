/* Sets of characters, as spans in order: what `[a-z]`, `\d` and `.` stand for. */
#include "pattern.h"

#include <stdlib.h>
#include <string.h>

static int compare(const void *left, const void *right)
{
    const pattern_span *a = (const pattern_span *)left, *b = (const pattern_span *)right;

    if (a->first != b->first)
        return a->first < b->first ? -1 : 1;
    return a->last == b->last ? 0 : a->last < b->last ? -1 : 1;
}

const pattern_set *pattern_set_of(arena *a, const pattern_span *spans, size_t count)
{
    pattern_set *made = arena_new(a, pattern_set);
    pattern_span *sorted = (pattern_span *)arena_array(a, count, sizeof *sorted);

    if (count > 0)
        memcpy(sorted, spans, count * sizeof *sorted);
    if (count > 1)
        qsort(sorted, count, sizeof *sorted, compare);
    for (size_t i = 0; i < count; i++) {
        pattern_span *last = made->count > 0 ? &sorted[made->count - 1] : NULL;

        if (last == NULL || sorted[i].first > last->last + 1)
            sorted[made->count++] = sorted[i];
        else if (sorted[i].last > last->last)
            last->last = sorted[i].last;
    }
    made->spans = sorted;
    return made;
}

const pattern_set *pattern_set_not(arena *a, const pattern_set *set)
{
    pattern_span *gaps = (pattern_span *)arena_array(a, set->count + 1, sizeof *gaps);
    uint32_t next = 0;
    size_t count = 0;

    for (size_t i = 0; i < set->count; i++) {
        if (set->spans[i].first > next)
            gaps[count++] = (pattern_span){next, set->spans[i].first - 1};
        next = set->spans[i].last + 1;
    }
    if (next <= PATTERN_LAST)
        gaps[count++] = (pattern_span){next, PATTERN_LAST};
    return pattern_set_of(a, gaps, count);
}

bool pattern_set_has(const pattern_set *set, uint32_t character)
{
    for (size_t i = 0; i < set->count && set->spans[i].first <= character; i++) {
        if (character <= set->spans[i].last)
            return true;
    }
    return false;
}
