/* aegisc explain: more about a diagnostic than its line says; about annotations what the one table says. */
#include "cli_commands.h"
#include "annotations.h"
#include "cli.h"
#include "diag_lessons.h"
#include "diag_rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct explain_request {
    bool markdown;
} explain_request;

static void list_rules(const diag_rule *rules, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char id[DIAG_ID_SIZE];

        printf("%s  %-7s  %s (%s)\n", diag_id(&rules[i].code, id), diag_level_name(rules[i].code.level),
               rules[i].code.title, rules[i].name);
    }
}

static void list_codes(void)
{
    size_t count, rule_count;
    const diag_code *codes = diag_codes(&count);
    const diag_rule *rules;

    for (size_t i = 0; i < count; i++) {
        char id[DIAG_ID_SIZE];

        printf("%s  %-7s  %s\n", diag_id(&codes[i], id), diag_level_name(codes[i].level), codes[i].title);
    }
    rules = diag_rules_lint(&rule_count);
    list_rules(rules, rule_count);
    rules = diag_rules_breaking(&rule_count);
    list_rules(rules, rule_count);
}

/* The entry for "AE0304" or "0304" in any case, or for the name of a rule; NULL: there is none. */
static const diag_code *find(const char *text)
{
    const char *digits = strncmp(text, "AE", 2) == 0 || strncmp(text, "ae", 2) == 0 ? text + 2 : text;
    const diag_rule *rule = diag_rule_named(text);
    const diag_code *entry;

    if (rule != NULL)
        return &rule->code;
    if (strlen(digits) != 4 || strspn(digits, "0123456789") != 4)
        return NULL;
    entry = diag_find((int)strtol(digits, NULL, 10));
    return entry != NULL && entry->number != 0 ? entry : NULL;
}

/* ---- annotations ---- */

/* The table of the language's reference. */
static void list_annotations(arena *a)
{
    size_t count;
    const annotation_entry *table = annotation_table(&count);

    printf("| annotation | on | meaning |\n|---|---|---|\n");
    for (size_t i = 0; i < count; i++)
        printf("| `@%s%s` | %s | %s |\n", table[i].name, table[i].example,
               annotation_places(a, table[i].places), table[i].sentence);
}

static int explain_annotation(cli *line, const char *name)
{
    const annotation_entry *entry = annotation_named(name);
    const char *near = annotation_near(name), *takes;

    if (*name == '\0') {
        list_annotations(&line->memory);
        return CLI_DONE;
    }
    if (entry == NULL && near != NULL)
        return cli_usage(line->command, "there is no annotation '@%s'; did you mean '@%s'?", name, near);
    if (entry == NULL)
        return cli_usage(line->command, "there is no annotation '@%s'", name);
    takes = annotation_takes(&line->memory, entry);
    printf("@%s%s\n\n%s\n\nBelongs on: %s\n", entry->name, entry->example, entry->sentence,
           annotation_places(&line->memory, entry->places));
    if (*takes != '\0')
        printf("Takes: %s\n", takes);
    return CLI_DONE;
}

static int run(cli *line, void *data)
{
    const diag_code *entry;
    const diag_rule *rule;
    const explain_request *request = (const explain_request *)data;
    const char *text;

    if (request->markdown) {
        text = diag_explain_all(&line->memory);
        if (text == NULL)
            return cli_out_of_memory();
        fputs(text, stdout);
        return CLI_DONE;
    }
    if (line->arguments.count == 0) {
        list_codes();
        return CLI_DONE;
    }
    if (line->arguments.items[0][0] == '@')
        return explain_annotation(line, line->arguments.items[0] + 1);
    entry = find(line->arguments.items[0]);
    if (entry == NULL)
        return cli_usage(line->command, "there is no code '%s'", line->arguments.items[0]);
    rule = diag_rule_numbered(entry->number);
    text = diag_explain(&line->memory, entry, rule != NULL ? rule->name : NULL);
    if (text == NULL)
        return cli_out_of_memory();
    fputs(text, stdout);
    return CLI_DONE;
}

static const cli_option options[] = {
    {"--markdown", NULL, CLI_FLAG, offsetof(explain_request, markdown),
     "print all about all codes, as a page"},
};

const cli_command cmd_explain = {
    .name = "explain",
    .summary = "tells more about a diagnostic, such as AE0304",
    .takes = "[CODE | @ANNOTATION]",
    .about =
        "Prints what a diagnostic is about, why the rule exists, and an example wrong and right; a rule of\n"
        "lint or breaking may be named. Without a code, the list of all. An annotation is explained by its\n"
        "name; '@' alone prints the table of all.",
    .examples = "  aegisc explain AE0304\n"
                "  aegisc explain field-required-added\n"
                "  aegisc explain @retry\n"
                "  aegisc explain\n",
    .options = options,
    .option_count = CLI_COUNT(options),
    .request_size = sizeof(explain_request),
    .most = 1,
    .run = run,
};
