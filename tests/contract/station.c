#define _GNU_SOURCE
#include "contract/station.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE (20 * AEGIS_SECOND)

/* ---- the worker process ------------------------------------------------------------------------------- */

typedef struct worker {
    const char *folder;
    int effects, log;
} worker;

/* One write: lines of several processes do not mix. */
static void write_line(int file, const char *text)
{
    const size_t length = strlen(text);

    if (write(file, text, length) != (ssize_t)length)
        abort();
}

static bool released(const worker *self, unsigned attempt)
{
    char path[128];

    (void)snprintf(path, sizeof path, "%s/go%u", self->folder, attempt);
    return access(path, F_OK) == 0;
}

static aegis_reply work(aegis_call *call, const note *request, void *user)
{
    const worker *self = (const worker *)user;
    char line[160];

    (void)snprintf(line, sizeof line, "%s %u %d %ld\n", call->message_id, call->attempt, call->maybe_executed,
                   (long)getpid());
    write_line(self->effects, line);
    if (strcmp(request->text, "abort") == 0)
        abort();
    while (strcmp(request->text, "hold") == 0 && !released(self, call->attempt))
        nap(10 * AEGIS_MILLISECOND);
    return peer_ok(call, &(note){"done", request->number});
}

SERVE(work)

static void log_line(void *user, aegis_log_level level, const char *text)
{
    const worker *self = (const worker *)user;
    char line[1100];

    (void)level;
    (void)snprintf(line, sizeof line, "%ld %s\n", (long)getpid(), text);
    write_line(self->log, line);
}

static int open_file(const char *folder, const char *name)
{
    char path[128];

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}

static int serve(aegis_bus *bus, const char *name, worker *self, const aegis_service_options *options)
{
    const aegis_method plain = {.service = name,
                                .timeout = AEGIS_MINUTE,
                                .command = true,
                                .backoff_min = 10 * AEGIS_MILLISECOND,
                                .backoff_max = 50 * AEGIS_MILLISECOND};
    aegis_method methods[4] = {plain, plain, plain, plain};
    aegis_endpoint endpoints[4];
    const aegis_service_type type = {
        .name = name, .version = "1.0.0", .endpoints = endpoints, .endpoint_count = 4};
    static const char *const names[] = {"exact", "once", "often", "urgent"};
    aegis_service *service;
    aegis_error error = {0};
    size_t i;

    for (i = 0; i < 4; i++) {
        methods[i].name = names[i];
        methods[i].guarantee = i == 0   ? AEGIS_EXACTLY_ONCE
                               : i == 1 ? AEGIS_AT_MOST_ONCE
                                        : AEGIS_AT_LEAST_ONCE;
        methods[i].lanes = i == 3;
        endpoints[i] = (aegis_endpoint){&methods[i], serve_work};
    }
    if (aegis_service_start(bus, &type, NULL, self, options, &service, &error) != AEGIS_OK) {
        (void)fprintf(stderr, "worker: %s\n", aegis_error_text(&error));
        return 1;
    }
    (void)putchar('!'); /* the pipe to the test: ready */
    (void)fflush(stdout);
    if (aegis_run(bus, &error) != AEGIS_OK)
        return 1;
    aegis_service_stop(service);
    return 0;
}

bool station_called(int argc, char **argv)
{
    return argc == 7 && strcmp(argv[1], "worker") == 0;
}

int station_work(char **argv)
{
    worker self = {
        .folder = argv[4], .effects = open_file(argv[4], "effects"), .log = open_file(argv[4], "log")};
    const aegis_service_options options = {.lease = strtoll(argv[5], NULL, 10) * AEGIS_MILLISECOND,
                                           .concurrency = (uint32_t)strtoul(argv[6], NULL, 10)};
    const aegis_options connect = {.log = log_line, .log_user = &self};
    aegis_error error = {0};
    aegis_bus *bus;
    int code;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)prctl(PR_SET_DUMPABLE, 0); /* no core files of what aborts on purpose */
    if (aegis_open(argv[2], &connect, &bus, &error) != AEGIS_OK) {
        (void)fprintf(stderr, "worker: %s\n", aegis_error_text(&error));
        return 1;
    }
    code = serve(bus, argv[3], &self, &options);
    aegis_close(bus);
    return code;
}

/* ---- the test's side ---------------------------------------------------------------------------------- */

void station_open(station *s, const char *name, const char *url, aegis_duration lease)
{
    memset(s, 0, sizeof *s);
    s->name = name;
    s->url = url;
    s->lease = lease;
    (void)snprintf(s->folder, sizeof s->folder, "/tmp/aegis-station-XXXXXX");
    assert_non_null(mkdtemp(s->folder));
}

static int remove_one(const char *path, const struct stat *what, int kind, struct FTW *at)
{
    (void)what;
    (void)kind;
    (void)at;
    return remove(path);
}

void station_close(station *s)
{
    if (s->pid > 0)
        station_stop(s->pid);
    (void)nftw(s->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

pid_t station_start(station *s, const char *crash_at, unsigned concurrency)
{
    char lease[32], slots[16];
    int ready[2];
    char byte = 0;
    pid_t pid;

    (void)snprintf(lease, sizeof lease, "%lld", (long long)(s->lease / AEGIS_MILLISECOND));
    (void)snprintf(slots, sizeof slots, "%u", concurrency);
    assert_int_equal(pipe2(ready, 0), 0);
    pid = fork();
    if (pid == 0) {
        (void)dup2(ready[1], STDOUT_FILENO);
        (void)close(ready[0]);
        if (crash_at != NULL)
            (void)setenv("AEGIS_CRASH_AT", crash_at, 1);
        else
            (void)unsetenv("AEGIS_CRASH_AT");
        (void)execl("/proc/self/exe", "station", "worker", s->url, s->name, s->folder, lease, slots,
                    (char *)NULL);
        _exit(127);
    }
    assert_true(pid > 0);
    (void)close(ready[1]);
    /* One that crashes may do so before it says that it is ready. */
    while (read(ready[0], &byte, 1) < 0 && errno == EINTR)
        continue;
    (void)close(ready[0]);
    s->pid = pid;
    return pid;
}

int station_buried(pid_t pid)
{
    const int64_t until = aegis_clock_monotonic() + PATIENCE;
    int status = 0;
    pid_t found;

    while ((found = waitpid(pid, &status, WNOHANG)) == 0) {
        if (aegis_clock_monotonic() > until)
            return -1;
        nap(2 * AEGIS_MILLISECOND);
    }
    return found == pid && WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

void station_stop(pid_t pid)
{
    int status;

    (void)kill(pid, SIGCONT);
    (void)kill(pid, SIGTERM);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
}

size_t station_effects(const station *s, const char *id, effect *effects, size_t most)
{
    char path[128];
    size_t count = 0;
    effect one;
    FILE *file;
    int maybe;
    long by;

    (void)snprintf(path, sizeof path, "%s/effects", s->folder);
    file = fopen(path, "r");
    while (file != NULL && fscanf(file, "%63s %u %d %ld\n", one.id, &one.attempt, &maybe, &by) == 4) {
        if (id != NULL && strcmp(id, one.id) != 0)
            continue;
        one.maybe = maybe != 0;
        one.by = (pid_t)by;
        if (count < most)
            effects[count] = one;
        count++;
    }
    if (file != NULL)
        (void)fclose(file);
    return count;
}

bool station_reached(const station *s, const char *id, size_t wanted)
{
    const int64_t until = aegis_clock_monotonic() + PATIENCE;

    while (station_effects(s, id, NULL, 0) < wanted) {
        if (aegis_clock_monotonic() > until)
            return false;
        nap(5 * AEGIS_MILLISECOND);
    }
    return true;
}

size_t station_logged(const station *s, const char *words)
{
    char path[128], line[1200];
    size_t count = 0;
    FILE *file;

    (void)snprintf(path, sizeof path, "%s/log", s->folder);
    file = fopen(path, "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        count += strstr(line, words) != NULL;
    if (file != NULL)
        (void)fclose(file);
    return count;
}

void station_release(const station *s, unsigned attempt)
{
    char name[16];
    int file;

    (void)snprintf(name, sizeof name, "go%u", attempt);
    file = open_file(s->folder, name);
    if (file >= 0)
        (void)close(file);
}

void station_retain(const station *s, unsigned attempt)
{
    char path[128];

    (void)snprintf(path, sizeof path, "%s/go%u", s->folder, attempt);
    (void)unlink(path);
}

bool station_publish(aegis_bus *bus, const station *s, const char *command, const char *id, const char *what,
                     uint32_t max_retries)
{
    const order o = {.service = s->name,
                     .command = command,
                     .id = id,
                     .payload = {what, 1},
                     .max_retries = max_retries,
                     .timeout = AEGIS_MINUTE};

    return desk_publish(bus, &o);
}
