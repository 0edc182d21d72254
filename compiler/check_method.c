/* Methods: rpcs and commands, with the records they derive, what they raise and how they are called.
 *
 * The defaults of the language are filled in here: 5 s for an rpc; 300 s, 3 retries and pauses from 1 s to
 * 30 s for a command.
 */
#include "check.h"

#include <string.h>

#define SECOND      INT64_C(1000000000)
#define MILLISECOND INT64_C(1000000)

int64_t duration_of(const ast_value *value, int64_t otherwise)
{
    if (value == NULL || value->kind != AST_DURATION || value->magnitude > INT64_MAX)
        return otherwise;
    return (int64_t)value->magnitude;
}

static bool any_of(const char *word, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (strcmp(word, *words) == 0)
            return true;
    }
    return false;
}

/* ---- records ---- */

static schema_record *derive(unit *u, const schema_method *m, schema_record_kind kind, const char *suffix,
                             const ast_node *node, const ast_list *members)
{
    schema_record *record =
        new_record(u, kind, m->idl_name, arena_printf(&u->c->memory, "%s_%s", m->c_name, suffix), node);

    if (members != NULL)
        check_fields(u, record, members);
    return record;
}

static const schema_record *named_result(unit *u, const ast_path *path)
{
    unit *owner;
    symbol *s = resolve(u, path, "struct", &owner);

    if (s == NULL)
        return NULL;
    if (s->kind == SYMBOL_RECORD && s->record->kind == SCHEMA_STRUCT)
        return s->record;
    diag_report(&u->c->reports, 505, path->where, "a result is a struct, and '%s' is none",
                ast_path_text(&u->c->memory, path));
    diag_add_note(&u->c->reports, s->node->name.where, "declared here");
    if (s->kind == SYMBOL_RECORD && s->record->kind == SCHEMA_ERROR)
        diag_add_help(&u->c->reports, "what a method may fail with stands after 'raises'");
    else
        diag_add_help(&u->c->reports, "put it into one, so that the result can grow: -> { value: %s; }",
                      ast_path_text(&u->c->memory, path));
    return NULL;
}

static void check_result(unit *u, schema_method *m, const ast_node *node)
{
    if (node->stream) {
        diag_report(&u->c->reports, 111, node->stream_where, "streamed results are not part of edition 1");
        diag_add_help(&u->c->reports, "use a command with 'progress', or publish events");
    }
    if (node->result != NULL)
        m->result = named_result(u, node->result);
    if (m->result != NULL)
        return;
    m->inline_result = true;
    m->result = derive(u, m, SCHEMA_RESULT, "result", node,
                       node->result_body != NULL ? &node->result_body->members : NULL);
}

/* ---- raises ---- */

static bool raised_already(unit *u, const schema_raise *raises, size_t count, const schema_record *error,
                           const ast_node *node, size_t at)
{
    const ast_path *path = (const ast_path *)node->raises.items[at];

    for (size_t i = 0; i < count; i++) {
        const char *shared;

        if (raises[i].error == error) {
            diag_report(&u->c->reports, 507, path->where, "'%s' is raised twice",
                        ast_path_text(&u->c->memory, path));
            return true;
        }
        shared = wire_common(
            &(wire_names){error->wire, error->was, error->was_count},
            &(wire_names){raises[i].error->wire, raises[i].error->was, raises[i].error->was_count});
        if (shared != NULL) {
            diag_report(
                &u->c->reports, 507, path->where,
                "two of the errors are called \"%s\" on the wire, so a caller could not tell them apart",
                shared);
            diag_add_help(&u->c->reports, "give one of them another name with @wire(\"...\")");
            return true;
        }
    }
    return false;
}

/* What is made of a method's name besides its replies to errors. */
static const char *const of_all[] = {"", "_kind", "_outcome", "_call", "_ok", "_fail", "_defer", NULL};
static const char *const of_calls[] = {"_async", "_callback", NULL};
static const char *const of_commands[] = {"_submit", "_wait", "_poll", "_notify", "_callback", "_run", NULL};
static const char *const of_progress[] = {"_progress", "_on_progress", NULL};

/* Whether a reply of this name would be one of those, or a type that is derived from the method. */
static bool reply_taken(const char *word)
{
    static const char *const derived[] = {"request", "result", "progress_update", "failed", NULL};
    static const char *const *const made[] = {of_all, of_calls, of_commands, of_progress};

    for (size_t i = 0; i < sizeof made / sizeof made[0]; i++) {
        for (size_t k = 0; made[i][k] != NULL; k++) {
            if (made[i][k][0] != '\0' && strcmp(made[i][k] + 1, word) == 0)
                return true;
        }
    }
    return any_of(word, derived);
}

static void name_raise(unit *u, const schema_method *m, schema_raise *raises, size_t count,
                       const schema_record *error, span where)
{
    static const char *const members[] = {"ok", "failed", "kind", NULL};
    arena *a = &u->c->memory;
    const char *word = cname_snake(a, error->name), *what = arena_printf(a, "raising '%s'", error->name);
    schema_raise *raise = &raises[count];

    for (size_t i = 0; i < count; i++) {
        if (strcmp(raises[i].error->name, error->name) == 0) {
            word = arena_printf(a, "%s_%s", word, error->package->c_prefix);
            break;
        }
    }
    raise->error = error;
    raise->c_member = any_of(word, members) ? arena_printf(a, "%s_", word) : cname_member(a, word);
    raise->c_kind =
        arena_printf(a, "%s_%s%s", m->c_macro, cname_upper(a, word), any_of(word, members) ? "_" : "");
    raise->c_reply = arena_printf(a, "%s_%s%s", m->c_name, word, reply_taken(word) ? "_" : "");
    claim_name(u, raise->c_kind, where, what);
    claim_name(u, raise->c_reply, where, what);
}

static void check_raises(unit *u, schema_method *m, const ast_node *node)
{
    schema_raise *raises =
        (schema_raise *)arena_array(&u->c->memory, node->raises.count, sizeof(schema_raise));

    for (size_t i = 0; i < node->raises.count; i++) {
        const ast_path *path = (const ast_path *)node->raises.items[i];
        unit *owner;
        symbol *s = resolve(u, path, "error", &owner);

        if (s == NULL)
            continue;
        if (s->kind != SYMBOL_RECORD || s->record->kind != SCHEMA_ERROR) {
            diag_report(&u->c->reports, 505, path->where, "'%s' is not an error",
                        ast_path_text(&u->c->memory, path));
            diag_add_note(&u->c->reports, s->node->name.where, "declared here");
            continue;
        }
        if (raised_already(u, raises, m->raise_count, s->record, node, i))
            continue;
        name_raise(u, m, raises, m->raise_count, s->record, path->where);
        m->raise_count++;
    }
    m->raises = raises;
}

/* ---- annotations ---- */

static void check_retry(unit *u, schema_method *m, const ast_marks *marks)
{
    const ast_annotation *retry = annotation_find(marks, "retry");
    const ast_value *max = annotation_argument(marks, "retry", "max", AST_INT);
    const ast_value *backoff = annotation_argument(marks, "retry", "backoff", AST_RANGE);
    bool command = m->kind == SCHEMA_COMMAND;

    if (retry != NULL && !command && !m->idempotent)
        diag_report(&u->c->reports, 605, retry->where, "'@retry' may call twice, so it needs '@idempotent'");
    m->max_retries = command ? 3 : m->idempotent ? 2 : 0;
    if (max != NULL && max->magnitude <= UINT32_MAX)
        m->max_retries = (uint32_t)max->magnitude;
    m->backoff_min = command ? SECOND : 100 * MILLISECOND;
    m->backoff_max = command ? 30 * SECOND : 2 * SECOND;
    if (backoff != NULL) {
        m->backoff_min = duration_of(backoff->low, m->backoff_min);
        m->backoff_max = duration_of(backoff->high, m->backoff_max);
    }
}

/* Which of the method's errors a name in `final` means. */
static const schema_raise *final_error(unit *u, const schema_method *m, const ast_path *path)
{
    const char *text = ast_path_text(&u->c->memory, path);
    const char **names = (const char **)arena_array(&u->c->memory, m->raise_count, sizeof *names);
    size_t count = 0;
    unit *owner;
    const symbol *s = resolve(u, path, "error", &owner);

    if (s == NULL)
        return NULL;
    for (size_t i = 0; i < m->raise_count; i++) {
        if (s->kind == SYMBOL_RECORD && m->raises[i].error == s->record)
            return &m->raises[i];
        names[count++] = m->raises[i].error->name;
    }
    diag_report(&u->c->reports, 607, path->where, "'%s' does not raise '%s'", m->idl_name, text);
    if (diag_nearest(text, names, count) != NULL)
        diag_suggest(&u->c->reports, path->where, text, names, count);
    else
        diag_add_help(&u->c->reports, "name it behind 'raises' too, or leave it out here");
    return NULL;
}

/* With a list, the errors that are not in it are worth another attempt. */
static void check_final(unit *u, schema_method *m, const ast_marks *marks)
{
    const ast_value *given = annotation_argument(marks, "retry", "final", AST_NAMES);
    schema_raise *raises;

    if (given == NULL)
        given = annotation_argument(marks, "retry", "final", AST_EMPTY_LIST);
    if (given == NULL)
        return;
    if (m->kind != SCHEMA_COMMAND) {
        diag_report(&u->c->reports, 605, given->where, "only commands are tried again after their errors");
        return;
    }
    raises = (schema_raise *)arena_array(&u->c->memory, m->raise_count, sizeof *raises);
    for (size_t i = 0; i < m->raise_count; i++) {
        raises[i] = m->raises[i];
        raises[i].retried = true;
    }
    for (size_t i = 0; i < given->names.count; i++) {
        const schema_raise *found = final_error(u, m, (const ast_path *)given->names.items[i]);

        if (found != NULL)
            raises[found - m->raises].retried = false;
    }
    m->raises = raises;
}

static void check_priority(schema_method *m, const ast_marks *marks)
{
    static const char *const names[] = {"low", "normal", "high", "critical"};
    const ast_value *given = annotation_argument(marks, "priority", NULL, AST_PATH);

    m->priority = SCHEMA_PRIORITY_NORMAL;
    m->lanes = given != NULL;
    for (size_t i = 0; given != NULL && i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(given->path->parts[0].text, names[i]) == 0)
            m->priority = (schema_priority)i;
    }
}

static void check_delivery(unit *u, schema_method *m, const ast_marks *marks)
{
    static const struct {
        const char *name;
        schema_delivery delivery;
    } kinds[] = {{"at_least_once", SCHEMA_AT_LEAST_ONCE},
                 {"at_most_once", SCHEMA_AT_MOST_ONCE},
                 {"exactly_once", SCHEMA_EXACTLY_ONCE}};
    const ast_annotation *first = NULL;

    m->delivery =
        annotation_find(marks, "idempotency_key") != NULL ? SCHEMA_EXACTLY_ONCE : SCHEMA_AT_LEAST_ONCE;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const ast_annotation *given = annotation_find(marks, kinds[i].name);

        if (given == NULL)
            continue;
        if (first != NULL) {
            const ast_annotation *later = first->where.start > given->where.start ? first : given;

            diag_report(&u->c->reports, 605, later->where, "'@%s' and '@%s' exclude each other",
                        first->name.text, given->name.text);
            diag_add_note(&u->c->reports, (later == first ? given : first)->where, "the other is here");
            return;
        }
        first = given;
        m->delivery = kinds[i].delivery;
    }
}

static void check_hedge(unit *u, schema_method *m, const ast_marks *marks)
{
    const ast_annotation *hedge = annotation_find(marks, "hedge");

    m->hedge = duration_of(annotation_argument(marks, "hedge", NULL, AST_DURATION), 0);
    if (hedge != NULL && !m->idempotent) {
        diag_report(&u->c->reports, 605, hedge->where, "'@hedge' may call twice, so it needs '@idempotent'");
    } else if (m->hedge > 0 && m->hedge >= m->timeout) {
        diag_report(&u->c->reports, 605, hedge->where,
                    "a second request after the timeout would never be sent");
        diag_add_help(&u->c->reports, "make it shorter than the timeout of %lld ms",
                      (long long)(m->timeout / MILLISECOND));
    }
}

/* A pause that is longer than the whole call may take. */
static void check_pauses(unit *u, const schema_method *m, const ast_marks *marks)
{
    const ast_value *backoff = annotation_argument(marks, "retry", "backoff", AST_RANGE);

    if (backoff == NULL || m->kind != SCHEMA_RPC || m->backoff_min < m->timeout)
        return;
    diag_report(&u->c->reports, 605, backoff->where,
                "a call that waits so long is never tried again: it has timed out");
    diag_add_help(&u->c->reports, "make the first pause shorter than the timeout of %lld ms",
                  (long long)(m->timeout / MILLISECOND));
}

/* What has one text only, in every format and by every sender. */
static bool has_one_text(schema_kind kind)
{
    return kind == SCHEMA_STRING || kind == SCHEMA_UUID || kind == SCHEMA_ENUM || kind == SCHEMA_TIMESTAMP ||
           (kind >= SCHEMA_I8 && kind <= SCHEMA_U64);
}

static const schema_field *parameter_named(const schema_record *request, const char *name)
{
    for (size_t i = 0; i < request->field_count; i++) {
        if (strcmp(request->fields[i].idl_name, name) == 0)
            return &request->fields[i];
    }
    return NULL;
}

static void no_such_parameter(unit *u, const schema_method *m, const ast_value *given, const char *name)
{
    const schema_record *request = m->request;
    const char **names =
        (const char **)arena_array(&u->c->memory, request->field_count, sizeof(const char *));
    const char *near;

    for (size_t i = 0; i < request->field_count; i++)
        names[i] = request->fields[i].idl_name;
    near = diag_nearest(name, names, request->field_count);
    diag_report(&u->c->reports, 606, given->where, "'%s' has no parameter '%s'", m->idl_name, name);
    if (near != NULL)
        diag_add_meant(&u->c->reports, given->where, "%s", near);
}

/* The parameter that one argument of @idempotency_key names, or NULL after a report. */
static const schema_field *key_part(unit *u, const schema_method *m, const ast_value *given)
{
    const char *name = given->path->parts[0].text;
    const schema_field *field = parameter_named(m->request, name);

    if (field == NULL) {
        no_such_parameter(u, m, given, name);
        return NULL;
    }
    for (size_t i = 0; i < m->key_count; i++) {
        if (m->keys[i] == field) {
            diag_report(&u->c->reports, 606, given->where, "'%s' is in the key already", name);
            return NULL;
        }
    }
    if (has_one_text(field->type->kind) && field->presence == SCHEMA_REQUIRED &&
        field->default_value.kind == SCHEMA_VALUE_NONE)
        return field;
    diag_report(&u->c->reports, 606, given->where, "'%s' cannot be in an idempotency key", name);
    if (has_one_text(field->type->kind))
        diag_add_help(&u->c->reports, "a key is made of what is always given");
    else
        diag_add_help(&u->c->reports,
                      "a key is made of strings, uuids, integers, enums and timestamps, not of %s",
                      field->type->text);
    return NULL;
}

static void check_key(unit *u, schema_method *m, const ast_marks *marks)
{
    const ast_annotation *written = annotation_find(marks, "idempotency_key");
    const schema_field **keys;

    if (written == NULL)
        return;
    keys = (const schema_field **)arena_array(&u->c->memory, written->arguments.count, sizeof *keys);
    m->keys = keys;
    for (size_t i = 0; i < written->arguments.count; i++) {
        const ast_argument *argument = (const ast_argument *)written->arguments.items[i];
        const ast_value *given = argument->value;
        const schema_field *field = NULL;

        if (argument->name.text == NULL && given->kind == AST_PATH && given->path->count == 1)
            field = key_part(u, m, given);
        if (field != NULL)
            keys[m->key_count++] = field;
    }
}

/* ---- the method ---- */

static void check_method_name(unit *u, const schema_method *m, const ast_node *node)
{
    const ast_value *wire = annotation_argument(&node->marks, "wire", NULL, AST_STRING);

    check_was(u, node, &(wire_names){m->name, m->was, m->was_count}, wire_method_ok);
    if (wire_method_ok(m->name) || (wire != NULL && said_at(u, wire->where)))
        return;
    diag_report(&u->c->reports, 501, wire != NULL ? wire->where : node->name.where,
                "this cannot be the name of a method on the bus");
    diag_add_help(&u->c->reports, "a letter, then letters, digits and '_', at most %d bytes", WIRE_NAME_MAX);
}

static void claim_method(unit *u, const schema_method *m, span where)
{
    arena *a = &u->c->memory;
    const char *what = arena_printf(a, "method '%s'", m->idl_name);

    claim_names(u, m->c_name, of_all, where, what);
    claim_names(u, m->c_name, m->kind == SCHEMA_COMMAND ? of_commands : of_calls, where, what);
    if (m->progress != NULL)
        claim_names(u, m->c_name, of_progress, where, what);
    claim_name(u, arena_printf(a, "%s_OK", m->c_macro), where, what);
    claim_name(u, arena_printf(a, "%s_FAILED", m->c_macro), where, what);
}

void check_method(unit *u, schema_method *m, const ast_node *node)
{
    annotations_check(&u->c->memory, &u->c->reports, &node->marks,
                      m->kind == SCHEMA_RPC ? ON_RPC : ON_COMMAND);
    check_method_name(u, m, node);
    m->docs = docs_of(u, &node->marks);
    m->deprecated = text_of(&node->marks, "deprecated");
    m->request = derive(u, m, SCHEMA_REQUEST, "request", node, &node->members);
    if (node->progress != NULL)
        m->progress = derive(u, m, SCHEMA_PROGRESS, "progress_update", node, &node->progress->members);
    check_result(u, m, node);
    claim_method(u, m, node->name.where);
    check_raises(u, m, node);
    m->timeout = duration_of(annotation_argument(&node->marks, "timeout", NULL, AST_DURATION),
                             m->kind == SCHEMA_RPC ? 5 * SECOND : 300 * SECOND);
    m->idempotent = annotation_find(&node->marks, "idempotent") != NULL;
    check_retry(u, m, &node->marks);
    check_final(u, m, &node->marks);
    check_priority(m, &node->marks);
    check_hedge(u, m, &node->marks);
    check_pauses(u, m, &node->marks);
    check_key(u, m, &node->marks);
    check_delivery(u, m, &node->marks);
}
