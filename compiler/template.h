/* The template engine: strict, small, and too weak to take decisions.
 *
 *   {{name}} {{a.b}} {{.}}         text; `.` is the item itself in a list of texts
 *   {{name|filter|filter}}         upper, lower, c_string, doc, comment
 *   {{#name}} ... {{/name}}        shown for true, once for an object, for every item of a list
 *   {{^name}} ... {{/name}}        shown when the other is not
 *   {{>partial}}                   another template, indented like the tag when that stands alone on its line
 *   {{! comment }}
 *   @first @last @index            of the innermost list item
 *
 * A name is looked up in the innermost object first, then outwards. Lines holding nothing but sections and
 * comments vanish. A filter, a partial, or a name that no view has is an error with file, line and column,
 * also in a part that is not shown; so is a name that the views around it do not have. Nesting is bounded.
 * Nothing is escaped.
 */
#ifndef TEMPLATE_H
#define TEMPLATE_H

#include "shape.h"

/* Deepest nesting of sections and partials, while parsing and while rendering. */
#define TEMPLATE_DEPTH 64
/* Most parts one rendering shows, unless the set says less: sections within sections over the same list
 * multiply. A package of 100,000 structs takes a tenth of it. */
#define TEMPLATE_PARTS ((size_t)2000000000)

typedef struct template_text {
    const char *name; /* as messages show it */
    const char *data;
    size_t size;
} template_text;

typedef struct template_file template_file;
typedef struct template_names template_names;

/* A set of templates that call each other by name. Zero it, fill in the first four or five, render. */
typedef struct template_set {
    arena *memory;
    /* The template called `name` ("c/header.h"), or false. Its text must live as long as the set. */
    bool (*load)(void *user, const char *name, template_text *text);
    void *user;
    const shape *view; /* of what is rendered: its members are the outermost names */
    size_t most_parts; /* 0: TEMPLATE_PARTS */
    template_names *names;
    template_file *files; /* parsed so far */
    const char *error;    /* "c/header.h.tmpl:12:5: unknown name 'nmae'", set by the first failure */
} template_set;

/* Takes the output line by line. */
typedef struct template_sink {
    /* `text` ends with a newline, except for a last line that has none. False ends the rendering. */
    bool (*line)(void *user, const char *text, size_t length);
    void *user;
} template_sink;

/* Render the template called `name` over `view`. What is needed for a moment is allocated in `scratch` and
 * given back. False and `set->error`, or out of memory and `failed` of an arena, or the sink's refusal. */
bool template_render(template_set *set, const char *name, const void *view, arena *scratch,
                     const template_sink *out);

#endif
