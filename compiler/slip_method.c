/* Methods as protobuf, Thrift, C, Go, TypeScript and others write them.
 *
 * A method is read as a whole, in whatever order and with whatever words, and written anew in one piece: a
 * line of another language has many deviations and is one mistake.
 */
#include <string.h>

#include "slip.h"

typedef struct method {
    parser *p;
    size_t at; /* next token */
    const char *kind, *name, *params, *progress, *result, *raises;
    const char *advice; /* about the first deviation, */
    size_t place;       /* which is here */
} method;

static void deviates(method *m, size_t place, const char *advice)
{
    if (m->advice != NULL)
        return;
    m->advice = advice;
    m->place = place;
}

static int kind_at(const method *m)
{
    return token_kind(m->p, m->at);
}

/* ---- parameters ---- */

/* `name: type = value` with whatever type; false when it is something else. */
static bool read_own_parameter(method *m, const char **text)
{
    parser *p = m->p;
    foreign_type t;
    const char *value = "";
    size_t end;

    if (!slip_read_type(p, m->at + 2, &t))
        return false;
    if (t.advice != NULL)
        deviates(m, m->at + 2, t.advice);
    for (end = t.end; token_kind(p, end) != ',' && token_kind(p, end) != ')' && token_kind(p, end) != ';' &&
                      token_kind(p, end) != 0;
         end++)
        ;
    if (end > t.end)
        value = arena_printf(p->memory, " %s", token_source(p, t.end, end - 1));
    *text = arena_printf(p->memory, "%s: %s%s", p->tokens[m->at].text, t.text, value);
    m->at = end;
    return true;
}

static bool read_parameter(method *m, const char **text)
{
    parser *p = m->p;
    foreign_type t;

    if (kind_at(m) == INTEGER && token_kind(p, m->at + 1) == ':') {
        deviates(m, m->at, "there are no field numbers: parameters travel by name");
        m->at += 2;
    }
    if (token_word(p, m->at) && token_kind(p, m->at + 1) == ':')
        return read_own_parameter(m, text);
    if (token_is(p, m->at, "stream"))
        return false;
    if (token_is(p, m->at, "self") && (token_kind(p, m->at + 1) == ',' || token_kind(p, m->at + 1) == ')')) {
        deviates(m, m->at++, "a method has no 'self'");
        *text = "";
        return true;
    }
    if (m->kind == NULL && token_word(p, m->at) && slip_is_type(p, m->at + 1) && !slip_is_type(p, m->at) &&
        slip_read_type(p, m->at + 1, &t) &&
        (token_kind(p, t.end) == ',' || token_kind(p, t.end) == ')')) { /* Go */
        deviates(m, m->at, "a parameter is written 'name: type'");
        *text = arena_printf(p->memory, "%s: %s", p->tokens[m->at].text, t.text);
        m->at = t.end;
        return true;
    }
    if (!slip_read_type(p, m->at, &t))
        return false;
    if (token_word(p, t.end)) {
        if (t.advice == NULL && t.end == m->at + 1 && !slip_is_type(p, m->at) && slip_is_type(p, t.end))
            return false; /* only the ':' is missing */
        deviates(m, m->at, "a parameter is written 'name: type'");
        *text = arena_printf(p->memory, "%s: %s", p->tokens[t.end].text, t.text);
        m->at = t.end + 1;
        return true;
    }
    if (t.end == m->at + 1 && token_is(p, m->at, "void")) {
        deviates(m, m->at, "a method without parameters has nothing in its brackets");
        *text = "";
    } else if (slip_is_type(p, m->at) || (t.text[0] >= 'A' && t.text[0] <= 'Z') ||
               strpbrk(t.text, "[{.") != NULL) {
        deviates(m, m->at, "a parameter needs a name");
        *text = arena_printf(p->memory, "request: %s", t.text);
    } else {
        return false;
    }
    m->at = t.end;
    return true;
}

static bool read_parameters(method *m)
{
    parser *p = m->p;

    m->params = "";
    if (kind_at(m) == ':' && token_kind(p, m->at + 1) == '(')
        return false;
    if (kind_at(m) != '(') {
        deviates(m, m->at, "the parameters of a method stand in brackets, also when there are none");
        return true;
    }
    m->at++;
    for (size_t count = 0; kind_at(m) != ')'; count++) {
        size_t marks = token_behind_marks(p, m->at);
        const char *before =
                       marks > m->at ? arena_printf(p->memory, "%s ", token_source(p, m->at, marks - 1)) : "",
                   *one;

        m->at = marks;
        if (count == SLIP_PARTS_MAX || !read_parameter(m, &one))
            return false;
        m->params = arena_printf(p->memory, "%s%s%s%s", m->params,
                                 *m->params != '\0' && *one != '\0' ? ", " : "", before, one);
        if (kind_at(m) == ';')
            deviates(m, m->at, "parameters are separated by ','");
        else if (kind_at(m) != ',' && kind_at(m) != ')')
            return false;
        m->at += kind_at(m) == ')' ? 0 : 1;
    }
    m->at++;
    return true;
}

/* ---- what follows ---- */

static bool read_body(method *m, const char **text)
{
    size_t close = token_close(m->p, m->at);

    if (close >= m->p->count)
        return false;
    *text = token_source(m->p, m->at, close);
    m->at = close + 1;
    return true;
}

/* A struct around what is none. */
static const char *result_of(parser *p, const char *type)
{
    if (strpbrk(type, "[{") != NULL)
        return arena_printf(p->memory, "{ %s: %s; }", type[0] == '[' ? "items" : "entries", type);
    return elsewhere_builtin(type) || strpbrk(type, "(?") != NULL
               ? arena_printf(p->memory, "{ value: %s; }", type)
               : type;
}

/* `(vehicle :Vehicle, left: u32)` of Cap'n Proto, `(Vehicle, error)` of Go; `at` behind the bracket. */
static bool read_results(method *m)
{
    parser *p = m->p;
    const char *text = "{";
    foreign_type t;

    if (token_word(p, m->at) && token_kind(p, m->at + 1) == ':') {
        for (;;) {
            if (!token_word(p, m->at) || token_kind(p, m->at + 1) != ':' || !slip_read_type(p, m->at + 2, &t))
                return false;
            text = arena_printf(p->memory, "%s %s: %s;", text, p->tokens[m->at].text, t.text);
            m->at = t.end;
            if (kind_at(m) != ',')
                break;
            m->at++;
        }
        m->result = arena_printf(p->memory, "%s }", text);
        return kind_at(m) == ')';
    }
    if (!slip_read_type(p, m->at, &t))
        return false;
    m->result = result_of(p, t.text);
    m->at = t.end;
    if (kind_at(m) == ',' && token_is(p, m->at + 1, "error"))
        m->at += 2;
    return kind_at(m) == ')';
}

/* Rust: `Result<Order, NotFound>`. */
static bool read_result_or_error(method *m)
{
    parser *p = m->p;
    foreign_type good, bad;

    if (!token_is(p, m->at, "Result") || !token_sign(p, m->at + 1, "<") ||
        !slip_read_type(p, m->at + 2, &good) || token_kind(p, good.end) != ',' ||
        !slip_read_type(p, good.end + 1, &bad) || token_kind(p, bad.end) != '>')
        return false;
    deviates(m, m->at, "what a method may fail with stands behind 'raises'");
    m->result = result_of(p, good.text);
    m->raises = bad.text;
    m->at = bad.end + 1;
    return true;
}

/* Whether an error of this name is declared in the file. */
static bool is_error(const parser *p, size_t i)
{
    for (size_t k = 0; token_word(p, i) && k + 1 < p->count; k++) {
        if (p->tokens[k].kind == KW_ERROR && k + 1 != i && token_is(p, k + 1, p->tokens[i].text))
            return true;
    }
    return false;
}

static bool read_result(method *m)
{
    parser *p = m->p;
    size_t place = m->at;
    bool arrow = kind_at(m) == ARROW, bracket;
    foreign_type t;

    if (!arrow)
        deviates(m, place, "the result of a method stands behind '->'");
    m->at += kind_at(m) == '=' ? 2 : 1;
    if (kind_at(m) == '{')
        return m->result == NULL && read_body(m, &m->result);
    bracket = kind_at(m) == '(';
    if (bracket) {
        deviates(m, m->at, "the result of a method stands behind '->', without brackets");
        m->at++;
    }
    if (bracket && kind_at(m) == ')') {
        m->at++;
        return true;
    }
    if (m->result == NULL && !bracket && read_result_or_error(m))
        return true;
    if (bracket && m->result == NULL &&
        (token_kind(p, m->at + 1) == ':' || token_kind(p, m->at + 1) == ',')) {
        const bool ok = read_results(m);

        m->at += ok ? 1 : 0;
        return ok;
    }
    if (token_is(p, m->at, "stream") && token_word(p, m->at + 1) && !token_is(p, m->at + 1, "raises"))
        return false;
    if (token_is(p, m->at, "void")) {
        deviates(m, m->at, "an rpc has a result: one without fields is written {}");
        m->at++;
    } else {
        const size_t start = m->at;

        if (m->result != NULL || !slip_read_type(p, start, &t) || token_kind(p, start) == STRING)
            return false;
        if (strpbrk(t.text, "[{?(") != NULL)
            deviates(m, start, "a result is a struct, so that it can grow");
        m->result = result_of(p, t.text);
        m->at = t.end;
    }
    if (bracket && kind_at(m) != ')')
        return false;
    m->at += bracket ? 1 : 0;
    return true;
}

/* `raises A, B` · `throws (1: NotFound nf)`. */
static bool read_raises(method *m)
{
    parser *p = m->p;
    bool bracket;

    if (kind_at(m) != KW_RAISES)
        deviates(m, m->at, "what a method may fail with stands behind 'raises'");
    m->at++;
    bracket = kind_at(m) == '(' || kind_at(m) == '[' || kind_at(m) == '{';
    if (bracket)
        deviates(m, m->at, "the errors behind 'raises' stand without brackets");
    m->at += bracket ? 1 : 0;
    for (size_t names = 0;; names++) {
        const char *path;

        if (names == SLIP_PARTS_MAX)
            return false;

        if (bracket && kind_at(m) == INTEGER && token_kind(p, m->at + 1) == ':')
            m->at += 2;
        if (!token_word(p, m->at))
            return false;
        path = p->tokens[m->at++].text;
        for (; kind_at(m) == '.' && token_word(p, m->at + 1); m->at += 2)
            path = arena_printf(p->memory, "%s.%s", path, p->tokens[m->at + 1].text);
        if (bracket && token_word(p, m->at))
            m->at++;
        m->raises = arena_printf(p->memory, "%s%s%s", m->raises == NULL ? "" : m->raises,
                                 m->raises == NULL ? "" : ", ", path);
        if (token_sign(p, m->at, "|"))
            deviates(m, m->at, "errors are separated by ','");
        else if (kind_at(m) != ',')
            break;
        m->at++;
    }
    if (bracket && kind_at(m) != ')' && kind_at(m) != ']' && kind_at(m) != '}')
        return false;
    m->at += bracket ? 1 : 0;
    return true;
}

static bool is_raises(const method *m)
{
    return token_is(m->p, m->at, "raises") || token_is(m->p, m->at, "throws") ||
           token_is(m->p, m->at, "throw");
}

static bool is_result(const method *m)
{
    return kind_at(m) == ARROW || token_is(m->p, m->at, "returns") || token_is(m->p, m->at, "return") ||
           kind_at(m) == ':' || (kind_at(m) == '=' && token_kind(m->p, m->at + 1) == '>');
}

static bool read_clauses(method *m)
{
    static const char order[] = "behind the parameters stand 'progress', '->' and 'raises', in this order";

    for (;;) {
        size_t place = m->at;
        bool ok;

        if (token_is(m->p, m->at, "progress") && token_kind(m->p, m->at + 1) == '{') {
            if (m->result != NULL || m->raises != NULL)
                deviates(m, place, order);
            m->at++;
            ok = m->progress == NULL && read_body(m, &m->progress);
        } else if (kind_at(m) == ':' &&
                   (token_kind(m->p, m->at + 1) == DOTS || m->p->tokens[m->at + 1].starts_line)) {
            return true; /* Python: `: ...` */
        } else if (kind_at(m) == ',' && m->result != NULL && m->raises == NULL && is_error(m->p, m->at + 1)) {
            deviates(m, place, "what a method may fail with stands behind 'raises'");
            ok = read_raises(m);
        } else if (m->kind == NULL && m->result == NULL && m->raises == NULL &&
                   !m->p->tokens[place].starts_line && (kind_at(m) == '(' || token_word(m->p, m->at)) &&
                   !is_raises(m)) { /* Go */
            m->at--;
            ok = read_result(m);
        } else if (is_result(m)) {
            if (m->raises != NULL)
                deviates(m, place, order);
            ok = read_result(m);
        } else if (is_raises(m)) {
            ok = m->raises == NULL && read_raises(m);
        } else {
            return true;
        }
        if (!ok)
            return false;
    }
}

/* ---- the whole ---- */

static bool read_kind(method *m)
{
    static const char *const before[] = {"public",   "virtual",  "async", "static",
                                         "abstract", "override", NULL};
    parser *p = m->p;
    const elsewhere_keyword *word;

    for (size_t i = 0; before[i] != NULL; i++) {
        if (token_is(p, m->at, before[i]) && token_word(p, m->at + 1))
            deviates(m, m->at++, "a method begins with 'rpc' or 'command'");
    }
    if (kind_at(m) == KW_RPC || kind_at(m) == KW_COMMAND) {
        m->kind = kind_at(m) == KW_RPC ? "rpc" : "command";
        m->at++;
        return true;
    }
    if (token_is(p, m->at, "oneway") && token_is(p, m->at + 1, "void") &&
        token_word(p, m->at + 2)) { /* Thrift */
        deviates(m, m->at, "a call that is not answered is a command");
        m->kind = "command";
        m->at += 2;
        return true;
    }
    word =
        token_word(p, m->at) && token_word(p, m->at + 1) ? elsewhere_keyword_of(p->tokens[m->at].text) : NULL;
    if (word == NULL || (strcmp(word->here, "rpc") != 0 && strcmp(word->here, "command") != 0))
        return true;
    deviates(m, m->at++, arena_printf(p->memory, "'%s' is no keyword: %s", word->word, word->says));
    m->kind = word->here;
    return true;
}

/* The name, which a type may stand before: `Order get(...)`. */
static bool read_name(method *m)
{
    parser *p = m->p;
    foreign_type t;
    size_t place = m->at;

    if (!token_word(p, m->at))
        return false;
    if (token_kind(p, m->at + 1) == '@' && token_kind(p, m->at + 2) == INTEGER &&
        token_kind(p, m->at + 3) == '(') {
        deviates(m, place, "a method begins with 'rpc' or 'command'"); /* Cap'n Proto */
        m->name = p->tokens[m->at].text;
        m->at += 3;
        return true;
    }
    if (token_kind(p, m->at + 1) == '(' || is_result(&(method){.p = p, .at = m->at + 1}) || kind_at(m) == 0) {
        if (m->kind == NULL)
            deviates(m, place, "a method begins with 'rpc' or 'command'");
        m->name = p->tokens[m->at++].text;
        return m->kind != NULL || kind_at(m) == '(';
    }
    if (!slip_read_type(p, m->at, &t) || !token_word(p, t.end) || token_kind(p, t.end + 1) != '(')
        return false;
    deviates(m, place, "a method begins with 'rpc' or 'command', and its result stands behind '->'");
    if (!token_is(p, place, "void"))
        m->result = result_of(p, t.text);
    m->name = p->tokens[t.end].text;
    m->at = t.end + 1;
    return true;
}

/* Behind the method: a ';', or a body such as protobuf allows. */
static bool read_end(method *m)
{
    size_t close;

    if (kind_at(m) == '{' && m->result != NULL) {
        deviates(m, m->at, "a method ends with ';' and has no body");
        close = token_close(m->p, m->at);
        if (close >= m->p->count || (close > m->at + 1 && !token_is(m->p, m->at + 1, "option")))
            return false;
        m->at = close + 1;
        m->at += kind_at(m) == ';' ? 1 : 0;
        return true;
    }
    if (m->advice != NULL && kind_at(m) == ':' && m->result != NULL) { /* Python */
        m->at++;
        m->at += kind_at(m) == DOTS ? 2 : 0;
        return m->p->tokens[m->at].starts_line;
    }
    if (m->advice != NULL && m->p->tokens[m->at + (kind_at(m) == ',')].starts_line) { /* Thrift, Go */
        m->at += kind_at(m) == ',' ? 1 : 0;
        return true;
    }
    if (kind_at(m) != ';')
        return false;
    m->at++;
    return true;
}

static const char *method_text(const method *m)
{
    arena *a = m->p->memory;
    const char *text = arena_printf(a, "%s %s(%s)", m->kind, m->name, m->params);

    if (m->progress != NULL)
        text = arena_printf(a, "%s progress %s", text, m->progress);
    if (m->result != NULL)
        text = arena_printf(a, "%s -> %s", text, m->result);
    if (m->raises != NULL)
        text = arena_printf(a, "%s raises %s", text, m->raises);
    return arena_printf(a, "%s;", text);
}

static bool foreign_method(const site *s)
{
    parser *p = s->p;
    size_t first = token_behind_marks(p, s->block_member);
    method m = {.p = p, .at = first};

    if (first > s->at || !read_kind(&m) || !read_name(&m) || !read_parameters(&m) || !read_clauses(&m))
        return false;
    if (m.kind == NULL)
        m.kind = m.result != NULL || kind_at(&m) == '{' ? "rpc" : "command";
    if (m.result == NULL && strcmp(m.kind, "rpc") == 0 && kind_at(&m) == ';' &&
        token_kind(p, m.at + 1) != ARROW) {
        deviates(&m, first, "an rpc has a result, if only an empty one: -> {}");
        m.result = "{}";
    }
    if (!read_end(&m) || m.advice == NULL || m.at <= s->at)
        return false;
    edit_report(p, 204, p->tokens[m.place].where, "%s", m.advice);
    return edit_rewrite(p, first, m.at - 1, method_text(&m));
}

bool slip_method(const site *s)
{
    if (s->block != PLACE_SERVICE)
        return false;
    return slip_service(s) || foreign_method(s);
}
