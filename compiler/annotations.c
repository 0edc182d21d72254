/* What annotations exist, where they may stand and what they take. */
#include "annotations.h"

#include "elsewhere.h"

#include <string.h>

#define NAMED                                                                                                \
    (ON_STRUCT | ON_ENUM | ON_UNION | ON_ERROR | ON_SERVICE | ON_EVENT | ON_FIELD | ON_ENUM_VALUE | ON_RPC | \
     ON_COMMAND)

/* Whose name is sent. */
#define ON_WIRE (ON_ERROR | ON_SERVICE | ON_EVENT | ON_FIELD | ON_ENUM_VALUE | ON_RPC | ON_COMMAND)

static const annotation_entry table[] = {
    {"at_least_once",
     "",
     ON_COMMAND,
     {{0}},
     0,
     "Runs at least once: an attempt that was cut short is repeated (the default without a key)."},
    {"at_most_once",
     "",
     ON_COMMAND,
     {{0}},
     0,
     "Never runs twice: an attempt that was cut short is parked, not repeated."},
    {"broadcast",
     "",
     ON_SUBSCRIBES,
     {{0}},
     0,
     "Every instance of the service receives every event, from its start on."},
    {"c_name",
     "(\"shop\")",
     ON_PACKAGE | ON_SERVICE,
     {{NULL, TAKES_STRING, true, NULL}},
     1,
     "The prefix of its names in C."},
    {"concurrency",
     "(4, in_flight: 64)",
     ON_SUBSCRIBES,
     {{NULL, TAKES_COUNT, true, NULL}, {"in_flight", TAKES_COUNT, false, NULL}},
     2,
     "Handlers of this subscription that may run at once in one instance, and events that it may hold at "
     "once, "
     "those that wait for a handler too; 1 and 256 without it."},
    {"deprecated",
     "(\"why\")",
     NAMED | ON_CONST | ON_ALIAS,
     {{NULL, TAKES_STRING, true, NULL}},
     1,
     "Should no longer be used, and why: a warning where a program uses it."},
    {"exactly_once",
     "",
     ON_COMMAND,
     {{0}},
     0,
     "An attempt is claimed and its outcome recorded, and a repeated command is answered from the record "
     "(the "
     "default with a key)."},
    {"from",
     "(new)",
     ON_SUBSCRIBES,
     {{NULL, TAKES_WORD, true, "new|all"}},
     1,
     "Where a new subscription starts: with new events (a broadcast does, unless told otherwise), or with "
     "all that "
     "are kept."},
    {"hedge",
     "(50ms)",
     ON_RPC,
     {{NULL, TAKES_DURATION, true, NULL}},
     1,
     "Sends a second request when the first one of an idempotent rpc is not answered in this time; the first "
     "answer counts."},
    {"idempotency_key",
     "(id)",
     ON_COMMAND,
     {{NULL, TAKES_PARAMETERS, true, NULL}},
     1,
     "The parameter, or the parameters, by which two commands are the same command: it runs once, and both "
     "have its result."},
    {"idempotent",
     "",
     ON_RPC,
     {{0}},
     0,
     "Calling twice is as good as once, so an attempt whose failure may pass is followed by another."},
    {"nullable", "", ON_FIELD, {{0}}, 0, "Written as nil when absent, instead of being left out."},
    {"ordered",
     "",
     ON_SUBSCRIBES,
     {{0}},
     0,
     "Events are handled one after the other, in order, by one instance at a time; a retry holds up those "
     "behind."},
    {"pattern",
     "(\"^[a-z]+$\")",
     ON_FIELD | ON_ALIAS,
     {{NULL, TAKES_STRING, true, NULL}},
     1,
     "A regular expression that is found in the string; idl/LANGUAGE.md has what it may use."},
    {"priority",
     "(high)",
     ON_COMMAND,
     {{NULL, TAKES_WORD, true, "low|normal|high|critical"}},
     1,
     "The priority unless the sender chooses another; turns priority lanes on."},
    {"retry",
     "(max: 5, backoff: 200ms..30s)",
     ON_RPC | ON_COMMAND | ON_SUBSCRIBES,
     {{"max", TAKES_COUNT, true, NULL},
      {"backoff", TAKES_BACKOFF, false, NULL},
      {"final", TAKES_ERRORS, false, NULL}},
     3,
     "How often a failed attempt is repeated, and the shortest and longest pause: without it an idempotent "
     "rpc has 2 and 100ms..2s, a command 3 and 1s..30s, a subscription 9 and 200ms..30s. `final` names "
     "the errors of a command after which there is no other attempt."},
    {"timeout",
     "(2s)",
     ON_RPC | ON_COMMAND,
     {{NULL, TAKES_DURATION, true, NULL}},
     1,
     "How long it may take: 5s for an rpc, 5m for a command unless given."},
    {"version",
     "(\"1.2\")",
     ON_EVENT | ON_SERVICE,
     {{NULL, TAKES_STRING, true, NULL}},
     1,
     "Its version: \"1.2\" for an event, which may be declared once for each major one; \"1.2.0\" for a "
     "service."},
    {"was",
     "(\"older\")",
     NAMED,
     {{NULL, TAKES_NAME, true, NULL}},
     1,
     "An older name on the wire, which is still accepted; of a type, the older name in the IDL."},
    {"wire",
     "(\"name\")",
     ON_WIRE | ON_SUBSCRIBES,
     {{NULL, TAKES_NAME, true, NULL}},
     1,
     "Its name on the wire, when not the name as written; of a subscription, the name it is stored under."},
};

const annotation_entry *annotation_table(size_t *count)
{
    *count = sizeof table / sizeof table[0];
    return table;
}

const char *annotation_place(unsigned place)
{
    static const char *const names[] = {"package",    "const", "alias",   "struct",    "enum",
                                        "union",      "error", "service", "event",     "field",
                                        "enum value", "rpc",   "command", "subscribes"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (place == 1U << i)
            return names[i];
    }
    return "statement";
}

const annotation_entry *annotation_named(const char *name)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    }
    return NULL;
}

const char *annotation_near(const char *name)
{
    const char *names[sizeof table / sizeof table[0]];

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        names[i] = table[i].name;
    return diag_nearest(name, names, sizeof table / sizeof table[0]);
}

static void unknown(diags *d, const ast_annotation *written)
{
    const char *near = annotation_near(written->name.text);

    diag_report(d, 601, written->where, "there is no annotation '@%s'", written->name.text);
    if (elsewhere_annotation(written->name.text) != NULL)
        diag_add_help(d, "%s", elsewhere_annotation(written->name.text));
    else if (near != NULL)
        diag_add_meant(d, (span){written->where.file, written->where.start, written->name.where.end}, "@%s",
                       near);
}

const char *annotation_places(arena *a, unsigned places)
{
    const char *text = "";

    for (unsigned bit = ON_PACKAGE; bit <= ON_SUBSCRIBES; bit <<= 1) {
        if ((places & bit) != 0)
            text = arena_printf(a, "%s%s%s", text, *text == '\0' ? "" : ", ", annotation_place(bit));
    }
    return text;
}

static void misplaced(arena *a, diags *d, const ast_annotation *written, const annotation_entry *entry,
                      unsigned place)
{
    diag_report(d, 602, written->where, "'@%s' does not belong on a%s %s", entry->name,
                strchr("aeiou", annotation_place(place)[0]) != NULL ? "n" : "", annotation_place(place));
    if (entry->places != ON_NOTHING)
        diag_add_help(d, "it belongs on: %s", annotation_places(a, entry->places));
}

static bool is_word_of(const char *words, const char *word)
{
    size_t length = strlen(word);

    for (const char *at = words; at != NULL; at = strchr(at, '|') == NULL ? NULL : strchr(at, '|') + 1) {
        if (strncmp(at, word, length) == 0 && (at[length] == '|' || at[length] == '\0'))
            return true;
    }
    return false;
}

static bool positive_duration(const ast_value *value)
{
    return value != NULL && value->kind == AST_DURATION && !value->negative && !value->too_big &&
           value->magnitude > 0;
}

/* What the bus takes is checked with what is sent there. */
#define ON_BUS (ON_SERVICE | ON_EVENT | ON_RPC | ON_COMMAND | ON_SUBSCRIBES)

/* Printable ASCII that stands in a string of C and of JSON as it is. */
static bool is_wire_name(const ast_value *value)
{
    for (size_t i = 0; i < value->length; i++) {
        if (value->text[i] <= ' ' || value->text[i] > '~' || value->text[i] == '"' || value->text[i] == '\\')
            return false;
    }
    return value->length > 0 && value->length <= NAME_MAX_BYTES;
}

static bool fits(const annotation_parameter *parameter, const ast_value *value, unsigned place)
{
    switch (parameter->takes) {
    case TAKES_STRING:
        return value->kind == AST_STRING && value->length > 0;
    case TAKES_NAME:
        return value->kind == AST_STRING && ((place & ON_BUS) != 0 || is_wire_name(value));
    case TAKES_DURATION:
        return positive_duration(value);
    case TAKES_BACKOFF:
        return value->kind == AST_RANGE && positive_duration(value->low) && positive_duration(value->high) &&
               value->low->magnitude <= value->high->magnitude;
    case TAKES_COUNT:
        return value->kind == AST_INT && !value->negative && value->magnitude <= 1000000;
    case TAKES_WORD:
        return value->kind == AST_PATH && value->path->count == 1 &&
               is_word_of(parameter->words, value->path->parts[0].text);
    case TAKES_PARAMETERS:
        return value->kind == AST_PATH && value->path->count == 1;
    case TAKES_ERRORS:
        return value->kind == AST_NAMES || value->kind == AST_EMPTY_LIST;
    }
    return false;
}

/* "new|all" as people say it: "new or all". */
static const char *words_of(arena *a, const char *words)
{
    const char *text = "";

    for (size_t length; *words != '\0'; words += length + (words[length] == '|')) {
        length = strcspn(words, "|");
        text = arena_printf(a, "%s%s%.*s", text,
                            *text == '\0'           ? ""
                            : words[length] == '\0' ? " or "
                                                    : ", ",
                            (int)length, words);
    }
    return text;
}

static const char *describe(arena *a, const annotation_parameter *parameter)
{
    const char *kind = "a string that is not empty";

    if (parameter->takes == TAKES_NAME)
        kind = "a string of 1 to 128 printable characters, without blanks, quotes and backslashes";
    else if (parameter->takes == TAKES_DURATION)
        kind = "a duration above zero, such as 2s";
    else if (parameter->takes == TAKES_BACKOFF)
        kind = "two durations, the shorter first, such as 200ms..30s";
    else if (parameter->takes == TAKES_COUNT)
        kind = "a number";
    else if (parameter->takes == TAKES_WORD)
        kind = words_of(a, parameter->words);
    else if (parameter->takes == TAKES_PARAMETERS)
        kind = "the name of a parameter, or of several";
    else if (parameter->takes == TAKES_ERRORS)
        kind = "errors, such as [NotFound]";
    return parameter->name == NULL ? kind : arena_printf(a, "%s: %s", parameter->name, kind);
}

const char *annotation_takes(arena *a, const annotation_entry *entry)
{
    const char *wants = "";

    for (size_t i = 0; i < entry->parameter_count; i++)
        wants = arena_printf(a, "%s%s%s", wants, i == 0 ? "" : ", ", describe(a, &entry->parameters[i]));
    return wants;
}

static void wrong_arguments(arena *a, diags *d, const ast_annotation *written, const annotation_entry *entry,
                            span where)
{
    if (entry->parameter_count == 0)
        diag_report(d, 604, where, "'@%s' takes no arguments", written->name.text);
    else if (entry->parameter_count == 1 && entry->parameters[0].name == NULL)
        diag_report(d, 604, where, "'@%s' takes %s", written->name.text, annotation_takes(a, entry));
    else
        diag_report(d, 604, where, "'@%s' takes (%s)", written->name.text, annotation_takes(a, entry));
}

/* A name without quotes, or a duration or word within them. */
static void suggest_argument(arena *a, diags *d, const annotation_parameter *parameter,
                             const ast_value *value)
{
    const bool quoted = parameter->takes == TAKES_STRING || parameter->takes == TAKES_NAME;

    if (quoted && value->kind == AST_PATH)
        diag_add_fix(d, value->where, "\"%s\"", ast_path_text(a, value->path));
    else if (parameter->takes == TAKES_ERRORS && value->kind == AST_PATH)
        diag_add_fix(d, value->where, "[%s]", ast_path_text(a, value->path));
    else if (parameter->takes == TAKES_DURATION && value->kind == AST_STRING && value->text[0] >= '1' &&
             value->text[0] <= '9')
        diag_add_fix(d, value->where, "%s", value->text);
    else if (parameter->takes == TAKES_WORD && value->kind == AST_STRING &&
             (parameter->words == NULL || is_word_of(parameter->words, value->text)))
        diag_add_fix(d, value->where, "%s", value->text);
}

static bool same_name(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* An argument whose name the annotation does not know. */
static void unknown_argument(arena *a, diags *d, const ast_annotation *written, const annotation_entry *entry,
                             const ast_argument *argument)
{
    const char *names[sizeof entry->parameters / sizeof entry->parameters[0]];
    size_t count = 0;

    for (size_t k = 0; k < entry->parameter_count; k++) {
        if (entry->parameters[k].name != NULL)
            names[count++] = entry->parameters[k].name;
    }
    if (count == 0 || argument->name.text == NULL) {
        wrong_arguments(a, d, written, entry, argument->value->where);
        return;
    }
    diag_report(d, 604, argument->name.where, "'@%s' has no argument '%s'", written->name.text,
                argument->name.text);
    if (diag_nearest(argument->name.text, names, count) != NULL)
        diag_suggest(d, argument->name.where, argument->name.text, names, count);
    else
        diag_add_help(d, "it takes (%s)", annotation_takes(a, entry));
}

static void check_arguments(arena *a, diags *d, const ast_annotation *written, const annotation_entry *entry,
                            unsigned place)
{
    bool given[3] = {false, false, false};

    for (size_t i = 0; i < written->arguments.count; i++) {
        const ast_argument *argument = (const ast_argument *)written->arguments.items[i];
        size_t k = 0;

        while (k < entry->parameter_count && !same_name(entry->parameters[k].name, argument->name.text))
            k++;
        if (argument->value->reported)
            return; /* it was missing or no number, which was said */
        if (k == entry->parameter_count) {
            unknown_argument(a, d, written, entry, argument);
            return;
        }
        if ((given[k] && entry->parameters[k].takes != TAKES_PARAMETERS) ||
            !fits(&entry->parameters[k], argument->value, place)) {
            wrong_arguments(a, d, written, entry, argument->value->where);
            suggest_argument(a, d, &entry->parameters[k], argument->value);
            return;
        }
        given[k] = true;
    }
    for (size_t k = 0; k < entry->parameter_count; k++) {
        if (entry->parameters[k].required && !given[k]) {
            wrong_arguments(a, d, written, entry, written->where);
            return;
        }
    }
}

void annotations_check(arena *a, diags *d, const ast_marks *marks, unsigned place)
{
    for (size_t i = 0; i < marks->annotations.count; i++) {
        const ast_annotation *written = (const ast_annotation *)marks->annotations.items[i];
        const annotation_entry *entry = annotation_named(written->name.text);
        const ast_annotation *first = annotation_find(marks, written->name.text);

        if (written->name.text[0] == '(') {
            continue; /* its name was missing, which was said */
        } else if (entry == NULL) {
            unknown(d, written);
        } else if ((entry->places & place) == 0) {
            misplaced(a, d, written, entry, place);
        } else if (first != written && strcmp(entry->name, "was") != 0) {
            diag_report(d, 603, written->where, "'@%s' is given twice", entry->name);
            diag_add_note(d, first->where, "first given here");
        } else {
            check_arguments(a, d, written, entry, place);
        }
    }
}

const ast_annotation *annotation_find(const ast_marks *marks, const char *name)
{
    for (size_t i = 0; i < marks->annotations.count; i++) {
        const ast_annotation *written = (const ast_annotation *)marks->annotations.items[i];

        if (strcmp(written->name.text, name) == 0)
            return written;
    }
    return NULL;
}

const ast_value *annotation_argument(const ast_marks *marks, const char *name, const char *argument,
                                     ast_value_kind kind)
{
    const ast_annotation *written = annotation_find(marks, name);

    for (size_t i = 0; written != NULL && i < written->arguments.count; i++) {
        const ast_argument *given = (const ast_argument *)written->arguments.items[i];

        if (same_name(given->name.text, argument) && given->value->kind == kind)
            return given->value;
    }
    return NULL;
}
