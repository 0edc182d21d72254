/* Names on the wire: what the bus takes for one, and that nothing is called what something else is or was.
 *
 * `@was` gives older names: they are still accepted, so they have to be as good as the present one.
 */
#include "check.h"

#include <string.h>

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_word(char c)
{
    return is_letter(c) || (c >= '0' && c <= '9') || c == '_';
}

bool wire_service_ok(const char *name)
{
    size_t length = strlen(name);

    if (length == 0 || length > WIRE_NAME_MAX || !is_letter(name[0]) || name[length - 1] == '_')
        return false;
    for (size_t i = 0; i < length; i++) {
        if (!is_word(name[i]) && (name[i] != '-' || i + 1 == length))
            return false;
    }
    return true;
}

bool wire_method_ok(const char *name)
{
    size_t length = strlen(name);

    if (length == 0 || length > WIRE_NAME_MAX || !is_letter(name[0]))
        return false;
    for (size_t i = 0; i < length; i++) {
        if (!is_word(name[i]))
            return false;
    }
    return true;
}

/* Tokens of letters, digits, '_' and '-', at least two of them. */
bool wire_event_ok(const char *name)
{
    size_t tokens = 1, length = 0;

    for (const char *at = name; *at != '\0'; at++) {
        if (*at == '.' && length == 0)
            return false;
        if (*at != '.' && *at != '-' && !is_word(*at))
            return false;
        tokens += *at == '.';
        length = *at == '.' ? 0 : length + 1;
    }
    return tokens >= 2 && length > 0 && strlen(name) <= WIRE_EVENT_MAX;
}

const char *const *was_of(unit *u, const ast_marks *marks, size_t *count)
{
    const char **names = NULL;
    const ast_value *value;

    *count = 0;
    for (size_t i = 0; (value = was_at(marks, i)) != NULL; i++) {
        names = (const char **)arena_grow(&u->c->memory, names, *count, sizeof *names);
        names[(*count)++] = value->text;
    }
    return names;
}

const ast_value *was_at(const ast_marks *marks, size_t index)
{
    for (size_t i = 0; i < marks->annotations.count; i++) {
        const ast_annotation *written = (const ast_annotation *)marks->annotations.items[i];
        const ast_argument *argument;

        if (strcmp(written->name.text, "was") != 0 || written->arguments.count != 1)
            continue;
        argument = (const ast_argument *)written->arguments.items[0];
        if (argument->value->kind == AST_STRING && index-- == 0)
            return argument->value;
    }
    return NULL;
}

static const char *name_at(const wire_names *n, size_t i)
{
    return i == 0 ? n->name : n->was[i - 1];
}

const char *wire_common(const wire_names *a, const wire_names *b)
{
    for (size_t i = 0; i <= a->was_count; i++) {
        for (size_t k = 0; k <= b->was_count; k++) {
            if (strcmp(name_at(a, i), name_at(b, k)) == 0)
                return name_at(a, i);
        }
    }
    return NULL;
}

void check_was(unit *u, const ast_node *written, const wire_names *n, bool (*fits)(const char *))
{
    diags *d = &u->c->reports;

    for (size_t i = 1; i <= n->was_count; i++) {
        const ast_value *value = was_at(&written->marks, i - 1);
        bool whole = strlen(value->text) == value->length;

        for (size_t k = 0; k < i; k++) {
            if (strcmp(name_at(n, i), name_at(n, k)) != 0)
                continue;
            diag_report(d, 605, value->where, "'%s' is called \"%s\" already", written->name.text,
                        name_at(n, i));
            return;
        }
        if (fits != NULL && (!whole || !fits(n->was[i - 1])) && !said_at(u, value->where))
            diag_report(d, 501, value->where, "this was never the name of %s on the bus",
                        fits == wire_service_ok  ? "a service"
                        : fits == wire_method_ok ? "a method"
                                                 : "an event");
    }
}

size_t wire_find(const name_map *taken, const wire_names *names, const char **shared)
{
    size_t first = NO_NAME;

    for (size_t i = 0; i <= names->was_count; i++) {
        const size_t found = name_map_find(taken, name_at(names, i));

        if (found < first) {
            first = found;
            *shared = name_at(names, i);
        }
    }
    return first;
}

void wire_add(name_map *taken, const wire_names *names, size_t index)
{
    for (size_t i = 0; i <= names->was_count; i++)
        name_map_add(taken, name_at(names, i), index);
}
