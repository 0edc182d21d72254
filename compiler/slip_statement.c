/* Statements of the file as other languages write them. */
#include <string.h>

#include "slip.h"

/* Behind the statement at `i`, which ends with a ';' or with its line; the number of tokens when a brace
 * comes first. */
static size_t simple_end(const parser *p, size_t i)
{
    for (; i + 1 < p->count; i++) {
        int kind = token_kind(p, i);

        if (kind == '{' || kind == '}')
            break;
        if (kind == ';' || p->tokens[i + 1].starts_line)
            return i + 1;
    }
    return p->count;
}

/* ---- the head of the file ---- */

/* `syntax = "proto3";` · `option x = y;` */
static bool proto_statement(const site *s)
{
    parser *p = s->p;
    size_t m = s->plain, end = simple_end(p, m);

    if (end >= p->count)
        return false;
    if (token_is(p, m, "syntax") || token_is(p, m, "edition") ||
        (m == 0 && token_kind(p, m) == NAME && token_is(p, m, "version"))) {
        edit_report(p, 204, token_span(p, m, end - 1), "a file begins with its edition of Aegis");
        return edit_rewrite(p, m, end - 1, "aegis 1;");
    }
    if (!token_is(p, m, "option") || token_kind(p, m + 1) == '{')
        return false;
    edit_report(p, 204, p->tokens[m].where,
                "there are no options: annotations stand before what they are about");
    diag_add_help(p->reports, "such as @c_name(\"shop\") package shop;");
    return edit_remove(p, m, end - 1);
}

/* The keyword is missing: `1;` · `shop;` · `"pay.aegis";` · `Order { ... }`. */
static bool no_keyword(const site *s)
{
    parser *p = s->p;
    size_t m = s->plain;
    int kind = token_kind(p, m), next = token_kind(p, m + 1);
    const char *keyword = NULL;

    if (s->at != m)
        return false;
    if (kind == INTEGER && m == 0 && next == ';')
        keyword = "aegis";
    else if (kind == STRING && next == ';' && !p->tokens[m].open)
        keyword = "import";
    else if (kind == NAME && next == ';' && p->result->nodes.count == 1)
        keyword = "package";
    else if (kind == NAME && next == '{')
        keyword = token_word(p, m + 2) && token_kind(p, m + 3) == ',' ? "enum" : "struct";
    else if (kind == NAME && next == '(' && token_kind(p, m + 2) == INTEGER)
        keyword = "error";
    else if (kind == NAME && next == '.' && token_word(p, m + 2) && token_kind(p, m + 3) == '{')
        keyword = "event";
    else if (kind == NAME && next == ':' && simple_end(p, m) < p->count && simple_end(p, m) > m + 4 &&
             token_kind(p, simple_end(p, m) - 3) == '=')
        keyword = "const";
    if (keyword == NULL)
        return false;
    edit_report(p, 201, p->tokens[m].where, "a keyword is missing before %s", token_described(p, m));
    return edit_rewrite(p, m, m, arena_printf(p->memory, "%s %s", keyword, token_source(p, m, m)));
}

/* The file that is meant by a path without quotes: `import common.pay;`. */
static const char *path_meant(parser *p, size_t from, size_t to)
{
    const char *path = "";

    for (size_t i = from; i < to; i++) {
        if (token_kind(p, i) == STRING)
            return token_source(p, i, i);
        if (token_is(p, i, "aegis") && i + 1 == to)
            continue;
        if (token_word(p, i) && !token_is(p, i, "public") && !token_is(p, i, "from") && !token_is(p, i, "as"))
            path = arena_printf(p->memory, "%s%s%s", path, *path == '\0' ? "" : "/", p->tokens[i].text);
    }
    return *path == '\0' ? NULL : arena_printf(p->memory, "\"%s.aegis\"", path);
}

static bool import_statement(const site *s)
{
    parser *p = s->p;
    size_t m = s->plain, end = simple_end(p, m);
    const elsewhere_keyword *word = token_word(p, m) ? elsewhere_keyword_of(p->tokens[m].text) : NULL;
    const char *path;
    bool keyword = token_kind(p, m) == KW_IMPORT;
    size_t last;

    if (!keyword && (word == NULL || strcmp(word->here, "import") != 0))
        return false;
    if (end >= p->count || end <= m + 1 || (keyword && token_kind(p, m + 1) == STRING && end <= m + 3))
        return false;
    last = end - 1 - (token_kind(p, end - 1) == ';');
    if (last - m > 2 * SLIP_PARTS_MAX)
        return false;
    path = path_meant(p, m + 1, last + 1);
    if (path == NULL || (token_is(p, m, "using") && token_kind(p, m + 2) == '='))
        return false;
    if (!keyword)
        edit_report(p, 204, p->tokens[m].where, "'%s' is no keyword: %s", word->word, word->says);
    else if (token_kind(p, m + 1) == STRING)
        edit_report(p, 204, token_span(p, m + 2, last), "an import names a file and nothing else");
    else
        edit_report(p, 204, token_span(p, m + 1, last), "an import names a file, in quotes");
    edit_lose(p, "import");
    return edit_rewrite(p, m, end - 1, arena_printf(p->memory, "import %s;", path));
}

/* `package "shop";` · `package shop.orders;` · `namespace c shop`. */
static bool package_statement(const site *s)
{
    parser *p = s->p;
    size_t m = s->plain, end = simple_end(p, m), last = end - 1, names = 0;
    const char *name = "";
    const elsewhere_keyword *word = token_word(p, m) ? elsewhere_keyword_of(p->tokens[m].text) : NULL;
    bool keyword = token_kind(p, m) == KW_PACKAGE,
         foreign = word != NULL && strcmp(word->here, "package") == 0;

    if ((!keyword && !foreign) || end >= p->count || s->at >= end)
        return false;
    last -= token_kind(p, last) == ';';
    if (last - m > 2 * SLIP_PARTS_MAX)
        return false;
    for (size_t i = m + 1; i <= last; i++) {
        if (token_kind(p, i) == STRING)
            name = p->tokens[i].value->text;
        else if (i < last && token_word(p, i) && token_word(p, i + 1))
            continue; /* the language of a Thrift namespace */
        else if (token_word(p, i))
            name = arena_printf(p->memory, "%s%s%s", name, names == 0 ? "" : "_", p->tokens[i].text);
        else
            continue;
        names++;
    }
    if (names == 0 || *name == '\0')
        return false;
    if (foreign)
        edit_report(p, 204, p->tokens[m].where, "'%s' is no keyword: %s", word->word, word->says);
    else
        edit_report(p, 204, token_span(p, m + 1, last),
                    token_kind(p, m + 1) == STRING ? "the name of a package is not quoted"
                                                   : "the name of a package is one word");
    return edit_rewrite(p, m, end - 1, arena_printf(p->memory, "package %s;", name));
}

/* ---- constants and aliases ---- */

/* The type of a constant that is written without one. */
static const char *type_of_literal(const parser *p, size_t i)
{
    switch (token_kind(p, i)) {
    case STRING:
        return "string";
    case FLOAT:
        return "f64";
    case DURATION:
        return "duration";
    case KW_TRUE:
    case KW_FALSE:
        return "bool";
    case INTEGER:
        return p->tokens[i].value->negative ? "i32" : "u32";
    default:
        return NULL;
    }
}

/* `const i32 MAX = 5;` · `const MAX = 5;` */
static bool const_statement(const site *s)
{
    parser *p = s->p;
    size_t m = s->plain;
    const char *type;
    foreign_type t;

    if (token_kind(p, m) != KW_CONST || s->at < m + 2)
        return false;
    if (token_word(p, m + 1) && token_kind(p, m + 2) == '=' && (type = type_of_literal(p, m + 3)) != NULL) {
        edit_report(p, 204, p->tokens[m + 1].where, "a constant has a type");
        return edit_rewrite(p, m + 1, m + 1, arena_printf(p->memory, "%s: %s", p->tokens[m + 1].text, type));
    }
    if (token_kind(p, m + 2) == ':' || !slip_read_type(p, m + 1, &t) || !token_word(p, t.end) ||
        token_kind(p, t.end + 1) != '=' || (!slip_is_type(p, m + 1) && slip_is_type(p, t.end)))
        return false;
    edit_report(p, 204, token_span(p, m + 1, t.end), "a constant is written with its name first");
    return edit_rewrite(p, m + 1, t.end, arena_printf(p->memory, "%s: %s", p->tokens[t.end].text, t.text));
}

/* Whether token `i` is the ';' of a statement, or behind it where it is missing. */
static bool ends_statement(const parser *p, size_t i)
{
    return token_kind(p, i) == ';' || token_kind(p, i) == 0 || p->tokens[i].starts_line;
}

/* `typedef u32 Id;` · `alias u32 Id;` · `type Id = u32;` · `using Id = u32;` */
static bool alias_statement(const site *s)
{
    parser *p = s->p;
    size_t m = s->plain;
    bool keyword = token_kind(p, m) == KW_ALIAS, definition = token_is(p, m, "typedef");
    const char *name = NULL;
    foreign_type t;

    if (!keyword && !definition && !token_is(p, m, "type") && !token_is(p, m, "using") &&
        !token_is(p, m, "newtype") && !token_is(p, m, "typealias"))
        return false;
    if (token_word(p, m + 1) && token_kind(p, m + 2) == '=' && !keyword && slip_read_type(p, m + 3, &t) &&
        ends_statement(p, t.end))
        name = p->tokens[m + 1].text;
    else if ((keyword || token_is(p, m, "type")) && token_word(p, m + 1) && slip_is_type(p, m + 2) &&
             !slip_is_type(p, m + 1) && slip_read_type(p, m + 2, &t) && ends_statement(p, t.end)) /* Go */
        name = p->tokens[m + 1].text;
    else if ((keyword || definition) && token_kind(p, m + 2) != '=' && slip_read_type(p, m + 1, &t) &&
             token_word(p, t.end) && ends_statement(p, t.end + 1))
        name = p->tokens[t.end++].text;
    if (name == NULL)
        return false;
    edit_report(p, 204, token_span(p, m, t.end - 1), "another name for a type is written alias NAME = TYPE;");
    return edit_rewrite(
        p, m, t.end - 1,
        arena_printf(p->memory, "alias %s = %s%s", name, t.text, token_kind(p, t.end) == ';' ? "" : ";"));
}

/* ---- declarations ---- */

/* `typedef struct { ... } Order;` and `struct { ... } Order;` */
static bool name_behind(const site *s)
{
    parser *p = s->p;
    size_t m = s->plain, open, close;
    const char *keyword, *name;

    open = token_is(p, m, "typedef") ? m + 1 : m;
    if (token_kind(p, open) != KW_STRUCT && token_kind(p, open) != KW_ENUM && token_kind(p, open) != KW_UNION)
        return false;
    keyword = p->tokens[open].text;
    open += open > m && token_word(p, open + 1) ? 2 : 1;
    close = token_kind(p, open) == '{' ? token_close(p, open) : p->count;
    if (close + 2 >= p->count || !token_word(p, close + 1) || token_kind(p, close + 2) != ';')
        return false;
    name = p->tokens[close + 1].text;
    edit_report(p, 204, p->tokens[m].where, "the name of a declaration stands before its body");
    diag_add_help(p->reports, "write '%s %s { ... }'", keyword, name);
    if (!edit_replace(p, close + 1, 2, "", p->tokens[close].where))
        return false;
    return edit_replace(p, m, open - m, arena_printf(p->memory, "%s %s", keyword, name), p->tokens[m].where);
}

/* Whether the body at `i` begins with a field as TypeScript has them: `id: string`, `note?: string`. */
static bool holds_fields(const parser *p, size_t i)
{
    i++;
    i += token_is(p, i, "readonly") && token_word(p, i + 1) ? 1 : 0;
    return token_word(p, i) && (token_kind(p, i + 1) == ':' || token_kind(p, i + 1) == '?');
}

/* Go: `type Order struct {`. */
static bool keyword_behind(const site *s)
{
    parser *p = s->p;
    size_t m = s->plain;
    const char *here;

    if (!token_is(p, m, "type") || !token_word(p, m + 1) || token_kind(p, m + 3) != '{')
        return false;
    here = token_is(p, m + 2, "struct") ? "struct" : token_is(p, m + 2, "interface") ? "service" : NULL;
    if (here == NULL)
        return false;
    edit_report(p, 204, token_span(p, m, m + 2), "the keyword of a declaration stands before its name");
    return edit_rewrite(p, m, m + 2, arena_printf(p->memory, "%s %s", here, p->tokens[m + 1].text));
}

/* `message Order {`. */
static bool foreign_keyword(const site *s)
{
    parser *p = s->p;
    size_t m = s->plain;
    const elsewhere_keyword *word;
    int behind;

    if (s->at != m || token_kind(p, m) != NAME || !token_word(p, m + 1))
        return false;
    word = elsewhere_keyword_of(p->tokens[m].text);
    behind = token_kind(p, m + 2);
    if (word == NULL || (behind != '{' && behind != '(' && behind != ':' && !token_word(p, m + 2)))
        return false;
    if (strcmp(word->here, "struct") != 0 && strcmp(word->here, "error") != 0 &&
        strcmp(word->here, "service") != 0 && strcmp(word->here, "union") != 0 &&
        strcmp(word->here, "const") != 0)
        return false;
    if (strcmp(word->here, "service") == 0 && holds_fields(p, m + 2)) { /* TypeScript */
        edit_report(p, 204, p->tokens[m].where, "'%s' is no keyword: what has fields is a struct",
                    word->word);
        return edit_rewrite(p, m, m, "struct");
    }
    edit_report(p, 204, p->tokens[m].where, "'%s' is no keyword: %s", word->word, word->says);
    diag_add_help(p->reports, "write '%s %s'", word->here, p->tokens[m + 1].text);
    return edit_rewrite(p, m, m, word->here);
}

/* `extend Order { ... }`, `root_type Order;`: what there is nothing for. */
static bool foreign_statement(const site *s)
{
    parser *p = s->p;
    const size_t m = s->plain;
    const char *says = s->at == m && token_kind(p, m) == NAME ? elsewhere_statement(p->tokens[m].text) : NULL;
    size_t end = m;

    if (says == NULL || p->tokens[m + 1].starts_line)
        return false;
    while (token_kind(p, end) != 0 && token_kind(p, end) != ';' && token_kind(p, end) != '{' &&
           !slip_ends_line(p, end))
        end++;
    if (token_kind(p, end) == '{')
        end = token_close(p, end);
    if (end >= p->count || token_kind(p, end) == 0)
        return false;
    for (size_t i = m; i < end; i++) {
        if (token_word(p, i))
            edit_lose(p, p->tokens[i].text);
    }
    edit_report(p, 204, p->tokens[m].where, "'%s' is no keyword: %s", p->tokens[m].text, says);
    return edit_replace(p, m, end + 1 - m, "", p->tokens[m].where);
}

/* `struct Order : Base {`, `service Orders extends Base {`, `enum Side: u8 {`. */
static bool inheritance(const site *s)
{
    parser *p = s->p;
    size_t m = s->plain, open = s->at;
    int kind = token_kind(p, m);
    bool is_enum = kind == KW_ENUM || kind == KW_STRICT;

    if ((kind != KW_STRUCT && kind != KW_SERVICE && kind != KW_ERROR && kind != KW_UNION && !is_enum) ||
        s->at < m + 2 || token_kind(p, s->at - 1) != NAME)
        return false;
    if (token_kind(p, s->at) != ':' && token_kind(p, s->at) != '(' && !token_is(p, s->at, "extends") &&
        !token_is(p, s->at, "implements"))
        return false;
    while (token_kind(p, open) != '{') {
        if (token_kind(p, open) == 0 || token_kind(p, open) == ';' ||
            (kind == KW_ERROR && token_kind(p, open) == INTEGER) || token_kind(p, open) == '}' ||
            p->tokens[open].starts_line)
            return false;
        open++;
    }
    edit_report(p, 204, token_span(p, s->at, open - 1),
                is_enum ? "an enum has no type of its own: its values travel by name"
                        : "there is no inheritance");
    if (!is_enum)
        diag_add_help(p->reports, kind == KW_SERVICE ? "write its methods out"
                                                     : "write its fields out, or put it in as a field");
    return edit_remove(p, s->at, open - 1);
}

/* `enum class Side {`. */
static bool enum_class(const site *s)
{
    parser *p = s->p;
    size_t m = s->plain;

    if (token_kind(p, m) != KW_ENUM || (!token_is(p, m + 1, "class") && !token_is(p, m + 1, "struct")) ||
        !token_word(p, m + 2))
        return false;
    edit_report(p, 204, p->tokens[m + 1].where, "'%s' does not belong behind 'enum'", p->tokens[m + 1].text);
    return edit_remove(p, m + 1, m + 1);
}

/* `struct Order;` and `error Gone(410);` and `event order.gone;` */
static bool no_body(const site *s)
{
    parser *p = s->p;
    size_t m = s->plain;
    int kind = token_kind(p, m);

    if (token_kind(p, s->at) != ';' || s->at < m + 2 || s->place != PLACE_TOP ||
        (token_kind(p, s->at + 1) != 0 && !token_declares(p, token_behind_marks(p, s->at + 1))))
        return false;
    if (kind == KW_ERROR || kind == KW_EVENT) {
        edit_report(p, 204, p->tokens[s->at].where, "an %s has a body, also when it has no fields",
                    kind == KW_ERROR ? "error" : "event");
        return edit_rewrite(p, s->at, s->at, "{ }");
    }
    if (kind != KW_STRUCT && kind != KW_UNION && kind != KW_ENUM && kind != KW_SERVICE)
        return false;
    edit_report(p, 204, p->tokens[s->at].where, "%s %s is declared once, with its body",
                kind == KW_ENUM ? "an" : "a", p->tokens[m].text);
    diag_add_help(p->reports, "it may stand behind what uses it");
    return edit_remove(p, m, s->at);
}

/* `error Gone 410 {`, `error Gone = 410 {`, `error 410 Gone {`. */
static bool error_number(const site *s)
{
    parser *p = s->p;
    size_t m = s->plain, from = m + 2;

    if (token_kind(p, m) != KW_ERROR)
        return false;
    if (token_kind(p, m + 1) == INTEGER && token_word(p, m + 2)) {
        edit_report(p, 204, p->tokens[m + 1].where,
                    "the number of an error stands behind its name, in brackets");
        return edit_rewrite(
            p, m + 1, m + 2,
            arena_printf(p->memory, "%s(%s)", p->tokens[m + 2].text, token_source(p, m + 1, m + 1)));
    }
    if (!token_word(p, m + 1))
        return false;
    from += token_kind(p, from) == '=' || token_kind(p, from) == ':';
    if (token_kind(p, from) != INTEGER || (token_kind(p, from + 1) != '{' && token_kind(p, from + 1) != ';'))
        return false;
    edit_report(p, 204, token_span(p, m + 2, from), "the number of an error stands in brackets");
    if (token_kind(p, from + 1) == ';')
        return edit_rewrite(p, m + 2, from + 1,
                            arena_printf(p->memory, "(%s) { }", token_source(p, from, from)));
    return edit_rewrite(p, m + 2, from, arena_printf(p->memory, "(%s)", token_source(p, from, from)));
}

/* `event "order.created" {`. */
static bool quoted_name(const site *s)
{
    parser *p = s->p;

    if (token_kind(p, s->at) != STRING || s->at != s->plain + 1 || p->tokens[s->at].open ||
        token_kind(p, s->at + 1) != '{')
        return false;
    edit_report(p, 204, p->tokens[s->at].where, "names are not quoted");
    return edit_rewrite(p, s->at, s->at, p->tokens[s->at].value->text);
}

bool slip_statement(const site *s)
{
    if (s->block != PLACE_TOP)
        return false;
    return keyword_behind(s) || proto_statement(s) || import_statement(s) || package_statement(s) ||
           const_statement(s) || alias_statement(s) || name_behind(s) || error_number(s) || enum_class(s) ||
           inheritance(s) || no_body(s) || quoted_name(s) || foreign_statement(s) || foreign_keyword(s) ||
           no_keyword(s);
}
