/* Any bytes as a template, over the view of a package that has one of everything: never a crash, and either
 * an output or a message with a place. "\n===\n" separates the template from a partial. */
#define _POSIX_C_SOURCE 200809L
#include "fuzz_main.h"

#include "frontend.h"
#include "layout.h"
#include "template.h"
#include "view.h"

#include <setjmp.h>

static const char schema_text[] =
    "aegis 1;\n/// About\n/// it.\npackage all;\nconst MOST: u32 = 9;\nalias Code = string(1..8);\n"
    "enum Kind { one, two }\nstrict enum Side { unknown, left }\n/// A struct.\n"
    "struct Item { name: Code = \"x\"; kind: Kind?; more: [Item](1..9); by: {string: u32}; at: timestamp?; "
    "}\n"
    "union Way { item: Item; code: u64; }\nstruct Empty {}\nerror Gone(404) { message: string?; }\n"
    "@version(\"1.1\") event a.b { item: Item; }\n"
    "service S { rpc get(id: uuid) -> Item raises Gone; command go(n: u32) progress { done: u32; };\n"
    "publishes a.b; subscribes a.*; }\n";

/* Compiled once; lives as long as the program. */
static const schema_package *the_package(void)
{
    static compile c;

    if (c.result.package_count == 0) {
        compile_init(&c, NULL, 0);
        MUST(source_add_text(&c.files, "all.aegis", schema_text, sizeof schema_text - 1));
        MUST(frontend_compile(&c, "all.aegis"));
    }
    return c.result.packages[0];
}

/* The template and its partial. */
typedef struct texts {
    const char *main, *partial;
    size_t main_size, partial_size;
} texts;

static bool load(void *user, const char *name, template_text *text)
{
    const texts *given = (const texts *)user;
    bool is_main = strcmp(name, "main") == 0;

    if (!is_main && strcmp(name, "part") != 0)
        return false;
    text->name = name;
    text->data = is_main ? given->main : given->partial;
    text->size = is_main ? given->main_size : given->partial_size;
    return true;
}

static bool take(void *user, const char *data, size_t size)
{
    size_t *left = (size_t *)user;

    if (data == NULL || size > *left)
        return false;
    *left -= size;
    return true;
}

static bool give_line(void *user, const char *text, size_t length)
{
    return layout_line((layout *)user, text, length);
}

static void render(const schema_package *package, texts *given, size_t limit)
{
    static layout sheet;
    const template_sink sink = {give_line, &sheet};
    size_t left = (size_t)1 << 20;
    arena memory, scratch;
    template_set set = {
        .memory = &memory, .load = load, .user = given, .view = &view_package_shape, .most_parts = 20000};
    jmp_buf escape;

    arena_init(&memory);
    memory.limit = limit;
    arena_init_beside(&scratch, &memory);
    memset(&sheet, 0, offsetof(layout, piece));
    sheet.write = take;
    sheet.user = &left;
    if (setjmp(escape) == 0) {
        bool good;

        memory.escape = scratch.escape = &escape;
        good = template_render(&set, "main", view_open(&memory, package, true), &scratch, &sink) &&
               layout_end(&sheet);
        MUST(good == (set.error == NULL) || sheet.failed);
        MUST(set.error == NULL || strchr(set.error, ':') != NULL);
    } else {
        MUST(memory.failed || scratch.failed);
    }
    arena_free(&memory);
    arena_free(&scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char between[] = "\n===\n";
    const schema_package *package = the_package();
    char *copy = (char *)malloc(size + 1), *part;
    texts given = {copy, "", size, 0};

    if (copy != NULL) {
        if (size > 0)
            memcpy(copy, data, size);
        copy[size] = '\0';
        part = strlen(copy) == size ? strstr(copy, between) : NULL;
        if (part != NULL) {
            given.main_size = (size_t)(part - copy);
            given.partial = part + sizeof between - 1;
            given.partial_size = size - given.main_size - (sizeof between - 1);
        }
        render(package, &given, ARENA_LIMIT);
        render(package, &given, 16384 + 16 * size);
    }
    free(copy);
    return 0;
}

#ifndef AEGIS_LIBFUZZER
int main(int argc, char **argv)
{
    return fuzz_main(argc, argv, "tests/fuzz/corpus/template");
}
#endif
