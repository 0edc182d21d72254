/* aegisc fmt: files in the one layout, in place or shown.
 *
 * Each file is written whole or not at all, and one that cannot be parsed is left as it is.
 */
#include "cli_commands.h"
#include "cli_compile.h"
#include "diff.h"
#include "fmt.h"
#include "output.h"

#include <stdio.h>
#include <string.h>

typedef struct request {
    bool check, diff;
} request;

/* One run: the files share nothing but the exit code. */
typedef struct formatter {
    const request *wanted;
    compile c;
    const char *path; /* as messages show it */
    bool from_stdin;
} formatter;

static int open_stdin(formatter *f, uint32_t *file)
{
    const char *why = "";

    switch (source_read(&f->c.files, "<standard input>", stdin, file, &why)) {
    case SOURCE_OK:
        return CLI_DONE;
    case SOURCE_NO_MEMORY:
        return cli_out_of_memory();
    default:
        cli_complain("cannot read standard input: %s", why);
        return CLI_IO;
    }
}

static int open_file(formatter *f, uint32_t *file)
{
    const char *why = "no such file or directory";

    switch (source_open(&f->c.files, f->path, file, &why)) {
    case SOURCE_OK:
        return CLI_DONE;
    case SOURCE_NO_MEMORY:
        return cli_out_of_memory();
    default:
        cli_complain("cannot read '%s': %s", f->path, why);
        return CLI_IO;
    }
}

static int write_back(const formatter *f, text_buffer *text)
{
    outputs out = {.memory = text->memory};
    const bool good = outputs_put(&out, f->path, text->data, text->size) && outputs_commit(&out);

    if (!good && out.error != NULL)
        cli_complain("%s", out.error);
    outputs_abandon(&out);
    return good ? CLI_DONE : out.error != NULL ? CLI_IO : cli_out_of_memory();
}

/* Show or write what came out. */
static int deliver(const formatter *f, const source_file *source, text_buffer *text)
{
    const bool same = source->length == text->size && memcmp(source->text, text->data, text->size) == 0;
    text_buffer diff = text_begin(text->memory);

    if (!f->wanted->check && !f->wanted->diff && f->from_stdin) {
        (void)fwrite(text->data, 1, text->size, stdout);
        return CLI_DONE;
    }
    if (same)
        return CLI_DONE;
    if (!f->wanted->check && !f->wanted->diff)
        return write_back(f, text);
    if (f->wanted->diff) {
        diff_unified(&diff, source->path, source->text, source->length, text->data, text->size);
        if (diff.data == NULL || text->memory->failed)
            return cli_out_of_memory();
        (void)fwrite(diff.data, 1, diff.size, stdout);
    } else {
        puts(source->path);
    }
    return CLI_MISTAKES;
}

static int format(formatter *f)
{
    const cli_compile_options as_text = {.diagnostics = "text"};
    text_buffer text = text_begin(&f->c.memory);
    uint32_t file = 0;
    int code = f->from_stdin ? open_stdin(f, &file) : open_file(f, &file);

    if (code != CLI_DONE)
        return code;
    if (fmt_source(&f->c.reports, &f->c.files, file, &text))
        return deliver(f, &f->c.files.files[file], &text);
    if (f->c.memory.failed)
        return cli_out_of_memory();
    code = cli_report(&f->c.reports, &as_text);
    return code == CLI_DONE ? CLI_MISTAKES : code;
}

static int run(cli *line, void *data)
{
    int worst = CLI_DONE;

    for (size_t i = 0; i < line->arguments.count; i++) {
        formatter f = {.wanted = (const request *)data, .path = line->arguments.items[i]};
        int code;

        f.from_stdin = strcmp(f.path, "-") == 0;
        compile_init(&f.c, NULL, 0);
        code = format(&f);
        compile_free(&f.c);
        worst = code > worst ? code : worst;
    }
    return worst;
}

static const cli_option options[] = {
    {"--check", NULL, CLI_FLAG, offsetof(request, check),
     "change nothing; print the names of files that would change"},
    {"--diff", NULL, CLI_FLAG, offsetof(request, diff),
     "change nothing; print what would change, as diff -u does"},
};

const cli_command cmd_fmt = {
    .name = "fmt",
    .summary = "puts files into the one layout",
    .takes = "FILE.aegis...",
    .about =
        "Rewrites each file in the one layout, keeping every comment. A file that is in it already keeps "
        "its\n"
        "time; one with a syntax error is left alone. '-' is standard input, formatted to standard output.",
    .examples = "  aegisc fmt shop.aegis\n"
                "  aegisc fmt --check idl/*.aegis\n"
                "  aegisc fmt - < shop.aegis\n",
    .failure = "a syntax error, or with --check or --diff a file that would change",
    .options = options,
    .option_count = CLI_COUNT(options),
    .request_size = sizeof(request),
    .least = 1,
    .most = CLI_ANY,
    .on_missing = "which file? '-' is standard input",
    .run = run,
};
