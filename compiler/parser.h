/* From source text to syntax tree: the token array, the parser's state, and what is done about mistakes.
 *
 * The grammar knows only what is right. Where a token does not fit, the parse stops, the token array is
 * changed so that it fits, the change is reported as the mistake it mends, and the statement is parsed again
 * as if nothing had been wrong. Three kinds of change are tried, the most telling first:
 *
 *   slips    what is written as in C, protobuf, Thrift and the like, or is a known mix-up, is rewritten, and
 * the report says how Aegis writes it (slip_*.c); repairs  one mark or word too few, too many or mistaken for
 * another: of all such changes the one that lets the parser go on furthest, tried out on a copy (repair.c);
 *   removal  of the member or statement, when nothing else helps.
 *
 * So one mistake is one report, and what follows is read as it was meant.
 */
#ifndef PARSER_H
#define PARSER_H

#include "ast.h"
#include "diag.h"
#include "names.h"

/* Small, for there are many: a fourth of the bytes of a file, or more. */
typedef struct token {
    const char *text;       /* names, docs, strings' contents, else as written */
    const ast_value *value; /* literals */
    span where;
    int16_t kind; /* a token number of the grammar; 0 at the end */
    bool repair;  /* not in the source */
    bool open;    /* a string that was not closed: what followed it on its line is lost */
    bool starts_line;
} token;

typedef struct parser {
    arena *memory;  /* of the tree, and of texts */
    arena *scratch; /* of the tokens; NULL: the same */
    diags *reports;
    const sources *files;
    uint32_t file;
    name_map words; /* texts that the file has more than once */
    token *tokens;
    size_t count, room;
    size_t at;        /* next token to hand out */
    size_t last;      /* the one handed out last */
    size_t statement; /* first token of the statement that is being parsed */
    bool stop;        /* a token did not fit: the parse ends and begins again at the statement */
    bool trial;       /* only to see how far it goes: reports and changes nothing */
    bool quiet;       /* words of a repair are being cut */
    bool partial;     /* the rest of the file could not be read */
    ast_list lost;    /* const char *: the words of what was removed */
    size_t changes;   /* made so far; bounded */
    size_t removed;   /* tokens left behind the last removal, to see whether it helped */
    size_t effort;    /* tokens that trials have looked at; bounded */
    ast_file *result;
} parser;

/* Parse file number `file`. NULL without memory; otherwise a tree, perhaps of what could be saved, the
 * mistakes being reported. */
ast_file *parser_run(arena *memory, diags *reports, const sources *files, uint32_t file);

/* token.c: cut the file into tokens; of `p` the first five are filled in. False only without memory. */
bool lexer_run(parser *p);
/* Room for `more` tokens; what was there may move. False only without memory. */
bool token_reserve(parser *p, token **tokens, size_t count, size_t *room, size_t more);
/* Cut words that a repair brings, all of them at `where`. False only without memory. */
bool token_words(parser *p, const char *text, span where, token **tokens, size_t *count);

/* literal.c: a literal's value from its text; false only without memory. */
bool literal_integer(parser *p, const char *text, size_t length, ast_value *value);
bool literal_duration(parser *p, const char *text, size_t length, ast_value *value);
bool literal_float(parser *p, const char *text, size_t length, ast_value *value);
/* `text` without its quotes. */
bool literal_string(parser *p, const char *text, size_t length, ast_value *value);

/* What would have fitted, by the names that grammar.y gives its tokens: "';'", "a name". */
typedef struct expected {
    const char *const *names;
    size_t count;
} expected;

/* Called by the grammar when a token does not fit. */
void parser_mismatch(parser *p, const expected *wanted);
/* The parser's stack is full. */
void parser_too_deep(parser *p, span where);
/* A statement is complete; `fetched`: the token behind it was handed out already. */
void parser_statement_done(parser *p, bool fetched);

#endif
