/* Inside the parser: the site of a mistake and the changes of the token array that mend it. */
#ifndef PARSER_EDIT_H
#define PARSER_EDIT_H

#include "parser.h"

#include "grammar.h"

/* What surrounds a token. */
typedef enum place_kind {
    PLACE_TOP,     /* statements of the file */
    PLACE_FIELDS,  /* of a struct, union, error, event, inline result or progress */
    PLACE_VALUES,  /* of an enum */
    PLACE_SERVICE, /* its statements */
    PLACE_PARAMS,  /* of a method */
    PLACE_INSIDE   /* bounds, arguments, types */
} place_kind;

/* A token that does not fit, and where it stands. */
typedef struct site {
    parser *p;
    size_t at; /* the token */
    const expected *wanted;
    place_kind place;    /* within the innermost bracket */
    size_t open;         /* that bracket; meaningless at the top */
    size_t outer;        /* the outermost one of the statement */
    size_t member;       /* first token of the member, statement or parameter it is in, marks included */
    size_t plain;        /* the same without docs and annotations */
    place_kind block;    /* within the innermost body */
    size_t block_member; /* first token of the member of that body */
} site;

/* Describe the surroundings of token `at`. */
site site_of(parser *p, size_t at, const expected *wanted);

/* ---- looking at tokens ---- */

/* The kind of token `i`; 0 before the first and from the end on. */
int token_kind(const parser *p, size_t i);
/* Whether it can be a name: a word that is none of the language, or a keyword. */
bool token_word(const parser *p, size_t i);
/* Whether token `i` is this word, keyword or not. */
bool token_is(const parser *p, size_t i, const char *word);
/* Whether token `i` is this sign, which has no meaning in the language. */
bool token_sign(const parser *p, size_t i, const char *sign);
/* Whether nothing stands between tokens `i` and `i + 1`. */
bool token_touches(const parser *p, size_t i);
/* The source from token `from` to token `to`, both included, in one line. */
const char *token_source(parser *p, size_t from, size_t to);
span token_span(const parser *p, size_t from, size_t to);
/* "'string'", "a string", "end of file": the token as it is called in messages. */
const char *token_described(parser *p, size_t i);
/* The same behind "unexpected": "string". */
const char *token_found(parser *p, size_t i);
/* The bracket that closes the one at `open`, or the number of tokens. */
size_t token_close(const parser *p, size_t open);
/* Whether a statement begins at `i` as people write it: a keyword at the beginning of a line, and a name. */
bool token_declares(const parser *p, size_t i);
/* Behind the annotations and docs that begin at `i`. */
size_t token_behind_marks(const parser *p, size_t i);
/* Where the annotations and docs directly before `i` begin; not before `least`. */
size_t token_marks_before(const parser *p, size_t i, size_t least);
bool expects(const expected *wanted, const char *name);
/* ---- changing them ---- */

/* Put the words of `text` in the place of `count` tokens from `from` on; all of them at `where`. False
 * without memory.
 */
bool edit_replace(parser *p, size_t from, size_t count, const char *text, span where);
/* Mark a token as one to be taken out; edit_sweep() then takes out all of them from `from` on, so that many
 * cost no more than one. */
void edit_mark(parser *p, size_t i);
void edit_sweep(parser *p, size_t from);
/* Report a mistake that an edit mends; takes notes, help and fix until the next report. */
void edit_report(parser *p, int code, span where, const char *format, ...) DIAG_PRINTF(4, 5);
/* Report a sign that has no meaning. */
void edit_bad_character(parser *p, size_t at);
/* Replace the tokens `from` to `to`, both included, with words that stand at the place of the last report,
 * and name the change in it: as fix, and as help when it has none. False without memory. */
bool edit_rewrite(parser *p, size_t from, size_t to, const char *text);
/* Leave the tokens out, both included; the last report gets that as fix. */
bool edit_remove(parser *p, size_t from, size_t to);
/* Move the tokens to before token `to`, which stands before them. */
bool edit_move(parser *p, size_t from, size_t count, size_t to);
/* What the member at the site means is a guess from now on. */
void edit_doubt(const site *s);
/* Remember that this word may have been declared by what was removed. */
void edit_lose(parser *p, const char *word);
/* Remove the member or statement that the token is in; `silent`: whatever was wrong with it has been
 * reported. */
void removal(const site *s, bool silent);
/* What could stand there, for people; NULL when that says nothing. */
const char *parser_wanted(parser *p, const site *s);

/* repair.c: change one mark or word, if that helps. */
bool repair(const site *s);
/* The keyword that is meant by the misspelt one at `at`; NULL when it is near to none. */
const char *repair_keyword(parser *p, size_t at);
/* slip.c: rewrite what is written as elsewhere. */
bool slip(const site *s);

#endif
