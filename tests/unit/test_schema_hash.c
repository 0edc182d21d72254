/* The hash of a schema: what changes it, and what does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frontend.h"
#include "schema_hash.h"

/* ---- SHA-256 ------------------------------------------------------------------------------------------ */

static void digest(const char *data, size_t size, size_t step, char text[SHA256_TEXT])
{
    sha256 h;

    sha256_begin(&h);
    for (size_t at = 0; at < size; at += step)
        sha256_add(&h, data + at, size - at < step ? size - at : step);
    sha256_end(&h, text);
}

/* The examples of FIPS 180-4, and one for every place where the padding may begin (from Python's hashlib). */
static void test_sha256(void **state)
{
    static const struct {
        const char *data, *digest;
    } cases[] = {{"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
                 {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
                 {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
                 {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlm"
                  "nopqrsmnopqrst"
                  "nopqrstu",
                  "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"}};
    static const struct {
        size_t size;
        const char *digest;
    } runs[] = {{55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"},
                {56, "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"},
                {63, "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34"},
                {64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"},
                {65, "635361c48bb9eab14198e76ea8ab7f1a41685d6ad62aa9146d301d4f17eb0ae0"}};
    char text[SHA256_TEXT], *many = (char *)malloc(1000000);

    (void)state;
    assert_non_null(many);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        digest(cases[i].data, strlen(cases[i].data), 1 + i, text);
        assert_string_equal(text, cases[i].digest);
    }
    memset(many, 'a', 1000000);
    for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++) {
        digest(many, runs[i].size, 7, text);
        assert_string_equal(text, runs[i].digest);
    }
    digest(many, 1000000, 999, text);
    assert_string_equal(text, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    free(many);
}

/* ---- schemas ------------------------------------------------------------------------------------------ */

static const char plain[] =
    "aegis 1;\n"
    "package shop;\n"
    "import \"pay.aegis\";\n"
    "const MOST: u32 = 10;\n"
    "alias Sku = string(1..32);\n"
    "enum Status { pending, paid }\n"
    "struct Item { sku: Sku; count: u32(1..1000) = 1; price: f64(0.5..); }\n"
    "struct Order { items: [Item](1..MOST); note: string?; status: Status = pending; }\n"
    "union Way { card: pay.Card; iban: string; }\n"
    "error Gone(409) { left: u32; }\n"
    "@version(\"1.2.0\") service Orders {\n"
    "  @timeout(2s) rpc create(items: [Item], way: Way) -> Order raises Gone;\n"
    "  @priority(high) @idempotency_key(batch)\n"
    "  command process(batch: string) progress { done: u32; } -> { count: u32; }\n"
    "    raises Gone;\n"
    "  publishes order.created;\n"
    "  @from(new) subscribes order.*;\n"
    "  uses pay.Payments;\n"
    "}\n"
    "@version(\"1.1\") event order.created { order: Order; }\n";
static const char pay[] = "aegis 1;\npackage pay;\nstruct Card { number: string(..19); }\n"
                          "service Payments { rpc take(card: Card) -> {}; }\n";

static bool hash_in(const char *main_path, const char *text, const char *import_path, const char *imported,
                    char hash[SHA256_TEXT])
{
    compile c;
    bool good;

    compile_init(&c, NULL, 0);
    assert_true(source_add_text(&c.files, main_path, text, strlen(text)));
    assert_true(source_add_text(&c.files, import_path, imported, strlen(imported)));
    good = frontend_compile(&c, main_path);
    if (!good)
        print_message("%s\n%s\n", text, diag_format(&c.reports, false));
    good = good && schema_hash(c.result.packages[c.result.package_count - 1], &c.memory, hash);
    compile_free(&c);
    return good;
}

static void hash_of(const char *text, const char *imported, char hash[SHA256_TEXT])
{
    assert_true(hash_in("shop.aegis", text, "pay.aegis", imported, hash));
}

/* `text` with the first `what` in it exchanged; freed by the caller. */
static char *exchanged(const char *text, const char *what, const char *by)
{
    const char *at = strstr(text, what);
    const size_t size = strlen(text) + strlen(by) + 1;
    char *made = (char *)malloc(size);

    assert_non_null(at);
    assert_non_null(made);
    (void)snprintf(made, size, "%.*s%s%s", (int)(at - text), text, by, at + strlen(what));
    return made;
}

typedef struct change {
    const char *what, *by;
} change;

static void test_same(void **state)
{
    static const change changes[] = {
        {"struct Item {", "/// One line.\n///\n/// Of an order.\nstruct Item {"},
        {"count: u32", "/// How many.\n count: u32"},
        {"rpc create", "/// Places an order.\n rpc create"},
        {"{ pending, paid }", "{\n  pending, // not yet\n  paid,\n}"},
        {"struct Order", "/* a comment */ struct   Order"},
        {"(1..1000)", "(1..0x3E8)"},
        {"(1..MOST)", "(1..10)"},
        {"{ sku: Sku;", "{ sku: string(1..32);"},
        {"error Gone(409) { left: u32; }\n", ""}, /* moved behind everything */
        {"package shop;", "@c_name(\"other\") package shop;"},
    };
    char before[SHA256_TEXT], after[SHA256_TEXT];

    (void)state;
    hash_of(plain, pay, before);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        char *text = exchanged(plain, changes[i].what, changes[i].by);

        if (changes[i].by[0] == '\0') {
            char *moved = (char *)malloc(strlen(plain) + 1);

            assert_non_null(moved);
            (void)snprintf(moved, strlen(plain) + 1, "%s%s", text, changes[i].what);
            free(text);
            text = moved;
        }
        hash_of(text, pay, after);
        if (strcmp(before, after) != 0)
            fail_msg("'%s' instead of '%s' changes the hash", changes[i].by, changes[i].what);
        free(text);
    }
}

/* Nor does where the files are. */
static void test_folders(void **state)
{
    char before[SHA256_TEXT], after[SHA256_TEXT];
    char *text = exchanged(plain, "\"pay.aegis\"", "\"common/deeper/pay.aegis\"");

    (void)state;
    hash_of(plain, pay, before);
    assert_true(hash_in("/some/where/orders.aegis", text, "/some/where/common/deeper/pay.aegis", pay, after));
    assert_string_equal(before, after);
    free(text);
}

static void test_different(void **state)
{
    static const change changes[] = {
        {"MOST: u32 = 10", "MOST: u32 = 11"},
        {"(1..32)", "(1..33)"},
        {"(1..32)", "(..32)"},
        {"pending, paid", "pending, paid, shipped"},
        {"pending, paid", "paid, pending"},
        {"enum Status", "strict enum Status"},
        {"paid }", "@wire(\"PAID\") paid }"},
        {"paid }", "@was(\"payed\") paid }"},
        {"count: u32", "count: u64"},
        {"count: u32", "number: u32"},
        {"count: u32", "@wire(\"n\") count: u32"},
        {"count: u32", "@was(\"n\") count: u32"},
        {"count: u32", "@deprecated(\"why\") count: u32"},
        {"= 1;", "= 2;"},
        {"(1..1000) = 1", "(1..1000)"},
        {"(0.5..)", "(0.25..)"},
        {"note: string?", "note: string"},
        {"note: string?", "@nullable note: string?"},
        {"note: string?", "@pattern(\"^a\") note: string?"},
        {"iban: string", "iban: string(..34)"},
        {"Gone(409) {", "Gone(410) {"},
        {"error Gone", "@wire(\"Missing\") error Gone"},
        {"\"1.2.0\"", "\"1.2.1\""},
        {"service Orders", "@wire(\"order-service\") service Orders"},
        {"(2s)", "(3s)"},
        {"@timeout(2s)", "@timeout(2s) @idempotent"},
        {"-> Order raises", "-> Item raises"},
        {"-> Order raises Gone;", "-> Order;"},
        {"(high)", "(low)"},
        {"@priority(high)", "@priority(high) @retry(max: 5)"},
        {"@priority(high)", "@priority(high) @at_most_once"},
        {"progress { done: u32; }", "progress { done: u64; }"},
        {"-> { count: u32; }\n", "-> { count: u64; }\n"},
        {"@from(new)", "@from(all)"},
        {"@from(new)", "@from(new) @concurrency(2)"},
        {"subscribes order.*", "subscribes order.created"},
        {"  publishes order.created;\n", ""},
        {"\"1.1\"", "\"1.2\""},
        {"{ order: Order; }", "{ order: Order; by: string; }"},
    };
    char before[SHA256_TEXT], after[SHA256_TEXT];
    char *other = exchanged(pay, "(..19)", "(..20)");

    (void)state;
    hash_of(plain, pay, before);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        char *text = exchanged(plain, changes[i].what, changes[i].by);

        hash_of(text, pay, after);
        if (strcmp(before, after) == 0)
            fail_msg("'%s' instead of '%s' does not change the hash", changes[i].by, changes[i].what);
        free(text);
    }
    hash_of(plain, other, after); /* something that is imported */
    assert_string_not_equal(before, after);
    free(other);
}

/* It is the same everywhere and in every release: what is told by one version is compared by another. */
static void test_known(void **state)
{
    char hash[SHA256_TEXT];

    (void)state;
    hash_of("aegis 1; package a; struct S { x: u32; } service T { rpc m(s: S) -> S; }", pay, hash);
    assert_string_equal(hash, "c41dc84e4437f7ad45544b73b6abe9066241b3bc21ce1b773989cdc6ca54ff04");
}

/* ---- short memory ------------------------------------------------------------------------------------- */

static bool permit(void *user)
{
    size_t *left = (size_t *)user;

    if (*left == 0)
        return false;
    --*left;
    return true;
}

static void test_scarce_memory(void **state)
{
    char whole[SHA256_TEXT], text[SHA256_TEXT];
    size_t left, needed = 0;
    compile c;

    (void)state;
    hash_of(plain, pay, whole);
    for (;; needed++) {
        bool good;

        compile_init(&c, NULL, 0);
        assert_true(source_add_text(&c.files, "shop.aegis", plain, strlen(plain)));
        assert_true(source_add_text(&c.files, "pay.aegis", pay, strlen(pay)));
        assert_true(frontend_compile(&c, "shop.aegis"));
        left = needed;
        c.memory.permit = permit;
        c.memory.permit_user = &left;
        good = schema_hash(c.result.packages[c.result.package_count - 1], &c.memory, text);
        assert_true(good || c.memory.failed);
        compile_free(&c);
        if (good)
            break;
    }
    assert_true(needed > 0);
    assert_string_equal(text, whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sha256),    cmocka_unit_test(test_same),  cmocka_unit_test(test_folders),
        cmocka_unit_test(test_different), cmocka_unit_test(test_known), cmocka_unit_test(test_scarce_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
