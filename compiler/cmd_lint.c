/* aegisc lint: what a reviewer would say. */
#include "cli_commands.h"
#include "cli_compile.h"
#include "cli_files.h"
#include "cli_fix.h"
#include "cli_rules.h"
#include "lint.h"

#include <stdint.h>

typedef struct request {
    cli_compile_options compile;
    cli_list allow, deny;
    bool fix, list_rules;
} request;

static int look(const request *r, compile *c, const cli_list *files, const rule_set *rules)
{
    diags findings = {.memory = &c->memory, .files = &c->files, .cap = SIZE_MAX};
    bool good = true;
    int code;

    for (size_t i = 0; i < files->count; i++)
        good = frontend_compile(c, files->items[i]) && good;
    if (!good) {
        code = cli_report(&c->reports, &r->compile);
        return code != CLI_DONE ? code : c->io_failed ? CLI_IO : CLI_MISTAKES;
    }
    if (!lint_run(c, rules, &findings))
        return cli_out_of_memory();
    code = r->fix ? cli_fix(&findings) : CLI_DONE;
    if (code == CLI_DONE)
        code = cli_report(&findings, &r->compile);
    return code == CLI_DONE && findings.errors > 0 ? CLI_MISTAKES : code;
}

static int run(cli *line, void *data)
{
    const request *r = (const request *)data;
    cli_list files = {0};
    rule_set rules;
    compile c;
    int code;

    if (r->list_rules) {
        cli_list_rules(RULE_LINT);
        return CLI_DONE;
    }
    if (line->arguments.count == 0)
        return cli_usage(line->command, "which file or folder?");
    code = rules_init(&rules, &line->memory, RULE_LINT) ? cli_read_rules(line, &rules, &r->allow, &r->deny)
                                                        : cli_out_of_memory();
    for (size_t i = 0; i < line->arguments.count && code == CLI_DONE; i++)
        code = cli_find_files(line, line->arguments.items[i], &files);
    if (code != CLI_DONE)
        return code;
    cli_compile_init(&c, &r->compile);
    code = look(r, &c, &files, &rules);
    compile_free(&c);
    return code;
}

static const cli_option options[] = {
    {"--allow", "RULE", CLI_LIST, offsetof(request, allow), "leave out what this rule finds"},
    {"--deny", "RULE", CLI_LIST, offsetof(request, deny),
     "what this rule finds is an error, not a warning; 'all' is\nevery rule"},
    {"--fix", NULL, CLI_FLAG, offsetof(request, fix),
     "make the changes that are certain, and report the rest"},
    {"--list-rules", NULL, CLI_FLAG, offsetof(request, list_rules), "print the rules and look at nothing"},
    CLI_COMPILE_OPTIONS(request, compile)};

const cli_command cmd_lint = {
    .name = "lint",
    .summary = "says what a reviewer would say",
    .takes = "FILE.aegis|FOLDER...",
    .about =
        "Looks for what is allowed and will be regretted: no docs, no bounds, times in strings, money in\n"
        "floats, names out of style. Folders stand for all .aegis files below them; what is used by\n"
        "another file counts as used. A rule is allowed in the source by a comment with a reason:\n"
        "\n"
        "  // aegis-lint: allow text-uuid because the partner's API has them so\n"
        "\n"
        "before a declaration or member, behind something on its line, or before 'aegis 1;' for the file.\n"
        "docs/LINT.md has the rules.",
    .examples = "  aegisc lint idl\n"
                "  aegisc lint --deny all --allow missing-docs idl\n"
                "  aegisc lint --allow all --deny float-money shop.aegis\n",
    .failure = "a finding is an error",
    .options = options,
    .option_count = CLI_COUNT(options),
    .request_size = sizeof(request),
    .least = 0,
    .most = CLI_ANY,
    .on_missing = "which file?",
    .run = run,
};
