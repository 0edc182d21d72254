/* What stands where it does not belong: declarations within declarations, members outside of theirs. */
#include <string.h>

#include "slip.h"

static uint32_t column_of(const parser *p, size_t i)
{
    return source_locate(p->files, p->tokens[i].where).column;
}

/* The keyword that is meant by another language's, such as `message`; 0: it is none. */
static int foreign_declaration(const parser *p, size_t i)
{
    const elsewhere_keyword *word = token_kind(p, i) == NAME ? elsewhere_keyword_of(p->tokens[i].text) : NULL;

    if (word == NULL)
        return 0;
    return strcmp(word->here, "struct") == 0  ? KW_STRUCT
           : strcmp(word->here, "union") == 0 ? KW_UNION
           : strcmp(word->here, "error") == 0 ? KW_ERROR
                                              : 0;
}

static bool declares(const parser *p, size_t i)
{
    int kind = token_kind(p, i);

    if (kind == KW_STRICT)
        return token_kind(p, i + 1) == KW_ENUM && token_word(p, i + 2) && token_kind(p, i + 3) == '{';
    if (kind == KW_EVENT)
        return token_word(p, i + 1) && token_kind(p, i + 2) == '.' && token_word(p, i + 3) &&
               token_kind(p, i + 4) == '{';
    if (kind == KW_ERROR && token_kind(p, i + 2) == '(' && token_kind(p, i + 4) == ')')
        return token_kind(p, i + 5) == '{';
    return token_word(p, i + 1) && token_kind(p, i + 2) == '{' &&
           (kind == KW_STRUCT || kind == KW_ENUM || kind == KW_UNION || kind == KW_ERROR ||
            foreign_declaration(p, i) != 0);
}

/* A declaration within another, which is moved before it. One at the margin is not meant to be inside: there
 * a brace is missing before it. */
static bool nested(const site *s)
{
    parser *p = s->p;
    size_t from = s->block_member, m = token_behind_marks(p, from), close;

    if (s->block == PLACE_TOP || !declares(p, m) || m > s->at ||
        column_of(p, from) <= column_of(p, p->statement))
        return false;
    for (close = m; token_kind(p, close) != '{'; close++)
        ;
    close = token_close(p, close);
    if (close >= p->count)
        return false;
    edit_report(p, 201, p->tokens[m].where, "declarations stand by themselves, not within others");
    diag_add_help(p->reports, "move it out of the '{ }' around it");
    if (foreign_declaration(p, m) != 0)
        p->tokens[m].kind = (int16_t)foreign_declaration(p, m);
    if (token_kind(p, close + 1) == ';' && !edit_replace(p, close + 1, 1, "", p->tokens[close].where))
        return false;
    return edit_move(p, from, close + 1 - from, p->statement);
}

/* Whether a '}' without its '{' follows. */
static bool closes_more(const parser *p, size_t i)
{
    size_t depth = 0;

    for (; i < p->count; i++) {
        if (token_kind(p, i) == '{')
            depth++;
        else if (token_kind(p, i) == '}' && depth-- == 0)
            return true;
    }
    return false;
}

/* Whether what stands at `i` can be a member of the declaration before it. */
static bool belongs_to(const parser *p, size_t i, const ast_node *before)
{
    int kind = token_kind(p, i);

    if (before->kind == AST_SERVICE)
        return kind == KW_RPC || kind == KW_COMMAND || kind == KW_PUBLISHES || kind == KW_SUBSCRIBES ||
               kind == KW_USES;
    if (before->kind == AST_ENUM)
        return token_word(p, i) && (token_kind(p, i + 1) == ',' || token_kind(p, i + 1) == '}');
    return token_word(p, i) && token_kind(p, i + 1) == ':';
}

/* A brace too many before the last members of a declaration. */
static bool closed_too_early(const site *s)
{
    parser *p = s->p;
    ast_list *nodes = &p->result->nodes;
    size_t brace = p->statement - 1, begin = brace;
    const ast_node *before;

    if (nodes->count == 0 || p->statement == 0 || token_kind(p, brace) != '}' || s->at != s->plain)
        return false;
    before = (const ast_node *)nodes->items[nodes->count - 1];
    if (!belongs_to(p, s->plain, before) || !closes_more(p, p->statement))
        return false;
    while (begin > 0 && p->tokens[begin].where.start > before->where.start)
        begin--;
    edit_report(p, 201, p->tokens[brace].where, "this '}' ends '%s' too early", before->name.text);
    diag_add_note(p->reports, p->tokens[s->plain].where, "this belongs to it");
    diag_add_fix(p->reports, p->tokens[brace].where, "%s", "");
    p->statement = token_marks_before(p, begin, 0);
    nodes->count--;
    return edit_replace(p, brace, 1, "", p->tokens[brace].where);
}

/* Methods outside of a service; all that follow one another are one mistake. */
static bool outside_of_service(const site *s)
{
    parser *p = s->p;
    size_t m = s->plain, end;

    if (s->at != m ||
        (token_kind(p, m) != KW_RPC && token_kind(p, m) != KW_COMMAND && token_kind(p, m) != KW_PUBLISHES &&
         token_kind(p, m) != KW_SUBSCRIBES && token_kind(p, m) != KW_USES))
        return false;
    edit_report(p, 201, p->tokens[m].where, "%s stands in a service", token_described(p, m));
    diag_add_help(p->reports, "such as: service Orders { ... }");
    for (end = m; end + 1 < p->count && !token_declares(p, end); end++) {
        if (token_word(p, end))
            edit_lose(p, p->tokens[end].text);
    }
    return edit_replace(p, p->statement, token_marks_before(p, end, m) - p->statement, "",
                        p->tokens[m].where);
}

/* A method in a struct. */
static bool method_of_struct(const site *s)
{
    parser *p = s->p;
    size_t m = s->plain, end = m;

    if ((token_kind(p, m) != KW_RPC && token_kind(p, m) != KW_COMMAND) || !token_word(p, m + 1) ||
        token_kind(p, m + 2) != '(')
        return false;
    while (end + 1 < p->count && token_kind(p, end) != ';' && token_kind(p, end) != '}')
        end = token_kind(p, end) == '{' && token_close(p, end) < p->count ? token_close(p, end) + 1 : end + 1;
    edit_report(p, 201, p->tokens[m].where, "%s stands in a service", token_described(p, m));
    diag_add_help(p->reports, "such as: service Orders { ... }");
    return edit_remove(p, s->member, token_kind(p, end) == ';' ? end : end - 1);
}

/* `items: struct { a: u32; };`: a declaration in the place of a type. */
static bool type_with_body(const site *s)
{
    parser *p = s->p;
    size_t start = slip_type_start(s), open, close;
    const char *name;

    if (start == 0 || s->at < start || s->at > start + 2)
        return false;
    open = start + (token_kind(p, start) == KW_STRUCT || token_kind(p, start) == KW_ENUM ||
                            token_kind(p, start) == KW_UNION || token_is(p, start, "object")
                        ? 1
                        : 0);
    open += open > start && token_word(p, open) ? 1 : 0;
    close = token_kind(p, open) == '{' && open > start ? token_close(p, open) : p->count;
    if (close >= p->count)
        return false;
    name = token_word(p, open - 1) && open == start + 2 ? p->tokens[open - 1].text : "Name";
    edit_report(p, 204, token_span(p, start, open), "the type of a field is a name: declare it before");
    diag_add_help(p->reports, "such as: %s %s { ... }", p->tokens[start].text, name);
    edit_doubt(s);
    return edit_replace(p, start, close + 1 - start, "any", p->tokens[start].where);
}

bool slip_nested(const site *s)
{
    if (nested(s) || type_with_body(s))
        return true;
    if (s->place == PLACE_FIELDS)
        return method_of_struct(s);
    return s->block == PLACE_TOP && (closed_too_early(s) || outside_of_service(s));
}
