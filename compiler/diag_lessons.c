/* Finding lessons, and laying them out for a terminal and as a page. */
#include "diag_lessons.h"

#include "text.h"

#include <string.h>

/* Columns of text on a terminal. */
#define WIDTH 96

const diag_lesson *diag_lesson_of(int number)
{
    static const diag_lesson *(*const tables[])(size_t *) = {
        diag_lessons_text, diag_lessons_names, diag_lessons_types, diag_lessons_bus, diag_lessons_marks};

    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        size_t count;
        const diag_lesson *lessons = tables[i](&count);

        for (size_t k = 0; k < count; k++) {
            if (lessons[k].number == number)
                return &lessons[k];
        }
    }
    return NULL;
}

/* A paragraph in lines of at most WIDTH columns. `escaped`: signs that Markdown would read get a backslash.
 */
static void put_paragraph(text_buffer *b, const char *text, bool escaped)
{
    size_t column = 0;

    while (*text != '\0') {
        size_t word = strcspn(text, " ");

        if (column > 0 && column + 1 + word > WIDTH) {
            text_puts(b, "\n");
            column = 0;
        }
        if (column > 0)
            text_puts(b, " ");
        for (size_t i = 0; i < word; i++) {
            text_puts(b, escaped && strchr("<*", text[i]) != NULL ? "\\" : "");
            text_put(b, text + i, 1);
        }
        column += (column > 0 ? 1 : 0) + word;
        text += word + strspn(text + word, " ");
    }
    text_puts(b, "\n");
}

/* An example, each line moved in. */
static void put_example(text_buffer *b, const char *title, const char *example)
{
    text_printf(b, "\n%s:\n\n", title);
    while (*example != '\0') {
        size_t line = strcspn(example, "\n");

        text_puts(b, line > 0 ? "    " : "");
        text_put(b, example, line);
        text_puts(b, "\n");
        example += line + (example[line] == '\n' ? 1 : 0);
    }
}

const char *diag_explain(arena *memory, const diag_code *code, const char *name)
{
    const diag_lesson *lesson = diag_lesson_of(code->number);
    text_buffer b = text_begin(memory);
    char id[DIAG_ID_SIZE];

    text_printf(&b, "%s%s%s (%s): %s\n\n", diag_id(code, id), name != NULL ? " " : "",
                name != NULL ? name : "", diag_level_name(code->level), code->title);
    put_paragraph(&b, code->explain, false);
    if (lesson == NULL)
        return b.data;
    text_puts(&b, "\n");
    put_paragraph(&b, lesson->why, false);
    put_example(&b, "Wrong", lesson->wrong);
    put_example(&b, "Right", lesson->right);
    return b.data;
}

/* ---- the page ---- */

static void put_fenced(text_buffer *b, const char *title, const char *example)
{
    text_printf(b, "\n%s:\n\n```\n%s%s```\n", title, example,
                *example == '\0' || example[strlen(example) - 1] == '\n' ? "" : "\n");
}

static void put_entry(text_buffer *b, const diag_code *code)
{
    const diag_lesson *lesson = diag_lesson_of(code->number);
    char id[DIAG_ID_SIZE];

    text_printf(b, "\n## %s %s\n\n", diag_id(code, id), code->title);
    if (code->level == DIAG_WARNING)
        text_puts(b, "*A warning.* ");
    put_paragraph(b, code->explain, true);
    if (lesson == NULL)
        return;
    text_puts(b, "\n");
    put_paragraph(b, lesson->why, true);
    put_fenced(b, "Wrong", lesson->wrong);
    put_fenced(b, "Right", lesson->right);
}

const char *diag_explain_all(arena *memory)
{
    text_buffer b = text_begin(memory);
    size_t count;
    const diag_code *codes = diag_codes(&count);

    text_puts(&b, "# Diagnostics\n\n"
                  "What `aegisc` finds wrong in a schema, by code; `aegisc explain AE0304` shows one of "
                  "them. A code keeps its "
                  "meaning for ever.\nExamples that are not whole files stand behind `aegis 1; package "
                  "shop;`. This page is "
                  "made from the compiler's own tables\n(`aegisc explain --markdown`). The rules of `aegisc "
                  "lint` are in "
                  "[LINT.md](LINT.md), those of `aegisc breaking` in [EVOLUTION.md](EVOLUTION.md).\n\n"
                  "| code | |\n|---|---|\n");
    for (size_t i = 0; i < count; i++) {
        char id[DIAG_ID_SIZE];

        text_printf(&b, "| %s | %s |\n", diag_id(&codes[i], id), codes[i].title);
    }
    for (size_t i = 0; i < count; i++)
        put_entry(&b, &codes[i]);
    return b.data;
}
