/* The machine of a pattern before it is made deterministic: nodes that wait for a character, choose or match.
 * Shared by the two files that build and use it. */
#ifndef PATTERN_MACHINE_H
#define PATTERN_MACHINE_H

#include "pattern.h"

/* Nodes a pattern may become, its repetitions written out. */
#define MACHINE_NODES_MAX 4000

typedef enum machine_kind {
    MACHINE_TAKE,  /* a character of set number `set`, then `next` */
    MACHINE_FORK,  /* `next` or `other` */
    MACHINE_BEGIN, /* `next`, at the beginning of the text */
    MACHINE_END,   /* `next`, at its end */
    MACHINE_MATCH
} machine_kind;

typedef struct machine_node {
    machine_kind kind;
    uint16_t set, next, other;
} machine_node;

typedef struct machine {
    machine_node *nodes;
    size_t node_count;
    uint16_t first;
    const pattern_set **sets; /* each once */
    size_t set_count;
    /* Characters that the sets do not tell apart are of one kind. */
    pattern_range *ranges;
    size_t range_count, kind_count;
    bool *has; /* set_count times kind_count: whether the set holds the kind */
} machine;

/* Searching: what stands before the match is skipped. False when it would be too large. */
bool machine_build(arena *a, const pattern_part *part, machine *m);

#endif
