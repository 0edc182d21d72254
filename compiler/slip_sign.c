/* Signs that have no meaning here: preprocessor lines, arrows, operators, comments of other languages. */
#include <string.h>

#include "slip.h"

/* ---- lines that begin with '#' ---- */

/* The next word of a line and what is behind it. */
static const char *next_word(parser *p, const char **line)
{
    size_t length;
    const char *word;

    *line += strspn(*line, " \t");
    length = strcspn(*line, " \t\r(");
    word = arena_copy(p->memory, *line, length);
    *line += length;
    *line += strspn(*line, " \t");
    return word == NULL ? "" : word;
}

/* `#include "common/pay.aegis"`. */
static bool include_line(parser *p, size_t at, const char *rest)
{
    size_t length = strcspn(rest + (*rest != '\0'), "\">");
    const char *path = *rest == '\0' ? "" : arena_copy(p->memory, rest + 1, length);

    if (path == NULL)
        return false;
    edit_report(p, 204, p->tokens[at].where, "there is no preprocessor: other files are imported");
    if (length < 7 || strcmp(path + length - 6, ".aegis") != 0) {
        diag_add_help(p->reports, "write 'import \"file.aegis\";'");
        edit_lose(p, "import");
        return edit_remove(p, at, at);
    }
    return edit_rewrite(p, at, at, arena_printf(p->memory, "import \"%s\";", path));
}

/* `#define MAX_ITEMS 100`. */
static bool define_line(parser *p, size_t at, const char *rest)
{
    const char *name = next_word(p, &rest), *value = next_word(p, &rest);
    const char *type = *value == '"' ? "string" : strchr(value, '.') != NULL ? "f64" : "u32";

    edit_report(p, 204, p->tokens[at].where, "there is no preprocessor: constants are declared");
    edit_lose(p, name);
    diag_add_help(p->reports, "write 'const %s: %s = %s;'", *name == '\0' ? "NAME" : name, type,
                  *value == '\0' ? "1" : value);
    return edit_remove(p, at, at);
}

/* The word of a line that begins with '#'. */
static const char *hash_word(parser *p, size_t i)
{
    const char *rest = p->tokens[i].text + 1;

    return next_word(p, &rest);
}

/* `#ifndef SHOP_H`, and all lines that go with it: the name that is defined to see whether it is, the other
 * branches, the end. */
static bool condition_lines(parser *p, size_t at)
{
    const char *rest = p->tokens[at].text + 1, *name;

    (void)next_word(p, &rest);
    name = next_word(p, &rest);
    edit_report(p, 204, p->tokens[at].where, "there is no preprocessor");
    diag_add_help(p->reports, "a file is read once however often it is imported; nothing is left out of it");
    diag_add_fix(p->reports, p->tokens[at].where, "%s", "");
    for (size_t i = at + 1; i < p->count; i++) {
        const char *word;

        if (token_kind(p, i) != HASH_LINE)
            continue;
        word = hash_word(p, i);
        rest = p->tokens[i].text + 1 + strspn(p->tokens[i].text + 1, " \t") + strlen(word);
        if ((strcmp(word, "define") == 0 && i == at + 1 && strcmp(next_word(p, &rest), name) == 0) ||
            strncmp(word, "el", 2) == 0 || strncmp(word, "end", 3) == 0) {
            edit_mark(p, i);
        }
    }
    edit_mark(p, at);
    edit_sweep(p, at);
    return true;
}

/* Rust: `#[derive(Debug)]`. */
static bool attribute_line(parser *p, size_t at)
{
    edit_report(p, 204, p->tokens[at].where,
                "there are no attributes in brackets: annotations begin with '@'");
    return edit_remove(p, at, at);
}

static bool hash_line(const site *s)
{
    parser *p = s->p;
    const char *rest, *word;

    if (token_kind(p, s->at) != HASH_LINE)
        return false;
    rest = p->tokens[s->at].text + 1;
    if (rest[*rest == '!' ? 1 : 0] == '[')
        return attribute_line(p, s->at);
    word = next_word(p, &rest);
    if (strcmp(word, "include") == 0 || strcmp(word, "import") == 0)
        return include_line(p, s->at, rest);
    if (strcmp(word, "define") == 0)
        return define_line(p, s->at, rest);
    if (strncmp(word, "if", 2) == 0)
        return condition_lines(p, s->at);
    if (strcmp(word, "pragma") == 0 || strncmp(word, "end", 3) == 0 || strcmp(word, "else") == 0 ||
        strcmp(word, "undef") == 0) {
        edit_report(p, 204, p->tokens[s->at].where, "there is no preprocessor");
        diag_add_help(p->reports,
                      "a file is read once however often it is imported; nothing is left out of it");
        return edit_remove(p, s->at, s->at);
    }
    edit_report(p, 101, (span){p->file, p->tokens[s->at].where.start, p->tokens[s->at].where.start + 1},
                "the character '#' does not belong here");
    diag_add_help(p->reports, "comments begin with //");
    diag_add_fix(p->reports, (span){p->file, p->tokens[s->at].where.start, p->tokens[s->at].where.start + 1},
                 "//");
    return edit_replace(p, s->at, 1, "", p->tokens[s->at].where);
}

/* ---- the rest ---- */

/* Arrows as a word processor makes them. */
static bool arrow_sign(const site *s)
{
    static const char *const arrows[] = {"\xe2\x86\x92", "\xe2\x87\x92", "\xe2\x9f\xb6", "\xe2\x9e\x94"};
    parser *p = s->p;

    if (token_sign(p, s->at, "-") && token_kind(p, s->at + 1) == '>') {
        edit_report(p, 101, token_span(p, s->at, s->at + 1), "the arrow is one sign: ->");
        return edit_rewrite(p, s->at, s->at + 1, "->");
    }
    for (size_t i = 0; i < sizeof arrows / sizeof arrows[0]; i++) {
        if (!token_sign(p, s->at, arrows[i]))
            continue;
        edit_report(p, 101, p->tokens[s->at].where, "the arrow is written with two signs");
        return edit_rewrite(p, s->at, s->at, "->");
    }
    return false;
}

static bool end_of_no_comment(const site *s)
{
    parser *p = s->p;
    size_t at = token_sign(p, s->at, "/") && s->at > 0 ? s->at - 1 : s->at;

    if (token_kind(p, at) != '*' || !token_sign(p, at + 1, "/") || !token_touches(p, at))
        return false;
    edit_report(p, 103, token_span(p, at, at + 1), "this '*/' ends no comment");
    return edit_remove(p, at, at + 1);
}

/* SQL, Lua, Haskell: `-- what follows is a remark`. */
static bool dashes(const site *s)
{
    parser *p = s->p;
    size_t end = s->at;
    span where;

    if (!token_sign(p, s->at, "-") || !token_sign(p, s->at + 1, "-") || !token_touches(p, s->at))
        return false;
    where = token_span(p, s->at, s->at + 1);
    while (!slip_ends_line(p, end))
        end++;
    edit_report(p, 101, where, "the characters '--' do not belong here");
    diag_add_help(p->reports, "comments begin with //");
    diag_add_fix(p->reports, where, "//");
    return edit_replace(p, s->at, end + 1 - s->at, "", where);
}

static bool is_operand(const parser *p, size_t i)
{
    int kind = token_kind(p, i);

    return kind == INTEGER || kind == FLOAT || kind == DURATION || kind == STRING || token_word(p, i);
}

/* `60 * 60`, `MAX - 1`, `1 << 20`. */
static bool calculation(const site *s)
{
    static const char *const operators[] = {"+", "-", "/", "%", "^", "|", "&", "<"};
    parser *p = s->p;
    size_t at = s->at, end;
    bool found = token_kind(p, at) == '*' || token_kind(p, at) == '>';

    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++)
        found = found || token_sign(p, at, operators[i]);
    if (!found || at == 0 || !is_operand(p, at - 1) || token_touches(p, at - 1) ||
        s->place == PLACE_SERVICE || (s->place == PLACE_FIELDS && (at < 2 || token_kind(p, at - 2) != '=')))
        return false;
    for (end = at; end + 1 < p->count &&
                   (token_kind(p, end) == BAD_CHARACTER || token_kind(p, end) == '*' ||
                    token_kind(p, end) == '>' || is_operand(p, end)) &&
                   !p->tokens[end].starts_line;
         end++)
        ;
    edit_report(p, 204, p->tokens[at].where, "nothing is calculated in a schema");
    diag_add_help(p->reports, "write the result, or declare it: const NAME: u32 = ...;");
    return edit_replace(p, at, end - at, "", p->tokens[at].where);
}

/* `order-created` as a name, `order/created` as an event. */
static bool joined_words(const site *s)
{
    parser *p = s->p;
    size_t from = s->at - 1, to = s->at + 1;
    bool dash = token_sign(p, s->at, "-"), slash = token_sign(p, s->at, "/");
    const char *text;

    if ((!dash && !slash) || s->at == 0 || !token_word(p, from) || !token_touches(p, from) ||
        !token_touches(p, s->at) || !token_word(p, to))
        return false;
    while (to - from < 2 * SLIP_PARTS_MAX && (token_sign(p, to + 1, "-") || token_sign(p, to + 1, "/")) &&
           token_word(p, to + 2) && token_touches(p, to))
        to += 2;
    text = p->tokens[from].text;
    for (size_t i = from + 2; i <= to; i += 2)
        text = arena_printf(p->memory, "%s%c%s", text, dash ? '_' : '.', p->tokens[i].text);
    edit_report(p, 101, p->tokens[s->at].where,
                dash ? "names are made of letters, digits and '_'" : "the parts of a name are joined by '.'");
    return edit_rewrite(p, from, to, text);
}

/* GraphQL: `name: String!`. */
static bool exclamation(const site *s)
{
    parser *p = s->p;

    if (!token_sign(p, s->at, "!"))
        return false;
    edit_report(p, 101, p->tokens[s->at].where, "the character '!' does not belong here");
    diag_add_help(p->reports, "a field is required unless its type ends in '?'");
    return edit_remove(p, s->at, s->at);
}

bool slip_sign(const site *s)
{
    return hash_line(s) || arrow_sign(s) || dashes(s) || end_of_no_comment(s) || calculation(s) ||
           (s->at > 0 && joined_words(s)) || exclamation(s);
}
