/* The last resort: what a mistake makes unreadable is left out, up to where the next member or statement
 * begins. */
#include "parser_edit.h"

/* Behind the member that token `i` is in, or at what closes the body around it. */
static size_t member_end(const parser *p, size_t i, place_kind block)
{
    for (; i + 1 < p->count; i++) {
        int kind = p->tokens[i].kind;

        if (kind == '{') {
            i = token_close(p, i);
            if (i + 1 >= p->count)
                return p->count - 1;
            if (p->tokens[i + 1].starts_line && !token_is(p, i + 1, "raises") &&
                !token_is(p, i + 1, "progress") && token_kind(p, i + 1) != ARROW)
                return i + 1;
        } else if (kind == ';' || (kind == ',' && block == PLACE_VALUES)) {
            return i + 1;
        } else if (kind == '}') {
            return i;
        }
    }
    return p->count - 1;
}

/* Behind the statement that token `i` is in. */
static size_t statement_end(const parser *p, size_t i)
{
    size_t first = i;

    for (; i + 1 < p->count; i++) {
        int kind = p->tokens[i].kind;

        if (i > first && token_declares(p, i))
            return token_marks_before(p, i, first);
        if (kind == '{') {
            i = token_close(p, i);
            return i < p->count ? i + 1 : p->count - 1;
        }
        if (kind == ';' || kind == '}')
            return i + 1;
    }
    return p->count - 1;
}

void removal(const site *s, bool silent)
{
    parser *p = s->p;
    bool top = s->block == PLACE_TOP;
    /* of a value in an enum the name is kept */
    const size_t kept = s->block == PLACE_VALUES && s->at > s->plain && token_word(p, s->plain) ? 1 : 0;
    size_t from = top ? p->statement : s->block_member + kept, to;

    to = top ? statement_end(p, s->at) : member_end(p, s->at, s->block);
    if (silent && !top && (p->removed != 0 || from == to)) {
        from = p->statement; /* removing the member did not help: its surroundings are broken */
        to = token_close(p, s->outer);
        to = to < p->count ? to + 1 : statement_end(p, s->at);
    }
    if (from >= to) {
        p->partial = true; /* nothing is left to be removed */
        p->stop = false;
        return;
    }
    for (size_t i = from; i < to; i++) {
        if (token_word(p, i))
            edit_lose(p, p->tokens[i].text);
    }
    p->removed = p->count - to;
    (void)edit_replace(p, from, to - from, "", p->tokens[from].where);
}
