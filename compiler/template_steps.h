/* Inside the template engine: templates as they are rendered, a flat list of steps in which every name has
 * become a place. */
#ifndef TEMPLATE_STEPS_H
#define TEMPLATE_STEPS_H

#include "template_parse.h"

/* What names are looked up in, innermost first. Where the struct of each is at run time is known before: in a
 * frame, which every list item has, at an offset. */
typedef struct template_scope {
    const bound_shape *of; /* NULL: a text */
    unsigned frame;
    size_t offset;
    bool item; /* of a list */
    const struct template_scope *outer;
} template_scope;

typedef enum step_kind {
    STEP_TEXT,     /* `text`, a part of a line */
    STEP_LINE,     /* `text`, to the end of a line */
    STEP_VALUE,    /* a text member */
    STEP_ITEM,     /* the item itself, a text */
    STEP_INDEX,    /* of the item */
    STEP_IF_TEXT,  /* goes on `behind` unless it is shown as `wanted` */
    STEP_IF_TRUTH, /* the same */
    STEP_IF_LIST,
    STEP_IF_ITEM,
    STEP_IF_FIRST,
    STEP_IF_LAST,
    STEP_NEVER,   /* goes on `behind` */
    STEP_LIST,    /* what follows, up to `behind`, for each item */
    STEP_PARTIAL, /* the steps of another file */
    STEP_FAIL     /* `text` is why */
} step_kind;

typedef struct template_steps template_steps;

typedef struct step {
    step_kind kind;
    unsigned frame;
    bool wanted;
    const part *from;
    size_t at;     /* of the member in the struct that the frame has */
    size_t behind; /* how many steps further it goes on when this is over, or not shown */
    const char *text;
    size_t length;
    /* STEP_LIST, STEP_IF_LIST */
    shape_list (*list)(const void *self, arena *scratch); /* NULL: the list is at `at`, else its struct */
    size_t item_size;                                     /* 0: texts */
    unsigned item_frame;
    /* STEP_PARTIAL */
    const template_scope *scope;
    template_steps *partial; /* NULL: not looked at yet */
} step;

struct template_steps {
    const template_file *file;
    step *steps;
    size_t count;
};

/* The steps of a file where these names are around. A name that is not becomes a STEP_FAIL. NULL without
 * memory. */
template_steps *template_steps_of(template_set *set, const template_file *file, const template_scope *scope);

#endif
