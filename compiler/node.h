/* Values a template can show: text, truth, lists, and objects with named members.
 *
 * A view builds a tree of them, a template walks it. A name that does not apply is present and false, never
 * absent: an absent name is a mistake in a template and is reported as one. Everything lives in the arena of
 * the compile. Building functions accept and return NULL when memory ran out, so that a view runs straight
 * on.
 */
#ifndef NODE_H
#define NODE_H

#include "arena.h"

typedef enum node_kind { NODE_TEXT, NODE_BOOL, NODE_LIST, NODE_OBJECT } node_kind;

typedef struct node node;
typedef struct node_member node_member;

struct node_member {
    const char *name;
    const node *value;
    node_member *next;
};

struct node {
    node_kind kind;
    bool truth;                     /* BOOL */
    const char *text;               /* TEXT, never NULL */
    size_t count;                   /* LIST */
    node_member *members, **append; /* OBJECT; LIST, without names */
};

node *node_text(arena *a, const char *text);
node *node_bool(arena *a, bool truth);
node *node_list(arena *a);
node *node_object(arena *a);

/* Append to a list. */
void node_add(arena *a, node *list, const node *item);
/* Set a member of an object; each name once. */
void node_set(arena *a, node *object, const char *name, const node *value);
/* Shorthands; a NULL text is stored as false. */
void node_set_text(arena *a, node *object, const char *name, const char *text);
void node_set_bool(arena *a, node *object, const char *name, bool truth);
#if defined(__GNUC__)
__attribute__((format(printf, 4, 5)))
#endif
void node_set_format(arena *a, node *object, const char *name, const char *format, ...);

/* The member called the first `length` bytes of `name`, or NULL. */
const node *node_get(const node *object, const char *name, size_t length);

/* Whether a section over it is shown: true, a text that is not empty, a list that is not, any object. */
bool node_truth(const node *value);

#endif
