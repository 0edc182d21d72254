/* `@pattern`: compiled here, so that what is wrong with one is said where it is wrong, and what it says of
 * all texts is compared with the bounds beside it. */
#include "check.h"
#include "pattern.h"

#include <string.h>

/* Bytes that the escape at `text`, a backslash, takes in the source and in the string. */
static size_t escape_size(const char *text, size_t *meant)
{
    const char *end = text[1] == 'u' ? strchr(text, '}') : NULL;
    uint32_t character = 0;

    *meant = 1;
    if (end == NULL)
        return 2;
    for (const char *at = text + 3; at < end; at++)
        character = character * 16 + (uint32_t)(*at <= '9' ? *at - '0' : (*at | 0x20) - 'a' + 10);
    *meant = character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
    return (size_t)(end - text) + 1;
}

/* Where byte `at` of a string's contents is in the source. */
static uint32_t place_in_string(const unit *u, const ast_value *string, size_t at)
{
    const char *source = u->c->files.files[string->where.file].text;
    uint32_t place = string->where.start + 1; /* behind the quote */

    for (size_t seen = 0; seen < at && place + 1 < string->where.end;) {
        size_t meant = 1;

        place += source[place] == '\\' ? (uint32_t)escape_size(source + place, &meant) : 1;
        seen += meant;
    }
    return place;
}

static void report_mistake(unit *u, const ast_value *written, const pattern_mistake *mistake)
{
    span where = written->where;

    if (mistake->trouble == PATTERN_MALFORMED) {
        where.start = place_in_string(u, written, mistake->at);
        where.end = place_in_string(u, written, mistake->end);
    }
    diag_report(&u->c->reports, mistake->trouble == PATTERN_MALFORMED ? 620 : 621, where, "%s",
                mistake->text);
    if (mistake->help != NULL)
        diag_add_help(&u->c->reports, "%s", mistake->help);
}

/* A pattern that decides nothing, alone or with the bounds, was not meant so. */
static void check_sense(unit *u, const schema_type *type, const pattern *p, span where)
{
    diags *d = &u->c->reports;

    if (p->any)
        diag_report(d, 622, where, "every text matches this pattern");
    else if (p->none)
        diag_report(d, 622, where, "no text can match this pattern");
    else if (p->least_size > type->range.max.u)
        diag_report(d, 622, where,
                    "the shortest text that matches has %zu bytes, and the type ends at %llu bytes",
                    p->least_size, (unsigned long long)type->range.max.u);
    if (p->any)
        diag_add_help(d, "it is looked for anywhere in the text; '^' and '$' tie it to the ends");
}

static bool fits_type(unit *u, const schema_type *type, const ast_annotation *given)
{
    diags *d = &u->c->reports;
    const schema_type *element = type->element;

    if (type->kind == SCHEMA_STRING && type->pattern == NULL)
        return true;
    if (type->kind == SCHEMA_STRING) {
        diag_report(d, 605, given->where, "'%s' has a pattern already: %s", type->text, type->pattern->text);
        return false;
    }
    diag_report(d, 602, given->where, "'@pattern' belongs on a string");
    while (element != NULL && element->element != NULL)
        element = element->element;
    if (element != NULL && element->kind == SCHEMA_STRING)
        diag_add_help(d, "give what the %s holds a name: @pattern(\"...\") alias Name = %s;",
                      type->kind == SCHEMA_LIST ? "list" : "map", element->text);
    return false;
}

const schema_type *check_pattern(unit *u, const schema_type *type, const ast_marks *marks)
{
    const ast_value *written = annotation_argument(marks, "pattern", NULL, AST_STRING);
    pattern_mistake mistake;
    schema_type *copy;
    pattern *made;

    if (written == NULL || !fits_type(u, type, annotation_find(marks, "pattern")))
        return type;
    made = arena_new(&u->c->memory, pattern);
    if (!pattern_compile(&u->c->memory, written->text, written->length, made, &mistake)) {
        report_mistake(u, written, &mistake);
        return type;
    }
    check_sense(u, type, made, written->where);
    copy = arena_new(&u->c->memory, schema_type);
    *copy = *type;
    copy->pattern = made;
    return copy;
}
