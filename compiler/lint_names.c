/* Documentation, and how things are called. */
#include "lint_parts.h"

#include <string.h>

/* Longest name that is no nuisance. */
#define NAME_COMFORTABLE 40

static const char *kind_of(const ast_node *node)
{
    static const char *const kinds[] = {"edition", "package",   "import",     "constant", "alias",
                                        "struct",  "enum",      "union",      "error",    "service",
                                        "event",   "field",     "enum value", "reserved", "rpc",
                                        "command", "publishes", "subscribes", "uses"};

    return kinds[node->kind];
}

static bool wants_docs(ast_kind kind)
{
    return (kind >= AST_STRUCT && kind <= AST_EVENT) || kind == AST_RPC || kind == AST_COMMAND;
}

static void check_docs(lint *l, const ast_node *node)
{
    if (wants_docs(node->kind) && node->marks.docs.count == 0)
        lint_report(l, LINT_MISSING_DOCS, place_name(node), "%s '%s' has no doc comment", kind_of(node),
                    node->name.text);
}

static void check_length(lint *l, const ast_node *node)
{
    if (node->name.text != NULL && strlen(node->name.text) > NAME_COMFORTABLE)
        lint_report(l, LINT_LONG_NAME, node->name.where, "the name of this %s has %zu characters",
                    kind_of(node), strlen(node->name.text));
}

/* ---- case ---- */

static void check_snake(lint *l, const char *what, const char *name, span where)
{
    const char *snake;

    if (lint_is_snake(name))
        return;
    snake = cname_snake(l->memory, name);
    lint_report(l, LINT_MEMBER_CASE, where, "%s '%s' is not in snake_case", what, name);
    if (lint_is_snake(snake) && strcmp(snake, name) != 0)
        diag_add_help(l->reports, "call it '%s'; @wire(\"%s\") keeps what travels", snake, name);
}

static void check_event_name(lint *l, const ast_node *node)
{
    static const char *const irregular[] = {
        "begun",  "bought",    "built",   "broken", "caught", "chosen", "done",  "drawn",  "driven",
        "fallen", "forgotten", "found",   "frozen", "given",  "gone",   "grown", "held",   "hidden",
        "kept",   "known",     "left",    "lent",   "lost",   "made",   "met",   "paid",   "put",
        "read",   "rewritten", "run",     "seen",   "sent",   "set",    "shut",  "sold",   "split",
        "spent",  "stolen",    "sworn",   "taken",  "thrown", "told",   "torn",  "undone", "withdrawn",
        "won",    "written",   "overdue", NULL};
    const ast_name *last = &node->path->parts[node->path->count - 1];
    const size_t length = strlen(last->text);

    for (size_t i = 0; i < node->path->count; i++)
        check_snake(l, "a part of an event's name,", node->path->parts[i].text, node->path->parts[i].where);
    if (lint_is_snake(last->text) && !(length > 2 && strcmp(last->text + length - 2, "ed") == 0) &&
        !lint_last_word(last->text, irregular) && !lint_first_word(last->text, irregular)) {
        lint_report(l, LINT_EVENT_TENSE, last->where, "event '%s' is not named by what has happened",
                    node->name.text);
        diag_add_help(l->reports, "such as 'order.created'");
    }
}

static void check_case(lint *l, const ast_node *node)
{
    const char *name = node->name.text;

    switch (node->kind) {
    case AST_CONST:
        if (!lint_is_upper(name))
            lint_report(l, LINT_CONSTANT_CASE, node->name.where, "constant '%s' is not in UPPER_CASE", name);
        return;
    case AST_ALIAS:
    case AST_STRUCT:
    case AST_ENUM:
    case AST_UNION:
    case AST_ERROR:
    case AST_SERVICE:
        if (!lint_is_pascal(name))
            lint_report(l, LINT_TYPE_CASE, node->name.where, "%s '%s' is not in PascalCase", kind_of(node),
                        name);
        return;
    case AST_FIELD:
    case AST_ENUM_VALUE:
    case AST_RPC:
    case AST_COMMAND:
        check_snake(l, kind_of(node), name, node->name.where);
        return;
    case AST_EVENT:
        check_event_name(l, node);
        return;
    default:
        return;
    }
}

/* ---- values and bools ---- */

static void check_values(lint *l, const ast_node *node)
{
    const char *prefix = arena_printf(l->memory, "%s_", cname_snake(l->memory, node->name.text));

    for (size_t i = 0; i < node->members.count; i++) {
        const ast_node *value = (const ast_node *)node->members.items[i];
        const char *word = cname_snake(l->memory, value->name.text);

        if (strncmp(word, prefix, strlen(prefix)) != 0 || word[strlen(prefix)] == '\0')
            continue;
        lint_report(l, LINT_VALUE_PREFIX, value->name.where, "value '%s' repeats the name of enum '%s'",
                    value->name.text, node->name.text);
        diag_add_help(l->reports, "call it '%s'", word + strlen(prefix));
    }
}

static void check_negated(lint *l)
{
    static const char *const negations[] = {"not",      "no",   "non",     "never",    "disable",
                                            "disabled", "dont", "without", "disallow", NULL};

    for (size_t i = 0; i < l->u->record_count; i++) {
        const schema_record *record = l->u->records[i];

        for (size_t k = 0; k < record->field_count; k++) {
            const schema_field *f = &record->fields[k];

            if (f->type->kind == SCHEMA_BOOL && lint_first_word(f->idl_name, negations))
                lint_report(l, LINT_NEGATED_BOOL, lint_place(l, record, f), "%s is named by what is not",
                            lint_describe_field(l, record, f));
        }
    }
}

/* ---- the walk ---- */

static void check_node(lint *l, const ast_node *node);

static void check_list(lint *l, const ast_list *nodes)
{
    for (size_t i = 0; i < nodes->count; i++)
        check_node(l, (const ast_node *)nodes->items[i]);
}

static void check_node(lint *l, const ast_node *node)
{
    if (node->kind <= AST_IMPORT)
        return;
    check_docs(l, node);
    check_length(l, node);
    check_case(l, node);
    if (node->kind == AST_ENUM)
        check_values(l, node);
    if (node->kind == AST_RESERVED || node->kind >= AST_PUBLISHES)
        return; /* their members are no declarations */
    check_list(l, &node->members);
    if (node->result_body != NULL)
        check_list(l, &node->result_body->members);
    if (node->progress != NULL)
        check_list(l, &node->progress->members);
}

void lint_names(lint *l)
{
    check_list(l, &l->u->tree->nodes);
    check_negated(l);
}
