/* What declarations of every kind share: the C names they take, their docs, their older names.
 *
 * Claims are only collected while a package is checked. At the end they are sorted, and whatever stands side
 * by side with the same name is reported once, naming both.
 */
#include "check.h"

#include <stdlib.h>
#include <string.h>

void claim_name(unit *u, const char *c_name, span where, const char *what)
{
    u->claims = (claim *)arena_grow(&u->c->memory, u->claims, u->claim_count, sizeof *u->claims);
    u->claims[u->claim_count++] = (claim){c_name, what, where};
}

/* By name, then by place. */
static int compare(const void *left, const void *right)
{
    const claim *a = (const claim *)left, *b = (const claim *)right;
    int names = strcmp(a->c_name, b->c_name);

    if (names != 0)
        return names;
    if (a->where.start != b->where.start)
        return a->where.start < b->where.start ? -1 : 1;
    return strcmp(a->what, b->what);
}

static bool same_place(span a, span b)
{
    return a.file == b.file && a.start == b.start;
}

void check_claims(unit *u)
{
    const claim *last = NULL; /* the pair that was reported last: the names derived from it follow */

    if (u->claim_count > 1)
        qsort(u->claims, u->claim_count, sizeof *u->claims, compare);
    for (size_t i = 1; i < u->claim_count; i++) {
        const claim *first = &u->claims[i - 1], *second = &u->claims[i];

        if (strcmp(first->c_name, second->c_name) != 0)
            continue;
        if (last != NULL && same_place(last[0].where, first->where) &&
            same_place(last[1].where, second->where))
            continue;
        diag_report(&u->c->reports, 309, second->where, "%s and %s both take the C name '%s'", first->what,
                    second->what, second->c_name);
        diag_add_note(&u->c->reports, first->where, "the other is here");
        last = first;
    }
}

const char *docs_of(unit *u, const ast_marks *marks)
{
    size_t length = 0, used = 0;
    char *text;

    for (size_t i = 0; i < marks->docs.count; i++)
        length += strlen(((const ast_name *)marks->docs.items[i])->text) + 1;
    if (length == 0)
        return NULL;
    text = (char *)arena_alloc(&u->c->memory, length);
    for (size_t i = 0; i < marks->docs.count; i++) {
        const char *line = ((const ast_name *)marks->docs.items[i])->text;
        size_t size = strlen(line);

        if (i > 0)
            text[used++] = '\n';
        memcpy(text + used, line, size);
        used += size;
    }
    while (used > 0 && text[used - 1] == '\n')
        used--;
    text[used] = '\0';
    return used > 0 ? text : NULL;
}

const char *text_of(const ast_marks *marks, const char *annotation)
{
    const ast_value *value = annotation_argument(marks, annotation, NULL, AST_STRING);

    return value == NULL ? NULL : value->text;
}

const char *const *was_of(unit *u, const ast_marks *marks, size_t *count)
{
    const char **names = NULL;

    *count = 0;
    for (size_t i = 0; i < marks->annotations.count; i++) {
        const ast_annotation *written = (const ast_annotation *)marks->annotations.items[i];
        const ast_argument *argument;

        if (strcmp(written->name.text, "was") != 0 || written->arguments.count != 1)
            continue;
        argument = (const ast_argument *)written->arguments.items[0];
        if (argument->value->kind != AST_STRING)
            continue;
        names = (const char **)arena_grow(&u->c->memory, names, *count, sizeof *names);
        names[(*count)++] = argument->value->text;
    }
    return names;
}
