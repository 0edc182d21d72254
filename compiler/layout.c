/* Line breaks a template cannot know about: how long a line is depends on the names in it. A line that is too
 * long is broken behind the last comma that fits and goes on below its open parenthesis. Runs of blank lines
 * become one, and none stays behind '{' or before '}', except before the brace that ends `extern "C"`.
 */
#include "layout.h"

#include <string.h>

/* Longest line that is broken, and deepest parenthesis that is followed. */
#define BREAKABLE   1024
#define PARENTHESES 16

static void flush(layout *l)
{
    l->failed = l->failed || !l->write(l->user, l->piece, l->size);
    l->size = 0;
}

static inline void put(layout *l, const char *text, size_t length)
{
    if (length > LAYOUT_PIECE - l->size)
        flush(l);
    if (length > LAYOUT_PIECE) {
        l->failed = l->failed || !l->write(l->user, text, length);
        return;
    }
    memcpy(l->piece + l->size, text, length);
    l->size += length;
}

static inline void put_newline(layout *l)
{
    if (l->size == LAYOUT_PIECE)
        flush(l);
    l->piece[l->size++] = '\n';
}

/* Where to break `line` and where to go on; 0 when nowhere. */
static size_t find_break(const char *line, size_t length, size_t *column)
{
    size_t opened[PARENTHESES] = {0}, depth = 0, found = 0;
    char quote = '\0';

    for (size_t i = 0; i + 1 < length && i < LAYOUT_COLUMNS; i++) {
        char c = line[i];

        if (quote != '\0') {
            if (c == '\\')
                i++;
            else if (c == quote)
                quote = '\0';
        } else if (c == '"' || c == '\'') {
            quote = c;
        } else if (c == '(' && depth < PARENTHESES - 1) {
            opened[++depth] = i + 1;
        } else if (c == ')' && depth > 0) {
            depth--;
        } else if (c == ',' && depth > 0 && line[i + 1] == ' ') {
            found = i + 1;
            *column = opened[depth];
        }
    }
    return found;
}

static bool starts(const char *line, size_t length, const char *with)
{
    return length >= strlen(with) && memcmp(line, with, strlen(with)) == 0;
}

static bool is_breakable(const char *line, size_t length)
{
    return length > LAYOUT_COLUMNS && length < BREAKABLE && line[0] != '#' && !starts(line, length, "/*") &&
           !starts(line, length, " *");
}

/* One that is too long. */
static void put_broken(layout *l, const char *line, size_t length)
{
    char rest[BREAKABLE];
    size_t column, at;

    while (is_breakable(line, length) && (at = find_break(line, length, &column)) != 0 &&
           column + (length - at) < sizeof rest) {
        size_t left = length - at - 1;

        put(l, line, at);
        put(l, "\n", 1);
        memmove(rest + column, line + at + 1, left);
        memset(rest, ' ', column);
        line = rest;
        length = column + left;
    }
    put(l, line, length);
    put_newline(l);
}

/* Write the brace that waited, with the blank line before it or without. */
static void release(layout *l, bool blank)
{
    l->closing_held = false;
    if (blank)
        put(l, "\n", 1);
    put(l, "}\n", 2);
}

static bool closes(const char *line, size_t length)
{
    size_t at = 0;

    while (at < length && line[at] == ' ')
        at++;
    return at < length && line[at] == '}';
}

static void put_line(layout *l, const char *line, size_t length)
{
    if (length > LAYOUT_COLUMNS) {
        put_broken(l, line, length);
        return;
    }
    put(l, line, length);
    put_newline(l);
}

bool layout_line(layout *l, const char *line, size_t length)
{
    while (length > 0 && (line[length - 1] == ' ' || line[length - 1] == '\n'))
        length--;
    if (l->closing_held)
        release(l, length > 0 && line[0] == '#');
    if (length == 0) {
        l->blank = l->begun && !l->after_brace;
        return !l->failed;
    }
    if (l->blank && length == 1 && line[0] == '}') {
        l->closing_held = true;
    } else {
        if (l->blank && !closes(line, length))
            put(l, "\n", 1);
        put_line(l, line, length);
    }
    l->after_brace = line[length - 1] == '{' && !starts(line, length, "extern");
    l->blank = false;
    l->begun = true;
    return !l->failed;
}

bool layout_end(layout *l)
{
    if (l->closing_held)
        release(l, false);
    flush(l);
    return !l->failed;
}
