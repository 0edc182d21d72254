/* Line breaks a template cannot know about: how long a line is depends on the names in it. A line that is too
 * long is broken behind the last comma that fits and goes on below its open parenthesis. Runs of blank lines
 * become one, and none stays behind '{' or before '}'.
 */
#include "layout.h"

#include <string.h>

typedef struct sheet {
    char *out;
    size_t size;
} sheet;

static void put(sheet *s, const char *text, size_t length)
{
    memcpy(s->out + s->size, text, length);
    s->size += length;
}

/* Where to break `line` and where to go on; 0 when nowhere. */
static size_t find_break(const char *line, size_t length, size_t *column)
{
    size_t opened[16] = {0}, depth = 0, found = 0;
    char quote = '\0';

    for (size_t i = 0; i < length && i < LAYOUT_COLUMNS; i++) {
        char c = line[i];

        if (quote != '\0') {
            if (c == '\\')
                i++;
            else if (c == quote)
                quote = '\0';
        } else if (c == '"' || c == '\'') {
            quote = c;
        } else if (c == '(' && depth < 15) {
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

static void put_line(sheet *s, const char *line, size_t length)
{
    char rest[1024];
    size_t column, at;

    while (length > LAYOUT_COLUMNS && length < sizeof rest && line[0] != '#' && strncmp(line, "/*", 2) != 0 &&
           strncmp(line, " *", 2) != 0 && (at = find_break(line, length, &column)) != 0 &&
           column + (length - at) < sizeof rest) {
        size_t left = length - at - 1;

        put(s, line, at);
        put(s, "\n", 1);
        memmove(rest + column, line + at + 1, left);
        memset(rest, ' ', column);
        rest[column + left] = '\0';
        line = rest;
        length = column + left;
    }
    put(s, line, length);
    put(s, "\n", 1);
}

bool layout(arena *a, template_output *text)
{
    sheet s = {(char *)arena_alloc(a, 4 * text->size + 16), 0};
    const char *at = text->data, *end = at + text->size;
    bool blank = true, after_brace = false;

    if (s.out == NULL)
        return false;
    while (at < end) {
        const char *newline = (const char *)memchr(at, '\n', (size_t)(end - at));
        const char *stop = newline == NULL ? end : newline;
        size_t length = (size_t)(stop - at);

        while (length > 0 && at[length - 1] == ' ')
            length--;
        if (length == 0) {
            if (!blank && !after_brace)
                put(&s, "\n", 1);
            blank = true;
        } else {
            if (blank && s.size > 1 && at[strspn(at, " ")] == '}' && strncmp(at, "}\n#", 3) != 0)
                s.size--; /* no blank line before '}' */
            put_line(&s, at, length);
            after_brace = at[length - 1] == '{' && strncmp(at, "extern", 6) != 0;
            blank = false;
        }
        at = stop + 1;
    }
    if (blank && s.size > 1)
        s.size--;
    s.out[s.size] = '\0';
    text->data = s.out;
    text->size = s.size;
    return true;
}
