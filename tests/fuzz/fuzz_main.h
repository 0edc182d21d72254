/* What every fuzzing program shares: MUST, and a main for when the fuzzer brings none.
 *
 * Built with -DAEGIS_LIBFUZZER -fsanitize=fuzzer the fuzzer brings its own main. Without it the program runs
 * each file that it is given; given none, its corpus and then seeded mutations of it, the same ones every
 * time.
 */
#ifndef AEGIS_TESTS_FUZZ_MAIN_H
#define AEGIS_TESTS_FUZZ_MAIN_H

#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Not assert: it holds in every build, and says where. */
#define MUST(what)                                                                                           \
    do {                                                                                                     \
        if (!(what)) {                                                                                       \
            (void)fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #what);                   \
            abort();                                                                                         \
        }                                                                                                    \
    } while (0)

#ifndef AEGIS_LIBFUZZER

#define FUZZ_MAX   ((size_t)1 << 16)
#define FUZZ_FILES 256

typedef struct fuzz_corpus {
    uint8_t *data[FUZZ_FILES];
    size_t size[FUZZ_FILES];
    size_t count;
} fuzz_corpus;

static uint64_t fuzz_next(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static bool fuzz_load(const char *path, fuzz_corpus *corpus)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = (uint8_t *)malloc(FUZZ_MAX);
    bool good = file != NULL && data != NULL && corpus->count < FUZZ_FILES;

    if (good) {
        corpus->size[corpus->count] = fread(data, 1, FUZZ_MAX, file);
        corpus->data[corpus->count++] = data;
    } else {
        free(data);
    }
    if (file != NULL)
        (void)fclose(file);
    return good;
}

/* In the order of the names, so that every run is the same. */
static bool fuzz_load_folder(const char *folder, fuzz_corpus *corpus)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, NULL, alphasort), i;

    for (i = 0; i < count; i++) {
        char path[512];
        int length = snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);

        if (entries[i]->d_name[0] != '.' && length > 0 && (size_t)length < sizeof path)
            (void)fuzz_load(path, corpus);
        free(entries[i]);
    }
    free(entries);
    return corpus->count > 0;
}

/* A few changes: bits, bytes that mean something, removals, repetitions, an end too early. Returns the size.
 */
static size_t fuzz_mutate(uint8_t *data, size_t size, uint64_t *seed)
{
    static const uint8_t telling[] =
        "\x00\xff\x7f\x80\x90\xc0\xc1\xc4\xc7\xca\xcb\xd4\xd9\xdb\xdc\xdd\xde\xdf\xe0"
        "{}[]\",:\\u0e-.9 \n";
    size_t changes = 1 + fuzz_next(seed) % 4;

    while (changes-- > 0 && size > 0) {
        size_t at = fuzz_next(seed) % size, length = 1 + fuzz_next(seed) % 16;

        if (length > size - at)
            length = size - at;
        switch (fuzz_next(seed) % 6) {
        case 0:
            data[at] ^= (uint8_t)(1u << fuzz_next(seed) % 8);
            break;
        case 1:
            data[at] = telling[fuzz_next(seed) % (sizeof telling - 1)];
            break;
        case 2:
            data[at] = (uint8_t)fuzz_next(seed);
            break;
        case 3:
            memmove(data + at, data + at + length, size - at - length);
            size -= length;
            break;
        case 4:
            if (size + length <= FUZZ_MAX) {
                memmove(data + at + length, data + at, size - at);
                size += length;
            }
            break;
        default:
            size = at;
            break;
        }
    }
    return size;
}

static void fuzz_mutations(const fuzz_corpus *corpus, unsigned long runs)
{
    uint8_t *data = (uint8_t *)malloc(FUZZ_MAX);
    uint64_t seed = UINT64_C(88172645463325252);
    unsigned long i;

    for (i = 0; data != NULL && i < runs; i++) {
        size_t which = fuzz_next(&seed) % corpus->count;

        memcpy(data, corpus->data[which], corpus->size[which]);
        (void)LLVMFuzzerTestOneInput(data, fuzz_mutate(data, corpus->size[which], &seed));
    }
    free(data);
}

/* FUZZ_RUNS in the environment: how many mutations. */
static int fuzz_main(int argc, char **argv, const char *folder)
{
    fuzz_corpus corpus = {.count = 0};
    const char *wanted = getenv("FUZZ_RUNS");
    unsigned long runs = wanted != NULL ? strtoul(wanted, NULL, 10) : 50000;
    bool good = true;
    size_t i;

    for (i = 1; i < (size_t)argc; i++)
        good = fuzz_load(argv[i], &corpus) && good;
    if (argc < 2)
        good = fuzz_load_folder(folder, &corpus);
    for (i = 0; i < corpus.count; i++)
        (void)LLVMFuzzerTestOneInput(corpus.data[i], corpus.size[i]);
    if (argc < 2 && good)
        fuzz_mutations(&corpus, runs);
    for (i = 0; i < corpus.count; i++)
        free(corpus.data[i]);
    (void)printf("%zu files%s\n", corpus.count, good ? "" : "; some could not be read");
    return good ? 0 : 1;
}

#endif

#endif
