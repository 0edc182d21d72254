/* Starting nats-servers from tools/deploy. All that is special comes by the environment, as for anybody. */
#define _GNU_SOURCE
#include "contract/deployment.h"

#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "contract/nats_server.h"

enum { READY_MS = 20000 };

static void set_number(const char *name, const char *format, int number)
{
    char text[128];

    (void)snprintf(text, sizeof text, format, number);
    (void)setenv(name, text, 1);
}

static void set_environment(const deployment *d, size_t which)
{
    static const char *const passwords[] = {"AEGIS_SYS_PASSWORD", "AEGIS_OPERATOR_PASSWORD",
                                            "AEGIS_ORDERS_PASSWORD", "AEGIS_WEB_PASSWORD",
                                            "AEGIS_ROUTE_PASSWORD"};
    static const char *const routes[] = {"AEGIS_ROUTE_1", "AEGIS_ROUTE_2", "AEGIS_ROUTE_3"};
    char text[128];
    size_t i;

    for (i = 0; i < sizeof passwords / sizeof passwords[0]; i++)
        (void)setenv(passwords[i], DEPLOYMENT_PASSWORD, 1);
    for (i = 0; i < DEPLOYMENT_MAX; i++)
        set_number(routes[i], "\"nats://route:" DEPLOYMENT_PASSWORD "@127.0.0.1:%d\"", d->route_ports[i]);
    set_number("AEGIS_NAME", "n%d", (int)which + 1);
    set_number("AEGIS_LISTEN", "\"127.0.0.1:%d\"", d->ports[which]);
    set_number("AEGIS_CLUSTER_LISTEN", "\"127.0.0.1:%d\"", d->route_ports[which]);
    (void)snprintf(text, sizeof text, "\"%s/n%zu\"", d->store, which + 1);
    (void)setenv("AEGIS_STORE", text, 1);
}

/* In the child. */
static void become(const char *file, bool test)
{
    const char *program = nats_server_program();
    int null = open("/dev/null", O_RDWR);

    if (null >= 0) {
        (void)dup2(null, 0);
        (void)dup2(null, 1);
        if (getenv("AEGIS_TEST_LOG") == NULL)
            (void)dup2(null, 2);
    }
    if (program != NULL && test)
        (void)execl(program, program, "-t", "-c", file, (char *)NULL);
    else if (program != NULL)
        (void)execl(program, program, "-c", file, (char *)NULL);
    _exit(127);
}

bool deployment_valid(const char *file)
{
    static const deployment none = {
        .ports = {4222, 4223, 4224}, .route_ports = {6222, 6223, 6224}, .store = "/tmp/x"};
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        set_environment(&none, 0);
        become(file, true);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void deployment_restart(deployment *d, size_t which)
{
    const pid_t parent = getpid();

    (void)fflush(NULL);
    d->pids[which] = fork();
    if (d->pids[which] != 0)
        return;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    set_environment(d, which);
    become(d->count == 1 ? "tools/deploy/one.conf" : "tools/deploy/three.conf", false);
}

static bool ready(const deployment *d)
{
    const struct timespec pause = {0, 20000000};
    struct timespec began, now;
    size_t i;

    (void)clock_gettime(CLOCK_MONOTONIC, &began);
    for (i = 0; i < d->count; i++) {
        while (!nats_server_answers(d->ports[i])) {
            (void)clock_gettime(CLOCK_MONOTONIC, &now);
            if ((now.tv_sec - began.tv_sec) * 1000 > READY_MS || waitpid(d->pids[i], NULL, WNOHANG) != 0)
                return false;
            (void)nanosleep(&pause, NULL);
        }
    }
    return true;
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info;
    (void)type;
    (void)walk;
    return remove(path);
}

static void remove_store(char *store)
{
    if (store[0] != '\0')
        (void)nftw(store, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    store[0] = '\0';
}

/* Of a test that left by an assertion; its servers end with it. */
static char left_behind[64];

static void clean_up(void)
{
    remove_store(left_behind);
}

bool deployment_start(deployment *d, size_t count)
{
    size_t length = 0;
    size_t i;

    memset(d, 0, sizeof *d);
    d->count = count;
    (void)snprintf(d->store, sizeof d->store, "/tmp/aegis-deploy-XXXXXX");
    if (!nats_server_installed() || mkdtemp(d->store) == NULL)
        return false;
    clean_up();
    memcpy(left_behind, d->store, sizeof left_behind);
    (void)atexit(clean_up);
    for (i = 0; i < DEPLOYMENT_MAX; i++) {
        d->ports[i] = nats_server_free_port();
        d->route_ports[i] = nats_server_free_port();
        if (i < count)
            length += (size_t)snprintf(d->url + length, sizeof d->url - length, "%snats://127.0.0.1:%d",
                                       i > 0 ? "," : "", d->ports[i]);
    }
    for (i = 0; i < count; i++)
        deployment_restart(d, i);
    if (ready(d))
        return true;
    (void)fprintf(stderr, "the servers of tools/deploy did not start\n");
    deployment_stop(d);
    return false;
}

void deployment_kill(deployment *d, size_t which)
{
    if (d->pids[which] <= 0)
        return;
    (void)kill(d->pids[which], SIGKILL);
    (void)waitpid(d->pids[which], NULL, 0);
    d->pids[which] = 0;
}

size_t deployment_named(const deployment *d, const char *name)
{
    size_t which = name[0] == 'n' ? (size_t)(name[1] - '1') : DEPLOYMENT_MAX;

    return which < d->count && name[2] == '\0' ? which : DEPLOYMENT_MAX;
}

void deployment_stop(deployment *d)
{
    size_t i;

    for (i = 0; i < d->count; i++)
        deployment_kill(d, i);
    remove_store(d->store);
    left_behind[0] = '\0';
}
