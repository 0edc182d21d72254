/* aegisc against protoc with protobuf-c: 1,000 structs of 10 fields, 12,000 lines, all outputs, each a
 * process of its own. And aegisc against itself: check alone, which is to take a third. What counts is the
 * CPU time of the processes, so that others on the machine do not matter; the sides take turns and the
 * medians are compared.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/bench.h"

enum { STRUCTS = 1000, ROUNDS = 31 };

/* Bars of the design. */
#define MEMORY_MIB 60

/* Fields as both languages have them. */
static const struct {
    const char *aegis, *proto;
} fields[] = {
    {"string", "string"},
    {"u32", "uint32"},
    {"i64", "int64"},
    {"f64", "double"},
    {"bool", "bool"},
    {"bytes", "bytes"},
    {"string?", "string"},
    {"[string]", "repeated string"},
    {"[u64]", "repeated uint64"},
    {"[S%d]", "repeated S%d"}, /* of the struct before */
};

typedef struct run {
    const char *const *command;
    double seconds[ROUNDS]; /* of the processor */
    double mib;             /* most that it held */
} run;

static bool write_schema(const char *path, bool proto)
{
    FILE *file = fopen(path, "w");

    if (file == NULL)
        return false;
    (void)fputs(proto ? "syntax = \"proto3\";\npackage big;\n" : "aegis 1;\npackage big;\n", file);
    for (int i = 0; i < STRUCTS; i++) {
        (void)fprintf(file, "%s S%d {\n", proto ? "message" : "struct", i);
        for (int k = 0; k < (int)(sizeof fields / sizeof fields[0]); k++) {
            char type[40];

            (void)snprintf(type, sizeof type, proto ? fields[k].proto : fields[k].aegis, i > 0 ? i - 1 : 0);
            if (proto)
                (void)fprintf(file, "  %s field_%d = %d;\n", type, k, k + 1);
            else
                (void)fprintf(file, "  field_%d: %s;\n", k, type);
        }
        (void)fputs("}\n", file);
    }
    return fclose(file) == 0;
}

static double seconds_of(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

/* Run it once; false when it failed. */
static bool once(run *r, unsigned round)
{
    char *arguments[8] = {0};
    struct rusage used;
    int status = -1;
    pid_t child;

    for (int i = 0; r->command[i] != NULL; i++)
        arguments[i] = strdup(r->command[i]);
    if (posix_spawnp(&child, arguments[0], NULL, NULL, arguments, environ) == 0)
        (void)wait4(child, &status, 0, &used);
    for (int i = 0; arguments[i] != NULL; i++)
        free(arguments[i]);
    if (status != 0) {
        (void)fprintf(stderr, "%s failed\n", r->command[0]);
        return false;
    }
    r->seconds[round] = seconds_of(used.ru_utime) + seconds_of(used.ru_stime);
    if ((double)used.ru_maxrss / 1024 > r->mib)
        r->mib = (double)used.ru_maxrss / 1024;
    return true;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median_ns(run *r)
{
    qsort(r->seconds, ROUNDS, sizeof r->seconds[0], by_value);
    return r->seconds[ROUNDS / 2] * 1e9;
}

static run ours, front, peer;

/* In an empty folder, with nothing there that would only have to be compared. */
static bool measure(const char *aegisc)
{
    const char *const full[] = {aegisc, "big.aegis", NULL},
                      *const check[] = {aegisc, "check", "big.aegis", NULL},
                      *const protobuf[] = {"protoc-c", "--c_out=.", "big.proto", NULL};
    static const char *const outputs[] = {"big.c", "big.h", "big.pb-c.c", "big.pb-c.h"};

    ours.command = full;
    front.command = check;
    peer.command = protobuf;
    for (unsigned i = 0; i < ROUNDS; i++) {
        for (size_t k = 0; k < sizeof outputs / sizeof outputs[0]; k++)
            (void)unlink(outputs[k]);
        if (!(i % 2 == 0 ? once(&ours, i) && once(&peer, i) : once(&peer, i) && once(&ours, i)) ||
            !once(&front, i))
            return false;
    }
    return true;
}

static void tell(void)
{
    const double generate = median_ns(&ours);

    bench_line("compiler/12k/protobuf-c", "ns", generate, median_ns(&peer), "protoc-c");
    bench_line("compiler/12k/check", "ns", median_ns(&front), generate, "aegisc, all outputs");
    bench_line("compiler/12k/memory", "MiB", ours.mib, MEMORY_MIB, "the bar");
}

int main(void)
{
    static const char *const left[] = {"big.aegis", "big.proto",  "big.c",
                                       "big.h",     "big.pb-c.c", "big.pb-c.h"};
    char folder[] = "/tmp/aegis-bench.XXXXXX";
    const char *named = getenv("AEGISC");
    char *aegisc = realpath(named != NULL ? named : "build/bin/aegisc", NULL);
    const int before = open(".", O_RDONLY | O_DIRECTORY); /* BENCH_OUTPUT is a path from here */
    bool good = aegisc != NULL && before >= 0 && mkdtemp(folder) != NULL && chdir(folder) == 0;

    good = good && write_schema("big.aegis", false) && write_schema("big.proto", true);
    good = good && measure(aegisc);
    for (size_t i = 0; i < sizeof left / sizeof left[0]; i++)
        (void)unlink(left[i]);
    (void)rmdir(folder);
    free(aegisc);
    good = good && fchdir(before) == 0;
    if (before >= 0)
        (void)close(before);
    if (good)
        tell();
    else
        (void)fprintf(stderr, "the compilers could not be compared\n");
    return good ? 0 : 1;
}
