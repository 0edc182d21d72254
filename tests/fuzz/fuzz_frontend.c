/* Any bytes as an .aegis file: never a crash; either mistakes are reported, in every form as valid text, or
 * the package is right and all of its outputs are made. Then again with little memory. */
#define _POSIX_C_SOURCE 200809L
#include "fuzz_main.h"

#include "codec/codec.h"
#include "emit.h"
#include "frontend.h"

#include <aegis/any.h>

/* What the file may import. */
static const char imported[] =
    "aegis 1;\npackage pay;\nconst MOST: u32 = 9;\nalias Code = string(1..8);\nenum Kind { one, two }\n"
    "struct Card { number: Code; kind: Kind?; next: [Card]; }\nerror Declined(409) { why: string; message: "
    "string; }\n"
    "event payment.captured { card: Card; }\nevent payment.failed { code: u32; }\n"
    "service Payments { rpc pay(card: Card) -> Card raises Declined; publishes payment.captured; }\n";

typedef struct written {
    size_t files, ended, size;
    char last;
} written;

static bool begin(void *user, const char *name)
{
    written *w = (written *)user;

    MUST(strlen(name) > 2 && strchr(name, '/') == NULL);
    w->files++;
    return true;
}

static bool take(void *user, const char *data, size_t size)
{
    written *w = (written *)user;

    MUST(memchr(data, '\0', size) == NULL);
    w->size += size;
    w->last = size > 0 ? data[size - 1] : w->last;
    return true;
}

static bool end(void *user)
{
    written *w = (written *)user;

    MUST(w->size > 0 && w->last == '\n');
    w->ended++;
    return true;
}

static void check_json(aegis_bytes body)
{
    aegis_arena *memory = aegis_arena_new(NULL);
    aegis_any any;

    MUST(memory != NULL && aegis_any_decode(body, AEGIS_FORMAT_JSON, memory, &any, NULL) == AEGIS_OK);
    aegis_arena_free(memory);
}

/* Text for people obeys no escape of the file's. */
static void check_text(diags *reports)
{
    const char *text = diag_format(reports, false);

    MUST(text != NULL);
    for (const char *at = text; *at != '\0'; at++)
        MUST((unsigned char)*at >= 0x20 || *at == '\n' || *at == '\t');
}

/* What is for programs is JSON. */
static void check_forms(diags *reports)
{
    const char *json = diag_format_json(reports), *sarif = diag_format_sarif(reports, "1");

    MUST(json != NULL && sarif != NULL);
    while (*json != '\0') {
        size_t length = strcspn(json, "\n");

        check_json((aegis_bytes){(const uint8_t *)json, length});
        json += length + 1;
    }
    check_json((aegis_bytes){(const uint8_t *)sarif, strlen(sarif)});
}

static void check_outputs(compile *c)
{
    for (size_t i = 0; i < c->result.package_count; i++) {
        written w = {0};
        const emit_options options = {.memory = &c->memory};
        const emit_sink sink = {begin, take, end, &w};
        emit_result result;

        MUST(emit_package(c->result.packages[i], &options, &sink, &result));
        MUST(w.files == EMIT_FILES && w.ended == EMIT_FILES);
    }
}

static void emit_somehow(compile *c)
{
    for (size_t i = 0; i < c->result.package_count; i++) {
        written w = {0};
        const emit_options options = {.memory = &c->memory};
        const emit_sink sink = {begin, take, end, &w};
        emit_result result;

        if (!emit_package(c->result.packages[i], &options, &sink, &result))
            MUST(result.error != NULL);
    }
}

/* `limit` 0: as much memory as a compile may take. */
static void compile_bytes(const uint8_t *data, size_t size, size_t limit)
{
    compile c;
    bool good;

    compile_init(&c, NULL, 0);
    if (limit != 0)
        c.memory.limit = limit;
    good = source_add_text(&c.files, "pay.aegis", imported, sizeof imported - 1) &&
           source_add_text(&c.files, "fuzz.aegis", (const char *)data, size) &&
           frontend_compile(&c, "fuzz.aegis");
    if (limit == 0) {
        MUST(!c.memory.failed && !c.io_failed && good == (c.reports.errors == 0));
        check_text(&c.reports);
        if (size % 16 == 0) /* they take longer than all the rest */
            check_forms(&c.reports);
        if (good)
            check_outputs(&c);
    } else if (good) {
        emit_somehow(&c);
    } else {
        MUST(c.memory.failed || c.reports.errors > 0);
    }
    compile_free(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    compile_bytes(data, size, 0);
    compile_bytes(data, size, 4096 + 61 * size);
    return 0;
}

#ifndef AEGIS_LIBFUZZER
int main(int argc, char **argv)
{
    return fuzz_main(argc, argv, "tests/fuzz/corpus/frontend");
}
#endif
