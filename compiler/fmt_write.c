/* Writing what was laid out: every token and every comment, in their order.
 *
 * A comment stays on the line of the token before it if it stood there, else it has a line of its own, or
 * goes with the token behind it. Comments behind neighbouring lines begin in one column.
 */
#include "fmt_parts.h"

#include <string.h>

/* Code wider than this keeps its comment to itself instead of moving its neighbours'. */
#define ALIGNED_WIDTH 70

/* A comment behind a line of code. */
typedef struct trailing {
    size_t line, at, width; /* which line, the comment's offset in the text, characters of code before it */
    uint32_t indent;
} trailing;

typedef struct writer {
    const fmt *f;
    text_buffer out;
    size_t line, line_start; /* number of the last line, offset of its first byte */
    uint32_t indent;         /* of the last line */
    trailing *comments;      /* behind code, in order */
    size_t comment_count;
} writer;

static bool is_one_of(int kind, const char *marks)
{
    return kind > 0 && kind < 128 && strchr(marks, kind) != NULL;
}

static size_t characters(const char *data, size_t size)
{
    size_t count = 0;

    for (size_t i = 0; i < size; i++)
        count += ((unsigned char)data[i] & 0xc0) != 0x80;
    return count;
}

static size_t column(const writer *w)
{
    return w->out.data != NULL ? characters(w->out.data + w->line_start, w->out.size - w->line_start) : 0;
}

static void new_line(writer *w, uint32_t indent, bool blank)
{
    if (w->out.size > 0) {
        text_puts(&w->out, blank ? "\n\n" : "\n");
        w->line += blank ? 2 : 1;
    }
    w->line_start = w->out.size;
    w->indent = indent;
    text_repeat(&w->out, ' ', (size_t)indent * FMT_STEP);
}

/* ---- comments ---- */

/* Whether each further line of a comment begins with a star, to be put below the first. */
static bool is_starred(const char *at, const char *end)
{
    while ((at = (const char *)memchr(at, '\n', (size_t)(end - at))) != NULL) {
        at++;
        while (at < end && (*at == ' ' || *at == '\t'))
            at++;
        if (at == end || *at != '*')
            return false;
    }
    return true;
}

static const char *trimmed(const char *start, const char *end)
{
    while (end > start && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r'))
        end--;
    return end;
}

/* A comment of many lines: blanks at their ends go, and stars stand in one column. */
static void put_many(writer *w, const char *at, const char *end)
{
    const bool starred = is_starred(at, end);
    const size_t below = column(w) + 1;

    while (at < end) {
        const char *newline = (const char *)memchr(at, '\n', (size_t)(end - at));
        const char *stop = newline != NULL ? newline : end;

        text_put(&w->out, at, (size_t)(trimmed(at, stop) - at));
        at = stop;
        if (newline == NULL)
            continue;
        text_put(&w->out, "\n", 1);
        w->line++;
        w->line_start = w->out.size;
        at++;
        if (!starred)
            continue;
        while (*at == ' ' || *at == '\t')
            at++;
        text_repeat(&w->out, ' ', below);
    }
}

/* A doc's text begins behind one blank. */
static void put_doc(writer *w, const char *at, size_t size)
{
    text_put(&w->out, at, 3);
    if (size > 3 && at[3] != ' ')
        text_put(&w->out, " ", 1);
    text_put(&w->out, at + 3, size - 3);
}

static void put_comment(writer *w, const fmt_comment *c)
{
    const char *at = w->f->source + c->start;

    if (c->doc)
        put_doc(w, at, c->end - c->start);
    else if (c->many)
        put_many(w, at, w->f->source + c->end);
    else
        text_put(&w->out, at, c->end - c->start);
}

static void note_trailing(writer *w)
{
    trailing *items = (trailing *)arena_grow(w->out.memory, w->comments, w->comment_count, sizeof *items);

    if (items == NULL)
        return;
    w->comments = items;
    items[w->comment_count++] = (trailing){w->line, w->out.size, column(w) - 1, w->indent};
}

/* ---- between two tokens ---- */

/* What has been put between two tokens so far. */
typedef struct between {
    bool own;      /* a comment has begun a line */
    bool must_end; /* the last one ends only with its line */
    bool noted;    /* one behind the code has been noted */
    bool joined;   /* all of them go with the token behind them */
} between;

/* Whether a comment that stands on the line of both its neighbours goes with the one behind it. */
static bool goes_with_next(const fmt *f, const fmt_token *t)
{
    if (t->newline || t->gap < FMT_BREAK)
        return false;
    for (uint32_t i = t->first; i < t->first + t->comments; i++)
        if (f->comments[i].newline)
            return false;
    return true;
}

static void put_before(writer *w, size_t index, uint32_t which, between *b)
{
    const fmt_token *t = &w->f->tokens[index];
    const fmt_comment *c = &w->f->comments[t->first + which];
    const bool breaks = t->gap >= FMT_BREAK, first = which == 0;
    const bool opened = index > 0 && is_one_of(w->f->tokens[index - 1].kind, "{(") && !b->own;
    const bool own = c->newline || c->doc || (index == 0 && first);

    if (b->must_end || (own ? breaks || c->line : b->joined && first)) {
        new_line(w, t->comment_indent, c->blank && breaks && !opened);
        b->own = true;
    } else if (!first || c->line || t->gap != FMT_GLUE || !is_one_of(w->f->tokens[index - 1].kind, "([{@.")) {
        text_put(&w->out, " ", 1);
        if (!b->own && !b->noted && !c->many && (breaks || c->line)) {
            note_trailing(w);
            b->noted = true;
        }
    }
    put_comment(w, c);
    b->must_end = c->line;
}

static void put_token(writer *w, size_t index)
{
    const fmt_token *t = &w->f->tokens[index];
    const bool opened = index > 0 && is_one_of(w->f->tokens[index - 1].kind, "{(");
    between b = {.joined = goes_with_next(w->f, t)};

    for (uint32_t i = 0; i < t->comments; i++)
        put_before(w, index, i, &b);
    if (t->kind == 0)
        return;
    if (b.must_end || (t->gap >= FMT_BREAK && (!b.own || t->newline)))
        new_line(w, t->indent, t->blank && t->gap == FMT_LINE && (!opened || b.own));
    else if (t->comments > 0 ? !is_one_of(t->kind, ";,)]?.:") : t->gap == FMT_SPACE)
        text_put(&w->out, " ", 1);
    text_put(&w->out, w->f->source + t->start, t->end - t->start);
}

/* ---- comments in one column ---- */

/* The comments of neighbouring lines from `from` on; the widest code before one of them. */
static size_t group_end(const writer *w, size_t from, size_t *width)
{
    const trailing *items = w->comments;
    size_t to = from;

    *width = 0;
    do {
        *width = items[to].width > *width ? items[to].width : *width;
        to++;
    } while (to < w->comment_count && items[to].line == items[to - 1].line + 1 &&
             items[to].indent == items[from].indent && items[to].width <= ALIGNED_WIDTH &&
             items[to - 1].width <= ALIGNED_WIDTH);
    return to;
}

static void align(const writer *w, text_buffer *out)
{
    size_t done = 0, from = 0;

    while (from < w->comment_count && w->out.data != NULL) {
        size_t width, to = group_end(w, from, &width);

        for (; from < to; from++) {
            const trailing *one = &w->comments[from];

            text_put(out, w->out.data + done, one->at - done);
            text_repeat(out, ' ', width - one->width);
            done = one->at;
        }
    }
    if (w->out.data != NULL)
        text_put(out, w->out.data + done, w->out.size - done);
}

void fmt_write(const fmt *f, text_buffer *out)
{
    writer w = {.f = f, .out = text_begin(f->memory)};

    for (size_t i = 0; i < f->count; i++)
        put_token(&w, i);
    align(&w, out);
    if (w.out.size > 0)
        text_put(out, "\n", 1);
}
