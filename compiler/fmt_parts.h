/* What the parts of the formatter share: fmt_scan.c finds tokens and comments, fmt_layout.c decides what
 * stands between them, fmt_write.c writes.
 *
 * Since all three work on one array, in its order, nothing can be lost between them: a decision is a gap and
 * an indentation, and the writer writes everything there is.
 */
#ifndef FMT_PARTS_H
#define FMT_PARTS_H

#include "fmt.h"

typedef enum fmt_gap {
    FMT_GLUE,  /* nothing */
    FMT_SPACE, /* a blank */
    FMT_BREAK, /* a new line */
    FMT_LINE   /* a new line, and an empty one before it if the author left some */
} fmt_gap;

typedef struct fmt_comment {
    uint32_t start, end; /* in the source, blanks at its end left out */
    bool line;           /* ends only with its line: // or /// */
    bool doc;            /* a token of the language: first on its line, and has to stay there */
    bool many;           /* stands on many lines */
    bool newline, blank; /* before it: a line break, an empty line */
} fmt_comment;

typedef struct fmt_token {
    int kind; /* a token number of the grammar; 0 at the end. Doc comments are among the comments. */
    uint32_t start, end;
    uint32_t first, comments; /* the comments before it: their first, how many */
    bool newline, blank;      /* right before it, behind those comments */
    bool any_newline;         /* anywhere between it and the token before */
    bool is_body;             /* a brace around members, not around a type or an empty value */
    uint32_t match;           /* of a bracket: the other one */
    fmt_gap gap;
    uint32_t indent, comment_indent; /* in steps */
    /* Were all of the file one line: where it ends there, in characters; and how many gaps before it cannot
     * be part of a line. */
    size_t column, width;
    uint32_t forced;
} fmt_token;

typedef struct fmt {
    arena *memory;
    const char *source;
    size_t length;
    fmt_token *tokens;
    size_t count; /* with the end of the file */
    fmt_comment *comments;
    size_t comment_count;
} fmt;

/* Blanks of one step of indentation. */
#define FMT_STEP 2

/* Find tokens and comments. False when the file cannot be parsed, or without memory. */
bool fmt_scan(fmt *f, diags *reports, const sources *files, uint32_t file);
/* Decide gaps and indentations. */
void fmt_layout(fmt *f);
void fmt_write(const fmt *f, text_buffer *out);

/* Characters of a piece of source. */
size_t fmt_width(const fmt *f, uint32_t start, uint32_t end);

#endif
