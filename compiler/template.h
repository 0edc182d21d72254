/* The template engine: strict, small, and too weak to take decisions.
 *
 *   {{name}} {{a.b}} {{.}}         text; `.` is the item itself in a list of texts
 *   {{name|filter|filter}}         upper, lower, c_string, doc, comment
 *   {{#name}} ... {{/name}}        shown for true, once for an object, for every item of a list
 *   {{^name}} ... {{/name}}        shown when the other is not
 *   {{>partial}}                   another template, indented like the tag when that stands alone on its line
 *   {{>partial f=mp}}              with names of its own, each a plain word
 *   {{! comment }}
 *   @first @last @index            of the innermost list item
 *
 * A name is looked up in the innermost object first, then outwards. Lines holding nothing but sections and
 * comments vanish. A name, filter or partial that does not exist is an error with file, line and column, also
 * in a part that is not shown for filters and partials. Nesting is bounded. Nothing is escaped.
 */
#ifndef TEMPLATE_H
#define TEMPLATE_H

#include "node.h"

/* Deepest nesting of sections and partials, while parsing and while rendering. */
#define TEMPLATE_DEPTH 64

typedef struct template_text {
    const char *name; /* as messages show it */
    const char *data;
    size_t size;
} template_text;

typedef struct template_file template_file;

/* A set of templates that call each other by name. Zero it, fill in the first three, render. */
typedef struct template_set {
    arena *memory;
    /* The template called `name` ("c/header.h"), or false. Its text must live as long as the set. */
    bool (*load)(void *user, const char *name, template_text *text);
    void *user;
    template_file *files; /* parsed so far */
    const char *error;    /* "c/header.h.tmpl:12:5: unknown name 'nmae'", set by the first failure */
} template_set;

typedef struct template_output {
    char *data; /* with a NUL behind it */
    size_t size;
} template_output;

/* Render the template called `name` over `view`. False and `set->error`, or out of memory and
 * `set->memory->failed`. */
bool template_render(template_set *set, const char *name, const node *view, template_output *out);

#endif
