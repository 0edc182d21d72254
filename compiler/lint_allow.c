/* Comments that allow a rule where they stand. They are read from the text, as comments are no tokens:
 *
 *     // aegis-lint: allow RULE, RULE because REASON
 *
 * Behind something it is about that line. Otherwise it is about the declaration or member that comes next,
 * with all of it, docs and annotations included; before the edition or the package, about the file.
 */
#include "lint_parts.h"

#include <string.h>

static const char mark[] = "aegis-lint";

/* One rule that one comment allows. */
typedef struct allowance {
    const diag_rule *rule;
    span where;  /* of its name in the comment */
    span covers; /* what it is about */
    bool used;
} allowance;

typedef struct reading {
    lint *l;
    const char *text;
    uint32_t length;
    allowance *list;
    size_t count;
} reading;

/* ---- finding comments ---- */

/* The end of what begins at `at`, if that is a string or a comment, else `at`. */
static uint32_t skip_piece(const reading *r, uint32_t at)
{
    const char *text = r->text, *end;

    if (text[at] == '"') {
        for (at++; at < r->length && text[at] != '"' && text[at] != '\n'; at++)
            at += text[at] == '\\' && at + 1 < r->length ? 1 : 0;
        return at < r->length ? at + 1 : at;
    }
    if (text[at] != '/' || at + 1 >= r->length)
        return at;
    if (text[at + 1] == '/') {
        while (at < r->length && text[at] != '\n')
            at++;
        return at;
    }
    if (text[at + 1] != '*')
        return at;
    end = strstr(text + at + 2, "*/");
    return end == NULL ? r->length : (uint32_t)(end - text) + 2;
}

/* The next comment with two slashes from `*at` on. */
static bool next_comment(const reading *r, uint32_t *at, uint32_t *start, uint32_t *end)
{
    while (*at < r->length) {
        const uint32_t from = *at, behind = skip_piece(r, from);

        *at = behind > from ? behind : from + 1;
        if (behind > from + 1 && r->text[from] == '/' && r->text[from + 1] == '/' &&
            r->text[from + 2] != '/') {
            *start = from;
            *end = behind;
            return true;
        }
    }
    return false;
}

/* Where the next token begins, docs counting as tokens. */
static uint32_t next_token(const reading *r, uint32_t at)
{
    while (at < r->length) {
        if (strchr(" \t\r\n\f\v", r->text[at]) != NULL)
            at++;
        else if (r->text[at] == '/' && strncmp(r->text + at, "///", 3) != 0 && skip_piece(r, at) > at)
            at = skip_piece(r, at);
        else
            break;
    }
    return at;
}

/* ---- what a comment is about ---- */

/* A declaration or member with what stands before it. */
static span extent_of(const ast_node *node)
{
    span extent = node->where;

    for (size_t i = 0; i < node->marks.annotations.count; i++) {
        const ast_annotation *one = (const ast_annotation *)node->marks.annotations.items[i];

        extent.start = one->where.start < extent.start ? one->where.start : extent.start;
    }
    for (size_t i = 0; i < node->marks.docs.count; i++) {
        const ast_name *line = (const ast_name *)node->marks.docs.items[i];

        extent.start = line->where.start < extent.start ? line->where.start : extent.start;
    }
    return extent;
}

static bool find_in(const ast_list *nodes, uint32_t token, const ast_node **found);

static bool find_below(const ast_node *node, uint32_t token, const ast_node **found)
{
    if (node->kind == AST_RESERVED || node->kind >= AST_PUBLISHES)
        return false;
    return find_in(&node->members, token, found) ||
           (node->progress != NULL && find_in(&node->progress->members, token, found)) ||
           (node->result_body != NULL && find_in(&node->result_body->members, token, found));
}

/* The outermost declaration or member among whose marks, or at whose beginning, the token stands. */
static bool find_in(const ast_list *nodes, uint32_t token, const ast_node **found)
{
    for (size_t i = 0; i < nodes->count; i++) {
        const ast_node *node = (const ast_node *)nodes->items[i];

        if (extent_of(node).start <= token && token <= node->where.start) {
            *found = node;
            return true;
        }
        if (node->where.start < token && token < node->where.end)
            return find_below(node, token, found);
    }
    return false;
}

static bool is_trailing(const reading *r, uint32_t start)
{
    while (start > 0 && r->text[start - 1] != '\n') {
        if (strchr(" \t", r->text[--start]) == NULL)
            return true;
    }
    return false;
}

/* False when it is about nothing. */
static bool find_cover(const reading *r, uint32_t start, uint32_t end, span *covers)
{
    const ast_node *node = NULL;

    *covers = (span){r->l->u->file, start, end};
    if (is_trailing(r, start)) {
        while (covers->start > 0 && r->text[covers->start - 1] != '\n')
            covers->start--;
        return true;
    }
    if (!find_in(&r->l->u->tree->nodes, next_token(r, end), &node))
        return false;
    *covers = extent_of(node);
    if (node->kind == AST_EDITION || node->kind == AST_PACKAGE)
        *covers = (span){r->l->u->file, 0, r->length};
    return true;
}

/* ---- reading one ---- */

static uint32_t skip_blanks(const reading *r, uint32_t at, uint32_t end)
{
    while (at < end && strchr(" \t\r", r->text[at]) != NULL)
        at++;
    return at;
}

static bool take_word(const reading *r, uint32_t *at, uint32_t end, const char *word)
{
    const uint32_t length = (uint32_t)strlen(word), from = skip_blanks(r, *at, end);

    if (end - from < length || strncmp(r->text + from, word, length) != 0)
        return false;
    *at = from + length;
    return true;
}

static void malformed(const reading *r, uint32_t start, uint32_t end, const char *text)
{
    lint_report(r->l, LINT_ALLOW_MALFORMED, (span){r->l->u->file, start, end}, "%s", text);
    diag_add_help(r->l->reports, "// aegis-lint: allow RULE because REASON");
}

static bool is_rule_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}

static void unknown_rule(const reading *r, const char *name, span where)
{
    size_t count;
    const diag_rule *rules = diag_rules_lint(&count);
    const char **names = (const char **)arena_array(r->l->memory, count, sizeof *names), *near;

    for (size_t i = 0; i < count; i++)
        names[i] = rules[i].name;
    near = diag_nearest(name, names, count);
    lint_report(r->l, LINT_ALLOW_MALFORMED, where, "lint has no rule '%s'", name);
    if (near != NULL)
        diag_add_meant(r->l->reports, where, "%s", near);
}

static bool read_rule(reading *r, uint32_t *at, uint32_t end, span covers)
{
    const uint32_t from = skip_blanks(r, *at, end);
    uint32_t to = from;
    const diag_rule *rule;
    const char *name;
    span where;

    while (to < end && is_rule_character(r->text[to]))
        to++;
    if (to == from)
        return false;
    *at = to;
    where = (span){r->l->u->file, from, to};
    name = arena_copy(r->l->memory, r->text + from, to - from);
    rule = diag_rule_named(name);
    if (rule == NULL || rule->classes != RULE_LINT) {
        unknown_rule(r, name, where);
        return true;
    }
    r->list = (allowance *)arena_grow(r->l->memory, r->list, r->count, sizeof *r->list);
    r->list[r->count++] = (allowance){rule, where, covers, false};
    return true;
}

/* A comment whose text may be for lint. */
static void read_comment(reading *r, uint32_t start, uint32_t end)
{
    uint32_t at = start + 2;
    span covers;

    if (!take_word(r, &at, end, mark))
        return;
    if (!take_word(r, &at, end, ":") || !take_word(r, &at, end, "allow")) {
        malformed(r, start, end, "this comment cannot be read");
        return;
    }
    if (!find_cover(r, start, end, &covers)) {
        malformed(r, start, end, "this comment stands before no declaration or member");
        return;
    }
    do {
        if (!read_rule(r, &at, end, covers)) {
            malformed(r, start, end, "the name of a rule is missing");
            return;
        }
    } while (take_word(r, &at, end, ","));
    if (!take_word(r, &at, end, "because") || skip_blanks(r, at, end) == end) {
        lint_report(r->l, LINT_ALLOW_REASON, (span){r->l->u->file, start, end},
                    "this comment does not say why");
        diag_add_help(r->l->reports, "end it with 'because ...'");
    }
}

/* ---- applying them ---- */

static bool covers(const allowance *one, const diag *item)
{
    return one->rule->code.number == item->code->number && item->placed &&
           item->where.file == one->covers.file && item->where.start >= one->covers.start &&
           item->where.start < one->covers.end;
}

static bool is_allowed(reading *r, const diag *item)
{
    bool allowed = false;

    for (size_t i = 0; i < r->count; i++) {
        if (!covers(&r->list[i], item))
            continue;
        r->list[i].used = true;
        allowed = true;
    }
    return allowed;
}

static void report_unused(const reading *r)
{
    for (size_t i = 0; i < r->count; i++) {
        if (!r->list[i].used)
            lint_report(r->l, LINT_ALLOW_UNUSED, r->list[i].where, "there is nothing here that '%s' finds",
                        r->list[i].rule->name);
    }
}

void lint_allow(lint *l, const rule_set *rules, size_t first)
{
    const source_file *file = &l->c->files.files[l->u->file];
    reading r = {.l = l, .text = file->text, .length = (uint32_t)file->length};
    uint32_t at = 0, start, end;

    while (next_comment(&r, &at, &start, &end))
        read_comment(&r, start, end);
    for (size_t i = first; i < l->reports->count;) {
        if (is_allowed(&r, &l->reports->items[i]))
            rules_drop(l->reports, i);
        else
            i++;
    }
    report_unused(&r);
    rules_filter(rules, l->reports, first);
}
