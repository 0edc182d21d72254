/* JSON for a person: a member a line, colours by kind; what is short stays in one line. */
#include "screen.h"

#include <stdlib.h>
#include <string.h>

#define ONE_LINE 60 /* characters at the most */
#define INDENT   2u

static void put_scalar(const screen *out, json_t *value)
{
    const screen_ink ink = json_is_string(value) ? INK_GREEN : json_is_number(value) ? INK_CYAN : INK_MAGENTA;
    char *text = json_dumps(value, JSON_ENCODE_ANY);

    fputs(screen_ink_text(out, ink), out->file);
    screen_safe(out->file, text != NULL ? text : "?");
    fputs(screen_ink_text(out, INK_PLAIN), out->file);
    free(text);
}

static void put_key(const screen *out, const char *key)
{
    json_t *text = json_string(key);
    char *quoted = json_dumps(text, JSON_ENCODE_ANY);

    fputs(screen_ink_text(out, INK_BLUE), out->file);
    screen_safe(out->file, quoted != NULL ? quoted : "?");
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

void screen_json_line(const screen *out, json_t *value)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

    /* Controls are escaped in JSON already; the rest is for programs. */
    fputs(text != NULL ? text : "null", out->file);
    fputc('\n', out->file);
    free(text);
}
