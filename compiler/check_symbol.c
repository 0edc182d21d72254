/* The names a package declares, and finding what a name means. */
#include "check.h"
#include "elsewhere.h"

#include <stdlib.h>
#include <string.h>

/* ---- what a declaration becomes ---- */

static void add_container(unit *u, schema_container_kind kind, const char *name, const char *element,
                          const schema_record *record)
{
    arena *a = &u->c->memory;
    schema_container *made;

    u->containers =
        (schema_container *)arena_grow(a, u->containers, u->container_count, sizeof *u->containers);
    made = &u->containers[u->container_count++];
    *made = (schema_container){kind, name, NULL, NULL, element, record};
    if (kind == SCHEMA_CONTAINER_MAP) {
        made->c_entry = arena_printf(a, "%s_entry", name);
        made->c_get = arena_printf(a, "%s_get", name);
    }
}

/* The list and the map that every type can be in. */
static void add_containers(unit *u, const char *c_name, const schema_record *record)
{
    arena *a = &u->c->memory;

    add_container(u, SCHEMA_CONTAINER_LIST, arena_printf(a, "%s_list", c_name), c_name, record);
    add_container(u, SCHEMA_CONTAINER_MAP, arena_printf(a, "%s_map", c_name), c_name, record);
}

static const char *const container_suffixes[] = {"_list", "_map", "_map_entry", "_map_get", NULL};

schema_record *new_record(unit *u, schema_record_kind kind, const char *name, const char *c_name,
                          const ast_node *node)
{
    static const char *const suffixes[] = {"",         "_encode", "_decode", "_copy",
                                           "_to_json", "_put",    "_get",    NULL};
    static const char *const words[] = {"struct",        "union",     "error",      "event",
                                        "parameters of", "result of", "progress of"};
    static const char *const endings[] = {"_keys", "_write", "_read", "_rest", NULL};
    arena *a = &u->c->memory;
    schema_record *record = arena_new(a, schema_record);
    span where = node->name.text != NULL ? node->name.where : node->where;
    const char *what = arena_printf(a, "%s '%s'", words[kind], name);

    record->kind = kind;
    record->package = u->package;
    record->name = name;
    record->c_name = c_name;
    record->c_macro = cname_upper(a, c_name);
    if (kind <= SCHEMA_PAYLOAD) {
        record->docs = docs_of(u, &node->marks);
        record->deprecated = text_of(&node->marks, "deprecated");
    }
    if (kind == SCHEMA_ERROR) {
        const char *wire = text_of(&node->marks, "wire");
        record->wire = wire != NULL ? wire : name;
        record->was = was_of(u, &node->marks, &record->was_count);
    }
    if (kind == SCHEMA_UNION) {
        record->c_kind_type = arena_printf(a, "%s_kind", c_name);
        record->c_none = arena_printf(a, "%s_NONE", record->c_macro);
        claim_name(u, record->c_kind_type, where, what);
        claim_name(u, record->c_none, where, what);
    }
    claim_names(u, c_name, suffixes, where, what);
    if (kind != SCHEMA_UNION)
        claim_name(u, arena_printf(a, "%s_INIT", record->c_macro), where, what);
    record->c_stem = c_name;
    claim_static(u, &record->c_stem, endings);
    if (kind == SCHEMA_STRUCT || kind == SCHEMA_UNION) {
        claim_names(u, c_name, container_suffixes, where, what);
        add_containers(u, c_name, record);
    }
    u->records = (schema_record **)arena_grow(a, u->records, u->record_count, sizeof *u->records);
    u->record_nodes =
        (const ast_node **)arena_grow(a, u->record_nodes, u->record_count, sizeof *u->record_nodes);
    u->record_nodes[u->record_count] = node;
    u->records[u->record_count++] = record;
    return record;
}

static schema_enum *new_enum(unit *u, const char *c_name, const ast_node *node)
{
    static const char *const suffixes[] = {"", "_name", "_from_name", "_put", "_get", NULL};
    static const char *const endings[] = {"_called", NULL};
    arena *a = &u->c->memory;
    schema_enum *e = arena_new(a, schema_enum);
    const char *what = arena_printf(a, "enum '%s'", node->name.text);
    const char *optional =
        arena_printf(a, "%s_opt_%s", u->package->c_prefix, c_name + strlen(u->package->c_prefix) + 1);
    bool declared = false;

    e->package = u->package;
    e->name = node->name.text;
    e->c_name = c_name;
    e->c_macro = cname_upper(a, c_name);
    e->c_stem = c_name;
    claim_static(u, &e->c_stem, endings);
    e->c_unknown = arena_printf(a, "%s_UNKNOWN", e->c_macro);
    e->strict = node->strict;
    e->docs = docs_of(u, &node->marks);
    e->deprecated = text_of(&node->marks, "deprecated");
    for (size_t i = 0; i < node->members.count; i++)
        declared = declared || strcmp(((const ast_node *)node->members.items[i])->name.text, "unknown") == 0;
    if (!declared)
        claim_name(u, e->c_unknown, node->name.where, what);
    claim_names(u, c_name, suffixes, node->name.where, what);
    claim_names(u, c_name, container_suffixes, node->name.where, what);
    claim_name(u, optional, node->name.where, what);
    add_containers(u, c_name, NULL);
    add_container(u, SCHEMA_CONTAINER_OPTIONAL, optional, c_name, NULL);
    return e;
}

/* What others may point at, before anything of it is checked. */
static void prepare(unit *u, symbol *s)
{
    arena *a = &u->c->memory;
    const char *c_name = arena_printf(a, "%s_%s", u->package->c_prefix, cname_snake(a, s->name));

    switch (s->node->kind) {
    case AST_STRUCT:
        s->record = new_record(u, SCHEMA_STRUCT, s->name, c_name, s->node);
        break;
    case AST_UNION:
        s->record = new_record(u, SCHEMA_UNION, s->name, c_name, s->node);
        break;
    case AST_ERROR:
        s->record = new_record(u, SCHEMA_ERROR, s->name, c_name, s->node);
        break;
    case AST_ENUM:
        s->enumeration = new_enum(u, c_name, s->node);
        break;
    case AST_SERVICE:
        s->service = arena_new(a, schema_service);
        s->service->package = u->package;
        s->service->name = s->name;
        break;
    default:
        break;
    }
}

/* ---- collecting ---- */

static bool symbol_kind_of(ast_kind node, symbol_kind *kind)
{
    switch (node) {
    case AST_CONST:
        *kind = SYMBOL_CONST;
        return true;
    case AST_ALIAS:
        *kind = SYMBOL_ALIAS;
        return true;
    case AST_STRUCT:
    case AST_UNION:
    case AST_ERROR:
        *kind = SYMBOL_RECORD;
        return true;
    case AST_ENUM:
        *kind = SYMBOL_ENUM;
        return true;
    case AST_SERVICE:
        *kind = SYMBOL_SERVICE;
        return true;
    default:
        return false;
    }
}

/* By name, then in order of declaration. */
static int compare(const void *left, const void *right)
{
    const symbol *a = *(symbol *const *)left, *b = *(symbol *const *)right;
    int names = strcmp(a->name, b->name);

    return names != 0 ? names : a->node->name.where.start < b->node->name.where.start ? -1 : 1;
}

/* Sort for `find_symbol`, and take the repeated ones out. */
static void index_symbols(unit *u)
{
    size_t kept = 0;

    u->by_name = (symbol **)arena_array(&u->c->memory, u->symbol_count, sizeof(symbol *));
    for (size_t i = 0; i < u->symbol_count; i++)
        u->by_name[i] = &u->symbols[i];
    if (u->symbol_count > 1)
        qsort(u->by_name, u->symbol_count, sizeof(symbol *), compare);
    for (size_t i = 0; i < u->symbol_count; i++) {
        symbol *s = u->by_name[i];

        if (kept > 0 && strcmp(u->by_name[kept - 1]->name, s->name) == 0) {
            diag_report(&u->c->reports, 303, s->node->name.where, "'%s' is declared twice", s->name);
            diag_add_note(&u->c->reports, u->by_name[kept - 1]->node->name.where, "first declared here");
            s->repeated = true;
        } else {
            u->by_name[kept++] = s;
        }
    }
    u->name_count = kept;
}

void collect_symbols(unit *u)
{
    arena *a = &u->c->memory;

    u->symbols = (symbol *)arena_array(a, u->tree->nodes.count, sizeof *u->symbols);
    for (size_t i = 0; i < u->tree->nodes.count; i++) {
        ast_node *node = (ast_node *)u->tree->nodes.items[i];
        symbol *s = &u->symbols[u->symbol_count];

        if (!symbol_kind_of(node->kind, &s->kind))
            continue;
        s->name = node->name.text;
        s->node = node;
        u->symbol_count++;
        if (builtin_type(s->name))
            diag_report(&u->c->reports, 308, node->name.where, "'%s' is a built-in type", s->name);
    }
    index_symbols(u);
    for (size_t i = 0; i < u->symbol_count; i++) {
        if (!u->symbols[i].repeated)
            prepare(u, &u->symbols[i]);
    }
}

/* ---- finding ---- */

static int compare_name(const void *key, const void *item)
{
    return strcmp((const char *)key, (*(symbol *const *)item)->name);
}

symbol *find_symbol(unit *u, const char *name)
{
    symbol **found = u->name_count == 0 ? NULL
                                        : (symbol **)bsearch(name, u->by_name, u->name_count,
                                                             sizeof(symbol *), compare_name);

    return found == NULL ? NULL : *found;
}

static import *find_import(unit *u, const char *package)
{
    for (size_t i = 0; i < u->import_count; i++) {
        const schema_package *imported = u->imports[i].unit->package;

        if (imported != NULL && imported->name != NULL && strcmp(imported->name, package) == 0)
            return &u->imports[i];
    }
    return NULL;
}

/* Whether a package may be missing only because a file or its head could not be read. */
static bool import_failed(const unit *u)
{
    bool failed = u->unread || ast_lost(u->tree, "import");

    for (size_t i = 0; i < u->import_count; i++)
        failed = failed || ast_lost(u->imports[i].unit->tree, "package");
    return failed;
}

/* What was meant: a similar name of `in`, or the same name in an imported package. */
static void suggest(unit *u, unit *in, span where, const char *name, bool types)
{
    size_t count = 0, builtins = 0;
    const char *const *words;
    const char **names, *near, *prefix;

    if (u->suggestions == SUGGESTIONS_MAX)
        return;
    u->suggestions++;
    words = types && u == in ? builtin_names(u, &builtins) : NULL;
    names = (const char **)arena_array(&u->c->memory, in->name_count + builtins, sizeof *names);
    prefix = u == in ? "" : arena_printf(&u->c->memory, "%s.", in->package->name);
    for (size_t i = 0; i < in->name_count; i++)
        names[count++] = in->by_name[i]->name;
    for (size_t i = 0; i < builtins; i++)
        names[count++] = words[i];
    for (size_t i = 0; u == in && i < u->import_count; i++) {
        unit *other = u->imports[i].unit;

        if (other->package != NULL && find_symbol(other, name) != NULL) {
            diag_add_meant(&u->c->reports, where, "%s.%s", other->package->name, name);
            return;
        }
    }
    if (words != NULL && elsewhere_container(name) != NULL) {
        diag_add_help(&u->c->reports, "%s", elsewhere_container(name));
        return;
    }
    near = words != NULL ? elsewhere_type(name) : NULL;
    if (near == NULL)
        near = diag_nearest(name, names, count);
    if (near != NULL)
        diag_add_meant(&u->c->reports, where, "%s%s", prefix, near);
}

/* Whether this is the first time that the name is missed: all its uses are one mistake. */
static bool first_missed(unit *u, const char *name)
{
    const size_t number = u->missed.count;

    return name_map_add(&u->missed, name, number) == number;
}

/* The imported package whose name is near. */
static void suggest_package(unit *u, const ast_path *path)
{
    const char **names = (const char **)arena_array(&u->c->memory, u->import_count, sizeof *names);

    for (size_t i = 0; i < u->import_count; i++)
        names[i] = u->imports[i].unit->package->name;
    diag_suggest(&u->c->reports, path->parts[0].where, path->parts[0].text, names, u->import_count);
}

/* Words for "nothing" where a constant would stand. */
static bool means_nothing(const char *name)
{
    static const char *const words[] = {"null", "nil", "NULL", "None", "none", "undefined", "nullptr"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(name, words[i]) == 0)
            return true;
    }
    return false;
}

/* `true` or `false` for what is that in other languages. */
static const char *truth(const char *name)
{
    static const char *const words[][2] = {{"True", "true"},   {"TRUE", "true"},   {"yes", "true"},
                                           {"False", "false"}, {"FALSE", "false"}, {"no", "false"}};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(name, words[i][0]) == 0)
            return words[i][1];
    }
    return NULL;
}

static symbol *resolve_imported(unit *u, const ast_path *path, const char *wanted, unit **owner)
{
    const char *package = path->parts[0].text, *name = path->parts[1].text;
    import *from = find_import(u, package);
    symbol *found;

    if (from == NULL) {
        if (!import_failed(u) && first_missed(u, package)) {
            diag_report(&u->c->reports, 304, path->parts[0].where, "no imported package is called '%s'",
                        package);
            suggest_package(u, path);
            if (u->package->name != NULL && strcmp(package, u->package->name) == 0) {
                diag_add_help(&u->c->reports, "names of this package stand alone: '%s'", name);
                diag_add_fix(&u->c->reports, path->where, "%s", name);
            }
        }
        return NULL;
    }
    from->used = true;
    *owner = from->unit;
    found = find_symbol(from->unit, name);
    if (found == NULL && !ast_lost(from->unit->tree, name) &&
        first_missed(u, ast_path_text(&u->c->memory, path))) {
        diag_report(&u->c->reports, 304, path->parts[1].where, "package '%s' has no %s '%s'", package, wanted,
                    name);
        suggest(u, from->unit, path->where, name, strcmp(wanted, "type") == 0);
    }
    return found;
}

symbol *resolve(unit *u, const ast_path *path, const char *wanted, unit **owner)
{
    symbol *found;

    *owner = u;
    if (path->count == 2)
        return resolve_imported(u, path, wanted, owner);
    if (path->count > 2) {
        const char *here = elsewhere_type(path->parts[path->count - 1].text);

        diag_report(&u->c->reports, 304, path->where, "a name has at most two parts: package.Name");
        if (here != NULL && strcmp(wanted, "type") == 0)
            diag_add_meant(&u->c->reports, path->where, "%s", here);
        return NULL;
    }
    found = find_symbol(u, path->parts[0].text);
    if (found == NULL && !ast_lost(u->tree, path->parts[0].text) && first_missed(u, path->parts[0].text)) {
        diag_report(&u->c->reports, 304, path->where, "there is no %s '%s'", wanted, path->parts[0].text);
        if (strcmp(wanted, "struct") == 0 && builtin_type(path->parts[0].text))
            diag_add_help(&u->c->reports,
                          "put it into a struct, so that the result can grow: -> { value: %s; }",
                          path->parts[0].text);
        else if (strcmp(wanted, "struct") == 0 && strcmp(path->parts[0].text, "void") == 0)
            diag_add_help(&u->c->reports, "a result without fields is written {}");
        else if (strcmp(wanted, "constant") == 0 && means_nothing(path->parts[0].text))
            diag_add_help(&u->c->reports, "what may be absent has an optional type, T?, and no default");
        else if (strcmp(wanted, "constant") == 0 && truth(path->parts[0].text) != NULL)
            diag_add_meant(&u->c->reports, path->where, "%s", truth(path->parts[0].text));
        else
            suggest(u, u, path->where, path->parts[0].text, strcmp(wanted, "type") == 0);
    }
    return found;
}
