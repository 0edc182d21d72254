/* Runs the grammar over a file's tokens, repairing what is plainly missing (see parser.h).
 *
 * A repair is only made where one mark is the whole difference: a `;` (or a closing brace at the end of the
 * file) where a line ends without it, or the single mark that the grammar allows. If the token behind an
 * inserted mark does not fit either, the mark is taken out again and the mistake is reported as it stands.
 */
#include "parser.h"

#include <string.h>

#include "grammar.h"

/* Repairs in one file; a file that needs more is not worth guessing at. */
#define REPAIRS_MAX 64

static bool contains(const char *const *expected, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(expected[i], name) == 0)
            return true;
    }
    return false;
}

/* The marks that may be put in where nothing else fits. */
static int mark_of(const char *name)
{
    static const char marks[] = ";:={}()[],";

    if (strlen(name) == 3 && name[0] == '\'' && strchr(marks, name[1]) != NULL)
        return (unsigned char)name[1];
    return strcmp(name, "'->'") == 0 ? ARROW : 0;
}

/* The one mark that is missing before token `next`, or 0. */
static int missing_mark(const parser *p, const token *next, const char *const *expected, size_t count)
{
    bool ends = next->kind == 0 || next->kind == '}' || next->starts_line;

    if (p->repairs >= REPAIRS_MAX || next == p->tokens || next->no_repair)
        return 0;
    if (ends && contains(expected, count, "';'"))
        return ';';
    if (next->kind == 0 && contains(expected, count, "'}'"))
        return '}';
    return count == 1 ? mark_of(expected[0]) : 0;
}

static bool insert(parser *p, size_t index, int kind)
{
    token *tokens = (token *)arena_grow(p->memory, p->tokens, p->count, sizeof *tokens);
    token *mark;

    if (tokens == NULL)
        return false;
    p->tokens = tokens;
    mark = tokens + index;
    memmove(mark + 1, mark, (p->count - index) * sizeof *mark);
    p->count++;
    memset(mark, 0, sizeof *mark);
    mark->kind = kind;
    mark->inserted = true;
    mark->text = kind == ARROW ? "->" : "";
    mark->where = mark[-1].where;
    mark->where.start = mark->where.end;
    return true;
}

static void take_out(parser *p, size_t index)
{
    memmove(p->tokens + index, p->tokens + index + 1, (p->count - index - 1) * sizeof *p->tokens);
    p->count--;
    p->tokens[index].no_repair = true;
}

static const char *describe(parser *p, const token *t)
{
    const char *text;

    if (t->kind == 0)
        return "end of file";
    if (t->kind == STRING)
        return "a string";
    if (t->kind == DOC)
        return "a doc comment";
    text = arena_printf(p->memory, "'%.*s'", (int)(t->where.end - t->where.start),
                        p->files->files[t->where.file].text + t->where.start);
    return text == NULL ? "this" : text;
}

/* "A, B or C" of what is expected, the keywords left out where any name will do; NULL when that says nothing.
 */
static const char *list_expected(parser *p, const char *const *expected, size_t count)
{
    bool any_name = contains(expected, count, "a name");
    const char *text = NULL, *kept[8];
    size_t used = 0;

    for (size_t i = 0; i < count; i++) {
        bool keyword = strlen(expected[i]) > 4;

        if (strcmp(expected[i], "a doc comment") == 0 || (any_name && keyword && expected[i][0] == '\''))
            continue;
        if (used == 5)
            return NULL;
        kept[used++] = expected[i];
    }
    for (size_t i = 0; i < used; i++) {
        const char *joint = i == 0 ? "" : i + 1 == used ? " or " : ", ";

        text = arena_printf(p->memory, "%s%s%s", text == NULL ? "" : text, joint, kept[i]);
    }
    return text;
}

/* A misspelt keyword gets its spelling, if the keyword would have fitted. */
static void suggest_keyword(parser *p, const token *t, const char *const *expected, size_t count)
{
    const char *words[64], *near;
    size_t used = 0;

    if (t->kind != NAME || contains(expected, count, "a name"))
        return;
    for (size_t i = 0; i < count && used < 64; i++) {
        size_t length = strlen(expected[i]);

        if (length > 4 && expected[i][0] == '\'') {
            const char *word = arena_copy(p->memory, expected[i] + 1, length - 2);
            if (word != NULL)
                words[used++] = word;
        }
    }
    near = diag_nearest(t->text, words, used);
    if (near != NULL)
        diag_add_meant(p->reports, t->where, "%s", near);
}

static void report(parser *p, const token *t, const char *const *expected, size_t count)
{
    const char *found = describe(p, t), *wanted = list_expected(p, expected, count);

    if (wanted != NULL)
        diag_report(p->reports, 201, t->where, "unexpected %s; expected %s", found, wanted);
    else if (contains(expected, count, "'struct'") && !contains(expected, count, "a name"))
        diag_report(p->reports, 201, t->where, "unexpected %s; expected a declaration", found);
    else
        diag_report(p->reports, 201, t->where, "unexpected %s", found);
    if (t->kind == ',' && contains(expected, count, "';'")) {
        diag_add_help(p->reports, "what stands here ends with ';'");
        diag_add_fix(p->reports, t->where, ";");
    }
    if (t->kind == ')' && contains(expected, count, "'..'"))
        diag_add_help(p->reports, "a bound alone is written (..9) for at most 9, (9..) for at least 9");
    suggest_keyword(p, t, expected, count);
}

/* Take the token at `index` out and parse again. */
static void retry_without(parser *p, size_t index)
{
    take_out(p, index);
    p->stop = true;
}

/* A doc comment that documents nothing is left out, with a warning. */
static bool drop_doc(parser *p, size_t index)
{
    span *dropped;

    if (p->tokens[index].kind != DOC || p->repairs >= REPAIRS_MAX)
        return false;
    dropped = (span *)arena_grow(p->memory, p->dropped, p->dropped_count, sizeof *dropped);
    if (dropped == NULL)
        return false;
    p->dropped = dropped;
    p->dropped[p->dropped_count++] = p->tokens[index].where;
    p->repairs++;
    retry_without(p, index);
    return true;
}

/* Which token did not fit. */
static size_t find_misfit(const parser *p, span where)
{
    size_t index = p->at;

    if (index > 0 && p->tokens[index - 1].kind != 0 &&
        (p->at < p->count - 1 || p->tokens[index - 1].where.end <= where.end))
        index--; /* `at` is behind the token that did not fit, except at the end */
    while (index + 1 < p->count && p->tokens[index].where.start < where.start)
        index++;
    return index;
}

void parser_mismatch(parser *p, span where, const char *const *expected, size_t count)
{
    size_t index = find_misfit(p, where);
    int mark;

    if (p->stop)
        return;
    if (p->tokens[index].inserted || (index > 0 && p->tokens[index - 1].inserted)) {
        retry_without(p, p->tokens[index].inserted ? index : index - 1);
        return;
    }
    if (drop_doc(p, index) || (index > 0 && drop_doc(p, index - 1)))
        return;
    mark = missing_mark(p, &p->tokens[index], expected, count);
    if (mark != 0 && insert(p, index, mark)) {
        p->repairs++;
        p->stop = true;
        return;
    }
    if (index > 1 && p->tokens[index - 2].inserted && p->tokens[index - 2].kind != ';') {
        retry_without(p, index - 2); /* what stood behind the mark fitted only by chance */
        return;
    }
    report(p, &p->tokens[index], expected, count);
}

void parser_too_deep(parser *p, span where)
{
    if (!p->stop)
        diag_report(p->reports, 203, where, "this is nested too deeply");
}

/* The three slashes of a doc comment, of which two make a plain one. */
static span doc_marks(span doc)
{
    doc.end = doc.start + 3;
    return doc;
}

/* Whether a mark has a blank before it. */
static bool stands_apart(int mark)
{
    return mark == '=' || mark == '{' || mark == '}' || mark == ARROW;
}

static void report_repairs(parser *p)
{
    for (size_t i = 0; i < p->dropped_count; i++) {
        diag_report(p->reports, 110, p->dropped[i],
                    "this doc comment does not stand before a declaration or member");
        diag_add_fix(p->reports, doc_marks(p->dropped[i]), "//");
    }
    for (size_t i = 1; i < p->count; i++) {
        const token *t = &p->tokens[i];
        const char single[2] = {(char)t->kind, '\0'}, *mark = t->kind == ARROW ? "->" : single;

        if (!t->inserted)
            continue;
        diag_report(p->reports, 202, t->where, "expected '%s' after %s", mark,
                    t[-1].inserted ? "this" : describe(p, &t[-1]));
        diag_add_fix(p->reports, t->where, "%s%s", stands_apart(t->kind) ? " " : "", mark);
    }
}

ast_file *parser_run(arena *memory, diags *reports, const sources *files, uint32_t file)
{
    parser p = {.memory = memory, .reports = reports, .files = files, .file = file};
    size_t before;

    if (!lexer_run(&p))
        return NULL;
    before = reports->count;
    do {
        diag_rewind(reports, before);
        p.at = 0;
        p.stop = false;
        p.result = arena_new(memory, ast_file);
        if (p.result == NULL)
            return NULL;
        p.result->file = file;
        (void)grammar_parse(&p); /* mistakes are in the reports, a lack of memory in the arena */
    } while (p.stop && !memory->failed);
    report_repairs(&p);
    return memory->failed ? NULL : p.result;
}
