/* JSON for a person: a member a line, colours by kind; what is short stays in one line. */
#include "screen.h"

#include <stdlib.h>
#include <string.h>

#define ONE_LINE 60 /* characters at the most */
#define INDENT   2u

/* The shortest text that reads as the same number: 68.14, not 68.140000000000001. */
static const char *real_text(double value, char text[SCREEN_TEXT])
{
    int digits;

    for (digits = 15; digits <= 17; digits++) {
        (void)snprintf(text, SCREEN_TEXT, "%.*g", digits, value);
        if (!(strtod(text, NULL) < value) && !(strtod(text, NULL) > value))
            break;
    }
    if (strpbrk(text, ".eE") == NULL)
        memcpy(text + strlen(text), ".0", sizeof ".0");
    return text;
}

static void put_scalar(const screen *out, json_t *value)
{
    const screen_ink ink = json_is_string(value) ? INK_GREEN : json_is_number(value) ? INK_CYAN : INK_MAGENTA;
    char *text = json_is_real(value) ? NULL : json_dumps(value, JSON_ENCODE_ANY);
    char number[SCREEN_TEXT];

    fputs(screen_ink_text(out, ink), out->file);
    if (json_is_real(value))
        fputs(real_text(json_real_value(value), number), out->file);
    else
        cli_safe(out->file, text != NULL ? text : "?");
    fputs(screen_ink_text(out, INK_PLAIN), out->file);
    free(text);
}

static void put_key(const screen *out, const char *key)
{
    json_t *text = json_string(key);
    char *quoted = json_dumps(text, JSON_ENCODE_ANY);

    fputs(screen_ink_text(out, INK_BLUE), out->file);
    cli_safe(out->file, quoted != NULL ? quoted : "?");
    fputs(screen_ink_text(out, INK_PLAIN), out->file);
    fputs(": ", out->file);
    free(quoted);
    json_decref(text);
}

/* The end of a line, or what is between members of one. */
static void put_gap(const screen *out, bool broken, unsigned indent, const char *joint)
{
    if (broken)
        fprintf(out->file, "\n%*s", (int)indent, "");
    else
        fputs(joint, out->file);
}

static void put(const screen *out, json_t *value, unsigned indent)
{
    const bool broken = json_dumpb(value, NULL, 0, JSON_ENCODE_ANY) > ONE_LINE;
    const char *joint = "";
    const char *key;
    json_t *item;
    size_t i;

    if (json_is_object(value) && json_object_size(value) > 0) {
        fputc('{', out->file);
        json_object_foreach(value, key, item)
        {
            fputs(joint, out->file);
            put_gap(out, broken, indent + INDENT, joint[0] == '\0' ? "" : " ");
            put_key(out, key);
            put(out, item, indent + INDENT);
            joint = ",";
        }
        put_gap(out, broken, indent, "");
        fputc('}', out->file);
    } else if (json_is_array(value) && json_array_size(value) > 0) {
        fputc('[', out->file);
        json_array_foreach(value, i, item)
        {
            fputs(joint, out->file);
            put_gap(out, broken, indent + INDENT, joint[0] == '\0' ? "" : " ");
            put(out, item, indent + INDENT);
            joint = ",";
        }
        put_gap(out, broken, indent, "");
        fputc(']', out->file);
    } else {
        put_scalar(out, value);
    }
}

void screen_json(const screen *out, json_t *value, unsigned indent)
{
    put(out, value, indent);
    fputc('\n', out->file);
}

/* ---- for programs ---- */

/* A scalar as JSON; what JSON leaves as it is and a terminal would obey is escaped: U+007F to U+009F. */
static void put_plain(FILE *file, json_t *value)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY);
    const unsigned char *at = (const unsigned char *)text;

    for (; at != NULL && *at != '\0'; at++) {
        if (at[0] == 0xc2 && at[1] < 0xa0)
            fprintf(file, "\\u%04x", *++at);
        else if (at[0] == 0x7f)
            fputs("\\u007f", file);
        else
            fputc(*at, file);
    }
    free(text);
}

static void put_line(FILE *file, json_t *value)
{
    const char *joint = "", *key;
    char number[SCREEN_TEXT];
    json_t *item;
    size_t i;

    if (json_is_object(value)) {
        fputc('{', file);
        json_object_foreach(value, key, item)
        {
            json_t *name = json_string(key);

            fputs(joint, file);
            put_plain(file, name);
            fputc(':', file);
            put_line(file, item);
            json_decref(name);
            joint = ",";
        }
        fputc('}', file);
    } else if (json_is_array(value)) {
        fputc('[', file);
        json_array_foreach(value, i, item)
        {
            fputs(joint, file);
            put_line(file, item);
            joint = ",";
        }
        fputc(']', file);
    } else if (json_is_real(value)) {
        fputs(real_text(json_real_value(value), number), file);
    } else if (value == NULL) {
        fputs("null", file);
    } else {
        put_plain(file, value);
    }
}

void screen_json_line(const screen *out, json_t *value)
{
    put_line(out->file, value);
    fputc('\n', out->file);
}
