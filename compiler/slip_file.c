/* What stands around declarations elsewhere: words before them, lists of imports, lines that end a statement
 * without a sign; unions of types without names; and the end of the file where it comes too early.
 */
#include <string.h>

#include "slip.h"

/* ---- imports ---- */

/* The file that stands between the quotes of token `i`, with the extension that it has here. */
static const char *quoted_path(parser *p, size_t i)
{
    const char *path = p->tokens[i].value->text, *dot = strrchr(path, '.');

    while (strncmp(path, "./", 2) == 0)
        path += 2;
    return arena_printf(p->memory, "\"%s%s\"", path,
                        dot != NULL && strcmp(dot, ".aegis") == 0 ? "" : ".aegis");
}

/* The imports for the strings from token `i` up to `end`, or for the first one where `one`; `*behind`: the
 * token behind the last of them. */
static const char *imports_of(parser *p, size_t i, size_t end, bool one, size_t *behind)
{
    const char *text = NULL;

    for (size_t files = 0; i < end && files < SLIP_PARTS_MAX && (text == NULL || !one); i++) {
        if (token_kind(p, i) != STRING)
            continue;
        files++;
        text = arena_printf(p->memory, "%s%simport %s;", text == NULL ? "" : text, text == NULL ? "" : " ",
                            quoted_path(p, i));
        *behind = i + 1;
    }
    return text;
}

/* `import { Card } from "./pay";` · `import * as pay from "./pay";` · `import ( "pay.aegis" )`. */
static bool import_of_names(const site *s)
{
    parser *p = s->p;
    size_t m = s->plain, end = m + 1, behind = 0;
    const char *text;
    const bool list = token_kind(p, m + 1) == '(';

    if (token_kind(p, m) != KW_IMPORT ||
        (!list && token_kind(p, m + 1) != '{' && token_kind(p, m + 1) != '*' && !token_is(p, m + 1, "type")))
        return false;
    while (end < p->count && token_kind(p, end) != ';' && token_kind(p, end) != 0 &&
           !(list && token_kind(p, end) == ')'))
        end++;
    text = imports_of(p, m + 1, end, !list, &behind);
    if (text == NULL)
        return false;
    behind += list && token_kind(p, behind) == ')' ? 1 : 0;
    behind += token_kind(p, behind) == ';' ? 1 : 0;
    edit_report(p, 204, token_span(p, m, m + 1), "an import names one file, and brings all of its names");
    edit_lose(p, "import");
    return edit_rewrite(p, m, behind - 1, text);
}

/* ---- declarations ---- */

/* Words before declarations: `export struct`, `pub struct`. Whoever writes them does so everywhere. */
static bool visibility(const site *s)
{
    static const char *const words[] = {"export", "pub",      "public", "declare", "extern",  "static",
                                        "final",  "abstract", "sealed", "partial", "internal"};
    parser *p = s->p;
    size_t m = s->plain;
    const char *word = NULL;

    for (size_t i = 0; s->at == m && i < sizeof words / sizeof words[0]; i++)
        word = token_is(p, m, words[i]) ? words[i] : word;
    if (word == NULL || !token_word(p, m + 1) || p->tokens[m + 1].starts_line)
        return false;
    edit_report(p, 204, p->tokens[m].where, "'%s' does not belong before a declaration", word);
    diag_add_help(p->reports, "whoever imports a file sees all of it");
    diag_add_fix(p->reports, p->tokens[m].where, "%s", "");
    for (size_t i = m; i + 1 < p->count; i++) {
        if (token_is(p, i, word) && p->tokens[i].starts_line && token_word(p, i + 1) &&
            !p->tokens[i + 1].starts_line)
            edit_mark(p, i);
    }
    edit_sweep(p, m);
    return true;
}

/* The end of a line that is a statement by itself, where only the ';' is missing. */
static bool line_ends_statement(const site *s)
{
    parser *p = s->p;
    int kind = token_kind(p, s->plain);
    span where;

    if ((kind != KW_AEGIS && kind != KW_PACKAGE && kind != KW_IMPORT && kind != KW_CONST &&
         kind != KW_ALIAS) ||
        s->at < s->plain + 2 || !p->tokens[s->at].starts_line || !expects(s->wanted, "';'"))
        return false;
    where = (span){p->file, p->tokens[s->at - 1].where.end, p->tokens[s->at - 1].where.end};
    edit_report(p, 202, where, "expected ';' after %s", token_described(p, s->at - 1));
    diag_add_fix(p->reports, where, ";");
    return edit_replace(p, s->at, 0, ";", where);
}

/* `union Payment { Card, Iban }`: members that are types only. */
static bool members_without_names(const site *s)
{
    parser *p = s->p;
    size_t i = s->plain, members = 0;
    const char *text = "";

    if (token_kind(p, token_behind_marks(p, p->statement)) != KW_UNION || s->plain != s->open + 1)
        return false;
    for (; token_word(p, i) && members < SLIP_PARTS_MAX; i++, members++) {
        char *name = arena_strdup(p->memory, p->tokens[i].text);

        if (name == NULL)
            return false;
        if (*name >= 'A' && *name <= 'Z')
            *name = (char)(*name - 'A' + 'a');
        text =
            arena_printf(p->memory, "%s%s%s: %s;", text, *text == '\0' ? "" : " ", name, p->tokens[i].text);
        if (token_kind(p, i + 1) != ',' && token_kind(p, i + 1) != ';' &&
            !(token_kind(p, i + 1) == BAD_CHARACTER && p->tokens[i + 1].text[0] == '|'))
            break;
        i++;
    }
    i += token_word(p, i) ? 1 : 0;
    if (token_kind(p, i) != '}' || s->at > i || i == s->plain)
        return false;
    edit_report(p, 204, token_span(p, s->plain, i - 1), "each member of a union has a name and a type");
    return edit_rewrite(p, s->plain, i - 1, text);
}

/* `struct Order { ... };`. */
static bool sign_behind_body(const site *s)
{
    parser *p = s->p;

    if (token_kind(p, s->at) != ';' || s->at == 0 || token_kind(p, s->at - 1) != '}' || s->at != s->plain)
        return false;
    edit_report(p, 201, p->tokens[s->at].where, "unexpected ';'; expected a declaration");
    diag_add_help(p->reports, "a '}' ends a declaration; no ';' follows it");
    return edit_remove(p, s->at, s->at);
}

/* The file ends and several brackets are open: all of them are closed, which is one mistake. */
static bool file_ends_early(const site *s)
{
    parser *p = s->p;
    const span where = {p->file, p->tokens[s->at - (s->at > 0)].where.end,
                        p->tokens[s->at - (s->at > 0)].where.end};
    int before = s->at > 0 ? token_kind(p, s->at - 1) : 0;
    size_t open = s->at, depth = 0;
    const char *text = before == ';' || before == '{' || before == '}' || s->place == PLACE_VALUES ? "" : ";";

    if (token_kind(p, s->at) != 0 || s->place == PLACE_TOP || s->place == PLACE_INSIDE ||
        s->place == PLACE_PARAMS || !(expects(s->wanted, "'}'") || expects(s->wanted, "';'")))
        return false;
    while (open-- > p->statement) {
        int kind = token_kind(p, open);

        depth += kind == '}' ? 1 : 0;
        if (kind == '{' && depth-- == 0) {
            depth = 0;
            text = arena_printf(p->memory, "%s}%s", text,
                                open > p->statement + 2 && token_kind(p, open - 1) == ARROW ? ";" : "");
        }
    }
    if (strlen(text) < 3)
        return false; /* one bracket is one sign, which repair.c puts in */
    edit_report(p, 202, where, "expected '}' before the end of the file");
    diag_add_note(p->reports, p->tokens[s->open].where, "to close this '{'");
    diag_add_fix(p->reports, where, "\n%s", text);
    return edit_replace(p, s->at, 0, text, where);
}

bool slip_file(const site *s)
{
    if (file_ends_early(s))
        return true;
    if (s->place == PLACE_FIELDS)
        return members_without_names(s);
    return s->block == PLACE_TOP &&
           (sign_behind_body(s) || visibility(s) || import_of_names(s) || line_ends_statement(s));
}
