/* Parameters from words: each word leads along a path into an object, and puts a value there. What is on the
 * way is made when it is not there. The whole is checked at the end, so that the order of words does not
 * matter, except that of a list's items. */
#include "arguments_parts.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "wire.h"

/* Names and indices of one path; bytes of a file that is read. */
#define STEPS_MAX 64
#define DATA_MAX  ((size_t)64 << 20)
#define WHY_MAX   512

typedef enum sign { HOW_TEXT, HOW_JSON, HOW_FILE } sign; /* "=", ":=", "@=" */

/* Without a name it goes into a list; `last`: behind what is there. */
typedef struct step {
    const char *name;
    size_t index;
    bool last;
} step;

/* One word taken apart. */
typedef struct word {
    const char *text; /* all of it */
    char *path;       /* what stands before the sign, for messages */
    step steps[STEPS_MAX];
    size_t count;
    sign how;
    const char *value;
} word;

/* What is known of the value at some point: its type, or at the top its record; neither: nothing. */
typedef struct known {
    const schema_record *record;
    const schema_type *type;
} known;

static int complain(const session *s, const char *format, ...) AEGIS_PRINTF(2, 3);

static int complain(const session *s, const char *format, ...)
{
    const cli *line = s->line;
    const bool named = line->arguments.count > 0;
    char text[2 * WHY_MAX], where[2 * WHY_MAX];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    (void)snprintf(where, sizeof where, "'%s %s%s%s --%s", cli_program.name, line->command->name,
                   named ? " " : "", named ? line->arguments.items[0] : "",
                   named ? "describe' shows what it takes" : "help' shows how to write it");
    return cli_mistake(where, "%s", text);
}

/* ---- reading ---- */

/* All of a file, "-" being standard input, with a NUL behind it. */
static char *read_all(const session *s, const char *name, size_t *size)
{
    arena *memory = &s->line->memory;
    FILE *file = strcmp(name, "-") == 0 ? stdin : fopen(name, "rb");
    size_t room = 4096, got;
    char *text = (char *)malloc(room), *copy = NULL;

    *size = 0;
    while (file != NULL && text != NULL) {
        got = fread(text + *size, 1, room - *size, file);
        *size += got;
        if (got == 0 || *size > DATA_MAX)
            break;
        if (*size == room) {
            char *more = (char *)realloc(text, 2 * room);

            if (more == NULL) {
                free(text);
                text = NULL;
                break;
            }
            text = more;
            room *= 2;
        }
    }
    if (file == NULL || text == NULL || ferror(file))
        cli_complain("cannot read '%s': %s", name, strerror(errno));
    else if (*size > DATA_MAX)
        cli_complain("'%s' is larger than %zu MiB", name, DATA_MAX >> 20);
    else
        copy = arena_copy(memory, text, *size);
    free(text);
    if (file != NULL && file != stdin)
        (void)fclose(file);
    return copy;
}

static int read_data(const session *s, const char *data, json_t **out)
{
    const char *name = data[0] == '@' ? data + 1 : strcmp(data, "-") == 0 ? data : NULL;
    size_t size = strlen(data);
    json_error_t error;

    if (name != NULL)
        data = read_all(s, name, &size);
    if (data == NULL)
        return CLI_IO;
    *out = wire_parse(data, size, JSON_REJECT_DUPLICATES, &error);
    if (*out == NULL)
        return complain(s, "--data: line %d, column %d: %s", error.line, error.column, error.text);
    if (!json_is_object(*out))
        return complain(s, "--data is no object, {\"name\":value}");
    return CLI_DONE;
}

/* ---- a word ---- */

/* What stands in brackets: nothing, an index, or a key in quotes. NULL: that is none of them. */
static char *read_bracket(char *at, step *out)
{
    char *end;

    memset(out, 0, sizeof *out);
    if (*at == '"') {
        end = strchr(at + 1, '"');
        if (end == NULL || end[1] != ']')
            return NULL;
        *end = '\0';
        out->name = at + 1;
        return end + 2;
    }
    out->last = *at == ']';
    if (out->last)
        return at + 1;
    if (strspn(at, "0123456789") == 0 || strspn(at, "0123456789") > 6)
        return NULL;
    out->index = strtoul(at, &end, 10);
    return *end == ']' ? end + 1 : NULL;
}

static bool read_steps(word *w, char *at)
{
    bool named = true; /* a name comes next */

    while (*at != '\0' && w->count < STEPS_MAX) {
        step *next = &w->steps[w->count++];

        if (*at == '[' && w->count > 1) {
            *at = '\0'; /* ends the name before it */
            at = read_bracket(at + 1, next);
            if (at == NULL)
                return false;
            named = *at == '.';
            if (*at != '\0' && *at != '.' && *at != '[')
                return false;
            at += named;
            continue;
        }
        memset(next, 0, sizeof *next);
        next->name = at;
        at += strcspn(at, ".[");
        if (at == next->name)
            return false;
        named = *at == '.';
        if (named)
            *at++ = '\0';
    }
    return w->count > 0 && !named && *at == '\0';
}

/* The sign that ends the path: what stands in quotes, labels["a=b"], is none. */
static const char *find_equals(const char *text)
{
    bool quoted = false;

    for (; *text != '\0' && (quoted || *text != '='); text++) {
        if (*text == '"' && (quoted || text[-1] == '['))
            quoted = !quoted;
    }
    return *text == '=' ? text : NULL;
}

static bool read_word(arena *memory, const char *text, word *w)
{
    const char *equals = text[0] != '"' ? find_equals(text) : NULL, *end;
    char *path;

    memset(w, 0, sizeof *w);
    w->text = text;
    if (equals == NULL || equals == text)
        return false;
    w->value = equals + 1;
    w->how = equals[-1] == ':' ? HOW_JSON : equals[-1] == '@' ? HOW_FILE : HOW_TEXT;
    end = w->how == HOW_TEXT ? equals : equals - 1;
    w->path = arena_copy(memory, text, (size_t)(end - text));
    path = arena_copy(memory, text, (size_t)(end - text));
    return w->path != NULL && path != NULL && read_steps(w, path);
}

/* ---- along the path ---- */

/* What is below `from` by this step, and under which key; false, and why, when nothing can be. */
static bool below(known from, const step *next, known *to, const char **key, char *why)
{
    const schema_type *type = from.type;
    const schema_record *record = type != NULL && type->kind == SCHEMA_RECORD ? type->record : from.record;
    const schema_kind kind = type != NULL ? type->kind : SCHEMA_ANY;
    const schema_field *field;
    const char *near;

    memset(to, 0, sizeof *to);
    *key = next->name;
    if (record != NULL && next->name != NULL) {
        field = arguments_field(record, next->name);
        near = field == NULL ? arguments_near_field(record, next->name) : NULL;
        if (field == NULL)
            (void)snprintf(why, WHY_MAX,
                           near != NULL ? "there is no '%s'" CLI_HINT "did you mean '%s'?"
                                        : "there is no '%s'",
                           next->name, near);
        else
            *to = (known){NULL, field->type};
        *key = field != NULL ? field->name : NULL;
        return field != NULL;
    }
    if (record == NULL && (kind == SCHEMA_ANY || kind == SCHEMA_RAW))
        return true;
    if (kind == (next->name != NULL ? SCHEMA_MAP : SCHEMA_LIST)) {
        to->type = type->element;
        return true;
    }
    (void)snprintf(why, WHY_MAX, "%s is no %s", type != NULL ? type->text : "an object",
                   next->name != NULL ? "object" : "list");
    return false;
}

/* The value at a step of `holder`, borrowed. NULL: none; or `why` says what is wrong. */
static json_t *at_step(json_t *holder, const step *where, const char *key)
{
    return key != NULL ? json_object_get(holder, key)
                       : json_array_get(holder, where->last ? json_array_size(holder) : where->index);
}

static bool put_at(json_t *holder, const step *where, const char *key, json_t *value, char *why)
{
    const size_t count = json_array_size(holder);

    if (key != NULL)
        return json_object_set_new(holder, key, value) == 0;
    if (where->last || where->index == count)
        return json_array_append_new(holder, value) == 0;
    if (where->index < count)
        return json_array_set_new(holder, where->index, value) == 0;
    json_decref(value);
    (void)snprintf(why, WHY_MAX, "the list has %zu item%s: [%zu] or [] is the next", count,
                   count == 1 ? "" : "s", count);
    return false;
}

static json_t *value_of(const session *s, const word *w, const schema_type *type, char *why)
{
    const char *text = w->value;
    size_t size = strlen(text);
    json_error_t error;
    json_t *value;

    if (w->how == HOW_TEXT)
        return arguments_value(type, text, why, WHY_MAX);
    if (w->how == HOW_FILE || text[0] == '@') {
        text = read_all(s, w->how == HOW_FILE ? text : text + 1, &size);
        if (text == NULL) {
            (void)snprintf(why, WHY_MAX, "that file cannot be read");
            return NULL;
        }
    }
    if (w->how == HOW_FILE && type != NULL && type->kind == SCHEMA_BYTES)
        return wire_base64((aegis_bytes){(const uint8_t *)text, size});
    if (w->how == HOW_FILE && (type == NULL || type->kind == SCHEMA_STRING)) {
        (void)snprintf(why, WHY_MAX, "the file is no text in UTF-8");
        return json_stringn(text, size);
    }
    value = wire_parse(text, size, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);
    if (value == NULL)
        (void)snprintf(why, WHY_MAX, "no JSON: %s", error.text);
    return value;
}

static bool set_member(const session *s, json_t *object, const schema_record *record, const word *w,
                       char *why)
{
    known here = {record, NULL}, next;
    json_t *holder = object, *value;
    const char *key;
    size_t i;

    for (i = 0; i < w->count; i++) {
        if (!below(here, &w->steps[i], &next, &key, why))
            return false;
        if (!(key != NULL ? json_is_object(holder) : json_is_array(holder))) {
            (void)snprintf(why, WHY_MAX, "what is there already is no %s", key != NULL ? "object" : "list");
            return false;
        }
        here = next;
        if (i + 1 == w->count)
            break;
        value = at_step(holder, &w->steps[i], key);
        if (value == NULL) {
            value = w->steps[i + 1].name != NULL ? json_object() : json_array();
            if (value == NULL || !put_at(holder, &w->steps[i], key, value, why))
                return false;
        }
        holder = value;
    }
    value = value_of(s, w, here.type, why);
    return value != NULL && put_at(holder, &w->steps[w->count - 1], key, value, why);
}

static int read_words(const session *s, const schema_record *record, size_t first, json_t *object)
{
    size_t i;

    for (i = first; i < s->line->arguments.count; i++) {
        const char *text = s->line->arguments.items[i];
        char why[WHY_MAX] = "out of memory";
        word w;

        if (!read_word(&s->line->memory, text, &w))
            return complain(s, "'%s' is no NAME=VALUE; a name may be a path, items[0].sku or labels.colour",
                            text);
        if (!set_member(s, object, record, &w, why))
            return complain(s, "%s: %s", w.path, why);
    }
    return CLI_DONE;
}

int arguments_read(session *s, const schema_record *record, size_t first, const char *data, json_t **out)
{
    char why[WHY_MAX] = "";
    int code = CLI_DONE;

    *out = NULL;
    if (data != NULL)
        code = read_data(s, data, out);
    else
        *out = json_object();
    if (code == CLI_DONE && *out == NULL)
        code = cli_out_of_memory();
    if (code == CLI_DONE)
        code = read_words(s, record, first, *out);
    if (code == CLI_DONE && record != NULL && !arguments_check(record, *out, why, sizeof why))
        code = complain(s, "%s", why);
    if (code != CLI_DONE) {
        json_decref(*out);
        *out = NULL;
    }
    return code;
}
