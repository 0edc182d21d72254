/* Runs the grammar over a file's tokens, statement by statement, and decides what is done where a token does
 * not fit (see parser.h).
 */
#include "parser.h"

#include <string.h>

#include "parser_edit.h"

/* Changes in one file; a file that needs more is not worth guessing at. */
#define CHANGES_MAX 64

/* "A, B or C" of what is expected, the keywords left out where any name will do; NULL when that says nothing.
 */
static const char *list_expected(parser *p, const expected *wanted)
{
    bool any_name = expects(wanted, "a name");
    const char *text = NULL, *kept[8];
    size_t used = 0;

    for (size_t i = 0; i < wanted->count; i++) {
        const char *name = wanted->names[i];
        bool keyword = strlen(name) > 4;

        if (strcmp(name, "a doc comment") == 0 || strcmp(name, "'@'") == 0 ||
            (any_name && keyword && name[0] == '\''))
            continue;
        if (used == 5)
            return NULL;
        kept[used++] = name;
    }
    for (size_t i = 0; i < used; i++) {
        const char *joint = i == 0 ? "" : i + 1 == used ? " or " : ", ";

        text = arena_printf(p->memory, "%s%s%s", text == NULL ? "" : text, joint, kept[i]);
    }
    return text;
}

/* What could stand there, for people. */
const char *parser_wanted(parser *p, const site *s)
{
    const char *list = list_expected(p, s->wanted);

    if (list != NULL)
        return list;
    if (s->place == PLACE_TOP && expects(s->wanted, "'struct'"))
        return "a declaration";
    return s->place == PLACE_SERVICE && expects(s->wanted, "'rpc'")
               ? "'rpc', 'command', 'publishes', 'subscribes' or 'uses'"
               : NULL;
}

/* A token that cannot stand where it is. At the end of the file there is nothing to see: the place is then
 * behind the last token. */
static void report(const site *s)
{
    parser *p = s->p;
    const token *t = &p->tokens[s->at];
    const char *found = token_found(p, s->at), *wanted = parser_wanted(p, s);
    span where = t->where;

    if (t->kind == 0 && s->at > 0)
        where = (span){p->file, p->tokens[s->at - 1].where.end, p->tokens[s->at - 1].where.end};
    if (t->kind == BAD_CHARACTER)
        edit_bad_character(p, s->at);
    else if (wanted != NULL)
        edit_report(p, 201, where, "unexpected %s; expected %s", found, wanted);
    else
        edit_report(p, 201, where, "unexpected %s", found);
}

/* Whether the token is in a member that begins on a line of its own: what was removed before that does not
 * matter. */
static bool begins_anew(const site *s)
{
    const parser *p = s->p;

    const size_t m = s->block_member;

    return s->block != PLACE_TOP && m > 0 && s->at >= m && p->tokens[m].starts_line &&
           (token_word(p, m) || token_kind(p, m) == '@') &&
           (token_kind(p, m - 1) == ';' || token_kind(p, m - 1) == '{');
}

/* Whether the token follows from a mistake that was reported: a string or comment that swallowed what stood
 * between, or a removal that left something behind. (So does what is still wrong in a member whose text was
 * guessed.) */
static bool is_consequence(const site *s)
{
    const parser *p = s->p;
    size_t i = s->at;

    if (p->removed != 0 && p->count - s->at + 1 >= p->removed && !begins_anew(s))
        return true;
    if (p->partial && p->tokens[i].kind == 0)
        return true;
    while (i > p->statement && !p->tokens[i].starts_line)
        i--;
    if (i > p->statement && i == s->at) /* first of its line: the one before may be damaged */
        i--;
    while (i > p->statement && !p->tokens[i].starts_line)
        i--;
    for (; i < s->at; i++) {
        if (p->tokens[i].open)
            return true;
    }
    return false;
}

/* Change the tokens so that the one at `at` fits, or leave its member out. */
static void mend(parser *p, size_t at, const expected *wanted)
{
    const site s = site_of(p, at, wanted);

    if (is_consequence(&s) || diag_doubted(p->reports, p->tokens[at].where)) {
        removal(&s, true);
        return;
    }
    if (slip(&s) || repair(&s))
        return;
    report(&s);
    removal(&s, false);
}

/* What mends does not look whether memory ends; this does, for all of it. */
static void mend_guarded(parser *p, size_t at, const expected *wanted)
{
    jmp_buf escape;

    if (setjmp(escape) == 0) {
        p->memory->escape = p->scratch->escape = &escape;
        mend(p, at, wanted);
    }
    p->memory->escape = p->scratch->escape = NULL;
}

void parser_mismatch(parser *p, const expected *wanted)
{
    size_t at = p->last;

    if (p->stop)
        return;
    p->stop = true;
    if (p->trial)
        return;
    if (p->changes++ == CHANGES_MAX) {
        p->partial = true;
        p->stop = false;
        return;
    }
    mend_guarded(p, at, wanted);
}

void parser_too_deep(parser *p, span where)
{
    if (p->stop || p->trial)
        return;
    diag_report(p->reports, 203, where, "this is nested too deeply");
    p->partial = true;
}

void parser_statement_done(parser *p, bool fetched)
{
    p->statement = fetched ? p->last : p->at;
}

/* Cut the file into tokens and parse them, statement by statement where there are mistakes. */
static bool parse(parser *p)
{
    if (!lexer_run(p))
        return false;
    p->result = arena_new(p->memory, ast_file);
    if (p->result == NULL)
        return false;
    p->result->file = p->file;
    do {
        p->at = p->last = p->statement;
        p->stop = false;
        (void)grammar_parse(p); /* mistakes are in the reports, a lack of memory in the arenas */
    } while (p->stop && !p->memory->failed && !p->scratch->failed);
    p->result->partial = p->partial;
    p->result->lost = p->lost;
    return true;
}

ast_file *parser_run(arena *memory, diags *reports, const sources *files, uint32_t file)
{
    arena scratch;
    parser p = {.memory = memory, .scratch = &scratch, .reports = reports, .files = files, .file = file};
    bool good;

    arena_init_beside(&scratch, memory);
    good = parse(&p);
    memory->failed = memory->failed || scratch.failed;
    arena_free(&scratch);
    return good && !memory->failed ? p.result : NULL;
}
