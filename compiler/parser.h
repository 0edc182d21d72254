/* From source text to syntax tree: the lexer's token array, the parser's state, and repair.
 *
 * A file is cut into tokens first and then parsed from the array. That makes repair simple: when the parser
 * finds that exactly a `;` or another mark is missing, the mark is put into the array, the mistake is noted
 * at the end of the token before it, and the file is parsed again, as if nothing had been missing. Whatever
 * cannot be repaired so is skipped up to the next `;` or `}` by the grammar's error rules.
 */
#ifndef PARSER_H
#define PARSER_H

#include "ast.h"
#include "diag.h"
#include "utf8.h"

typedef struct token {
    int kind; /* a token number of the grammar; 0 at the end */
    span where;
    const char *text; /* names, docs, strings' contents, else as written */
    ast_value value;  /* literals */
    bool inserted;    /* not in the source: put in by repair */
    bool no_repair;   /* a repair before this token did not help */
    bool starts_line;
} token;

typedef struct parser {
    arena *memory;
    diags *reports;
    const sources *files;
    uint32_t file;
    token *tokens;
    size_t count;
    size_t at;      /* next token to hand out */
    bool stop;      /* a repair was made: end this attempt */
    size_t repairs; /* made so far; bounded */
    span *dropped;  /* doc comments that were left out */
    size_t dropped_count;
    ast_file *result;
} parser;

/* Cut file number `file` into tokens. False only without memory. */
bool lexer_run(parser *p);
/* Parse it. NULL without memory; otherwise a tree, perhaps of what could be saved, the mistakes being
 * reported. */
ast_file *parser_run(arena *memory, diags *reports, const sources *files, uint32_t file);

/* A literal's value from its text; false when it has none (the report is made). */
bool literal_integer(parser *p, const char *text, size_t length, ast_value *value);
bool literal_duration(parser *p, const char *text, size_t length, ast_value *value);
bool literal_float(parser *p, const char *text, size_t length, ast_value *value);
/* `text` without its quotes. */
bool literal_string(parser *p, const char *text, size_t length, ast_value *value);

/* Report bytes of the file that are no UTF-8 or are NUL. */
void lexer_check_bytes(parser *p);

/* Called by the grammar when a token does not fit, with the names of those that would: "';'", "a name". */
void parser_mismatch(parser *p, span where, const char *const *expected, size_t count);
/* The parser's stack is full. */
void parser_too_deep(parser *p, span where);

#endif
