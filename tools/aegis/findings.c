/* Findings as they are collected and printed. */
#include "findings.h"

#include <stdarg.h>

/* Percent of a limit from which it is nearly reached, and as good as. */
#define FULL_WARNING 80
#define FULL_BAD     95

void findings_add(findings *f, finding_level level, const char *area, const char *advice, const char *format,
                  ...)
{
    arena *memory = &f->s->line->memory;
    finding *items = (finding *)arena_grow(memory, f->items, f->count, sizeof *items);
    va_list arguments;
    finding *one;

    if (items == NULL)
        return;
    f->items = items;
    one = &items[f->count];
    va_start(arguments, format);
    one->text = arena_vprintf(memory, format, arguments);
    va_end(arguments);
    one->level = level;
    one->area = arena_strdup(memory, area);
    one->advice = advice != NULL ? arena_strdup(memory, advice) : NULL;
    if (one->text != NULL && one->area != NULL)
        f->count++;
}

finding_level findings_fill(double percent)
{
    return percent >= FULL_BAD ? FINDING_BAD : percent >= FULL_WARNING ? FINDING_WARNING : FINDING_GOOD;
}

size_t findings_count(const findings *f, finding_level level)
{
    size_t count = 0, i;

    for (i = 0; i < f->count; i++)
        count += f->items[i].level == level;
    return count;
}

void findings_only(findings *f, finding_level least)
{
    size_t kept = 0, i;

    f->good = findings_count(f, FINDING_GOOD);

    for (i = 0; i < f->count; i++) {
        if (f->items[i].level >= least)
            f->items[kept++] = f->items[i];
    }
    f->count = kept;
}

static const struct {
    const char *name, *word;
    screen_ink ink;
} levels[] = {[FINDING_GOOD] = {"ok", "ok  ", INK_GREEN},
              [FINDING_WARNING] = {"warning", "warn", INK_YELLOW},
              [FINDING_BAD] = {"bad", "BAD ", INK_RED}};

static void print_for_program(const findings *f)
{
    json_t *list = json_array();
    size_t i;

    for (i = 0; i < f->count; i++)
        (void)json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s?}", "level",
                                                    levels[f->items[i].level].name, "area", f->items[i].area,
                                                    "text", f->items[i].text, "advice", f->items[i].advice));
    screen_json_line(&f->s->out, list);
    json_decref(list);
}

void findings_print(const findings *f)
{
    const size_t warnings = findings_count(f, FINDING_WARNING);
    const screen *out = &f->s->out;
    size_t width = 0, i;

    if (f->s->options->json) {
        print_for_program(f);
        return;
    }
    for (i = 0; i < f->count; i++) {
        const size_t one = screen_width(f->items[i].area);

        width = one > width ? one : width;
    }
    for (i = 0; i < f->count; i++) {
        const finding *one = &f->items[i];

        screen_put(out, levels[one->level].ink, "%s", levels[one->level].word);
        fputs("  ", stdout);
        cli_safe(stdout, one->area);
        printf("%*s", (int)(width - screen_width(one->area) + 2), "");
        cli_safe(stdout, one->text);
        putchar('\n');
        if (one->advice != NULL) {
            printf("%*s", (int)width + 8, "");
            screen_put(out, INK_DIM, "-> ");
            cli_safe(stdout, one->advice);
            putchar('\n');
        }
    }
    printf("%zu bad, %zu warning%s, %zu ok\n", findings_count(f, FINDING_BAD), warnings,
           warnings == 1 ? "" : "s", f->good + findings_count(f, FINDING_GOOD));
}
