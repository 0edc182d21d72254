/* What a process costs: its allocations, by standing in for malloc; and another process's CPU time, memory
 * and sockets, from /proc.
 */
#define _GNU_SOURCE
#include "bench/bench.h"

#include <dirent.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- allocations: glibc lets a program define these, and offers its own under other names ---- */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *pointer, size_t size);

static atomic_ullong allocations;

void *malloc(size_t size)
{
    atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
    return __libc_calloc(count, size);
}

void *realloc(void *pointer, size_t size)
{
    atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
    return __libc_realloc(pointer, size);
}

uint64_t bench_allocations(void)
{
    return (uint64_t)atomic_load(&allocations);
}

/* ---- another process ---- */

/* Ticks of user and system time; -1 when it is gone. */
static long ticks_of(pid_t pid)
{
    char path[64];
    unsigned long user = 0, system = 0;

    (void)snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return -1;
    const bool good =
        fscanf(file, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) == 2;
    (void)fclose(file);
    return good ? (long)(user + system) : -1;
}

double bench_cpu_of(pid_t pid)
{
    return (double)ticks_of(pid) * 1e9 / (double)sysconf(_SC_CLK_TCK);
}

static double resident_mib(pid_t pid)
{
    char path[64];
    long size = 0, resident = 0;

    (void)snprintf(path, sizeof path, "/proc/%ld/statm", (long)pid);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return 0;
    if (fscanf(file, "%ld %ld", &size, &resident) != 2)
        resident = 0;
    (void)fclose(file);
    return (double)resident * (double)sysconf(_SC_PAGESIZE) / 1048576.0;
}

static unsigned sockets_of(pid_t pid)
{
    char path[64], link[320], target[64];
    unsigned count = 0;

    (void)snprintf(path, sizeof path, "/proc/%ld/fd", (long)pid);
    DIR *folder = opendir(path);
    for (struct dirent *e = folder != NULL ? readdir(folder) : NULL; e != NULL; e = readdir(folder)) {
        (void)snprintf(link, sizeof link, "%s/%s", path, e->d_name);
        const ssize_t length = readlink(link, target, sizeof target - 1);
        count += length > 7 && strncmp(target, "socket:", 7) == 0;
    }
    if (folder != NULL)
        (void)closedir(folder);
    return count;
}

bool bench_idle(pid_t child, unsigned seconds)
{
    const long before = ticks_of(child);

    sleep(seconds);
    const long after = ticks_of(child);
    if (before < 0 || after < 0)
        return false;
    bench_line("idle/cpu", "%", (double)(after - before) * 100 / (double)sysconf(_SC_CLK_TCK) / seconds, 1,
               "the bar");
    bench_line("idle/rss", "MiB", resident_mib(child), 16, "the bar");
    bench_line("idle/connections", "", sockets_of(child), 4, "the bar");
    return true;
}

void bench_end(pid_t child)
{
    if (child <= 0)
        return;
    (void)kill(child, SIGKILL);
    (void)waitpid(child, NULL, 0);
}
