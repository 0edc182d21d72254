/* What stands for what, what a default is, and that zero of everything is safe. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "language.h"

static const aegis_format formats[] = {AEGIS_FORMAT_MSGPACK, AEGIS_FORMAT_JSON};

static aegis_bytes bytes_of(const char *text)
{
    return (aegis_bytes){(const uint8_t *)text, strlen(text)};
}

static void assert_defaults(const language_defaults *d)
{
    assert_true(d->flag);
    assert_int_equal(d->small, -128);
    assert_int_equal(d->count, LANGUAGE_MOST);
    assert_true(d->big == UINT64_MAX);
    assert_true(d->rate >= 1.5 && d->rate <= 1.5);
    assert_true(d->half >= 0.5F && d->half <= 0.5F);
    assert_int_equal(d->pause, -5 * AEGIS_MILLISECOND);
    assert_int_equal(d->plain, LANGUAGE_PLAIN_UNKNOWN);
    assert_int_equal(d->codes.count, 0);
    assert_int_equal(d->table.count, 0);
}

/* Absent keys and the initializer have the defaults; so have NULL and UNKNOWN when they are written. */
static void test_defaults(void **state)
{
    const language_defaults initial = LANGUAGE_DEFAULTS_INIT;
    aegis_arena *arena = aegis_arena_new(NULL);
    language_defaults zero, read;
    aegis_bytes body;

    (void)state;
    assert_defaults(&initial);
    assert_int_equal(language_defaults_decode(bytes_of("{}"), AEGIS_FORMAT_JSON, arena, &read, NULL),
                     AEGIS_OK);
    assert_defaults(&read);
    memset(&zero, 0, sizeof zero);
    for (size_t k = 0; k < 2; k++) {
        assert_int_equal(language_defaults_encode(&zero, formats[k], arena, &body, NULL), AEGIS_OK);
        assert_int_equal(language_defaults_decode(body, formats[k], arena, &read, NULL), AEGIS_OK);
        assert_string_equal(read.name, LANGUAGE_NAME);
        assert_string_equal(read.code, "ab");
        assert_string_equal(read.price, "-1.50");
        assert_int_equal(read.mode, LANGUAGE_MODE_SLOW);
        assert_int_equal(read.plain, LANGUAGE_PLAIN_UNKNOWN);
        assert_false(read.flag);
    }
    aegis_arena_free(arena);
}

static void test_bounds(void **state)
{
    static const char *const bad[][2] = {
        {"{\"count\":17}", "count: "},
        {"{\"rate\":1.6}", "rate: "},
        {"{\"code\":\"a\"}", "code: 1 bytes"},
        {"{\"code\":\"aaaaaaaaaaaaaaaaa\"}", "code: 17 bytes"},
        {"{\"codes\":[\"ab\",\"a\"]}", "codes[1]: 1 bytes"},
        {"{\"table\":{\"k\":[\"ab\",\"a\"]}}", "table.k[1]: 1 bytes"},
        {"{\"price\":\"1.\"}", "price: "},
    };
    aegis_arena *arena = aegis_arena_new(NULL);
    language_defaults read;
    aegis_error why;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(language_defaults_decode(bytes_of(bad[i][0]), AEGIS_FORMAT_JSON, arena, &read, &why),
                         AEGIS_INVALID_ARGUMENT);
        assert_memory_equal(why.text, bad[i][1], strlen(bad[i][1]));
    }
    aegis_arena_free(arena);
}

/* `{0}` needs no braces more, is no warning, and is what it says: absent, empty, none. What is required and
 * not there is refused by name. */
static void test_zero(void **state)
{
    const language_all all = {0};
    const language_single single = {0};
    const language_shape shape = {0};
    aegis_arena *arena = aegis_arena_new(NULL);
    language_all copy;
    aegis_bytes body;
    aegis_error why;

    (void)state;
    assert_int_equal(shape.kind, LANGUAGE_SHAPE_NONE);
    assert_int_equal(all.shape.kind, LANGUAGE_SHAPE_NONE);
    assert_int_equal(language_all_copy(&all, arena, &copy), AEGIS_OK);
    for (size_t k = 0; k < 2; k++) {
        assert_int_equal(language_shape_encode(&shape, formats[k], arena, &body, &why),
                         AEGIS_INVALID_ARGUMENT);
        assert_string_equal(why.text, "holds none of the members of Shape");
        assert_int_equal(language_single_encode(&single, formats[k], arena, &body, &why),
                         AEGIS_INVALID_ARGUMENT);
        assert_string_equal(why.text, "shape: holds none of the members of Shape");
    }
    aegis_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_defaults), cmocka_unit_test(test_bounds),
                                       cmocka_unit_test(test_zero)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
