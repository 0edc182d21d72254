/* Any two schemas: lint and breaking never crash, whatever is found has a place and a rule's name; a schema
 * and itself differ in nothing. The bytes are two files, parted by a line of dashes, or one that is both.
 * Then again with little memory.
 */
#define _POSIX_C_SOURCE 200809L
#include "fuzz_main.h"

#include "compat.h"
#include "lint.h"

/* What both may import. */
static const char imported[] =
    "aegis 1;\npackage pay;\nconst MOST: u32 = 9;\nalias Code = string(1..8);\n"
    "enum Kind { one, two }\nstruct Card { number: Code; kind: Kind?; next: [Card]; }\n"
    "error Declined(409) { why: string; message: string; }\n"
    "event payment.captured { card: Card; }\nevent payment.failed { code: u32; }\n"
    "service Payments { rpc pay(card: Card) -> Card raises Declined; }\n";
static const char parting[] = "\n----\n";

/* `limit` 0: as much memory as a compile may take. */
static bool read_schema(compile *c, const uint8_t *data, size_t size, size_t limit)
{
    compile_init(c, NULL, 0);
    if (limit != 0)
        c->memory.limit = limit;
    return source_add_text(&c->files, "pay.aegis", imported, sizeof imported - 1) &&
           source_add_text(&c->files, "fuzz.aegis", (const char *)data, size) &&
           frontend_compile(c, "fuzz.aegis");
}

static void check_findings(diags *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        const diag *one = &findings->items[i];
        const char *tag = strrchr(one->text, '[');

        MUST(one->placed && one->where.file < findings->files->count);
        MUST(one->where.start <= findings->files->files[one->where.file].length);
        MUST(tag != NULL && diag_rule_numbered(one->code->number) != NULL);
    }
    MUST(diag_format(findings, false) != NULL);
}

static void compare(compile *old, compile *now, bool differ, bool whole)
{
    const compat_version before = {.c = old, .root = "", .is_file = true};
    const compat_version after = {.c = now, .root = "", .is_file = true};
    diags findings = {.memory = &now->memory, .files = &now->files};
    arena memory;
    rule_set rules;
    bool done;

    arena_init(&memory);
    MUST(rules_init(&rules, &memory, RULE_WIRE | RULE_SOURCE | RULE_BEHAVIOUR));
    done = compat_run(&before, &after, &rules, &findings);
    MUST(done || !whole);
    if (done && !differ)
        MUST(findings.count == 0);
    if (whole)
        check_findings(&findings);
    arena_free(&memory);
}

static void look(compile *c, bool whole)
{
    diags findings = {.memory = &c->memory, .files = &c->files};
    arena memory;
    rule_set rules;
    bool done;

    arena_init(&memory);
    MUST(rules_init(&rules, &memory, RULE_LINT) && rules_deny(&rules, "all"));
    done = lint_run(c, &rules, &findings);
    MUST(done || !whole);
    if (whole) {
        MUST(findings.warnings == 0 && findings.errors == findings.count);
        check_findings(&findings);
    }
    arena_free(&memory);
}

static void check_pair(const uint8_t *old, size_t old_size, const uint8_t *now, size_t now_size, size_t limit)
{
    compile one, other;
    const bool good = read_schema(&one, old, old_size, 0), goods = read_schema(&other, now, now_size, limit);

    if (goods)
        look(&other, limit == 0);
    if (good && goods)
        compare(&one, &other, old != now, limit == 0);
    compile_free(&one);
    compile_free(&other);
}

/* Where the line of dashes begins, or the end. */
static size_t find_parting(const uint8_t *data, size_t size)
{
    const size_t length = sizeof parting - 1;

    for (size_t i = 0; i + length <= size; i++) {
        if (memcmp(data + i, parting, length) == 0)
            return i;
    }
    return size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const size_t first = find_parting(data, size), second = first < size ? first + sizeof parting - 1 : size;

    check_pair(data, first, data, first, 0);
    check_pair(data, first, data, first, 16384 + 100 * size);
    if (second < size) {
        check_pair(data, first, data + second, size - second, 0);
        check_pair(data + second, size - second, data, first, 0);
        check_pair(data, first, data + second, size - second, 16384 + 100 * size);
    }
    return 0;
}

#ifndef AEGIS_LIBFUZZER
int main(int argc, char **argv)
{
    return fuzz_main(argc, argv, "tests/fuzz/corpus/rules");
}
#endif
