/* One mark or word too few, too many, or mistaken for another.
 *
 * Of all changes of one token near the misfit the likely ones are listed, each with what speaks against it.
 * Each is tried on a copy of the statement, from the cheapest on: the first after which the parser gets well
 * past the misfit is made, else the one after which it gets furthest. A change that gains nothing is not
 * made, so that a stray word is not taken for a missing mark.
 */
#include "elsewhere.h"
#include "parser_edit.h"

#include <stdlib.h>
#include <string.h>

/* Tokens behind the misfit that a trial reads: so many without another misfit are convincing. */
#define LOOK_AHEAD 30
/* Tokens that have to fit behind a change of a mark, and behind a change of a word. */
#define MARK_GAIN 2
/* A ';' before the end of a body: what follows that may well be the next mistake. */
#define SURE_GAIN 1
#define WORD_GAIN 4
/* Tokens that all trials of a file may read; then nothing more is tried. */
#define EFFORT_MAX ((size_t)4 << 20)

#define CANDIDATES_MAX 96

/* Put a token of this kind at `at`, take `removed` of those there away. */
typedef struct change {
    size_t at;
    size_t removed;   /* 0 or 1 */
    int kind;         /* 0: none is put in */
    const char *text; /* of the one put in */
    unsigned cost;
    size_t gain;
} change;

typedef struct search {
    const site *s;
    parser *p;
    change list[CANDIDATES_MAX];
    size_t count;
} search;

/* ---- which changes ---- */

static void consider(search *f, size_t at, size_t removed, int kind, const char *text, unsigned cost)
{
    if (f->count < CANDIDATES_MAX)
        f->list[f->count++] = (change){at, removed, kind, text, cost, 0};
}

/* The kind of a mark from its name in the grammar, "';'"; 0 for anything else. */
static int mark_of(const char *name)
{
    if (strcmp(name, "'->'") == 0)
        return ARROW;
    if (strcmp(name, "'..'") == 0)
        return DOTS;
    return strlen(name) == 3 && name[0] == '\'' ? (unsigned char)name[1] : 0;
}

static bool is_mark(const parser *p, size_t i)
{
    int kind = token_kind(p, i);

    return (kind > 0 && kind < 256) || kind == ARROW || kind == DOTS;
}

static const char *mark_text(const search *f, int kind)
{
    return kind == ARROW ? "->" : kind == DOTS ? ".." : arena_printf(f->p->memory, "%c", (char)kind);
}

/* Whether what closes something may well be missing before token `i`. */
static bool ends_here(const parser *p, size_t i)
{
    return token_kind(p, i) == 0 || token_kind(p, i) == '}' || p->tokens[i].starts_line;
}

static unsigned cost_of_missing(const search *f, int mark)
{
    const parser *p = f->p;
    bool ends = ends_here(p, f->s->at);

    switch (mark) {
    case ';':
        return ends ? 1 : 5;
    case '}':
        return token_kind(p, f->s->at) == 0 ? 2 : 8;
    case ')':
    case ']':
        return 3;
    case '.':
        return 6;
    case '=': /* a word behind a built-in type is no default of it */
        return f->s->at > 0 && token_word(p, f->s->at) && elsewhere_builtin(p->tokens[f->s->at - 1].text) ? 7
                                                                                                          : 4;
    case '?':
    case '@':
    case '*':
    case '>':
        return 0;
    default:
        return 4;
    }
}

static void consider_missing_marks(search *f)
{
    for (size_t i = 0; i < f->s->wanted->count; i++) {
        int mark = mark_of(f->s->wanted->names[i]);
        unsigned cost = cost_of_missing(f, mark);

        if (mark != 0 && cost != 0 && f->s->at > 0)
            consider(f, f->s->at, 0, mark, mark_text(f, mark), cost);
    }
}

/* An opening bracket that is missing some way before the misfit: `Item](1..9)`, `-> done: u32; }`, `string:
 * u32}`. */
static void consider_missing_openings(search *f)
{
    const parser *p = f->p;
    size_t at = f->s->at;
    int mark = token_kind(p, at) == ']' ? '[' : token_kind(p, at) == ':' ? '{' : 0;

    if (mark == 0 || at < p->statement + 2 || !token_word(p, at - 1))
        return;
    at--;
    while (mark == '[' && at > p->statement + 2 && token_kind(p, at - 1) == '.' && token_word(p, at - 2))
        at -= 2;
    consider(f, at, 0, mark, mark_text(f, mark), 3);
}

/* A body that was not closed before the next declaration, whose keyword may have been taken for a name. */
static void consider_missing_braces(search *f)
{
    const parser *p = f->p;

    if (f->s->place == PLACE_TOP)
        return;
    for (size_t back = 0; back <= 2 && f->s->at >= p->statement + back + 1; back++) {
        size_t at = f->s->at - back;

        if (token_declares(p, at))
            consider(f, token_marks_before(p, at, p->statement + 1), 0, '}', "}", back == 0 ? 3 : 2);
        else if (back < 2 && p->tokens[at].starts_line)
            consider(f, token_marks_before(p, at, p->statement + 1), 0, '}', "}", 3 + 2 * (unsigned)back);
    }
}

/* Whether what stands before token `at` asks for a word, and a mark follows. */
static bool wants_word(const parser *p, size_t at)
{
    int before = at > p->statement ? token_kind(p, at - 1) : 0;

    return is_mark(p, at) && (before == ':' || before == '=' || before == '.' || before == ARROW ||
                              before == '[' || (before >= KW_AEGIS && before <= KW_STREAM));
}

static void consider_missing_words(search *f)
{
    const expected *wanted = f->s->wanted;
    unsigned cost = wants_word(f->p, f->s->at) ? 3 : 7;

    if (f->s->at == 0)
        return;
    if (expects(wanted, "a name"))
        consider(f, f->s->at, 0, NAME, "(missing)", cost);
    else if (expects(wanted, "a number"))
        consider(f, f->s->at, 0, INTEGER, "0", cost);
    else if (expects(wanted, "a string"))
        consider(f, f->s->at, 0, STRING, "", cost);
}

static bool same_token(const parser *p, size_t i, size_t k)
{
    return token_kind(p, i) == token_kind(p, k) && strcmp(p->tokens[i].text, p->tokens[k].text) == 0;
}

static void consider_removal(search *f)
{
    const parser *p = f->p;
    size_t at = f->s->at;

    if (token_kind(p, at) == DOC || (at > p->statement && token_kind(p, at - 1) == DOC)) {
        consider(f, token_kind(p, at) == DOC ? at : at - 1, 1, 0, "", 5);
        return;
    }
    if (token_kind(p, at) == 0)
        return;
    if (at > p->statement && same_token(p, at, at - 1)) {
        consider(f, at, 1, 0, "", 1);
        return;
    }
    if (at > p->statement + 1 && same_token(p, at - 1, at - 2))
        consider(f, at - 1, 1, 0, "", 1);
    consider(f, at, 1, 0, "", is_mark(p, at) || token_kind(p, at) == BAD_CHARACTER ? 4 : 6);
    if (at > p->statement)
        consider(f, at - 1, 1, 0, "", is_mark(p, at - 1) ? 6 : 8);
}

/* Marks that are often taken for each other. */
static unsigned cost_of_exchange(int found, int meant)
{
    static const char pairs[][3] = {"=:", ":=", ";,", ",;", "([", "[(", "({",
                                    "{(", "[{", "{[", ")]", "])", ")}", "}]"};

    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        if (found == pairs[i][0] && meant == pairs[i][1])
            return 2;
    }
    return found == BAD_CHARACTER ? 5 : 3;
}

static void consider_exchange(search *f)
{
    static const char before[] = ";:=,{}()[]";
    const parser *p = f->p;
    size_t at = f->s->at;

    for (size_t i = 0; i < f->s->wanted->count; i++) {
        int mark = mark_of(f->s->wanted->names[i]);

        if (mark != 0 && (is_mark(p, at) || token_kind(p, at) == BAD_CHARACTER) &&
            cost_of_missing(f, mark) != 0)
            consider(f, at, 1, mark, mark_text(f, mark), cost_of_exchange(token_kind(p, at), mark));
    }
    if (at > p->statement + 1 && p->tokens[at - 1].starts_line && token_kind(p, at - 2) == ',')
        consider(f, at - 2, 1, ';', ";", 3);
    if (at > p->statement && p->tokens[at].starts_line && token_kind(p, at - 1) == ',')
        consider(f, at - 1, 1, ';', ";", 3);
    for (size_t i = 0;
         at > p->statement && !p->tokens[at].starts_line && is_mark(p, at - 1) && before[i] != '\0'; i++)
        consider(f, at - 1, 1, (unsigned char)before[i], mark_text(f, (unsigned char)before[i]), 7);
}

static const struct {
    const char *word;
    int kind;
} keywords[] = {{"aegis", KW_AEGIS},   {"package", KW_PACKAGE},     {"import", KW_IMPORT},
                {"const", KW_CONST},   {"alias", KW_ALIAS},         {"struct", KW_STRUCT},
                {"enum", KW_ENUM},     {"strict", KW_STRICT},       {"union", KW_UNION},
                {"error", KW_ERROR},   {"reserved", KW_RESERVED},   {"service", KW_SERVICE},
                {"rpc", KW_RPC},       {"command", KW_COMMAND},     {"progress", KW_PROGRESS},
                {"raises", KW_RAISES}, {"publishes", KW_PUBLISHES}, {"subscribes", KW_SUBSCRIBES},
                {"uses", KW_USES},     {"event", KW_EVENT}};

const char *repair_keyword(parser *p, size_t at)
{
    const char *names[sizeof keywords / sizeof keywords[0]];
    char *lower = token_kind(p, at) == NAME ? arena_strdup(p->memory, p->tokens[at].text) : NULL;

    if (lower == NULL)
        return NULL;
    for (size_t i = 0; lower[i] != '\0'; i++) {
        if (lower[i] >= 'A' && lower[i] <= 'Z')
            lower[i] = (char)(lower[i] - 'A' + 'a');
    }
    for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++) {
        names[i] = keywords[i].word;
        if (strcmp(lower, names[i]) == 0)
            return names[i];
    }
    return diag_nearest(lower, names, sizeof names / sizeof names[0]);
}

/* A keyword that was misspelt. */
static void consider_keywords(search *f)
{
    const size_t at = f->s->at;
    const char *near = expects(f->s->wanted, "a name") ? NULL : repair_keyword(f->p, at);

    for (size_t i = 0; near != NULL && i < sizeof keywords / sizeof keywords[0]; i++) {
        if (strcmp(near, keywords[i].word) == 0)
            consider(f, at, 1, keywords[i].kind, near, 1);
    }
}

/* ---- trying them ---- */

static token made_token(const parser *p, const change *c, span where)
{
    token t = {.kind = (int16_t)c->kind, .where = where, .text = c->text, .repair = true};
    ast_value *value = arena_new(p->memory, ast_value);

    t.where.start = c->removed != 0 ? where.start : where.end;
    t.value = value;
    if (value != NULL)
        *value = (ast_value){.kind = c->kind == STRING ? AST_STRING : AST_INT,
                             .where = t.where,
                             .text = c->text,
                             .reported = true};
    return t;
}

/* How many tokens from the misfit on fit after the change; LOOK_AHEAD when all that were tried do. */
static size_t gain_of(search *f, const change *c)
{
    parser *p = f->p;
    const size_t from = p->statement, before = c->at - from, added = c->kind != 0 ? 1 : 0;
    const bool whole = f->s->at + LOOK_AHEAD >= p->count - 1;
    const size_t to = whole ? p->count - 1 : f->s->at + LOOK_AHEAD, count = to - from + added - c->removed;
    const arena_mark mark = arena_here(p->memory);
    jmp_buf *const escape = p->memory->escape;
    parser trial = {
        .memory = p->memory, .files = p->files, .file = p->file, .trial = true, .count = count + 1};
    size_t stuck;

    p->effort += count;
    trial.tokens = (token *)arena_array(p->memory, count + 1, sizeof(token));
    trial.result = arena_new(p->memory, ast_file);
    if (trial.tokens != NULL && trial.result != NULL) {
        memcpy(trial.tokens, p->tokens + from, before * sizeof(token));
        if (added != 0)
            trial.tokens[before] = made_token(p, c, p->tokens[c->at].where);
        memcpy(trial.tokens + before + added, p->tokens + c->at + c->removed,
               (to - c->at - c->removed) * sizeof(token));
        trial.tokens[count] = (token){.kind = 0, .text = ""};
        p->memory->escape = NULL; /* bison has memory of its own to give back */
        if (!p->memory->failed)
            (void)grammar_parse(&trial);
        p->memory->escape = escape;
    }
    arena_back(p->memory, mark);
    stuck = trial.last;
    if (stuck >= count && (!whole || !trial.stop))
        return LOOK_AHEAD;
    stuck = stuck + from + c->removed - (stuck + from > c->at ? added : 0);
    return stuck > f->s->at ? stuck - f->s->at : 0;
}

static int compare(const void *left, const void *right)
{
    const change *a = (const change *)left, *b = (const change *)right;

    if (a->cost != b->cost)
        return a->cost < b->cost ? -1 : 1;
    if (a->at != b->at)
        return a->at < b->at ? -1 : 1;
    return a->kind - b->kind;
}

/* How far the parser has to get for a change to be believed. A keyword is one by its spelling, and where a
 * word is asked for, one is missing. */
static size_t gain_needed(const search *f, const change *c)
{
    const bool word = c->kind == NAME || c->kind == INTEGER || c->kind == STRING;
    const bool keyword = c->kind >= KW_AEGIS && c->kind <= KW_FALSE;

    if (c->kind == ';' && c->removed == 0 && token_kind(f->p, f->s->at) == '}')
        return SURE_GAIN;
    if (keyword || (word && c->removed == 0 && wants_word(f->p, c->at)))
        return MARK_GAIN;
    return word || c->removed != 0 ? WORD_GAIN : MARK_GAIN;
}

static const change *best_change(search *f)
{
    const change *best = NULL;

    qsort(f->list, f->count, sizeof f->list[0], compare);
    for (size_t i = 0; i < f->count && f->p->effort < EFFORT_MAX && !f->p->memory->failed; i++) {
        change *c = &f->list[i];

        c->gain = gain_of(f, c);
        if (c->gain < gain_needed(f, c))
            continue;
        if (best == NULL || c->gain > best->gain + (c->cost - best->cost))
            best = c;
        if (c->gain == LOOK_AHEAD)
            break;
    }
    return best;
}

/* ---- saying it ---- */

/* The bracket that the mark at `at` would close, shown when it is on another line. */
static void note_opening(parser *p, size_t at, int mark)
{
    const site s = site_of(p, at, NULL);
    char opening = mark == '}' ? '{' : mark == ')' ? '(' : '[';

    if (s.place == PLACE_TOP || token_kind(p, s.open) != (unsigned char)opening)
        return;
    for (size_t i = s.open + 1; i < at; i++) {
        if (p->tokens[i].starts_line) {
            diag_add_note(p->reports, p->tokens[s.open].where, "to close this '%c'", opening);
            return;
        }
    }
}

/* What a name or value would be where it is missing. */
static const char *missing_word(const parser *p, const change *c)
{
    size_t before = c->at - 1;

    switch (token_kind(p, before)) {
    case ':':
    case '[':
        return "a type";
    case '=':
        return c->kind == STRING ? "a string" : "a value";
    case ARROW:
        return "the type of the result";
    case KW_RAISES:
        return "the name of an error";
    case KW_IMPORT:
        return "a file name in quotes";
    case '(':
        return "a value";
    case DOTS:
        return "a bound";
    default:
        return c->kind == NAME ? "a name" : c->kind == STRING ? "a string" : "a value";
    }
}

static void report_missing(parser *p, const change *c)
{
    const token *previous = &p->tokens[c->at - 1];
    const span where = {p->file, previous->where.end, previous->where.end};
    const char *after = token_described(p, c->at - 1);

    if (c->kind == NAME || c->kind == INTEGER || c->kind == STRING) {
        edit_report(p, 202, where, "expected %s after %s", missing_word(p, c), after);
        return;
    }
    if (c->kind == '[' || (c->kind == '{' && !p->tokens[c->at].starts_line)) {
        const span before = {p->file, p->tokens[c->at].where.start, p->tokens[c->at].where.start};

        edit_report(p, 202, before, "expected '%s' before %s", c->text, token_described(p, c->at));
        diag_add_fix(p->reports, before, "%s", c->text);
        return;
    }
    edit_report(p, 202, where, "expected '%s' after %s", c->text, after);
    diag_add_fix(p->reports, where, "%s%s",
                 c->kind == '=' || c->kind == '{' || c->kind == '}' || c->kind == ARROW ? " " : "", c->text);
    if (c->kind == '}' || c->kind == ')' || c->kind == ']')
        note_opening(p, c->at, c->kind);
}

static void report_exchange(parser *p, const change *c)
{
    const char *found = token_found(p, c->at);

    if (token_kind(p, c->at) == NAME)
        edit_report(p, 201, p->tokens[c->at].where, "unexpected %s", found);
    else
        edit_report(p, 201, p->tokens[c->at].where, "unexpected %s; expected '%s'", found, c->text);
    if (token_kind(p, c->at) == NAME)
        diag_add_meant(p->reports, p->tokens[c->at].where, "%s", c->text);
    else
        diag_add_fix(p->reports, p->tokens[c->at].where, "%s", c->text);
}

static void report_surplus(const site *s, const change *c)
{
    parser *p = s->p;
    const token *t = &p->tokens[c->at];
    const char *wanted = c->at == s->at ? parser_wanted(p, s) : NULL;

    if (t->kind == DOC)
        edit_report(p, 110, t->where, "this doc comment does not stand before a declaration or member");
    else if (t->kind == BAD_CHARACTER)
        edit_bad_character(p, c->at);
    else if (t->kind == '}' ? s->place == PLACE_TOP : t->kind == ')' || t->kind == ']')
        edit_report(p, 201, t->where, "this '%c' closes nothing", (char)t->kind);
    else if (c->at > 0 && same_token(p, c->at, c->at - 1))
        edit_report(p, 201, t->where, "%s stands here twice", token_described(p, c->at));
    else if (wanted != NULL)
        edit_report(p, 201, t->where, "unexpected %s; expected %s", token_found(p, c->at), wanted);
    else
        edit_report(p, 201, t->where, "unexpected %s", token_found(p, c->at));
    if (t->kind == ';' && c->at > 0 && token_kind(p, c->at - 1) == '}')
        diag_add_help(p->reports, "a '}' ends a declaration; no ';' follows it");
    if (t->kind == DOC)
        diag_add_fix(p->reports, (span){p->file, t->where.start, t->where.start + 3}, "//");
    else
        diag_add_fix(p->reports, t->where, "%s", "");
}

/* The name that is put in where one is missing. What it would have declared is not known, so other names may
 * be missing because of it. */
static const char *missing_name(parser *p, const change *c)
{
    const char *name = arena_printf(p->memory, "(missing %zu)", p->changes);
    int before = token_kind(p, c->at - 1);

    if (name == NULL)
        return "";
    edit_lose(p, name);
    if ((before >= KW_CONST && before <= KW_EVENT) || before == '.' || before == '{' || before == ',')
        p->partial = true;
    return name;
}

static bool make(const site *s, const change *c)
{
    parser *p = s->p;
    token made = made_token(p, c, p->tokens[c->at].where);

    if (made.value == NULL)
        return false;
    if (c->kind == 0)
        report_surplus(s, c);
    else if (c->removed != 0)
        report_exchange(p, c);
    else
        report_missing(p, c);
    if (c->removed != 0 && token_word(p, c->at))
        edit_lose(p, p->tokens[c->at].text);
    if (token_kind(p, c->at) != DOC && (c->kind < KW_AEGIS || c->kind > KW_FALSE) &&
        (c->removed != 0 || (c->kind != ';' && c->kind != '}')))
        edit_doubt(s);
    if (c->kind == NAME)
        made.text = missing_name(p, c);
    else if (c->kind == 0 && (token_kind(p, c->at) == ',' || token_kind(p, c->at) == '.'))
        p->partial = true; /* perhaps a name is missing beside it */
    if (!edit_replace(p, c->at, c->removed, c->kind != 0 ? ";" : "", made.where))
        return false;
    if (c->kind != 0) {
        made.starts_line = p->tokens[c->at].starts_line;
        if (c->removed == 0 && c->at > 0)
            made.where = (span){p->file, p->tokens[c->at - 1].where.end, p->tokens[c->at - 1].where.end};
        p->tokens[c->at] = made; /* in the place that the ';' held for it */
    }
    return true;
}

bool repair(const site *s)
{
    search f = {.s = s, .p = s->p};
    const change *best;

    if (s->at == 0 && token_kind(s->p, 0) == 0)
        return false;
    consider_keywords(&f);
    consider_missing_marks(&f);
    consider_missing_openings(&f);
    consider_missing_braces(&f);
    consider_missing_words(&f);
    consider_removal(&f);
    consider_exchange(&f);
    best = best_change(&f);
    return best != NULL && make(s, best);
}
