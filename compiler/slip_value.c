/* Values as other languages write them. */
#include <string.h>

#include "slip.h"

/* `2 s`. */
static bool unit_apart(const site *s)
{
    static const char *const units[] = {"ns", "us", "ms", "s", "m", "h", "d"};
    parser *p = s->p;

    if (s->at == 0 || token_kind(p, s->at - 1) != INTEGER || token_kind(p, s->at) != NAME)
        return false;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (!token_is(p, s->at, units[i]))
            continue;
        edit_report(p, 105, token_span(p, s->at - 1, s->at), "a number and its unit are one word");
        return edit_rewrite(p, s->at - 1, s->at,
                            arena_printf(p->memory, "%s%s", token_source(p, s->at - 1, s->at - 1), units[i]));
    }
    return false;
}

/* `= [1, 2]` and `= {a: 1}`. */
static bool filled_default(const site *s)
{
    parser *p = s->p;
    size_t open = s->at, close;

    while (open > s->plain && token_kind(p, open) != '[' && token_kind(p, open) != '{')
        open--;
    if (open == s->plain || token_kind(p, open - 1) != '=' || slip_type_start(s) == 0)
        return false;
    close = token_close(p, open);
    if (close >= p->count || close == open + 1 || !slip_ends_member(p, close + 1))
        return false;
    edit_report(p, 406, token_span(p, open, close), "the default of a list or map can only be an empty one");
    return edit_rewrite(p, open, close, token_kind(p, open) == '[' ? "[]" : "{}");
}

/* `@timeout 2s`, `@timeout = 2s`, `@version: "1.0"`, `@from new`. */
static bool argument_without_brackets(const site *s)
{
    parser *p = s->p;
    size_t at = s->at, from = at, name;
    int kind;

    if (token_kind(p, at) == '=' || token_kind(p, at) == ':')
        from = at + 1;
    kind = token_kind(p, from);
    name = at - 1;
    if (at < 2 || !token_word(p, name) || token_kind(p, name - 1) != '@')
        return false;
    if (kind != INTEGER && kind != DURATION && kind != STRING && kind != FLOAT &&
        !(kind == NAME && (token_word(p, from + 1) || token_kind(p, from + 1) == '@')))
        return false;
    edit_report(p, 204, token_span(p, at, from), "what an annotation takes stands in brackets");
    return edit_rewrite(p, at, token_kind(p, from + 1) == ')' ? from + 1 : from,
                        arena_printf(p->memory, "(%s)", token_source(p, from, from)));
}

bool slip_value(const site *s)
{
    return unit_apart(s) || argument_without_brackets(s) || filled_default(s);
}
