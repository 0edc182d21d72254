/* What other languages put behind the type or the name of a field: numbers, options, attributes, a width. */
#include <string.h>

#include "slip.h"

/* Protobuf, of a field whose type came behind: `name: string = 1 [deprecated = true]`. */
static bool options_behind(const site *s)
{
    parser *p = s->p;
    size_t close;

    if (token_kind(p, s->at) != '[' || slip_type_start(s) == 0)
        return false;
    close = token_close(p, s->at);
    if (close >= p->count || !slip_ends_member(p, close + 1))
        return false;
    edit_report(p, 204, token_span(p, s->at, close), "there are no options in brackets");
    diag_add_help(p->reports, "annotations stand before the field: @deprecated(\"why\") name: type;");
    return edit_remove(p, s->at, close);
}

/* What an attribute of FlatBuffers is here. */
static const char *attribute_meant(const parser *p, size_t i)
{
    if (token_is(p, i, "required"))
        return "a field is required unless its type ends in '?'";
    if (token_is(p, i, "optional"))
        return "an optional field has a '?' behind its type";
    if (token_is(p, i, "deprecated"))
        return "annotations stand before the field: @deprecated(\"why\") name: type;";
    return "annotations stand before the field, bounds are written (LEAST..MOST)";
}

/* FlatBuffers: `name: string (required, id: 1);`. */
static bool attributes_behind(const site *s)
{
    parser *p = s->p;
    size_t open = s->open, close = token_close(p, open);
    const size_t start = slip_type_start(s);

    if (start == 0 || token_kind(p, open) != '(' || open <= start || close >= p->count ||
        !slip_ends_member(p, close + 1) || !token_word(p, open + 1) || token_kind(p, s->at) == DOTS ||
        (p->tokens[open + 1].text[0] >= 'A' && p->tokens[open + 1].text[0] <= 'Z'))
        return false;
    for (size_t i = open + 1; i < close; i++) {
        if (token_kind(p, i) == DOTS)
            return false;
    }
    edit_report(p, 204, token_span(p, open, close), "a field has no attributes in brackets");
    diag_add_help(p->reports, "%s", attribute_meant(p, open + 1));
    return edit_remove(p, open, close);
}

/* Cap'n Proto: `name @0 :Text;`. */
static bool numbered_name(const site *s)
{
    parser *p = s->p;
    const size_t m = s->plain;
    const char *text;
    foreign_type t;

    if (!token_word(p, m) || token_kind(p, m + 1) != '@' || token_kind(p, m + 2) != INTEGER ||
        token_kind(p, m + 3) != ':' || !slip_read_type(p, m + 4, &t) ||
        (!slip_ends_member(p, t.end) && token_kind(p, t.end) != '='))
        return false;
    text = arena_printf(p->memory, "%s: %s", p->tokens[m].text, t.text);
    edit_report(p, 204, token_span(p, m, t.end - 1), "a field is written 'name: type;'");
    diag_add_help(p->reports, "write '%s'; there are no field numbers: fields travel by name", text);
    return edit_rewrite(p, m, t.end - 1, text);
}

/* C: `flags: u8 : 3;`. */
static bool bit_field(const site *s)
{
    parser *p = s->p;

    if (s->place != PLACE_FIELDS || token_kind(p, s->at) != ':' || token_kind(p, s->at + 1) != INTEGER ||
        slip_type_start(s) == 0 || s->at <= slip_type_start(s) || !slip_ends_member(p, s->at + 2))
        return false;
    edit_report(p, 204, token_span(p, s->at, s->at + 1), "there are no fields of so many bits");
    diag_add_help(p->reports, "bounds say what a value may be: u8(..7)");
    return edit_remove(p, s->at, s->at + 1);
}

/* TypeScript: `"open" | "closed"` as a type. */
static bool choice_of_texts(const site *s)
{
    parser *p = s->p;
    const size_t start = slip_type_start(s);
    size_t end = start;

    if (start == 0 || s->at < start || token_kind(p, start) != STRING || !token_sign(p, start + 1, "|"))
        return false;
    while (token_kind(p, end) == STRING && token_sign(p, end + 1, "|"))
        end += 2;
    if (token_kind(p, end) != STRING || !slip_ends_member(p, end + 1))
        return false;
    edit_report(p, 204, token_span(p, start, end), "a choice of names is an enum");
    diag_add_help(p->reports, "such as: enum Kind { %s, %s }", p->tokens[start].value->text,
                  p->tokens[start + 2].value->text);
    edit_doubt(s);
    return edit_replace(p, start, end + 1 - start, "any", p->tokens[start].where);
}

/* TypeScript: `[key: string]: u32;`. */
static bool index_signature(const site *s)
{
    parser *p = s->p;
    const size_t m = s->plain, close = token_close(p, m);
    foreign_type t;

    if (s->place != PLACE_FIELDS || token_kind(p, m) != '[' || token_kind(p, m + 2) != ':' ||
        token_kind(p, close + 1) != ':' || !slip_read_type(p, close + 2, &t) || !slip_ends_member(p, t.end))
        return false;
    edit_report(p, 204, token_span(p, m, close), "a map is a field with a name, and is written {string: T}");
    return edit_rewrite(p, m, t.end - 1, arena_printf(p->memory, "entries: {string: %s}", t.text));
}

/* `name: string default "x"`, `name: string := "x"`. */
static bool default_word(const site *s)
{
    parser *p = s->p;
    size_t at = s->at;

    if (!token_is(p, at, "default") || slip_type_start(s) == 0)
        return false;
    edit_report(p, 204, p->tokens[at].where, "a default stands behind '='");
    diag_add_help(
        p->reports, "write '= %s'",
        token_source(p, at + 1 + (token_kind(p, at + 1) == '='), at + 1 + (token_kind(p, at + 1) == '=')));
    return edit_rewrite(p, at, token_kind(p, at + 1) == '=' ? at + 1 : at, "=");
}

bool slip_behind(const site *s)
{
    return numbered_name(s) || choice_of_texts(s) || index_signature(s) || bit_field(s) || default_word(s) ||
           options_behind(s) || attributes_behind(s);
}
