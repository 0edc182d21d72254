/* Words of a source text: what the scanner cuts and the parser reads.
 *
 * A file is cut into an array of tokens before it is parsed, so that the parser can look back, try changes of
 * the array and keep the one that makes sense of the rest. A repair may bring words of its own, which are cut
 * from a text and stand at the place of what they replace.
 */
#ifndef TOKEN_H
#define TOKEN_H

#include "ast.h"
#include "diag.h"
#include "parser.h"

/* A text that is being cut. */
typedef struct cutter {
    parser *owner;
    const char *text; /* NUL-terminated after `length` bytes */
    size_t length;
    span where;      /* the file, or for a repair the place that its words have */
    bool repair;     /* reports nothing */
    bool fresh_line; /* nothing but blanks since the line began */
    bool unseen;     /* a blank outside ASCII was reported */
    bool tags;       /* a tag was reported */
    token *tokens;   /* what was cut so far */
    size_t count, room;
} cutter;

/* lexer.l: cut all of it. False only without memory. */
bool lexer_cut(cutter *cut);

/* token.c, called by the scanner: add the token at these bytes. */
bool token_add(cutter *cut, int kind, span where);
/* Report a string that is not closed on its line. Returns how many of its bytes to take for the string: all,
 * or those before a mark at the end of the line that belongs to what follows. */
size_t token_open_string(cutter *cut, span where);
/* Where a string ends whose text goes on over line ends, which is reported; 0: where it ends cannot be told.
 */
uint32_t token_broken_string(cutter *cut, span where);
/* Report documentation in three quotes, as Python and Smithy have it. Returns where it ends. */
uint32_t token_doc_string(cutter *cut, span where);
/* Report a field's tag as Go has it, once a file. */
void token_tag(cutter *cut, span where);
/* Report a comment that does not end. */
void token_open_comment(cutter *cut, span where);
/* Where a comment ends if those in it are counted; reported when that is not where it ends. */
uint32_t token_nested_comment(cutter *cut, span where);
/* Report a blank that is not ASCII, once a file. */
void token_unseen(cutter *cut, span where);

#endif
