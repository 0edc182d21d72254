/* Tokens are the lexer's; comments are looked for here, by other code than the formatter's. */
#include "golden/fmt_check.h"

#include "fmt.h"
#include "grammar.h"
#include "parser.h"

#include <string.h>

typedef struct side {
    sources files;
    diags reports;
    parser p;
    const char *text;
    size_t size;
} side;

static bool lex(side *s, arena *memory, const char *text, size_t size)
{
    memset(s, 0, sizeof *s);
    s->files.memory = s->reports.memory = memory;
    s->reports.files = &s->files;
    if (!source_add_text(&s->files, "text.aegis", text, size))
        return false;
    s->text = s->files.files[0].text; /* without a byte order mark */
    s->size = s->files.files[0].length;
    s->p = (parser){.memory = memory, .reports = &s->reports, .files = &s->files};
    return lexer_run(&s->p);
}

static bool same_tokens(const side *a, const side *b)
{
    if (a->p.count != b->p.count)
        return false;
    for (size_t i = 0; i < a->p.count; i++) {
        const token *x = &a->p.tokens[i], *y = &b->p.tokens[i];
        const size_t length = x->where.end - x->where.start;

        if (x->kind != y->kind)
            return false;
        if (x->kind == DOC ? strcmp(x->text, y->text) != 0
                           : length != y->where.end - y->where.start ||
                                 memcmp(a->text + x->where.start, b->text + y->where.start, length) != 0)
            return false;
    }
    return true;
}

/* ---- comments ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* The next comment between `*at` and `end`, which `*at` is then behind; its length, 0 for none. */
static size_t next_comment(const char *text, size_t *at, size_t end, const char **comment)
{
    size_t i = *at;

    while (i < end && text[i] != '/')
        i++;
    *comment = text + i;
    *at = i;
    if (i == end)
        return 0;
    if (text[i + 1] == '/') {
        while (*at < end && text[*at] != '\n')
            ++*at;
    } else {
        for (*at += 4; *at < end && (text[*at - 1] != '/' || text[*at - 2] != '*'); ++*at)
            ;
    }
    return *at - i;
}

/* The same but for blanks at the ends of their lines, and before them. */
static bool same_comment(const char *a, size_t n, const char *b, size_t m)
{
    const char *a_end = a + n, *b_end = b + m;

    for (;;) {
        const char *x = a, *y = b, *x_end, *y_end;

        while (a < a_end && *a != '\n')
            a++;
        while (b < b_end && *b != '\n')
            b++;
        for (x_end = a; x_end > x && is_blank(x_end[-1]); x_end--)
            ;
        for (y_end = b; y_end > y && is_blank(y_end[-1]); y_end--)
            ;
        while (x < x_end && (*x == ' ' || *x == '\t'))
            x++;
        while (y < y_end && (*y == ' ' || *y == '\t'))
            y++;
        if (x_end - x != y_end - y || memcmp(x, y, (size_t)(x_end - x)) != 0)
            return false;
        if (a == a_end || b == b_end)
            return a == a_end && b == b_end;
        a++;
        b++;
    }
}

/* Between the same tokens stand the same comments. */
static bool same_comments(const side *a, const side *b)
{
    size_t x = 0, y = 0;

    for (size_t i = 0; i < a->p.count; i++) {
        const size_t x_end = a->p.tokens[i].where.start, y_end = b->p.tokens[i].where.start;
        size_t n, m;

        do {
            const char *left, *right;

            n = next_comment(a->text, &x, x_end, &left);
            m = next_comment(b->text, &y, y_end, &right);
            if ((n == 0) != (m == 0) || !same_comment(left, n, right, m))
                return false;
        } while (n != 0);
        x = a->p.tokens[i].where.end;
        y = b->p.tokens[i].where.end;
    }
    return true;
}

static bool is_tidy(const char *text, size_t size)
{
    for (size_t i = 1; i < size; i++)
        if (text[i] == '\n' && is_blank(text[i - 1]))
            return false;
    return size == 0 || (text[size - 1] == '\n' && text[0] != '\n');
}

static bool format(arena *memory, const char *text, size_t size, text_buffer *out, size_t *errors)
{
    sources files = {.memory = memory};
    diags reports = {.memory = memory, .files = &files};
    bool good = source_add_text(&files, "text.aegis", text, size) && fmt_source(&reports, &files, 0, out);

    *errors = reports.errors;
    return good && out->data != NULL;
}

static fmt_result check(arena *memory, const char *source, size_t size, const char **why)
{
    text_buffer once = text_begin(memory), twice = text_begin(memory);
    side before, after;
    size_t errors;

    *why = "it neither is formatted nor has a syntax error";
    if (!format(memory, source, size, &once, &errors))
        return errors > 0 || memory->failed ? FMT_REFUSED : FMT_WRONG;
    *why = "the formatted text cannot be formatted";
    if (!format(memory, once.data, once.size, &twice, &errors))
        return memory->failed ? FMT_REFUSED : FMT_WRONG;
    *why = "formatting it again changes it";
    if (once.size != twice.size || memcmp(once.data, twice.data, once.size) != 0)
        return FMT_WRONG;
    if (!lex(&before, memory, source, size) || !lex(&after, memory, once.data, once.size))
        return FMT_REFUSED;
    *why = "its tokens are others";
    if (!same_tokens(&before, &after))
        return FMT_WRONG;
    *why = "its comments are others";
    if (!same_comments(&before, &after))
        return FMT_WRONG;
    *why = "a line ends in a blank, or it does not end in one line break";
    return is_tidy(once.data, once.size) ? FMT_GOOD : FMT_WRONG;
}

fmt_result fmt_check(const char *source, size_t size, const char **why)
{
    arena memory;
    fmt_result result;

    arena_init(&memory);
    result = check(&memory, source, size, why);
    arena_free(&memory);
    return result;
}
