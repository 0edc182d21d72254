/* Starting and ending a private nats-server. A port found by binding 0 can be taken by somebody else before
 * the server binds it, so a start that dies at once is tried again on another port. Readiness is the server's
 * INFO line: a listening socket alone comes before it serves. The exit handler covers tests that leave by an
 * assertion.
 */
#define _GNU_SOURCE
#include "nats_server.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { START_ATTEMPTS = 5, READY_MS = 30000, STOP_MS = 5000 };

/* For the exit handler: copies of the servers that run, since a test's own may be gone by then. */
static struct {
    const nats_server *owner;
    nats_server copy;
} watched[8];
static bool handler_set;

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void nap(void)
{
    const struct timespec pause = {.tv_nsec = 10000000};
    nanosleep(&pause, NULL);
}

/* Debian installs it in sbin, which a user's PATH may lack. */
const char *nats_server_program(void)
{
    static const char *const places[] = {"/usr/sbin/nats-server", "/usr/bin/nats-server",
                                         "/usr/local/bin/nats-server"};
    const char *chosen = getenv("NATS_SERVER");
    if (chosen && *chosen)
        return access(chosen, X_OK) == 0 ? chosen : NULL;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (access(places[i], X_OK) == 0)
            return places[i];
    return NULL;
}

bool nats_server_installed(void)
{
    return nats_server_program() != NULL;
}

static struct sockaddr_in loopback(int port)
{
    struct sockaddr_in address;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = htons((uint16_t)port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

int nats_server_free_port(void)
{
    struct sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    int port = 0;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return 0;
    if (bind(fd, (const struct sockaddr *)(const void *)&address, sizeof address) == 0 &&
        getsockname(fd, (struct sockaddr *)(void *)&address, &size) == 0)
        port = ntohs(address.sin_port);
    close(fd);
    return port;
}

bool nats_server_answers(int port)
{
    struct sockaddr_in address = loopback(port);
    char line[4096];
    size_t filled = 0;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    if (connect(fd, (const struct sockaddr *)(const void *)&address, sizeof address) != 0) {
        close(fd);
        return false;
    }
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    while (filled < sizeof line - 1 && !memchr(line, '\n', filled) && poll(&ready, 1, 5000) == 1) {
        ssize_t got = read(fd, line + filled, sizeof line - 1 - filled);
        if (got <= 0)
            break;
        filled += (size_t)got;
    }
    close(fd);
    line[filled] = '\0';
    return strstr(line, "\"jetstream\":true") != NULL;
}

static void write_configuration(const nats_server *server, const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return;
    if (write(fd, server->configuration, strlen(server->configuration)) < 0)
        fprintf(stderr, "nats-server: cannot write %s: %s\n", path, strerror(errno));
    close(fd);
}

static pid_t launch(const nats_server *server)
{
    const char *path = nats_server_program();
    char port[16];
    char configuration[96];
    pid_t parent = getpid();
    snprintf(port, sizeof port, "%d", server->port);
    snprintf(configuration, sizeof configuration, "%s/server.conf", server->store);
    if (server->configuration[0])
        write_configuration(server, configuration);
    fflush(NULL);
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    int null = open("/dev/null", O_RDWR);
    if (null >= 0) {
        dup2(null, 0);
        dup2(null, 1);
        dup2(null, 2);
    }
    if (server->configuration[0])
        execl(path, path, "-a", "127.0.0.1", "-p", port, "-js", "-sd", server->store, "-c", configuration,
              (char *)NULL);
    else
        execl(path, path, "-a", "127.0.0.1", "-p", port, "-js", "-sd", server->store, (char *)NULL);
    _exit(127);
}

/* A dead server's number may become another process's: the exit handler must not kill that. */
static void forget_process(const nats_server *server)
{
    for (size_t i = 0; i < sizeof watched / sizeof watched[0]; i++)
        if (watched[i].owner == server)
            watched[i].copy.pid = 0;
}

static bool wait_ready(nats_server *server)
{
    int64_t until = now_ms() + READY_MS;
    while (now_ms() < until) {
        if (nats_server_answers(server->port))
            return true;
        if (waitpid(server->pid, NULL, WNOHANG) == server->pid) {
            server->pid = 0;
            return false;
        }
        nap();
    }
    nats_server_kill(server);
    return false;
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info;
    (void)type;
    (void)walk;
    return remove(path);
}

static void remove_store(nats_server *server)
{
    if (server->store[0])
        nftw(server->store, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    server->store[0] = '\0';
}

static void stop_all(void)
{
    for (size_t i = 0; i < sizeof watched / sizeof watched[0]; i++) {
        if (watched[i].owner) {
            nats_server_kill(&watched[i].copy);
            remove_store(&watched[i].copy);
        }
    }
}

/* Keep the exit handler's copy in step with `server`; forget it when it has no store any more. */
static void watch(const nats_server *server)
{
    size_t place = sizeof watched / sizeof watched[0];
    for (size_t i = 0; i < sizeof watched / sizeof watched[0]; i++)
        if (watched[i].owner == server || (!watched[i].owner && place == sizeof watched / sizeof watched[0]))
            place = i;
    if (place == sizeof watched / sizeof watched[0])
        return;
    watched[place].owner = server->store[0] ? server : NULL;
    watched[place].copy = *server;
    if (!handler_set)
        handler_set = atexit(stop_all) == 0;
}

bool nats_server_restart(nats_server *server)
{
    server->pid = launch(server);
    if (server->pid < 0) {
        server->pid = 0;
        return false;
    }
    watch(server);
    bool ready = wait_ready(server);
    watch(server);
    return ready;
}

bool nats_server_start(nats_server *server)
{
    server->pid = 0;
    server->store[0] = '\0';
    if (!nats_server_installed()) {
        fprintf(stderr, "nats-server is not installed (Debian package nats-server; or set NATS_SERVER)\n");
        return false;
    }
    for (int attempt = 0; attempt < START_ATTEMPTS; attempt++) {
        snprintf(server->store, sizeof server->store, "/tmp/aegis-nats-XXXXXX");
        if (!mkdtemp(server->store)) {
            server->store[0] = '\0';
            break;
        }
        server->port = nats_server_free_port();
        snprintf(server->url, sizeof server->url, "nats://127.0.0.1:%d", server->port);
        if (server->port != 0 && nats_server_restart(server))
            return true;
        remove_store(server);
    }
    fprintf(stderr, "nats-server did not start\n");
    return false;
}

void nats_server_kill(nats_server *server)
{
    if (server->pid <= 0)
        return;
    kill(server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
    server->pid = 0;
    forget_process(server);
}

void nats_server_terminate(nats_server *server)
{
    int64_t until = now_ms() + STOP_MS;
    if (server->pid <= 0)
        return;
    kill(server->pid, SIGTERM);
    while (now_ms() < until) {
        if (waitpid(server->pid, NULL, WNOHANG) == server->pid) {
            server->pid = 0;
            forget_process(server);
            return;
        }
        nap();
    }
    nats_server_kill(server);
}

void nats_server_retire(const nats_server *server)
{
    if (server->pid > 0)
        (void)kill(server->pid, SIGUSR2);
}

void nats_server_freeze(const nats_server *server)
{
    if (server->pid > 0)
        kill(server->pid, SIGSTOP);
}

void nats_server_thaw(const nats_server *server)
{
    if (server->pid > 0)
        kill(server->pid, SIGCONT);
}

void nats_server_stop(nats_server *server)
{
    nats_server_kill(server);
    remove_store(server);
    watch(server);
}
