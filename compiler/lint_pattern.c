/* Whether a pattern bounds the length of what it accepts: its machine has no way in a circle that still leads
 * to a match.
 */
#include "lint_parts.h"
#include "pattern.h"

#include <string.h>

static bool matches_at_end(const pattern *p, size_t state)
{
    return p->moves[state * (p->kind_count + 1) + p->kind_count] == PATTERN_MATCHED;
}

/* The states from which a match can be reached, found backwards until nothing is added. */
static bool *find_live(lint *l, const pattern *p)
{
    bool *live = (bool *)arena_array(l->memory, p->state_count, sizeof *live), changed = true;

    live[PATTERN_MATCHED] = true;
    while (changed) {
        changed = false;
        for (size_t i = PATTERN_START; i < p->state_count; i++) {
            bool leads = matches_at_end(p, i);

            for (size_t k = 0; k < p->kind_count && !leads; k++)
                leads = live[p->moves[i * (p->kind_count + 1) + k]];
            changed = changed || (leads && !live[i]);
            live[i] = live[i] || leads;
        }
    }
    return live;
}

bool lint_pattern_bounds(lint *l, const pattern *p)
{
    const bool *live = find_live(l, p);
    size_t *depth = (size_t *)arena_array(l->memory, p->state_count, sizeof *depth);
    bool changed = true;

    /* The longest way to each live state; in a circle it grows beyond the number of states. */
    while (changed) {
        changed = false;
        for (size_t i = PATTERN_START; i < p->state_count; i++) {
            for (size_t k = 0; live[i] && k < p->kind_count; k++) {
                const size_t next = p->moves[i * (p->kind_count + 1) + k];

                if (!live[next] || (i != PATTERN_START && depth[i] == 0) || depth[next] > depth[i])
                    continue;
                if (next == PATTERN_MATCHED || depth[i] >= p->state_count)
                    return false;
                depth[next] = depth[i] + 1;
                changed = true;
            }
        }
    }
    return true;
}
