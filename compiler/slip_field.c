/* Fields, parameters and the values of enums as other languages write them. */
#include <string.h>

#include "slip.h"

/* ---- fields ---- */

/* Behind what may follow a field elsewhere: a number, options in brackets. `*value`: the default, if there is
 * one that can be no field number. */
static size_t behind_field(parser *p, size_t i, const char **value, bool *numbered)
{
    *value = NULL;
    *numbered = false;
    if (token_kind(p, i) == '=' && i + 1 < p->count && !slip_ends_member(p, i + 1)) {
        const bool opens = token_kind(p, i + 1) == '[' || token_kind(p, i + 1) == '{';
        const size_t last = opens && token_close(p, i + 1) < p->count ? token_close(p, i + 1) : i + 1;

        *numbered = token_kind(p, i + 1) == INTEGER;
        if (!*numbered)
            *value = token_source(p, i + 1, last);
        i = last + 1;
    }
    if (token_kind(p, i) == '[') {
        size_t close = token_close(p, i);

        return close < p->count ? close + 1 : i;
    }
    return i;
}

static const char *field_text(parser *p, const char *name, const char *type, const char *value)
{
    return value == NULL ? arena_printf(p->memory, "%s: %s", name, type)
                         : arena_printf(p->memory, "%s: %s = %s", name, type, value);
}

static void say_without_number(parser *p, const char *text, bool numbered)
{
    if (numbered && text != NULL)
        diag_add_help(p->reports, "write '%s'; there are no field numbers: fields travel by name", text);
}

/* Whether `a b` is a type and a name, and not a name and a type between which a ':' is missing. */
static bool type_first(const parser *p, size_t first, size_t name)
{
    if (slip_is_type(p, first))
        return true;
    if (slip_is_type(p, name))
        return false;
    return p->tokens[first].text[0] >= 'A' && p->tokens[first].text[0] <= 'Z';
}

/* `string name;` · `repeated Item items = 3;` · `map<string, string> labels` · `char name[32]`. */
static bool type_before_name(const site *s, size_t first, bool numbered_before)
{
    parser *p = s->p;
    foreign_type t;
    const char *value, *type, *text, *name;
    bool numbered;
    size_t end, bounds;

    if (token_kind(p, first + 1) == ':' || !slip_read_type(p, first, &t) || !token_word(p, t.end) ||
        p->tokens[t.end].starts_line)
        return false;
    if (t.advice == NULL && t.end == first + 1 && !type_first(p, first, t.end))
        return false;
    name = p->tokens[t.end].text;
    type = t.text;
    bounds = t.end + 1;
    if (token_kind(p, bounds) == '[' && token_kind(p, bounds + 1) == INTEGER &&
        token_kind(p, bounds + 2) == ']') {
        const char *most = token_source(p, bounds + 1, bounds + 1);

        type = strcmp(type, "string") == 0 ? arena_printf(p->memory, "string(..%s)", most)
                                           : arena_printf(p->memory, "[%s](..%s)", type, most);
        bounds += 3;
    } else if (token_kind(p, bounds) == '[' && token_kind(p, bounds + 1) == ']') {
        type = arena_printf(p->memory, "[%s]", type);
        bounds += 2;
    }
    end = behind_field(p, bounds, &value, &numbered);
    if (!slip_ends_member(p, end))
        return false;
    text = field_text(p, name, type, value);
    edit_report(p, 204, token_span(p, s->plain, t.end), "a field is written 'name: type;'");
    say_without_number(p, text, numbered || numbered_before);
    if (s->place == PLACE_FIELDS && token_kind(p, end) != ';') { /* ended by a ',' or by its line */
        end += token_kind(p, end) == ',' ? 1 : 0;
        text = arena_printf(p->memory, "%s;", text);
    }
    return edit_rewrite(p, s->plain, end - 1, text);
}

/* Go: `Items []Item`, which ends with its line. */
static bool name_before_type(const site *s)
{
    parser *p = s->p;
    size_t m = s->plain;
    const bool pointer = token_kind(p, m + 1) == '*';
    const size_t type = m + (pointer ? 2 : 1);
    foreign_type t;
    const char *mark;

    if (s->place != PLACE_FIELDS || !token_word(p, m) || p->tokens[m + 1].starts_line ||
        token_touches(p, m) || !slip_read_type(p, type, &t) || !p->tokens[t.end].starts_line ||
        (t.advice == NULL && !slip_is_type(p, type) && token_kind(p, type) != '['))
        return false;
    mark = pointer && !t.optional && t.text[0] != '[' && t.text[0] != '{' ? "?" : "";
    edit_report(p, 204, token_span(p, m, t.end - 1), "a field is written 'name: type;'");
    return edit_rewrite(p, m, t.end - 1,
                        arena_printf(p->memory, "%s: %s%s;", p->tokens[m].text, t.text, mark));
}

/* Thrift: `1: required string name,`, and `1: name: string`. */
static bool number_before_field(const site *s)
{
    parser *p = s->p;
    size_t m = s->plain;

    if (token_kind(p, m) != INTEGER || token_kind(p, m + 1) != ':')
        return false;
    if (token_word(p, m + 2) && token_kind(p, m + 3) == ':') {
        edit_report(p, 204, p->tokens[m].where, "there are no field numbers: fields travel by name");
        return edit_remove(p, m, m + 1);
    }
    return type_before_name(s, m + 2, true);
}

/* TypeScript: `name?: string`. */
static bool optional_name(const site *s)
{
    parser *p = s->p;
    size_t m = s->plain;
    foreign_type t;

    if (!token_word(p, m) || token_kind(p, m + 1) != '?' || token_kind(p, m + 2) != ':' ||
        !slip_read_type(p, m + 3, &t) || !slip_ends_member(p, t.end))
        return false;
    edit_report(p, 204, p->tokens[m + 1].where, "an optional field has its '?' behind the type");
    return edit_rewrite(
        p, m, t.end - 1,
        arena_printf(p->memory, "%s: %s%s", p->tokens[m].text, t.text, t.optional ? "" : "?"));
}

/* `optional name: string`, `required name: string`, `let name: string`. */
static bool word_before_field(const site *s)
{
    static const char *const words[] = {"optional", "required", "repeated", "readonly", "public",
                                        "pub",      "private",  "mutable",  "static",   "const",
                                        "var",      "let",      "field",    NULL};
    parser *p = s->p;
    size_t m = s->plain, i = 0;
    foreign_type t;

    while (words[i] != NULL && !token_is(p, m, words[i]))
        i++;
    if (words[i] == NULL || !token_word(p, m + 1) || token_kind(p, m + 2) != ':' ||
        !slip_read_type(p, m + 3, &t))
        return false;
    if (i == 0) {
        edit_report(p, 204, p->tokens[m].where, "an optional field has a '?' behind its type");
        return edit_rewrite(
            p, m, t.end - 1,
            arena_printf(p->memory, "%s: %s%s", p->tokens[m + 1].text, t.text, t.optional ? "" : "?"));
    }
    if (i == 2) {
        edit_report(p, 204, p->tokens[m].where, "a list is written [T]");
        return edit_rewrite(p, m, t.end - 1,
                            arena_printf(p->memory, "%s: [%s]", p->tokens[m + 1].text, t.text));
    }
    edit_report(p, 204, p->tokens[m].where, "'%s' does not belong before a field", words[i]);
    diag_add_help(p->reports, "a field is required unless its type ends in '?'");
    return edit_remove(p, m, m);
}

/* JSON: `"name": string`. */
static bool quoted_name(const site *s)
{
    parser *p = s->p;
    size_t m = s->plain;

    if (token_kind(p, m) != STRING || token_kind(p, m + 1) != ':' || p->tokens[m].open)
        return false;
    edit_report(p, 204, p->tokens[m].where, "names are not quoted");
    return edit_rewrite(p, m, m, p->tokens[m].value->text);
}

/* A parameter that is only a type: `rpc get(GetRequest)`, `rpc ping(void)`. */
static bool type_alone(const site *s)
{
    parser *p = s->p;
    foreign_type t;
    const char *name = "request";

    if (s->place != PLACE_PARAMS || !slip_read_type(p, s->plain, &t) ||
        (token_kind(p, t.end) != ')' && token_kind(p, t.end) != ',') || s->at < s->plain)
        return false;
    if (t.end == s->plain + 1 && token_is(p, s->plain, "void")) {
        edit_report(p, 204, p->tokens[s->plain].where,
                    "a method without parameters has nothing in its brackets");
        return edit_remove(p, s->plain, s->plain);
    }
    if (token_is(p, s->plain, "stream"))
        return false;
    if (!slip_is_type(p, s->plain) && (t.text[0] < 'A' || t.text[0] > 'Z') && t.text[0] != '[' &&
        t.text[0] != '{' && strchr(t.text, '.') == NULL) {
        edit_report(p, 204, p->tokens[s->plain].where, "parameter '%s' has no type",
                    p->tokens[s->plain].text);
        diag_add_help(p->reports, "parameters are fields: name: type");
        edit_doubt(s);
        return edit_replace(p, s->plain, t.end - s->plain,
                            arena_printf(p->memory, "%s: any", p->tokens[s->plain].text),
                            p->tokens[s->plain].where);
    }
    edit_report(p, 204, token_span(p, s->plain, t.end - 1), "a parameter needs a name");
    return edit_rewrite(p, s->plain, t.end - 1, arena_printf(p->memory, "%s: %s", name, t.text));
}

/* `a, b: u32` in the manner of Go and Pascal. */
static bool shared_type(const site *s)
{
    parser *p = s->p;
    size_t i = s->plain, names = 0;
    const char *text = "";
    foreign_type t;

    if (s->place != PLACE_FIELDS)
        return false;
    while (names < SLIP_PARTS_MAX && token_word(p, i) && token_kind(p, i + 1) == ',' && i + 2 < p->count &&
           !p->tokens[i + 2].starts_line) {
        i += 2;
        names++;
    }
    if (names == 0 || !token_word(p, i) || token_kind(p, i + 1) != ':' || !slip_read_type(p, i + 2, &t) ||
        token_kind(p, t.end) != ';')
        return false;
    for (size_t k = s->plain; k <= i; k += 2)
        text =
            arena_printf(p->memory, "%s%s%s: %s", text, k == s->plain ? "" : "; ", p->tokens[k].text, t.text);
    edit_report(p, 204, p->tokens[s->plain + 1].where, "each field has a type of its own");
    return edit_rewrite(p, s->plain, t.end - 1, text);
}

/* ---- reserved ---- */

/* `reserved: "coupon";`. */
static bool reserved_colon(const site *s)
{
    parser *p = s->p;
    size_t m = s->plain;

    if (token_kind(p, m) != KW_RESERVED || token_kind(p, m + 1) != ':' || token_kind(p, m + 2) != STRING)
        return false;
    edit_report(p, 201, p->tokens[m + 1].where, "unexpected ':'; expected a string");
    return edit_remove(p, m + 1, m + 1);
}

/* `reserved coupon;` · `reserved 2, 5 to 9;`. */
static bool reserved_unquoted(const site *s)
{
    parser *p = s->p;
    size_t m = s->plain, end = m + 1;
    const char *text = "reserved ";
    size_t names = 0;

    if (token_kind(p, m) != KW_RESERVED || s->at <= m)
        return false;
    for (end = m + 1; token_kind(p, end) != ';'; end++) {
        if (end - m > 2 * SLIP_PARTS_MAX)
            return false;
        if (token_kind(p, end) != STRING && token_kind(p, end) != INTEGER && token_kind(p, end) != ',' &&
            !token_word(p, end))
            return false;
        if (token_kind(p, end) == STRING)
            text =
                arena_printf(p->memory, "%s%s%s", text, names++ > 0 ? ", " : "", token_source(p, end, end));
        else if (token_word(p, end) && !token_is(p, end, "to") && !token_is(p, end, "max"))
            text = arena_printf(p->memory, "%s%s\"%s\"", text, names++ > 0 ? ", " : "", p->tokens[end].text);
    }
    if (end == m + 1 || token_kind(p, end - 1) == ',')
        return false;
    if (names == 0) {
        edit_report(p, 204, token_span(p, m + 1, end - 1),
                    "names are reserved, not numbers: fields travel by name");
        diag_add_help(p->reports, "such as: reserved \"coupon\";");
        return edit_remove(p, m, end);
    }
    edit_report(p, 204, token_span(p, m + 1, end - 1), "reserved names are quoted");
    return edit_rewrite(p, m, end - 1, text);
}

/* ---- enums ---- */

/* Behind what gives the value at `i` a number: `= 1`, `(1)`, `: 1`, `@1`, `= "x"`, `= iota`. */
static size_t behind_number(const parser *p, size_t i)
{
    int mark = token_kind(p, i + 1), value = token_kind(p, i + 2);

    if (!token_word(p, i) || (value != INTEGER && value != STRING && !token_is(p, i + 2, "iota")))
        return i + 1;
    if (mark == '=' || mark == ':' || (mark == '@' && value == INTEGER))
        return i + 3;
    return mark == '(' && token_kind(p, i + 3) == ')' ? i + 4 : i + 1;
}

/* Take the numbers out of the whole enum, and what separates numbered values in protobuf and Cap'n Proto: one
 * mistake however many values it has. */
static bool numbered_values(const site *s)
{
    parser *p = s->p;
    size_t first = s->at, i = s->open + 1;

    if (s->at == 0 || behind_number(p, s->at - 1) == s->at)
        return false;
    edit_report(p, 204, token_span(p, first, behind_number(p, s->at - 1) - 1),
                "the values of an enum have no numbers");
    diag_add_help(p->reports, "they travel by name: enum NAME { first, second }");
    diag_add_fix(p->reports, token_span(p, first, behind_number(p, s->at - 1) - 1), "%s", "");
    for (; i < p->count && token_kind(p, i) != '}' && token_kind(p, i) != 0; i++) {
        size_t behind = behind_number(p, i);

        if (behind > i + 1 && token_kind(p, behind) == ';')
            p->tokens[behind].kind = ',';
        for (; i + 1 < behind; i++)
            edit_mark(p, i + 1);
    }
    edit_sweep(p, s->open);
    return true;
}

/* Rust and Swift: `Circle(f64), Square { side: f64 }`. What the values carry is left out of the whole enum.
 */
static bool values_with_data(const site *s)
{
    parser *p = s->p;
    size_t first = s->at;

    if ((token_kind(p, first) != '(' && token_kind(p, first) != '{') || first == 0 ||
        !token_word(p, first - 1) || token_close(p, first) >= p->count || token_close(p, first) == first + 1)
        return false;
    edit_report(p, 204, token_span(p, first, token_close(p, first)), "the values of an enum carry nothing");
    diag_add_help(p->reports, "one of several types is a union: union NAME { first: TYPE; second: TYPE; }");
    for (size_t i = first; i < p->count && token_kind(p, i) != '}' && token_kind(p, i) != 0; i++) {
        const bool opens = token_kind(p, i) == '(' || token_kind(p, i) == '{';
        const size_t close = opens ? token_close(p, i) : i;

        if (close >= p->count)
            break;
        for (; opens && i <= close; i++)
            edit_mark(p, i);
        i -= opens ? 1 : 0;
    }
    edit_sweep(p, first);
    return true;
}

/* `enum Side { buy; sell; }`: the signs become commas everywhere. */
static bool semicolons_between_values(const site *s)
{
    parser *p = s->p;

    if ((token_kind(p, s->at) != ';' && !token_sign(p, s->at, "|")) ||
        (token_kind(p, s->at + 1) != '}' && (!token_word(p, s->at + 1) || token_declares(p, s->at + 1))))
        return false;
    edit_report(p, 204, p->tokens[s->at].where, "the values of an enum are separated by ','");
    diag_add_fix(p->reports, p->tokens[s->at].where, ",");
    for (size_t i = s->at; i < p->count && token_kind(p, i) != '}'; i++) {
        if (token_kind(p, i) == ';' || token_sign(p, i, "|"))
            p->tokens[i].kind = ',';
        if (token_kind(p, i) == '{' || token_declares(p, i))
            break;
    }
    return true;
}

/* `enum Side { buy sell }`: commas everywhere between two values. */
static bool nothing_between_values(const site *s)
{
    parser *p = s->p;
    size_t at = s->at;
    span where;

    if (!token_word(p, at) || !token_word(p, at - 1) || token_declares(p, at) || token_declares(p, at - 1) ||
        token_kind(p, at + 1) == '{' || strcmp(p->tokens[at].text, p->tokens[at - 1].text) == 0)
        return false;
    where = (span){p->file, p->tokens[at - 1].where.end, p->tokens[at - 1].where.end};
    edit_report(p, 202, where, "expected ',' after %s", token_described(p, at - 1));
    diag_add_fix(p->reports, where, ",");
    for (size_t added = 0;
         added < SLIP_PARTS_MAX && token_word(p, at) && token_word(p, at - 1) && !token_declares(p, at);
         at += 2, added++) {
        if (!edit_replace(p, at, 0, ",", where))
            return false;
    }
    return true;
}

static bool quoted_value(const site *s)
{
    parser *p = s->p;

    if (token_kind(p, s->at) != STRING || p->tokens[s->at].open || p->tokens[s->at].value->text[0] == '\0' ||
        (token_kind(p, s->at + 1) != ',' && token_kind(p, s->at + 1) != '}'))
        return false;
    edit_report(p, 204, p->tokens[s->at].where, "the values of an enum are names, without quotes");
    for (size_t i = s->at + 1; i < p->count && token_kind(p, i) != '}'; i++) {
        if (token_kind(p, i) == STRING)
            p->tokens[i].kind = NAME;
    }
    return edit_rewrite(p, s->at, s->at, p->tokens[s->at].value->text);
}

bool slip_field(const site *s)
{
    if (s->place == PLACE_VALUES)
        return numbered_values(s) || values_with_data(s) || semicolons_between_values(s) || quoted_value(s) ||
               (s->at > 0 && nothing_between_values(s));
    if (s->block == PLACE_FIELDS && (reserved_colon(s) || reserved_unquoted(s)))
        return true;
    if (s->place != PLACE_FIELDS && s->place != PLACE_PARAMS && s->place != PLACE_INSIDE)
        return false;
    if (s->block != PLACE_FIELDS && s->block != PLACE_SERVICE)
        return false;
    if (s->block == PLACE_SERVICE && s->member == s->block_member)
        return false;
    return quoted_name(s) || optional_name(s) || word_before_field(s) || number_before_field(s) ||
           shared_type(s) || name_before_type(s) || type_before_name(s, s->plain, false) || slip_behind(s) ||
           type_alone(s);
}
