/* The layout: what stands between two tokens.
 *
 * First every gap becomes what it is within a line. Then, statement by statement, lines are broken where
 * they must be: between statements; in bodies that do not fit into a line, hold a comment that ends a line,
 * or whose author broke the line behind the brace; in lists that are too long. Nothing is decided by anything
 * that the result would not show again, so that formatting it changes nothing.
 */
#include "fmt_parts.h"

#include "grammar.h"

#include <string.h>

/* ---- within a line ---- */

static bool is_one_of(int kind, const char *marks)
{
    return kind > 0 && kind < 128 && strchr(marks, kind) != NULL;
}

/* A brace in a type or a value, where a body cannot stand: {string: T}, {}. */
static bool is_type_brace(int before)
{
    return is_one_of(before, ":=[{(,") || before == DOTS;
}

static fmt_gap flat_gap(const fmt_token *before, const fmt_token *t)
{
    if (before->kind == '{' && t->kind == '}')
        return before->is_body && t->comments > 0 ? FMT_SPACE : FMT_GLUE;
    if (before->kind == '{')
        return before->is_body ? FMT_SPACE : FMT_GLUE;
    if (t->kind == '}')
        return t->is_body ? FMT_SPACE : FMT_GLUE;
    if (is_one_of(before->kind, "([@.") || before->kind == DOTS)
        return FMT_GLUE;
    return is_one_of(t->kind, ";,)]?.:(") || t->kind == DOTS ? FMT_GLUE : FMT_SPACE;
}

/* Pair the brackets. Their nesting is bounded by the parser; one that is deeper finds no partner. */
#define BRACKETS 4096

static void match_brackets(fmt *f)
{
    uint32_t *open = (uint32_t *)arena_array(f->memory, BRACKETS, sizeof *open);
    size_t depth = 0;

    for (size_t i = 0; open != NULL && i < f->count; i++) {
        fmt_token *t = &f->tokens[i];

        t->match = (uint32_t)i;
        if (is_one_of(t->kind, "([{") && depth < BRACKETS) {
            t->is_body = t->kind == '{' && i > 0 && !is_type_brace(f->tokens[i - 1].kind);
            open[depth++] = (uint32_t)i;
        } else if (is_one_of(t->kind, ")]}") && depth > 0) {
            t->match = open[--depth];
            t->is_body = f->tokens[t->match].is_body;
            f->tokens[t->match].match = (uint32_t)i;
        }
    }
}

/* The width of the comments before a token, within a line; whether they can be part of one. */
static size_t comments_width(const fmt *f, const fmt_token *t, bool *forced)
{
    size_t width = 0;

    for (uint32_t i = t->first; i < t->first + t->comments; i++) {
        const fmt_comment *c = &f->comments[i];

        width += 1 + fmt_width(f, c->start, c->end);
        *forced = *forced || c->line || c->many;
    }
    return width;
}

static void set_flat(fmt *f)
{
    for (size_t i = 0; i < f->count; i++) {
        fmt_token *t = &f->tokens[i];
        const fmt_token *before = i > 0 ? t - 1 : NULL;
        bool forced = false;
        size_t comments = comments_width(f, t, &forced);

        t->gap = before != NULL ? flat_gap(before, t) : FMT_LINE;
        t->width = fmt_width(f, t->start, t->end);
        t->column = (before != NULL ? before->column : 0) + comments + (t->gap == FMT_SPACE) + t->width;
        t->forced = (before != NULL ? before->forced : 0) + forced;
    }
}

/* ---- lines ---- */

/* Whether tokens `first` to `last` can be one line, which the first of them begins. */
static bool fits(const fmt *f, size_t first, size_t last)
{
    const fmt_token *a = &f->tokens[first], *b = &f->tokens[last];

    return a->forced == b->forced && a->indent * FMT_STEP + a->width + b->column - a->column <= FMT_COLUMNS;
}

static void break_before(fmt *f, size_t at, fmt_gap gap, uint32_t indent)
{
    f->tokens[at].gap = gap;
    f->tokens[at].indent = f->tokens[at].comment_indent = indent;
}

/* A closing bracket on a line of its own; comments before it belong to what is inside. */
static void break_before_close(fmt *f, size_t at, uint32_t indent)
{
    break_before(f, at, FMT_BREAK, indent);
    f->tokens[at].comment_indent = indent + 1;
}

/* The first token of the line that `at` is part of, in this statement. */
static size_t line_start(const fmt *f, size_t at)
{
    while (at > 0 && f->tokens[at].gap < FMT_BREAK)
        at--;
    return at;
}

/* The next token of this kind before `limit` that is in no brackets; `limit` if there is none. */
static size_t find_before(const fmt *f, size_t at, size_t limit, int kind)
{
    while (at < limit && f->tokens[at].kind != kind) {
        if (is_one_of(f->tokens[at].kind, "([{") && f->tokens[at].match > at)
            at = f->tokens[at].match;
        else
            at++;
    }
    return at < limit ? at : limit;
}

/* The next that ends or opens a statement. */
static size_t find(const fmt *f, size_t at, int kind)
{
    return find_before(f, at, f->count - 1, kind);
}

/* `at`, or the mark right behind it that cannot go to another line. */
static size_t with_mark(const fmt *f, size_t at)
{
    return at + 1 < f->count && is_one_of(f->tokens[at + 1].kind, ";,") ? at + 1 : at;
}

/* ---- statements ---- */

/* The annotations at `at` stand on lines as the author put them. Returns what they belong to. */
static size_t annotations(fmt *f, size_t at, uint32_t level)
{
    while (f->tokens[at].kind == '@') {
        at += 2;
        if (f->tokens[at].kind == '(')
            at = f->tokens[at].match + (size_t)1;
        if (f->tokens[at].any_newline)
            break_before(f, at, FMT_BREAK, level);
    }
    return at;
}

/* Keep annotations on the line of what they belong to only if that fits, up to `last`. Returns where the line
 * begins. */
static size_t place_annotations(fmt *f, size_t statement, size_t last, uint32_t level)
{
    const size_t line = line_start(f, statement);

    if (line == statement || fits(f, line, last))
        return line;
    break_before(f, statement, FMT_BREAK, level);
    return statement;
}

static void continue_at(fmt *f, size_t first, size_t last, uint32_t indent)
{
    for (size_t i = first; i <= last; i++)
        f->tokens[i].indent = f->tokens[i].comment_indent = indent;
}

/* Names from `at` to the mark at `last`, as many in a line as fit. */
static void fill(fmt *f, size_t line, size_t at, size_t last, uint32_t indent)
{
    while (at < last) {
        size_t end = at;

        while (end < last && f->tokens[end].kind != ',')
            end++;
        if (!fits(f, line, end)) {
            break_before(f, at, FMT_BREAK, indent);
            line = at;
        }
        at = end + 1;
    }
}

/* keyword a, b, c; */
static size_t list_statement(fmt *f, size_t statement, uint32_t level)
{
    const size_t last = find(f, statement, ';');
    size_t first = statement + 2; /* the first name stays behind its keyword */

    while (first < last && f->tokens[first - 1].kind != ',')
        first++;
    fill(f, place_annotations(f, statement, last, level), first, last, level + 1);
    return last + 1;
}

static size_t plain_statement(fmt *f, size_t statement, uint32_t level)
{
    const size_t last = find(f, statement, ';');

    (void)place_annotations(f, statement, last, level);
    return last + 1;
}

/* ---- bodies ---- */

/* A body that is broken whatever fits: its author broke the line behind the brace, or a comment does. */
static bool wants_lines(const fmt *f, size_t open)
{
    const size_t close = f->tokens[open].match;
    const bool empty = open + 1 == close && f->tokens[close].comments == 0;

    return f->tokens[open].forced != f->tokens[close].forced || (f->tokens[open + 1].any_newline && !empty);
}

static size_t member(fmt *f, size_t at, uint32_t level)
{
    const size_t last = find(f, at, ';');
    size_t field;

    continue_at(f, at, last, level + 1);
    break_before(f, at, FMT_LINE, level);
    field = annotations(f, at, level);
    if (f->tokens[field].kind == KW_RESERVED && f->tokens[field + 1].kind == STRING)
        return list_statement(f, field, level);
    return plain_statement(f, field, level);
}

static void break_body(fmt *f, size_t open, uint32_t level)
{
    const size_t close = f->tokens[open].match;

    for (size_t at = open + 1; at < close;)
        at = member(f, at, level + 1);
    break_before_close(f, close, level);
}

/* Values of an enum, parameters: from bracket to bracket, each on a line. */
static void break_list(fmt *f, size_t open, uint32_t level)
{
    const size_t close = f->tokens[open].match;

    for (size_t at = open + 1; at < close;) {
        size_t last = find_before(f, at, close - 1, ','), item;

        continue_at(f, at, last, level + 2);
        break_before(f, at, FMT_LINE, level + 1);
        item = annotations(f, at, level + 1);
        if (item > at)
            (void)place_annotations(f, item, last, level + 1);
        at = last + 1;
    }
    break_before_close(f, close, level);
}

typedef void breaker(fmt *f, size_t open, uint32_t level);

/* keyword name { ... } */
static size_t body_statement(fmt *f, size_t statement, uint32_t level, breaker *break_inside)
{
    const size_t open = find(f, statement, '{'), close = f->tokens[open].match;
    const bool wanted = wants_lines(f, open);
    const size_t line = place_annotations(f, statement, wanted ? open : close, level);

    if (wanted || !fits(f, line, close))
        break_inside(f, open, level);
    return close + 1;
}

/* ---- methods ---- */

/* Where the clauses of a method begin; 0 where there is none. */
typedef struct method {
    size_t name, open, close, progress, arrow, raises, last;
} method;

static method find_clauses(const fmt *f, size_t statement)
{
    method m = {.name = statement + 1, .open = statement + 2};
    size_t at;

    m.close = f->tokens[m.open].match;
    m.last = find(f, statement, ';');
    at = m.close + 1;
    if (f->tokens[at].kind == KW_PROGRESS) {
        m.progress = at;
        at = f->tokens[at + 1].match + (size_t)1;
    }
    if (f->tokens[at].kind == ARROW) {
        m.arrow = at++;
        if (f->tokens[at].kind == '{')
            at = f->tokens[at].match;
        else if (f->tokens[at].kind == KW_STREAM && !is_one_of(f->tokens[at + 1].kind, ".;") &&
                 f->tokens[at + 1].kind != KW_RAISES)
            at++;
        while (f->tokens[at + 1].kind == '.')
            at += 2;
        at++;
    }
    if (at < m.last)
        m.raises = at;
    return m;
}

/* The brace of a clause's body, or 0: progress {, -> {. */
static size_t clause_body(const fmt *f, size_t clause)
{
    return clause != 0 && f->tokens[clause + 1].kind == '{' ? clause + 1 : 0;
}

static bool clause_wants_lines(const fmt *f, size_t clause)
{
    const size_t open = clause_body(f, clause);

    return open != 0 && wants_lines(f, open);
}

/* The names of the errors, as many in a line as fit. */
static void fill_raises(fmt *f, size_t line, const method *m, uint32_t level)
{
    size_t first = m->raises + 1;

    while (first < m->last && f->tokens[first].kind != ',')
        first++;
    fill(f, line, first + 1, m->last, level + 2);
}

/* Whether the result's body, in a line that begins with `line`, goes to lines of its own. */
static bool breaks_result(const fmt *f, const method *m, size_t line)
{
    const size_t open = clause_body(f, m->arrow);

    return open != 0 && (wants_lines(f, open) || !fits(f, line, with_mark(f, f->tokens[open].match)));
}

/* The result stays behind the parameters; what it raises goes below where it does not fit. */
static void place_result(fmt *f, const method *m, size_t line, uint32_t level)
{
    if (breaks_result(f, m, line)) {
        break_body(f, m->arrow + 1, level);
        line = f->tokens[m->arrow + 1].match;
    }
    if (m->raises == 0 || fits(f, line, m->last))
        return;
    break_before(f, m->raises, FMT_BREAK, level + 1);
    fill_raises(f, m->raises, m, level);
}

/* Each clause on a line of its own. */
static void place_clauses(fmt *f, const method *m, uint32_t level)
{
    const size_t clauses[] = {m->progress, m->arrow, m->raises};

    for (size_t i = 0; i < sizeof clauses / sizeof clauses[0]; i++) {
        const size_t clause = clauses[i], open = clause_body(f, clause);

        if (clause == 0)
            continue;
        break_before(f, clause, FMT_BREAK, level + 1);
        if (open != 0 && (wants_lines(f, open) || !fits(f, clause, with_mark(f, f->tokens[open].match))))
            break_body(f, open, level + 1);
    }
    if (m->raises != 0)
        fill_raises(f, m->raises, m, level);
}

/* The last token that stands on the line of the parameters. */
static size_t head_end(const fmt *f, const method *m, size_t line)
{
    if (m->progress != 0)
        return m->close;
    if (breaks_result(f, m, line))
        return m->arrow + 1;
    if (m->arrow == 0)
        return m->raises != 0 ? m->close : m->last;
    return m->raises != 0 ? m->raises - 1 : m->last;
}

static size_t method_statement(fmt *f, size_t statement, uint32_t level)
{
    const method m = find_clauses(f, statement);
    const bool wanted = clause_wants_lines(f, m.progress) || clause_wants_lines(f, m.arrow);
    size_t line = place_annotations(f, statement, wanted ? m.close : m.last, level);

    if (!wanted && fits(f, line, m.last))
        return m.last + 1;
    if (!fits(f, line, head_end(f, &m, line)) && m.open + 1 < m.close) {
        break_list(f, m.open, level);
        line = m.close;
        if (!wanted && fits(f, line, m.last))
            return m.last + 1;
    }
    if (m.progress != 0)
        place_clauses(f, &m, level);
    else
        place_result(f, &m, line, level);
    return m.last + 1;
}

/* ---- the file ---- */

static size_t statement_at(fmt *f, size_t at, uint32_t level);

static void break_service(fmt *f, size_t open, uint32_t level)
{
    const size_t close = f->tokens[open].match;

    for (size_t at = open + 1; at < close;)
        at = statement_at(f, at, level + 1);
    break_before_close(f, close, level);
}

static size_t by_keyword(fmt *f, size_t statement, uint32_t level)
{
    switch (f->tokens[statement].kind) {
    case KW_SERVICE:
        return body_statement(f, statement, level, break_service);
    case KW_STRUCT:
    case KW_UNION:
    case KW_ERROR:
    case KW_EVENT:
        return body_statement(f, statement, level, break_body);
    case KW_ENUM:
    case KW_STRICT:
        return body_statement(f, statement, level, break_list);
    case KW_RPC:
    case KW_COMMAND:
        return method_statement(f, statement, level);
    case KW_PUBLISHES:
    case KW_SUBSCRIBES:
    case KW_USES:
        return list_statement(f, statement, level);
    default:
        return plain_statement(f, statement, level);
    }
}

/* Where the statement at `at` ends: a ';' or a body's '}' outside of everything. */
static size_t statement_end(const fmt *f, size_t at)
{
    switch (f->tokens[at].kind) {
    case KW_SERVICE:
    case KW_STRUCT:
    case KW_UNION:
    case KW_ERROR:
    case KW_EVENT:
    case KW_ENUM:
    case KW_STRICT:
        return f->tokens[find(f, at, '{')].match;
    default:
        return find(f, at, ';');
    }
}

static size_t statement_at(fmt *f, size_t at, uint32_t level)
{
    size_t statement = at, end;

    while (f->tokens[statement].kind == '@') {
        statement += 2;
        if (f->tokens[statement].kind == '(')
            statement = f->tokens[statement].match + (size_t)1;
    }
    end = statement_end(f, statement);
    continue_at(f, at, end, level + 1);
    break_before(f, at, FMT_LINE, level);
    (void)annotations(f, at, level);
    return by_keyword(f, statement, level);
}

void fmt_layout(fmt *f)
{
    match_brackets(f);
    set_flat(f);
    for (size_t at = 0; at + 1 < f->count && !f->memory->failed;)
        at = statement_at(f, at, 0);
    if (f->count > 0)
        break_before(f, f->count - 1, FMT_LINE, 0);
}
