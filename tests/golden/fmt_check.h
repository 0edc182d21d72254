/* What holds for the formatter and any text; the golden test and the fuzzer ask it. */
#ifndef AEGIS_TESTS_FMT_CHECK_H
#define AEGIS_TESTS_FMT_CHECK_H

#include <stdbool.h>
#include <stddef.h>

typedef enum fmt_result {
    FMT_GOOD,
    FMT_REFUSED, /* it cannot be parsed, which was reported, or memory ended */
    FMT_WRONG    /* `why` says what does not hold */
} fmt_result;

/* Format a text: it has the same tokens and comments in the same order, no line ends in a blank, and
 * formatting it again changes nothing. */
fmt_result fmt_check(const char *source, size_t size, const char **why);

#endif
