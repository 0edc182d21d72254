/* aegisc explain: more about a diagnostic than its line says. */
#include "cli.h"
#include "diag.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void list_codes(void)
{
    size_t count;
    const diag_code *codes = diag_codes(&count);

    for (size_t i = 0; i < count; i++)
        printf("AE%04d  %-7s  %s\n", codes[i].number, codes[i].level == DIAG_ERROR ? "error" : "warning",
               codes[i].title);
}

/* The entry for "AE0304" or "0304" in any case, or NULL. */
static const diag_code *find(const char *text)
{
    const char *digits = strncmp(text, "AE", 2) == 0 || strncmp(text, "ae", 2) == 0 ? text + 2 : text;
    const diag_code *entry;

    if (strlen(digits) != 4 || strspn(digits, "0123456789") != 4)
        return NULL;
    entry = diag_find((int)strtol(digits, NULL, 10));
    return entry != NULL && entry->number != 0 ? entry : NULL;
}

static int run(cli *line, void *data)
{
    const diag_code *entry;

    (void)data;
    if (line->arguments.count == 0) {
        list_codes();
        return CLI_DONE;
    }
    entry = find(line->arguments.items[0]);
    if (entry == NULL)
        return cli_usage(line->command, "there is no code '%s'", line->arguments.items[0]);
    printf("AE%04d (%s): %s\n\n%s\n", entry->number, entry->level == DIAG_ERROR ? "error" : "warning",
           entry->title, entry->explain);
    return CLI_DONE;
}

const cli_command cmd_explain = {
    .name = "explain",
    .summary = "tells more about a diagnostic, such as AE0304",
    .takes = "[CODE]",
    .about = "Prints what a diagnostic is about, at more length than the line it was reported with; without\n"
             "a code, the list of all.",
    .examples = "  aegisc explain AE0304\n"
                "  aegisc explain\n",
    .most = 1,
    .run = run,
};
