/* What templates can show: ordinary C structs, described.
 *
 * A view is a struct whose members are texts, truths, lists and further structs; a shape is the static table
 * that says under which names templates see them and where they are. So a view is filled in with plain
 * assignments, and a template that misspells a name is told so. Lists may be large: one whose items are made
 * when it is walked holds one item at a time, and one that is computed when it is asked for costs nothing
 * where no template asks.
 */
#ifndef SHAPE_H
#define SHAPE_H

#include "arena.h"

typedef struct shape shape;

typedef enum shape_kind {
    SHAPE_TEXT,  /* const char *; NULL is false and cannot be shown */
    SHAPE_TRUTH, /* bool */
    SHAPE_LIST,  /* shape_list */
    SHAPE_OBJECT /* a struct, inside */
} shape_kind;

/* Items side by side, or made one after the other. */
typedef struct shape_list {
    size_t count;
    const void *items; /* structs of the list's shape; where it has none, `const char *` */
    /* Used when `items` is NULL: number `index` of `from`, allocated in `scratch`, gone when the next is
     * made. */
    const void *(*make)(const void *from, size_t index, arena *scratch);
    const void *from;
} shape_list;

typedef struct shape_member {
    const char *name;
    shape_kind kind;
    size_t offset;   /* in the struct */
    const shape *of; /* OBJECT; LIST, or NULL when it is one of texts */
    /* LIST: computes it from the struct; its items are allocated in `scratch`, gone when it has been walked.
     */
    shape_list (*list)(const void *self, arena *scratch);
} shape_member;

struct shape {
    size_t size; /* of the struct */
    const shape_member *members;
    size_t count;
};

/* The lines of a table, in the order of the struct. The types of members are checked. */
#define SHOWS_TEXT(type, member)                                                                             \
    {                                                                                                        \
#member, SHAPE_TEXT, SHAPE_AT(type, member, const char *), NULL, NULL                                \
    }
#define SHOWS_TRUTH(type, member) SHOWS_TRUTH_AS(#member, type, member)
#define SHOWS_LIST(type, member, of)                                                                         \
    {                                                                                                        \
#member, SHAPE_LIST, SHAPE_AT(type, member, shape_list), (of), NULL                                  \
    }
#define SHOWS_OBJECT(type, member, of)                                                                       \
    {                                                                                                        \
#member, SHAPE_OBJECT, offsetof(type, member), (of), NULL                                            \
    }
/* A member that cannot have its name in C, such as `union`. */
#define SHOWS_TRUTH_AS(name, type, member)                                                                   \
    {                                                                                                        \
        name, SHAPE_TRUTH, SHAPE_AT(type, member, bool), NULL, NULL                                          \
    }
/* A list that `function` computes. */
#define SHOWS_MADE(name, function, of)                                                                       \
    {                                                                                                        \
        name, SHAPE_LIST, 0, (of), (function)                                                                \
    }

#define SHAPE_AT(type, member, wanted)                                                                       \
    (offsetof(type, member) + 0 * sizeof(_Generic(((type *)NULL)->member, wanted : 1)))
#define SHAPE_OF(type, members)                                                                              \
    {                                                                                                        \
        sizeof(type), (members), sizeof(members) / sizeof((members)[0])                                      \
    }

#endif
