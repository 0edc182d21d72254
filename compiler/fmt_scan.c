/* From source to the formatter's array: the lexer's tokens, and the comments that it leaves out.
 *
 * What lies between two tokens is blanks and comments only, since the file has been parsed. A comment with
 * three slashes is a doc only where it is first on its line; elsewhere the lexer has passed it over (with a
 * warning), and it has to stay where it is, lest it become one.
 */
#include "fmt_parts.h"

#include "grammar.h"
#include "parser.h"

#include <string.h>

/* The end of a piece without the blanks before it. */
static uint32_t trim(const char *source, uint32_t start, uint32_t end)
{
    while (end > start && strchr(" \t\r", source[end - 1]) != NULL && source[end - 1] != '\0')
        end--;
    return end;
}

/* Where the comment that begins at `at` ends. */
static uint32_t comment_end(const char *source, uint32_t at, uint32_t end)
{
    if (source[at + 1] == '/') {
        while (at < end && source[at] != '\n')
            at++;
        return at;
    }
    for (at += 4; at < end && (source[at - 1] != '/' || source[at - 2] != '*'); at++)
        ;
    return at < end ? at : end;
}

static bool add_comment(fmt *f, fmt_comment comment)
{
    fmt_comment *items = (fmt_comment *)arena_grow(f->memory, f->comments, f->comment_count, sizeof *items);

    if (items == NULL)
        return false;
    f->comments = items;
    f->comments[f->comment_count++] = comment;
    return true;
}

/* Lines that end before the next comment or token. */
typedef struct gap_scan {
    size_t lines;
    bool any;
} gap_scan;

static void end_line(gap_scan *g)
{
    g->lines++;
    g->any = true;
}

/* The comments in [at, end). */
static bool scan_gap(fmt *f, gap_scan *g, uint32_t at, uint32_t end)
{
    while (at < end) {
        fmt_comment c = {.start = at, .newline = g->lines > 0, .blank = g->lines > 1};

        if (f->source[at] != '/' || at + 1 >= end) {
            if (f->source[at] == '\n')
                end_line(g);
            at++;
            continue;
        }
        c.line = f->source[at + 1] == '/';
        at = comment_end(f->source, at, end);
        c.end = c.line ? trim(f->source, c.start, at) : at;
        c.many = memchr(f->source + c.start, '\n', c.end - c.start) != NULL;
        g->lines = 0;
        if (!add_comment(f, c))
            return false;
    }
    return true;
}

static bool add_doc(fmt *f, gap_scan *g, const token *t)
{
    const fmt_comment c = {.start = t->where.start,
                           .end = trim(f->source, t->where.start, t->where.end),
                           .line = true,
                           .doc = true,
                           .newline = true,
                           .blank = g->lines > 1};

    g->lines = 0;
    g->any = true;
    return add_comment(f, c);
}

static void add_token(fmt *f, const gap_scan *g, const token *t, size_t first)
{
    f->tokens[f->count++] = (fmt_token){.kind = t->kind,
                                        .start = t->where.start,
                                        .end = t->where.end,
                                        .first = (uint32_t)first,
                                        .comments = (uint32_t)(f->comment_count - first),
                                        .newline = g->lines > 0 || t->kind == 0,
                                        .blank = g->lines > 1,
                                        .any_newline = g->any};
}

static bool scan_tokens(fmt *f, const parser *p)
{
    gap_scan gap = {0, false};
    size_t first = 0;
    uint32_t at = 0;

    f->tokens = (fmt_token *)arena_array(f->memory, p->count, sizeof *f->tokens);
    if (f->tokens == NULL)
        return false;
    for (size_t i = 0; i < p->count; i++) {
        const token *t = &p->tokens[i];

        if (!scan_gap(f, &gap, at, t->where.start))
            return false;
        at = t->where.end;
        if (t->kind == DOC) {
            if (!add_doc(f, &gap, t))
                return false;
            continue;
        }
        add_token(f, &gap, t, first);
        gap = (gap_scan){0, false};
        first = f->comment_count;
    }
    return true;
}

/* Whether the file can be parsed; the reports say why not. What it takes is given back. */
static bool can_be_parsed(arena *memory, diags *reports, const sources *files, uint32_t file)
{
    const size_t errors = reports->errors;
    arena scratch;
    bool good;

    arena_init_beside(&scratch, memory);
    good = parser_run(&scratch, reports, files, file) != NULL && reports->errors == errors;
    memory->failed = memory->failed || scratch.failed;
    arena_free(&scratch);
    return good && !memory->failed;
}

bool fmt_scan(fmt *f, diags *reports, const sources *files, uint32_t file)
{
    arena scratch;
    diags again = {.memory = &scratch, .files = files}; /* the lexer's reports, a second time */
    parser p = {.memory = &scratch, .reports = &again, .files = files, .file = file};
    bool good;

    f->source = files->files[file].text;
    f->length = files->files[file].length;
    if (!can_be_parsed(f->memory, reports, files, file))
        return false;
    arena_init_beside(&scratch, f->memory);
    good = lexer_run(&p) && scan_tokens(f, &p);
    f->memory->failed = f->memory->failed || scratch.failed;
    arena_free(&scratch);
    return good && !f->memory->failed;
}

size_t fmt_width(const fmt *f, uint32_t start, uint32_t end)
{
    size_t width = 0;

    for (; start < end; start++)
        width += ((unsigned char)f->source[start] & 0xc0) != 0x80;
    return width;
}
