/* Printing for a person: colours where they are wanted, tables, times and sizes that can be read at a glance,
 * JSON. What came from the bus is printed through these, which let no control character through: a message
 * must not be able to move the cursor of who looks at it.
 */
#ifndef AEGIS_TOOL_SCREEN_H
#define AEGIS_TOOL_SCREEN_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <aegis/base.h>

#include "cli.h"

typedef enum screen_ink {
    INK_PLAIN,
    INK_DIM,
    INK_BOLD,
    INK_RED,
    INK_GREEN,
    INK_YELLOW,
    INK_BLUE,
    INK_MAGENTA,
    INK_CYAN
} screen_ink;

typedef struct screen {
    FILE *file;
    bool terminal; /* a person reads it */
    bool cursor;   /* and what is there can be written over: not with TERM=dumb */
    bool colour;
    unsigned columns, rows; /* what screen_size says; 0: asked of the terminal */
} screen;

/* `when`: "auto" (or NULL), "always", "never". NO_COLOR (https://no-color.org) counts for auto. */
void screen_init(screen *out, FILE *file, const char *when);
/* Signs that not every locale has; each takes one column, and has a plain one. */
typedef enum screen_sign {
    SIGN_MORE, /* what is longer than its place is cut here */
    SIGN_FULL, /* parts of bars */
    SIGN_EMPTY,
    SIGN_HERE,
    SIGN_AWAY,
    SIGN_UP,
    SIGN_DOWN,
    SIGN_MARK
} screen_sign;
const char *screen_sign_text(screen_sign sign);
/* Whether the locale of the environment writes UTF-8. */
bool screen_unicode(void);

/* Columns and rows of the terminal; 80 and 24 where that is not known. */
void screen_size(const screen *out, unsigned *columns, unsigned *rows);

/* The escape that begins a colour, "" without colours; INK_PLAIN ends it. */
const char *screen_ink_text(const screen *out, screen_ink ink);
/* printf in a colour; lines stay lines, all else is printed as cli_safe does. */
void screen_put(const screen *out, screen_ink ink, const char *format, ...) AEGIS_PRINTF(3, 4);
/* Columns that text takes when printed by cli_safe: East Asian wide characters two, combining ones none. */
size_t screen_width(const char *text);
/* Bytes of it, whole characters, that take `columns` at the most. */
size_t screen_fitting(const char *text, size_t columns);

/* Text of others in exactly `width` columns, cut where it is longer. */
void screen_column(const screen *out, screen_ink ink, const char *text, size_t width, bool right);

/* JSON in lines, `indent` deep from its second line on, coloured where colours are; with a newline at the
 * end. */
void screen_json(const screen *out, json_t *value, unsigned indent);
/* JSON in one line, without colours: what --json prints. */
void screen_json_line(const screen *out, json_t *value);

#define SCREEN_TEXT 32
/* "1.2 ms", "850 us", "3 m 5 s", "2 d 4 h"; into `text`, which is returned. */
const char *screen_duration(aegis_duration duration, char text[SCREEN_TEXT]);
/* "812", "1,234", "12.3k", "4.5M" */
const char *screen_count(double count, char text[SCREEN_TEXT]);
/* "812 B", "1.2 KiB" */
const char *screen_bytes(double bytes, char text[SCREEN_TEXT]);
/* Local date and time: "2026-11-24 13:05:58.123". */
const char *screen_time(aegis_timestamp when, char text[SCREEN_TEXT]);
/* "2026-11-24T13:05:58.123Z", for programs. */
const char *screen_rfc3339(aegis_timestamp when, char text[SCREEN_TEXT]);
/* One character a value, from the lowest block to the highest, 0 to `most`; `text` holds 3 bytes a value and
 * a NUL. Digits where there are no blocks. */
void screen_sparkline(const double *values, size_t count, double most, char *text);

/* ---- tables: columns as wide as what is in them, the last one cut at the terminal's edge ---- */

typedef struct screen_table screen_table;

/* `columns`: headings separated by '|'; one that begins with '>' is aligned to the right. NULL without
 * memory, which the other functions bear. */
screen_table *screen_table_new(arena *memory, const char *columns);
/* The next cell, row by row. Copied. */
void screen_cell(screen_table *table, screen_ink ink, const char *format, ...) AEGIS_PRINTF(3, 4);
void screen_table_print(const screen_table *table, const screen *out);

#endif
