/* Marks that are mistaken for others, everywhere in a body at once, and annotations that stand behind. */
#include <string.h>

#include "slip.h"

/* Two marks that together stand for one of ours: => == :: ... */
static bool double_mark(const site *s)
{
    static const struct {
        int first, second;
        const char *here;
    } marks[] = {{'=', '>', "->"}, {'=', '=', "="}, {':', ':', "."}, {DOTS, '.', ".."}, {':', '=', "="}};
    parser *p = s->p;

    for (size_t back = 0; back < 2 && back <= s->at; back++) {
        size_t at = s->at - back;

        for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
            const char *here = marks[i].here;

            if (token_kind(p, at) != marks[i].first || token_kind(p, at + 1) != marks[i].second ||
                !token_touches(p, at))
                continue;
            if (strcmp(marks[i].here, ".") == 0 && !token_word(p, at + 2))
                continue;
            if ((s->place == PLACE_FIELDS || s->place == PLACE_PARAMS) && at == s->plain + 1)
                here = ":";
            edit_report(p, 201, token_span(p, at, at + 1), "unexpected '%s'; expected '%s'",
                        token_source(p, at, at + 1), here);
            return edit_rewrite(p, at, at + 1, here);
        }
    }
    return false;
}

/* Whether a field or an annotation of one begins at `i`. */
static bool begins_field(const parser *p, size_t i)
{
    i = token_behind_marks(p, i);
    return token_word(p, i) && token_kind(p, i + 1) == ':';
}

/* `{ a: u32, b: u32 }`: the commas of the whole body become semicolons, and the last member gets one. */
static bool commas_between_fields(const site *s)
{
    parser *p = s->p;
    size_t close, depth = 0;

    if (s->place != PLACE_FIELDS || token_kind(p, s->at) != ',' || slip_type_start(s) == 0 ||
        (token_kind(p, s->at + 1) != '}' && !begins_field(p, s->at + 1)))
        return false;
    edit_report(p, 201, p->tokens[s->at].where, "fields end with ';'");
    diag_add_fix(p->reports, p->tokens[s->at].where, ";");
    for (close = s->at; close < p->count; close++) {
        int kind = token_kind(p, close);

        if (kind == ',' && depth == 0 && (token_kind(p, close + 1) == '}' || begins_field(p, close + 1)))
            p->tokens[close].kind = ';';
        else if (kind == '{' || kind == '(' || kind == '[')
            depth++;
        else if ((kind == '}' || kind == ')' || kind == ']') && depth-- == 0)
            break;
    }
    if (close == p->count || token_kind(p, close - 1) == ';')
        return true;
    return edit_replace(p, close, 0, ";", p->tokens[s->at].where);
}

/* `(a: u32; b: u32)`. */
static bool semicolons_between_parameters(const site *s)
{
    parser *p = s->p;

    if (s->place != PLACE_PARAMS || token_kind(p, s->at) != ';' ||
        (!begins_field(p, s->at + 1) && token_kind(p, s->at + 1) != ')'))
        return false;
    edit_report(p, 201, p->tokens[s->at].where, "parameters are separated by ','");
    diag_add_fix(p->reports, p->tokens[s->at].where, ",");
    for (size_t i = s->at; i < p->count && token_kind(p, i) != ')'; i++) {
        if (token_kind(p, i) == ';')
            p->tokens[i].kind = ',';
    }
    return true;
}

/* `name: string @pattern("...");` */
static bool annotation_behind(const site *s)
{
    parser *p = s->p;
    size_t end = token_behind_marks(p, s->at), m = s->member;

    if (token_kind(p, s->at) != '@' || end == s->at || m >= s->at || token_kind(p, s->at - 1) == '@' ||
        p->tokens[s->at].starts_line ||
        (s->place != PLACE_FIELDS && s->place != PLACE_PARAMS && s->place != PLACE_SERVICE &&
         s->place != PLACE_VALUES && s->place != PLACE_TOP) ||
        !slip_ends_member(p, end))
        return false;
    edit_report(p, 201, token_span(p, s->at, end - 1), "an annotation stands before what it annotates");
    return edit_move(p, s->at, end - s->at, m);
}

/* An annotation behind which nothing comes. */
static bool annotation_of_nothing(const site *s)
{
    parser *p = s->p;
    size_t begin = token_marks_before(p, s->at, p->statement);

    if ((token_kind(p, s->at) != '}' && token_kind(p, s->at) != 0) || begin == s->at ||
        token_kind(p, begin) != '@' || token_behind_marks(p, begin) != s->at || !slip_ends_line(p, s->at))
        return false;
    edit_report(p, 201, token_span(p, begin, s->at - 1), "there is nothing for this annotation to annotate");
    diag_add_help(p->reports, "an annotation stands before what it annotates");
    return edit_remove(p, begin, s->at - 1);
}

/* `@version("1.0");` */
static bool annotation_ended(const site *s)
{
    parser *p = s->p;
    size_t begin = token_marks_before(p, s->at, p->statement);

    if (token_kind(p, s->at) != ';' || begin == s->at || token_kind(p, begin) != '@' ||
        s->at + 2 >= p->count || !slip_ends_line(p, s->at))
        return false;
    edit_report(p, 201, p->tokens[s->at].where,
                "no ';' follows an annotation: it belongs to what comes next");
    return edit_remove(p, s->at, s->at);
}

bool slip_mark(const site *s)
{
    return double_mark(s) || commas_between_fields(s) || semicolons_between_parameters(s) ||
           annotation_behind(s) || annotation_of_nothing(s) || annotation_ended(s);
}
