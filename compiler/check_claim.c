/* What declarations of every kind share: the C names they take, their docs, their older names.
 *
 * Claims are only collected while a package is checked. At the end all names go into a hash table, without
 * being put together from their parts; of those that are in it already, the later declaration is reported
 * once, however many of its derived names clash.
 *
 * Names of static objects are settled last: they yield to what is declared.
 */
#include "check.h"

#include <stdlib.h>
#include <string.h>

/* ---- collecting --------------------------------------------------------------------------------------- */

void claim_names(unit *u, const char *base, const char *const *suffixes, span where, const char *what)
{
    u->claims = (claim *)arena_grow(&u->c->memory, u->claims, u->claim_count, sizeof *u->claims);
    u->claims[u->claim_count++] = (claim){base, suffixes, what, where};
    for (size_t i = 0; suffixes[i] != NULL; i++)
        u->claimed_names++;
}

void claim_name(unit *u, const char *c_name, span where, const char *what)
{
    static const char *const itself[] = {"", NULL};

    claim_names(u, c_name, itself, where, what);
}

void claim_static(unit *u, const char **stem, const char *const *endings)
{
    u->statics = (static_name *)arena_grow(&u->c->memory, u->statics, u->static_count, sizeof *u->statics);
    u->statics[u->static_count++] = (static_name){stem, endings};
}

/* ---- names that are taken twice ----------------------------------------------------------------------- */

/* One of the names of a claim. */
typedef struct slot {
    uint32_t hash;
    uint32_t claim;  /* number from 1; 0: free */
    uint16_t suffix; /* number */
    bool clashed;
} slot;

/* A name that another declaration takes too, put together. */
typedef struct taken {
    const char *c_name;
    const claim *by;
} taken;

typedef struct search {
    const unit *u;
    slot *slots;
    size_t room; /* a power of two */
    taken *found;
    size_t count;
} search;

/* FNV-1a, of texts one after the other. */
static uint32_t hash_on(uint32_t hash, const char *text)
{
    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * UINT32_C(16777619);
    return hash;
}

static uint32_t hash_of(const char *text)
{
    return hash_on(UINT32_C(2166136261), text);
}

/* Whether two texts in two parts each are the same. */
static bool same_name(const char *one, const char *rest_of_one, const char *other, const char *rest_of_other)
{
    for (;; one++, other++) {
        while (*one == '\0' && *rest_of_one != '\0') {
            one = rest_of_one;
            rest_of_one = "";
        }
        while (*other == '\0' && *rest_of_other != '\0') {
            other = rest_of_other;
            rest_of_other = "";
        }
        if (*one != *other)
            return false;
        if (*one == '\0')
            return true;
    }
}

/* The slot of a name in two parts, or the free one where it would be. */
static slot *find(const search *s, uint32_t hash, const char *base, const char *suffix)
{
    for (size_t i = hash;; i++) {
        slot *at = &s->slots[i & (s->room - 1)];
        const claim *by;

        if (at->claim == 0)
            return at;
        by = &s->u->claims[at->claim - 1];
        if (at->hash == hash && same_name(base, suffix, by->base, by->suffixes[at->suffix]))
            return at;
    }
}

static void add_taken(search *s, const slot *at)
{
    const claim *by = &s->u->claims[at->claim - 1];
    arena *a = &s->u->c->memory;

    s->found = (taken *)arena_grow(a, s->found, s->count, sizeof *s->found);
    s->found[s->count++] = (taken){arena_printf(a, "%s%s", by->base, by->suffixes[at->suffix]), by};
}

static void enter(search *s, slot entry)
{
    const claim *by = &s->u->claims[entry.claim - 1];
    slot *at = find(s, entry.hash, by->base, by->suffixes[entry.suffix]);

    if (at->claim == 0) {
        *at = entry;
        return;
    }
    if (!at->clashed)
        add_taken(s, at);
    at->clashed = true;
    add_taken(s, &entry);
}

static void enter_all(search *s)
{
    const unit *u = s->u;

    for (s->room = 64; s->room < 2 * u->claimed_names;)
        s->room *= 2;
    s->slots = (slot *)arena_array(&u->c->memory, s->room, sizeof *s->slots);
    for (size_t i = 0; i < u->claim_count; i++) {
        const uint32_t base = hash_of(u->claims[i].base);

        for (size_t k = 0; u->claims[i].suffixes[k] != NULL; k++)
            enter(s, (slot){hash_on(base, u->claims[i].suffixes[k]), (uint32_t)i + 1, (uint16_t)k, false});
    }
}

/* ---- reporting ---------------------------------------------------------------------------------------- */

/* By name, then by place. */
static int compare(const void *left, const void *right)
{
    const taken *a = (const taken *)left, *b = (const taken *)right;
    int names = strcmp(a->c_name, b->c_name);

    if (names != 0)
        return names;
    if (a->by->where.start != b->by->where.start)
        return a->by->where.start < b->by->where.start ? -1 : 1;
    return strcmp(a->by->what, b->by->what);
}

/* A name that two declarations take. */
typedef struct clash {
    const claim *first, *second;
    const char *c_name;
} clash;

/* By the later declaration; then the shortest name, from which the others are derived. */
static int compare_clashes(const void *left, const void *right)
{
    const clash *a = (const clash *)left, *b = (const clash *)right;
    size_t one = strlen(a->c_name), other = strlen(b->c_name);

    if (a->second->where.start != b->second->where.start)
        return a->second->where.start < b->second->where.start ? -1 : 1;
    return one != other ? (one < other ? -1 : 1) : -strcmp(a->c_name, b->c_name);
}

/* Report each declaration once, by the name that others are derived from. `other`: the package of the first
 * ones, or NULL for this one. */
static void report_clashes(const unit *u, clash *clashes, size_t count, const unit *other)
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
                        second->what, clashes[i].c_name);
        else
            diag_report(d, 309, second->where, "%s and %s of package '%s' both take the C name '%s'",
                        second->what, first->what, other->package->name, clashes[i].c_name);
        diag_add_note(d, first->where, "the other is here");
    }
}

static void report_taken(const search *s)
{
    clash *clashes = (clash *)arena_array(&s->u->c->memory, s->count, sizeof *clashes);
    size_t count = 0;

    if (s->count > 1)
        qsort(s->found, s->count, sizeof *s->found, compare);
    for (size_t i = 1; i < s->count; i++) {
        if (strcmp(s->found[i - 1].c_name, s->found[i].c_name) == 0)
            clashes[count++] = (clash){s->found[i - 1].by, s->found[i].by, s->found[i].c_name};
    }
    report_clashes(s->u, clashes, count, NULL);
}

/* ---- names that C has --------------------------------------------------------------------------------- */

static bool begins_with(const char *name, const char *prefix)
{
    return strncmp(name, prefix, strlen(prefix)) == 0;
}

/* The first of the claim's names that C or its headers have, or NULL. */
static const char *taken_by_c(arena *a, const claim *c)
{
    for (size_t i = 0; c->suffixes[i] != NULL; i++) {
        const char *name =
            c->suffixes[i][0] == '\0' ? c->base : arena_printf(a, "%s%s", c->base, c->suffixes[i]);

        if (cname_taken(name))
            return name;
    }
    return NULL;
}

/* Report what would collide with C itself. Nearly all names begin with that of the package, and then so would
 * C's. */
static void check_taken(unit *u)
{
    arena *a = &u->c->memory;
    const char *lower = arena_printf(a, "%s_", u->package->c_prefix);
    const char *upper = arena_printf(a, "%s_", u->package->c_macro);
    const bool safe_lower = !cname_begins_taken(lower), safe_upper = !cname_begins_taken(upper);

    for (size_t i = 0; i < u->claim_count; i++) {
        const claim *c = &u->claims[i];
        const char *name;

        if ((safe_lower && begins_with(c->base, lower)) || (safe_upper && begins_with(c->base, upper)))
            continue;
        name = taken_by_c(a, c);
        if (name == NULL || said_at(u, c->where))
            continue;
        diag_report(&u->c->reports, 309, c->where, "%s takes the C name '%s', which C or its headers have",
                    c->what, name);
        diag_add_help(&u->c->reports, "@c_name(\"...\") before 'package' gives its names another beginning");
    }
}

/* ---- static names ------------------------------------------------------------------------------------- */

/* Whether a declaration of the package, or the library (`aegis_service`), has one of the names. */
static bool is_declared(const search *s, const static_name *name)
{
    const uint32_t stem = hash_of(*name->stem);

    if (strcmp(*name->stem, "aegis") == 0)
        return true;
    for (size_t i = 0; name->endings[i] != NULL; i++) {
        if (find(s, hash_on(stem, name->endings[i]), *name->stem, name->endings[i])->claim != 0)
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

/* Names of different kinds have different last words, so that only equal stems of one kind collide. Whether
 * any had to yield. */
static bool settle_statics(unit *u, const search *s)
{
    bool again = u->static_count > 0, any = false;

    while (again) {
        again = false;
        qsort(u->statics, u->static_count, sizeof *u->statics, compare_statics);
        for (size_t i = 0; i < u->static_count; i++) {
            const static_name *name = &u->statics[i];

            if (!is_declared(s, name) && (i == 0 || compare_statics(name, name - 1) != 0))
                continue;
            *name->stem = arena_printf(&u->c->memory, "%s_", *name->stem);
            again = any = true;
        }
    }
    return any;
}

/* ---- other packages ------------------------------------------------------------------------------------ */

/* Whether names of the packages can meet: one prefix continues the other, or a service has a prefix of its
 * own. */
static bool may_meet(const unit *a, const unit *b)
{
    const char *one = a->package->c_prefix, *other = b->package->c_prefix;
    size_t n = strlen(one), m = strlen(other), shared = n < m ? n : m;

    return a->own_prefixes || b->own_prefixes || (n != m && strncmp(one, other, shared) == 0);
}

/* Report the names that another package has too. */
static void compare_with(const search *s, const unit *other)
{
    arena *a = &s->u->c->memory;
    clash *clashes = NULL;
    size_t count = 0;

    for (size_t i = 0; i < other->claim_count; i++) {
        const claim *c = &other->claims[i];
        const uint32_t base = hash_of(c->base);

        for (size_t k = 0; c->suffixes[k] != NULL; k++) {
            const slot *at = find(s, hash_on(base, c->suffixes[k]), c->base, c->suffixes[k]);

            if (at->claim == 0)
                continue;
            clashes = (clash *)arena_grow(a, clashes, count, sizeof *clashes);
            clashes[count++] =
                (clash){c, &s->u->claims[at->claim - 1], arena_printf(a, "%s%s", c->base, c->suffixes[k])};
        }
    }
    report_clashes(s->u, clashes, count, other);
}

void check_claims(unit *u)
{
    const arena_mark before = arena_here(&u->c->memory);
    const size_t reports = u->c->reports.order;
    search s = {.u = u};
    bool yielded = false;

    enter_all(&s);
    report_taken(&s);
    check_taken(u);
    if (s.count == 0)
        yielded = settle_statics(u, &s);
    for (size_t i = 0; i < u->c->unit_count; i++) {
        const unit *other = u->c->units[i];

        u->c->visit++;
        if (other != u && may_meet(u, other) && reaches(u, other))
            compare_with(&s, other);
    }
    if (!yielded && u->c->reports.order == reports) /* then all that was needed was the table */
        arena_back(&u->c->memory, before);
}

/* ---- marks -------------------------------------------------------------------------------------------- */

const char *docs_of(unit *u, const ast_marks *marks)
{
    size_t length = 0, used = 0;
    char *text;

    for (size_t i = 0; i < marks->docs.count; i++)
        length += strlen(((const ast_name *)marks->docs.items[i])->text) + 1;
    if (length == 0)
        return NULL;
    text = arena_text(&u->c->memory, length);
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
