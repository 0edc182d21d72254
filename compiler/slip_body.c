/* Bodies as other languages have them: in round brackets, by indentation, behind a '=', around a whole file,
 * without a name, or behind a keyword that nobody knows.
 */
#include <string.h>

#include "slip.h"

/* ---- in other brackets ---- */

/* The fields between the brackets, each with its ';'; NULL when they are something else. */
static const char *fields_between(parser *p, size_t open, size_t close)
{
    const char *text = "{";
    size_t count = 0;

    for (size_t i = open + 1; i < close; i++) {
        const bool named = token_word(p, i) && token_kind(p, i + 1) == ':';
        size_t end;
        foreign_type t;

        if (count++ == SLIP_PARTS_MAX || !slip_read_type(p, named ? i + 2 : i, &t))
            return NULL;
        for (end = t.end; end < close && token_kind(p, end) != ',' && token_kind(p, end) != ';'; end++)
            ;
        text = arena_printf(p->memory, "%s %s: %s%s%s;", text, named ? p->tokens[i].text : "value", t.text,
                            end > t.end ? " " : "", end > t.end ? token_source(p, t.end, end - 1) : "");
        if (!named && end < close)
            return NULL; /* more than one without a name */
        i = end;
    }
    return arena_printf(p->memory, "%s }", text);
}

/* `struct Item(sku: string);` · `event order.gone(id: uuid);` · `enum Side (buy, sell)` · `enum Side [buy,
 * sell]`. */
static bool other_brackets(const site *s)
{
    parser *p = s->p;
    const int kind = token_kind(p, s->plain);
    const bool is_enum = kind == KW_ENUM || kind == KW_STRICT;
    size_t open = s->plain + 2, close;
    const char *text;

    if (!is_enum && kind != KW_STRUCT && kind != KW_UNION && kind != KW_ERROR && kind != KW_EVENT)
        return false;
    while (open <= s->at && token_kind(p, open) != '(' && token_kind(p, open) != '[')
        open++;
    close = open <= s->at ? token_close(p, open) : p->count;
    if (close >= p->count || close == open + 1 || token_kind(p, close + 1) == '{' || !token_word(p, open + 1))
        return false;
    text = is_enum ? arena_printf(p->memory, "{ %s }", token_source(p, open + 1, close - 1))
                   : fields_between(p, open, close);
    if (text == NULL)
        return false;
    edit_report(p, 204, p->tokens[open].where, "the body of %s %s stands in '{ }'",
                is_enum || kind == KW_ERROR || kind == KW_EVENT ? "an" : "a",
                is_enum ? "enum" : p->tokens[s->plain].text);
    return edit_rewrite(p, open, close + (token_kind(p, close + 1) == ';' ? 1 : 0), text);
}

/* `package shop { ... }`, `namespace shop { ... }`, `extern "C" { ... }`: braces around the rest of the file.
 */
static bool around_the_file(const site *s)
{
    parser *p = s->p;
    const size_t m = s->plain;
    const elsewhere_keyword *word = token_kind(p, m) == NAME ? elsewhere_keyword_of(p->tokens[m].text) : NULL;
    const bool package =
        token_kind(p, m) == KW_PACKAGE || (word != NULL && strcmp(word->here, "package") == 0);
    size_t open = m + 1, close, depth = 0;

    if (!package && !(token_is(p, m, "extern") && token_kind(p, m + 1) == STRING))
        return false;
    while (
        (token_word(p, open) || token_kind(p, open) == '.' || (!package && token_kind(p, open) == STRING)) &&
        !p->tokens[open].starts_line)
        open++;
    if (token_kind(p, open) != '{' || (package && open == m + 1))
        return false;
    for (close = open; close < p->count; close++) { /* token_close() would see only what is right inside */
        depth += token_kind(p, close) == '{' ? 1 : 0;
        if (token_kind(p, close) == '}' && --depth == 0)
            break;
    }
    edit_report(p, 204, p->tokens[open].where,
                package ? "a package is a whole file, without braces around it"
                        : "there are no other languages here");
    diag_add_help(p->reports, "leave out the '{', and the '}' at its end");
    if (close < p->count && !edit_replace(p, close, 1, "", p->tokens[close].where))
        return false;
    return package ? edit_rewrite(p, m, open,
                                  arena_printf(p->memory, "package %s;", token_source(p, open - 1, open - 1)))
                   : edit_replace(p, m, open + 1 - m, "", p->tokens[open].where);
}

/* ---- by indentation ---- */

static uint32_t column_of(const parser *p, size_t i)
{
    return source_locate(p->files, p->tokens[i].where).column;
}

/* The line at `*i` of a Python class as a member, `name: type;` or a value; NULL when it is something else.
 */
static const char *class_member(parser *p, size_t *i, bool values)
{
    const size_t m = *i;
    foreign_type t;
    size_t end = m + 1;

    if (token_kind(p, m) == DOC || (token_is(p, m, "pass") && slip_ends_line(p, m))) {
        *i = m + 1;
        return "";
    }
    if (!token_word(p, m) || slip_ends_line(p, m))
        return values && token_word(p, m) ? arena_printf(p->memory, "%s,", p->tokens[(*i)++].text) : NULL;
    while (!slip_ends_line(p, end))
        end++;
    *i = end + 1;
    if (values)
        return token_kind(p, m + 1) == '=' ? arena_printf(p->memory, "%s,", p->tokens[m].text) : NULL;
    if (token_kind(p, m + 1) != ':' || !slip_read_type(p, m + 2, &t) || t.end > end + 1)
        return NULL;
    return t.end > end || t.optional || token_kind(p, end) == ';'
               ? arena_printf(p->memory, "%s: %s;", p->tokens[m].text, t.text)
               : arena_printf(p->memory, "%s: %s %s;", p->tokens[m].text, t.text,
                              token_source(p, t.end, end));
}

/* Python: `class Item:` and indented lines. */
static bool indented(const site *s)
{
    parser *p = s->p;
    const size_t m = s->plain;
    size_t colon = m + 2, count = 0, i;
    bool values = token_kind(p, m) == KW_ENUM;
    const char *text;

    if ((!token_is(p, m, "class") && token_kind(p, m) != KW_STRUCT && !values) || !token_word(p, m + 1))
        return false;
    if (token_kind(p, colon) == '(' && token_close(p, colon) < p->count) {
        for (; token_kind(p, colon) != ')'; colon++)
            values = values || (token_word(p, colon) && strstr(p->tokens[colon].text, "Enum") != NULL);
        colon++;
    }
    if (token_kind(p, colon) != ':' || !slip_ends_line(p, colon) ||
        column_of(p, colon + 1) <= column_of(p, m))
        return false;
    text = arena_printf(p->memory, "%s %s {", values ? "enum" : "struct", p->tokens[m + 1].text);
    for (i = colon + 1; token_kind(p, i) != 0 && column_of(p, i) > column_of(p, m);) {
        const char *member = class_member(p, &i, values);

        if (member == NULL || count++ == SLIP_PARTS_MAX)
            return false;
        text = arena_printf(p->memory, "%s %s", text, member);
    }
    edit_report(p, 204, token_span(p, m, colon), "what %s has stands in '{ }'",
                values ? "an enum" : "a struct");
    return edit_rewrite(p, m, i - 1, arena_printf(p->memory, "%s }", text));
}

/* ---- behind a '=' ---- */

/* `Card | Iban`, or `"card" | "iban"`, from token `i` on, as the members of a union or the values of an enum.
 */
static const char *choices(parser *p, size_t i, size_t *end)
{
    const int kind = token_kind(p, i);
    const char *text = "";
    size_t count = 0;

    for (;; i += 2, count++) {
        char *name;

        if (count == SLIP_PARTS_MAX || token_kind(p, i) != kind || (kind != NAME && kind != STRING))
            return NULL;
        name = arena_strdup(p->memory, kind == STRING ? p->tokens[i].value->text : p->tokens[i].text);
        if (name == NULL || *name == '\0')
            return NULL;
        if (kind == NAME && *name >= 'A' && *name <= 'Z')
            *name = (char)(*name - 'A' + 'a');
        text = kind == STRING ? arena_printf(p->memory, "%s%s %s", text, count == 0 ? "" : ",", name)
                              : arena_printf(p->memory, "%s %s: %s;", text, name, p->tokens[i].text);
        if (!token_sign(p, i + 1, "|"))
            break;
    }
    *end = i + 1;
    return count == 0 ? NULL : text;
}

/* TypeScript: `type Item = { ... };` · `type Payment = Card | Iban;` · `type Side = "buy" | "sell";`. */
static bool behind_equals(const site *s)
{
    parser *p = s->p;
    const size_t m = s->plain;
    const bool is_enum = token_kind(p, m + 3) == STRING;
    size_t end;
    const char *text;

    if ((!token_is(p, m, "type") && token_kind(p, m) != KW_ALIAS && token_kind(p, m) != KW_UNION) ||
        !token_word(p, m + 1) || token_kind(p, m + 2) != '=')
        return false;
    if (token_kind(p, m + 3) == '{' && token_is(p, m, "type")) {
        end = token_close(p, m + 3);
        if (end >= p->count ||
            (token_kind(p, end + 1) == ';' && !edit_replace(p, end + 1, 1, "", p->tokens[end].where)))
            return false;
        edit_report(p, 204, token_span(p, m, m + 2), "a type with fields is a struct");
        return edit_rewrite(p, m, m + 2, arena_printf(p->memory, "struct %s", p->tokens[m + 1].text));
    }
    text = choices(p, m + 3, &end);
    if (text == NULL)
        return false;
    end -= token_kind(p, end) == ';' ? 0 : 1;
    edit_report(p, 204, token_span(p, m, m + 2), "one of several %s is %s", is_enum ? "names" : "types",
                is_enum ? "an enum" : "a union");
    return edit_rewrite(
        p, m, end,
        arena_printf(p->memory, "%s %s {%s }", is_enum ? "enum" : "union", p->tokens[m + 1].text, text));
}

/* ---- without a name, or without a keyword ---- */

/* C, Cap'n Proto: `union { ... } value;` within a struct. */
static bool without_name(const site *s)
{
    parser *p = s->p;
    const size_t m = s->plain;
    size_t close;

    if (s->place != PLACE_FIELDS || token_kind(p, m + 1) != '{' ||
        (token_kind(p, m) != KW_UNION && token_kind(p, m) != KW_STRUCT && !token_is(p, m, "oneof")))
        return false;
    close = token_close(p, m + 1);
    if (close >= p->count)
        return false;
    while (!slip_ends_line(p, close) && token_kind(p, close) != ';')
        close++; /* `value;`, `value = null;` */
    edit_report(p, 201, p->tokens[m].where, "declarations stand by themselves, not within others");
    diag_add_help(p->reports, "declare it outside, as 'union Choice { ... }', and a field of that type here");
    for (size_t i = m; i < close; i++) {
        if (token_word(p, i))
            edit_lose(p, p->tokens[i].text);
    }
    return edit_replace(p, m, close + 1 - m, "", p->tokens[m].where);
}

/* The keyword for which a body looks right, by its first member; NULL when it looks foreign. */
static const char *keyword_for(const parser *p, size_t open)
{
    const size_t i = token_behind_marks(p, open + 1);
    const int kind = token_kind(p, i), next = token_kind(p, i + 1);

    if ((kind == KW_RPC || kind == KW_COMMAND) && token_word(p, i + 1))
        return "service";
    if (!token_word(p, i))
        return NULL;
    if (next == ',' || next == '}')
        return "enum";
    for (size_t end = i + 2; next == ':' && end < p->count; end++) {
        if (token_kind(p, end) == ';')
            return "struct";
        if (p->tokens[end].starts_line || token_kind(p, end) == '{' || token_kind(p, end) == '}')
            break;
    }
    return NULL;
}

/* `widget Item { ... }`: nobody knows the keyword, but what is in the body can be checked. */
static bool unknown_keyword(const site *s)
{
    parser *p = s->p;
    const size_t m = s->plain;
    const char *keyword;

    if (s->at != m || token_kind(p, m) != NAME || !token_word(p, m + 1) || token_kind(p, m + 2) != '{' ||
        token_close(p, m + 2) >= p->count || elsewhere_keyword_of(p->tokens[m].text) != NULL ||
        elsewhere_statement(p->tokens[m].text) != NULL || repair_keyword(p, m) != NULL)
        return false;
    keyword = keyword_for(p, m + 2);
    if (keyword == NULL)
        return false;
    edit_report(p, 201, p->tokens[m].where, "unexpected '%s'; expected a declaration", p->tokens[m].text);
    diag_add_help(p->reports, "write '%s %s'", keyword, p->tokens[m + 1].text);
    edit_lose(p, p->tokens[m + 1].text); /* what it is is a guess */
    return edit_replace(p, m, 1, keyword, p->tokens[m].where);
}

bool slip_body(const site *s)
{
    if (s->block != PLACE_TOP)
        return without_name(s);
    return around_the_file(s) || indented(s) || behind_equals(s) || other_brackets(s) || unknown_keyword(s);
}
