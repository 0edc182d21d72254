/* What declarations of every kind share: the C names they take, their docs, their older names.
 *
 * Claims are only collected while a package is checked. At the end they are sorted; where two stand side by
 * side with the same name, the later declaration is reported once, however many of its derived names clash.
 */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void claim_name(unit *u, const char *c_name, span where, const char *what)
{
    u->claims = (claim *)arena_grow(&u->c->memory, u->claims, u->claim_count, sizeof *u->claims);
    u->claims[u->claim_count++] = (claim){c_name, what, where};
}

void claim_static(unit *u, const char **stem, const char *const *endings)
{
    u->statics = (static_name *)arena_grow(&u->c->memory, u->statics, u->static_count, sizeof *u->statics);
    u->statics[u->static_count++] = (static_name){stem, endings};
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

/* A name that two declarations take. */
typedef struct clash {
    const claim *first, *second;
} clash;

/* By the later declaration; then the shortest name, from which the others are derived. */
static int compare_clashes(const void *left, const void *right)
{
    const clash *a = (const clash *)left, *b = (const clash *)right;
    size_t one = strlen(a->second->c_name), other = strlen(b->second->c_name);

    if (a->second->where.start != b->second->where.start)
        return a->second->where.start < b->second->where.start ? -1 : 1;
    return one != other ? (one < other ? -1 : 1) : -strcmp(a->second->c_name, b->second->c_name);
}

/* Report what would collide with C itself. */
static void check_taken(unit *u)
{
    for (size_t i = 0; i < u->claim_count; i++) {
        const claim *c = &u->claims[i];

        if (!cname_taken(c->c_name) || said_at(u, c->where))
            continue;
        diag_report(&u->c->reports, 309, c->where, "%s takes the C name '%s', which C or its headers have",
                    c->what, c->c_name);
        diag_add_help(&u->c->reports, "@c_name(\"...\") before 'package' gives its names another beginning");
    }
}

/* ---- static names ---- */

static int compare_name(const void *name, const void *entry)
{
    return strcmp((const char *)name, ((const claim *)entry)->c_name);
}

/* Whether a declaration of the package, or the library (`aegis_service`), has one of the names. */
static bool is_declared(unit *u, const static_name *s)
{
    if (strcmp(*s->stem, "aegis") == 0)
        return true;
    for (size_t i = 0; s->endings[i] != NULL; i++) {
        char name[8 * NAME_MAX_BYTES]; /* more than package, service, method and what is put between them */

        (void)snprintf(name, sizeof name, "%s%s", *s->stem, s->endings[i]);
        if (bsearch(name, u->claims, u->claim_count, sizeof *u->claims, compare_name) != NULL)
            return true;
    }
    return false;
}

/* By kind, then by stem. */
static int compare_statics(const void *left, const void *right)
{
    const static_name *a = (const static_name *)left, *b = (const static_name *)right;
    int kinds = strcmp(a->endings[0], b->endings[0]);

    return kinds != 0 ? kinds : strcmp(*a->stem, *b->stem);
}

/* Names of different kinds have different last words, so that only equal stems of one kind collide. */
static void settle_statics(unit *u)
{
    bool again = u->static_count > 0;

    while (again) {
        again = false;
        qsort(u->statics, u->static_count, sizeof *u->statics, compare_statics);
        for (size_t i = 0; i < u->static_count; i++) {
            const static_name *s = &u->statics[i];

            if (!is_declared(u, s) && (i == 0 || compare_statics(s, s - 1) != 0))
                continue;
            *s->stem = arena_printf(&u->c->memory, "%s_", *s->stem);
            again = true;
        }
    }
}

/* ---- other packages ---- */

/* Whether names of the packages can meet: one prefix continues the other, or a service has a prefix of its
 * own. */
static bool may_meet(const unit *a, const unit *b)
{
    const char *one = a->package->c_prefix, *other = b->package->c_prefix;
    size_t n = strlen(one), m = strlen(other), shared = n < m ? n : m;

    return a->own_prefixes || b->own_prefixes || (n != m && strncmp(one, other, shared) == 0);
}

/* Names that both have. Both lists are sorted. */
static size_t common_names(const unit *u, const unit *other, clash *clashes)
{
    size_t count = 0;

    for (size_t i = 0, k = 0; i < u->claim_count && k < other->claim_count;) {
        const int names = strcmp(u->claims[i].c_name, other->claims[k].c_name);

        if (names == 0)
            clashes[count++] = (clash){&other->claims[k], &u->claims[i]};
        i += names <= 0 ? 1 : 0;
        k += names > 0 ? 1 : 0;
    }
    return count;
}

/* Report each declaration once, by the name that others are derived from. `other`: the package of the first
 * ones, or NULL for this one. */
static void report_clashes(unit *u, clash *clashes, size_t count, const unit *other)
{
    diags *d = &u->c->reports;

    if (count > 1)
        qsort(clashes, count, sizeof *clashes, compare_clashes);
    for (size_t i = 0; i < count; i++) {
        const claim *first = clashes[i].first, *second = clashes[i].second;

        if (i > 0 && clashes[i - 1].second->where.start == second->where.start)
            continue;
        if (other == NULL)
            diag_report(d, 309, second->where, "%s and %s both take the C name '%s'", first->what,
                        second->what, second->c_name);
        else
            diag_report(d, 309, second->where, "%s and %s of package '%s' both take the C name '%s'",
                        second->what, first->what, other->package->name, second->c_name);
        diag_add_note(d, first->where, "the other is here");
    }
}

void check_claims(unit *u)
{
    clash *clashes = (clash *)arena_array(&u->c->memory, u->claim_count, sizeof *clashes);
    size_t count = 0;

    if (u->claim_count > 1)
        qsort(u->claims, u->claim_count, sizeof *u->claims, compare);
    for (size_t i = 1; i < u->claim_count; i++) {
        if (strcmp(u->claims[i - 1].c_name, u->claims[i].c_name) == 0)
            clashes[count++] = (clash){&u->claims[i - 1], &u->claims[i]};
    }
    report_clashes(u, clashes, count, NULL);
    check_taken(u);
    if (count == 0)
        settle_statics(u);
    for (size_t i = 0; i < u->c->unit_count; i++) {
        const unit *other = u->c->units[i];

        u->c->visit++;
        if (other != u && may_meet(u, other) && reaches(u, other))
            report_clashes(u, clashes, common_names(u, other, clashes), other);
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
