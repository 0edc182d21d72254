/* The formatter: any text that can be parsed keeps its tokens and comments, and formatting it twice is
 * formatting it once. */
#define _POSIX_C_SOURCE 200809L
#include "fuzz_main.h"

#include "golden/fmt_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = (char *)malloc(size + 1);
    const char *why = "";

    if (copy == NULL)
        return 0;
    if (size > 0)
        memcpy(copy, data, size);
    if (fmt_check(copy, size, &why) == FMT_WRONG) {
        (void)fprintf(stderr, "%s\n%.*s\n", why, (int)size, copy);
        abort();
    }
    free(copy);
    return 0;
}

#ifndef AEGIS_LIBFUZZER
int main(int argc, char **argv)
{
    return fuzz_main(argc, argv, "tests/fuzz/corpus/fmt");
}
#endif
