/* Inside the slips: what people write who come from another language, and how Aegis writes it.
 *
 * A slip looks at the tokens around a misfit. If it knows what was meant, it reports that once, rewrites the
 * tokens and is done; otherwise it leaves everything as it is. The rewritten words stand at the place of the
 * report, so that nothing more is said about them.
 */
#ifndef SLIP_H
#define SLIP_H

#include "elsewhere.h"
#include "parser_edit.h"

/* The tokens of a type as any of the languages writes it, and the same as it is written here. */
typedef struct foreign_type {
    const char *text;   /* "[string](1..9)" */
    const char *advice; /* about what is written otherwise; NULL when nothing is */
    size_t end;         /* behind its tokens */
    bool optional;
} foreign_type;

/* Parts that a slip puts together anew: names of a path, members of a list, values. What has more is not read
 * as another language's, since the texts grow with the square of it. */
#define SLIP_PARTS_MAX 1000

/* slip_type.c: read a type at token `i`. False when none is there. */
bool slip_read_type(parser *p, size_t i, foreign_type *t);
/* Whether a type has this name: built in, declared in this file, or known from elsewhere. */
bool slip_is_type(const parser *p, size_t i);
/* Where the type begins of the field, parameter, constant or alias at the site; 0 when it is none of them. */
size_t slip_type_start(const site *s);
/* The token that ends the field or parameter at `i`, or what follows it on the next line. */
bool slip_ends_member(const parser *p, size_t i);

/* Whether token `i` is the last of its line. */
bool slip_ends_line(const parser *p, size_t i);

/* One function a file; each tries its slips in turn. */
bool slip_keyword(const site *s);
bool slip_nested(const site *s);
bool slip_file(const site *s);
bool slip_sign(const site *s);
bool slip_type(const site *s);
bool slip_field(const site *s);
bool slip_behind(const site *s);
bool slip_body(const site *s);
bool slip_value(const site *s);
bool slip_statement(const site *s);
bool slip_method(const site *s);
bool slip_service(const site *s);
bool slip_mark(const site *s);

#endif
