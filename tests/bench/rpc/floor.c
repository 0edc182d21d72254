/* What the machine gives without anybody's library: the same number of bytes from the client through a
 * relaying process to an echoing thread and back, over loopback TCP. A call over NATS makes the same four
 * hops.
 */
#define _GNU_SOURCE
#include "bench/rpc/rpc.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BYTES_MAX = 65536 };

struct rpc_floor {
    size_t request, answer;
    int client, echo; /* our ends */
    pid_t relay;
    pthread_t thread;
};

/* Two connected TCP sockets on loopback. */
static bool tcp_pair(int ends[2])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    const int one = 1;
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr *where = (struct sockaddr *)(void *)&address;

    ends[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ends[1] = -1;
    if (listener >= 0 && ends[0] >= 0 && bind(listener, where, size) == 0 && listen(listener, 1) == 0 &&
        getsockname(listener, where, &size) == 0 && connect(ends[0], where, size) == 0)
        ends[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    for (int i = 0; i < 2; i++)
        (void)setsockopt(ends[i], IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    close(listener);
    return ends[1] >= 0;
}

static bool put(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        const ssize_t wrote = send(fd, bytes, size, MSG_NOSIGNAL);
        if (wrote <= 0)
            return false;
        bytes += wrote;
        size -= (size_t)wrote;
    }
    return true;
}

static bool get(int fd, char *bytes, size_t size)
{
    while (size > 0) {
        const ssize_t got = recv(fd, bytes, size, 0);
        if (got <= 0)
            return false;
        bytes += got;
        size -= (size_t)got;
    }
    return true;
}

static void relay_main(int a, int b)
{
    static char bytes[BYTES_MAX];
    struct pollfd ends[2] = {{.fd = a, .events = POLLIN}, {.fd = b, .events = POLLIN}};

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (poll(ends, 2, -1) > 0) {
        for (int i = 0; i < 2; i++) {
            if (ends[i].revents == 0)
                continue;
            const ssize_t got = recv(ends[i].fd, bytes, sizeof bytes, 0);
            if (got <= 0 || !put(ends[1 - i].fd, bytes, (size_t)got))
                _exit(0);
        }
    }
    _exit(0);
}

static void *echo_main(void *user)
{
    const rpc_floor *f = (const rpc_floor *)user;
    char *bytes = (char *)calloc(1, BYTES_MAX);

    while (bytes != NULL && get(f->echo, bytes, f->request) && put(f->echo, bytes, f->answer))
        continue;
    free(bytes);
    return NULL;
}

rpc_floor *rpc_floor_open(size_t request_bytes, size_t answer_bytes)
{
    rpc_floor *f = (rpc_floor *)calloc(1, sizeof *f);
    int client[2] = {-1, -1}, echo[2] = {-1, -1};

    if (f == NULL || !tcp_pair(client) || !tcp_pair(echo)) {
        free(f);
        return NULL;
    }
    *f = (rpc_floor){.request = request_bytes, .answer = answer_bytes, .client = client[0], .echo = echo[0]};
    f->relay = fork();
    if (f->relay == 0)
        relay_main(client[1], echo[1]);
    close(client[1]);
    close(echo[1]);
    if (pthread_create(&f->thread, NULL, echo_main, f) != 0) {
        free(f);
        return NULL;
    }
    return f;
}

void rpc_floor_close(rpc_floor *f)
{
    if (f == NULL)
        return;
    kill(f->relay, SIGKILL);
    (void)waitpid(f->relay, NULL, 0);
    close(f->client);
    pthread_join(f->thread, NULL);
    close(f->echo);
    free(f);
}

bool rpc_floor_lonely(void *context, uint64_t count, unsigned depth, rpc_samples *samples)
{
    const rpc_floor *f = (const rpc_floor *)context;
    char bytes[BYTES_MAX] = {0};

    (void)depth;
    for (uint64_t i = 0; i < count; i++) {
        const double start = bench_now();

        if (!put(f->client, bytes, f->request) || !get(f->client, bytes, f->answer))
            return false;
        bench_sample(samples, bench_now() - start);
    }
    return true;
}
