/* The last touch on a generated file: long lines are broken, blank lines are single. Lines go in, the text
 * comes out in large pieces; neither is ever held as a whole.
 */
#ifndef LAYOUT_H
#define LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

/* Columns of a line of generated code. */
#define LAYOUT_COLUMNS 110

/* Bytes of text collected before they are written. */
#define LAYOUT_PIECE ((size_t)256 << 10)

/* Zero it and fill in the first two. */
typedef struct layout {
    bool (*write)(void *user, const char *data, size_t size);
    void *user;
    bool failed;       /* writing did */
    bool begun;        /* a line that is not blank was seen */
    bool blank;        /* a blank line is due before the next one */
    bool after_brace;  /* the last line opens a block */
    bool closing_held; /* a line "}" after a blank one waits for what follows */
    size_t size;
    char piece[LAYOUT_PIECE];
} layout;

/* One line, with its newline or without. False when writing failed. */
bool layout_line(layout *l, const char *line, size_t length);
/* No more lines follow. */
bool layout_end(layout *l);

#endif
