/* Reports as a SARIF 2.1.0 log, which code hosts and editors read (OASIS, sarif-v2.1.0-os).
 *
 * Each kind of mistake that was found is a rule with its explanation; a note becomes a related location, a
 * fix one artifact change for each file it touches.
 */
#include "diag.h"

#include "json.h"

#include <string.h>

#define SCHEMA "https://json.schemastore.org/sarif-2.1.0.json"

static void put_message(json *j, const char *key, const char *string)
{
    json_put_key(j, key);
    json_put_open(j, '{');
    json_put_member(j, "text", string);
    json_put_close(j, '}');
}

/* 3.4: a URI reference: what is no plain character of a path is escaped. */
static void put_artifact(json *j, const diags *d, uint32_t file)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";
    const char *path = d->files->files[file].path;
    text_buffer uri = text_begin(d->memory);

    text_puts(&uri, path[0] == '/' ? "file://" : "");
    for (; *path != '\0'; path++) {
        if (strchr(plain, *path) != NULL)
            text_put(&uri, path, 1);
        else
            text_printf(&uri, "%%%02X", (unsigned char)*path);
    }
    json_put_key(j, "artifactLocation");
    json_put_open(j, '{');
    json_put_member(j, "uri", uri.data);
    json_put_close(j, '}');
}

static void put_region(json *j, const diags *d, const char *key, span where)
{
    const span behind = {where.file, where.end, where.end};
    const source_position first = source_locate(d->files, where), last = source_locate(d->files, behind);

    json_put_key(j, key);
    json_put_open(j, '{');
    json_put_member_number(j, "startLine", first.line);
    json_put_member_number(j, "startColumn", first.column);
    json_put_member_number(j, "endLine", last.line);
    json_put_member_number(j, "endColumn", last.column);
    json_put_member_number(j, "byteOffset", where.start);
    json_put_member_number(j, "byteLength", where.end - where.start);
    json_put_close(j, '}');
}

static void put_physical(json *j, const diags *d, span where)
{
    json_put_key(j, "physicalLocation");
    json_put_open(j, '{');
    put_artifact(j, d, where.file);
    put_region(j, d, "region", where);
    json_put_close(j, '}');
}

/* ---- results ---- */

static void put_notes(json *j, const diags *d, const diag_note *notes)
{
    json_put_key(j, "relatedLocations");
    json_put_open(j, '[');
    for (const diag_note *note = notes; note != NULL; note = note->next) {
        json_put_open(j, '{');
        put_physical(j, d, note->where);
        put_message(j, "message", note->text);
        json_put_close(j, '}');
    }
    json_put_close(j, ']');
}

/* Whether an edit before this one was of the same file. */
static bool is_done(const diag_edit *fix, const diag_edit *edit)
{
    for (; fix != edit; fix = fix->next)
        if (fix->where.file == edit->where.file)
            return true;
    return false;
}

static void put_replacements(json *j, const diags *d, const diag_edit *edit)
{
    const uint32_t file = edit->where.file;

    json_put_open(j, '{');
    put_artifact(j, d, file);
    json_put_key(j, "replacements");
    json_put_open(j, '[');
    for (; edit != NULL; edit = edit->next) {
        if (edit->where.file != file)
            continue;
        json_put_open(j, '{');
        put_region(j, d, "deletedRegion", edit->where);
        put_message(j, "insertedContent", edit->text);
        json_put_close(j, '}');
    }
    json_put_close(j, ']');
    json_put_close(j, '}');
}

static void put_fixes(json *j, const diags *d, const diag *item)
{
    json_put_key(j, "fixes");
    json_put_open(j, '[');
    json_put_open(j, '{');
    put_message(j, "description", item->help != NULL ? item->help : item->text);
    json_put_key(j, "artifactChanges");
    json_put_open(j, '[');
    for (const diag_edit *edit = item->fix; edit != NULL; edit = edit->next)
        if (!is_done(item->fix, edit))
            put_replacements(j, d, edit);
    json_put_close(j, ']');
    json_put_close(j, '}');
    json_put_close(j, ']');
}

static void put_result(json *j, const diags *d, const diag *item, size_t rule)
{
    char id[DIAG_ID_SIZE];

    json_put_open(j, '{');
    json_put_member(j, "ruleId", diag_id(item->code, id));
    json_put_member_number(j, "ruleIndex", rule);
    json_put_member(j, "level", diag_level_name(item->code->level));
    put_message(j, "message",
                item->help == NULL ? item->text
                                   : arena_printf(d->memory, "%s\nhelp: %s", item->text, item->help));
    if (item->placed) {
        json_put_key(j, "locations");
        json_put_open(j, '[');
        json_put_open(j, '{');
        put_physical(j, d, item->where);
        json_put_close(j, '}');
        json_put_close(j, ']');
    }
    if (item->notes != NULL)
        put_notes(j, d, item->notes);
    if (item->fix != NULL)
        put_fixes(j, d, item);
    json_put_close(j, '}');
}

/* ---- rules ---- */

/* The kinds of mistake among the reports, in the order in which they first appear. */
static const diag_code **find_rules(const diags *d, size_t *count)
{
    const diag_code **rules = (const diag_code **)arena_array(d->memory, d->count + 1, sizeof *rules);

    *count = 0;
    for (size_t i = 0; rules != NULL && i < d->count; i++) {
        size_t at = 0;

        while (at < *count && rules[at] != d->items[i].code)
            at++;
        if (at == *count)
            rules[(*count)++] = d->items[i].code;
    }
    return rules;
}

static void put_rule(json *j, const diag_code *rule)
{
    char id[DIAG_ID_SIZE];

    json_put_open(j, '{');
    json_put_member(j, "id", diag_id(rule, id));
    put_message(j, "shortDescription", rule->title);
    put_message(j, "fullDescription", rule->explain);
    put_message(j, "help", rule->explain);
    json_put_key(j, "defaultConfiguration");
    json_put_open(j, '{');
    json_put_member(j, "level", diag_level_name(rule->level));
    json_put_close(j, '}');
    json_put_close(j, '}');
}

static void put_tool(json *j, const char *version, const diag_code *const *rules, size_t count)
{
    json_put_key(j, "tool");
    json_put_open(j, '{');
    json_put_key(j, "driver");
    json_put_open(j, '{');
    json_put_member(j, "name", "aegisc");
    json_put_member(j, "version", version);
    json_put_key(j, "rules");
    json_put_open(j, '[');
    for (size_t i = 0; i < count; i++)
        put_rule(j, rules[i]);
    json_put_close(j, ']');
    json_put_close(j, '}');
    json_put_close(j, '}');
}

const char *diag_format_sarif(diags *d, const char *version)
{
    json j = json_put_begin(d->memory);
    const diag_code **rules;
    size_t count;

    diag_sort(d);
    rules = find_rules(d, &count);
    if (rules == NULL)
        return NULL;
    json_put_open(&j, '{');
    json_put_member(&j, "$schema", SCHEMA);
    json_put_member(&j, "version", "2.1.0");
    json_put_key(&j, "runs");
    json_put_open(&j, '[');
    json_put_open(&j, '{');
    put_tool(&j, version, rules, count);
    json_put_member(&j, "columnKind", "unicodeCodePoints");
    json_put_key(&j, "results");
    json_put_open(&j, '[');
    for (size_t i = 0; i < d->count && i < DIAG_CAP_FORMS; i++) {
        size_t rule = 0;

        while (rules[rule] != d->items[i].code)
            rule++;
        put_result(&j, d, &d->items[i], rule);
    }
    json_put_close(&j, ']');
    json_put_close(&j, '}');
    json_put_close(&j, ']');
    json_put_close(&j, '}');
    text_puts(&j.out, "\n");
    return j.out.data;
}
