/* What a service publishes, subscribes to and uses, as others write it. */
#include <string.h>

#include "slip.h"

/* `publishes "order.created"`: a name or pattern in quotes. */
static bool quoted_event(const site *s)
{
    parser *p = s->p;
    const char *text;
    size_t first = token_behind_marks(p, s->block_member);
    int kind = token_kind(p, first);

    if (token_kind(p, s->at) != STRING || p->tokens[s->at].open ||
        (kind != KW_PUBLISHES && kind != KW_SUBSCRIBES && kind != KW_USES))
        return false;
    text = p->tokens[s->at].value->text;
    if (*text == '\0' ||
        text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.*>")] != '\0')
        return false;
    edit_report(p, 204, p->tokens[s->at].where, "names are not quoted");
    for (size_t i = s->at + 1, names = 0;
         names < SLIP_PARTS_MAX && token_kind(p, i) == ',' && token_kind(p, i + 1) == STRING;
         i += 2, names++) {
        if (!edit_replace(p, i + 1, 1, p->tokens[i + 1].value->text, p->tokens[s->at].where))
            return false;
        while (token_kind(p, i + 2) != ',' && token_kind(p, i + 2) != ';' && token_kind(p, i + 2) != 0)
            i++;
    }
    return edit_rewrite(p, s->at, s->at, text);
}

/* `subscribes to order.*`, `publishes event order.created`. */
static bool filler_word(const site *s)
{
    static const char *const words[] = {"to", "event", "events", "on", "from", "for", "service", "the"};
    parser *p = s->p;
    size_t first = token_behind_marks(p, s->block_member);
    int kind = token_kind(p, first);

    if (s->at != first + 2 || !token_word(p, s->at) ||
        (kind != KW_PUBLISHES && kind != KW_SUBSCRIBES && kind != KW_USES))
        return false;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (!token_is(p, first + 1, words[i]))
            continue;
        edit_report(p, 204, p->tokens[first + 1].where, "'%s' does not belong behind '%s'", words[i],
                    p->tokens[first].text);
        return edit_remove(p, first + 1, first + 1);
    }
    return false;
}

/* `emits order.created;` */
static bool foreign_keyword(const site *s)
{
    parser *p = s->p;
    size_t first = token_behind_marks(p, s->block_member);
    const elsewhere_keyword *word;

    if (s->at != first || token_kind(p, first) != NAME || !token_word(p, first + 1))
        return false;
    word = elsewhere_keyword_of(p->tokens[first].text);
    if (word == NULL || (strcmp(word->here, "publishes") != 0 && strcmp(word->here, "subscribes") != 0 &&
                         strcmp(word->here, "uses") != 0))
        return false;
    edit_report(p, 204, p->tokens[first].where, "'%s' is no keyword: %s", word->word, word->says);
    return edit_rewrite(p, first, first, word->here);
}

bool slip_service(const site *s)
{
    return quoted_event(s) || filler_word(s) || foreign_keyword(s);
}
