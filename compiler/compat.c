/* The run of a comparison: what its parts report with, and the order of the parts. Everything is matched
 * first, so that two types can be told to be the same declaration wherever they are met.
 */
#include "compat_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- reporting ---- */

span compat_old(compat *c, span where)
{
    const source_file *file = &c->old->c->files.files[where.file];
    sources *files = &c->now->c->files;

    if (c->files[where.file] == 0) {
        (void)source_add_text(files, file->path, file->text, file->length);
        c->files[where.file] = (uint32_t)files->count;
    }
    where.file = c->files[where.file] - 1;
    return where;
}

at compat_at(const char *subject, span now, span before, const char *note)
{
    return (at){.subject = subject, .now = now, .before = before, .has_before = true, .note = note};
}

bool compat_report(compat *c, const at *where, int rule, unsigned classes, const char *format, ...)
{
    va_list arguments;
    const char *text;

    va_start(arguments, format);
    text = arena_vprintf(c->memory, format, arguments);
    va_end(arguments);
    if (!rules_report(c->rules, c->reports, rule, classes, where->subject, where->now, text))
        return false;
    if (where->has_before)
        diag_add_note(c->reports, compat_old(c, where->before), "%s",
                      where->note != NULL ? where->note : "the old version");
    return true;
}

const char *compat_duration(compat *c, int64_t nanoseconds)
{
    static const struct {
        const char *unit;
        int64_t size;
    } units[] = {{"h", INT64_C(3600000000000)}, {"m", INT64_C(60000000000)}, {"s", INT64_C(1000000000)},
                 {"ms", INT64_C(1000000)},      {"us", INT64_C(1000)},       {"ns", INT64_C(1)}};

    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (nanoseconds >= units[i].size && nanoseconds % units[i].size == 0)
            return arena_printf(c->memory, "%lld%s", (long long)(nanoseconds / units[i].size), units[i].unit);
    }
    return arena_printf(c->memory, "%lldns", (long long)nanoseconds);
}

bool compat_version_lower(const char *one, const char *other)
{
    while (*one != '\0' || *other != '\0') {
        char *one_end, *other_end;
        const unsigned long a = strtoul(one, &one_end, 10), b = strtoul(other, &other_end, 10);

        if (a != b)
            return a < b;
        one = *one_end == '.' ? one_end + 1 : "";
        other = *other_end == '.' ? other_end + 1 : "";
    }
    return false;
}

/* ---- matches ---- */

static int compare(const void *left, const void *right)
{
    const uintptr_t a = (uintptr_t)((const match *)left)->old, b = (uintptr_t)((const match *)right)->old;

    return a == b ? 0 : a < b ? -1 : 1;
}

void compat_match(compat *c, const void *old, const void *now)
{
    c->matches = (match *)arena_grow(c->memory, c->matches, c->match_count, sizeof *c->matches);
    c->matches[c->match_count++] = (match){old, now};
}

const void *compat_now(const compat *c, const void *old)
{
    const match key = {old, NULL};
    const match *found = c->match_count == 0 ? NULL
                                             : (const match *)bsearch(&key, c->matches, c->match_count,
                                                                      sizeof *c->matches, compare);

    return found == NULL ? NULL : found->now;
}

unit *compat_old_unit(const compat *c, const schema_package *package)
{
    return place_unit(c->old->c, package);
}

unit *compat_new_unit(const compat *c, const schema_package *package)
{
    return place_unit(c->now->c, package);
}

/* ---- the run ---- */

static bool same_text(const char *one, const char *other)
{
    return strcmp(one, other) == 0;
}

static const schema_package *package_called(const schema *in, const char *name)
{
    for (size_t i = 0; i < in->package_count; i++) {
        if (same_text(in->packages[i]->name, name))
            return in->packages[i];
    }
    return NULL;
}

/* A package's path below the folder that was named. */
static const char *path_below(const compat_version *version, const schema_package *package)
{
    const size_t length = strlen(version->root);

    return strncmp(package->path, version->root, length) == 0 ? package->path + length : package->path;
}

/* The new package that took the place of one whose name is gone: at the same path, or the only one on both
 * sides. */
static const schema_package *successor(const compat *c, const schema_package *old)
{
    const schema *before = &c->old->c->result, *now = &c->now->c->result;
    const schema_package *only_old = NULL, *only_now = NULL;
    size_t olds = 0, nows = 0;

    for (size_t i = 0; i < now->package_count; i++) {
        const schema_package *one = now->packages[i];

        if (package_called(before, one->name) != NULL)
            continue;
        if (same_text(path_below(c->now, one), path_below(c->old, old)))
            return one;
        only_now = one->main ? one : only_now;
        nows += one->main ? 1 : 0;
    }
    for (size_t i = 0; i < before->package_count; i++) {
        if (before->packages[i]->main && package_called(now, before->packages[i]->name) == NULL) {
            only_old = before->packages[i];
            olds++;
        }
    }
    return olds == 1 && nows == 1 && only_old == old ? only_now : NULL;
}

static void match_packages(compat *c)
{
    const schema *before = &c->old->c->result, *now = &c->now->c->result;

    c->packages = (match *)arena_array(c->memory, before->package_count + 1, sizeof *c->packages);
    for (size_t i = 0; i < before->package_count; i++) {
        const schema_package *one = before->packages[i], *other = package_called(now, one->name);

        c->packages[c->package_count++] = (match){one, other != NULL ? other : successor(c, one)};
    }
}

/* Whether a declaration says with @was that it had the name of an old one. Types have none on the wire: there
 * it is the one in the IDL. */
static bool was_called(unit *u, const symbol *s, const symbol *old)
{
    const bool is_error = old->record != NULL && old->record->kind == SCHEMA_ERROR;
    size_t count;
    const char *const *was = was_of(u, &s->node->marks, &count);

    return count > 0 && compat_accepts("", was, count, is_error ? old->record->wire : old->name);
}

/* The declaration that has an old one's name now, or says that it had it; NULL: none. Services come later. */
static const symbol *symbol_now(unit *u, const symbol *old)
{
    const symbol *s = find_symbol(u, old->name);

    for (size_t i = 0; s == NULL && old->service == NULL && i < u->symbol_count; i++) {
        if (!u->symbols[i].repeated && was_called(u, &u->symbols[i], old))
            s = &u->symbols[i];
    }
    return s;
}

static void match_symbols(compat *c, const schema_package *old, const schema_package *now)
{
    unit *before = compat_old_unit(c, old), *after = compat_new_unit(c, now);

    for (size_t i = 0; i < before->symbol_count; i++) {
        const symbol *one = &before->symbols[i], *other = symbol_now(after, one);

        if (other == NULL)
            continue;
        if (one->record != NULL && other->record != NULL && one->record->kind == other->record->kind)
            compat_match(c, one->record, other->record);
        if (one->enumeration != NULL && other->enumeration != NULL)
            compat_match(c, one->enumeration, other->enumeration);
        if (one->service != NULL && other->service != NULL)
            compat_match(c, one->service, other->service);
    }
}

static void run(compat *c)
{
    c->files = (uint32_t *)arena_array(c->memory, c->old->c->files.count, sizeof *c->files);
    match_packages(c);
    for (size_t i = 0; i < c->package_count; i++) {
        if (c->packages[i].now == NULL)
            continue;
        match_symbols(c, (const schema_package *)c->packages[i].old,
                      (const schema_package *)c->packages[i].now);
        compat_match_services(c, (const schema_package *)c->packages[i].old,
                              (const schema_package *)c->packages[i].now);
        compat_match_events(c, (const schema_package *)c->packages[i].old,
                            (const schema_package *)c->packages[i].now);
    }
    if (c->match_count > 1)
        qsort(c->matches, c->match_count, sizeof *c->matches, compare);
    compat_packages(c);
}

bool compat_run(const compat_version *old, const compat_version *now, const rule_set *rules, diags *reports)
{
    arena *memory = &now->c->memory;
    compat c = {.old = old, .now = now, .memory = memory, .rules = rules, .reports = reports};
    jmp_buf escape;

    if (setjmp(escape) == 0) {
        memory->escape = &escape;
        run(&c);
    }
    memory->escape = NULL;
    return !memory->failed;
}
