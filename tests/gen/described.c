/* The text of a package in its generated code: byte for byte what the file holds. Runs in the top folder of
 * the source. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <aegis/generated.h>

#include "described.h"

static void assert_text(const aegis_schema_file *file, const char *path)
{
    FILE *in = fopen(path, "rb");
    size_t i, size;
    char piece[4096];

    if (in == NULL)
        fail_msg("%s cannot be read; run in the top folder", path);
    assert_true(file->part_count > 0);
    for (i = 0; i < file->part_count; i++) {
        size = strlen(file->parts[i]);
        assert_true(size > 0 && size <= 4095);
        assert_int_equal(fread(piece, 1, size, in), size);
        assert_memory_equal(piece, file->parts[i], size);
    }
    assert_int_equal(fread(piece, 1, 1, in), 0);
    assert_int_equal(fclose(in), 0);
}

static void test_text(void **state)
{
    const aegis_schema_file *file = &aegis_file_of_described;

    (void)state;
    assert_string_equal(file->path, "described.aegis");
    assert_text(file, "tests/gen/described.aegis");
    assert_int_equal(file->import_count, 1);
    assert_string_equal(file->imports[0].path, "parts/pay.aegis");
    assert_true(file->imports[0].beside);
    assert_text(file->imports[0].file, "tests/gen/parts/pay.aegis");
    assert_int_equal(file->imports[0].file->import_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_text)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
