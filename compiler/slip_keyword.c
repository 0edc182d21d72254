/* Keywords that are misspelt where the words behind them could also be something else: a method of another
 * language, or a field without its ':'. Elsewhere a misspelt keyword is the only word that does not fit, and
 * repair.c finds it.
 */
#include <string.h>

#include "slip.h"

/* Whether what stands behind the keyword could stand there. */
static bool goes_on(const parser *p, size_t m, const char *keyword)
{
    if (strcmp(keyword, "reserved") == 0)
        return token_kind(p, m + 1) == STRING;
    if (strcmp(keyword, "rpc") == 0 || strcmp(keyword, "command") == 0)
        return token_word(p, m + 1) && token_kind(p, m + 2) == '(';
    return token_word(p, m + 1) &&
           (token_kind(p, m + 2) == '.' || token_kind(p, m + 2) == ',' || token_kind(p, m + 2) == ';');
}

bool slip_keyword(const site *s)
{
    static const char *const of_service[] = {"rpc", "command", "publishes", "subscribes", "uses"},
                             *const of_fields[] = {"reserved"};
    parser *p = s->p;
    const size_t m = s->plain;
    const char *keyword;

    if ((s->place != PLACE_SERVICE && s->place != PLACE_FIELDS) || token_kind(p, m) != NAME ||
        slip_is_type(p, m) || elsewhere_keyword_of(p->tokens[m].text) != NULL)
        return false;
    keyword = s->place == PLACE_SERVICE ? diag_nearest(p->tokens[m].text, of_service, 5)
                                        : diag_nearest(p->tokens[m].text, of_fields, 1);
    if (keyword == NULL || !goes_on(p, m, keyword))
        return false;
    edit_report(p, 201, p->tokens[m].where, "unexpected '%s'", p->tokens[m].text);
    diag_add_meant(p->reports, p->tokens[m].where, "%s", keyword);
    edit_lose(p, p->tokens[m].text);
    return edit_replace(p, m, 1, keyword, p->tokens[m].where);
}
