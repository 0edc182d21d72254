/* See proxy.h. One thread polls the listener and both ends of every pair and copies what comes; it looks at
 * the controls every few milliseconds. Writes block: the ends are on this machine and read.
 */
#define _GNU_SOURCE
#include "proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TICK_MS = 5, CHUNK = 65536 };

static struct sockaddr_in loopback(int port)
{
    struct sockaddr_in address;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = htons((uint16_t)port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static int connect_to(int port)
{
    const struct sockaddr_in address = loopback(port);
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)(const void *)&address, sizeof address) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Close with a reset, as when the other machine has forgotten the connection. */
static void reset(int fd)
{
    const struct linger hard = {.l_onoff = 1, .l_linger = 0};
    if (fd < 0)
        return;
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close(fd);
}

static void pair_end(proxy_pair *pair)
{
    reset(pair->client);
    reset(pair->server);
    *pair = (proxy_pair){.client = -1, .server = -1};
}

static void take_in(proxy *p)
{
    const int client = accept4(p->listener, NULL, NULL, SOCK_CLOEXEC);
    const int one = 1;
    if (client < 0)
        return;
    const int server = p->refuse ? -1 : connect_to(p->target);
    for (int i = 0; server >= 0 && i < PROXY_MAX; i++) {
        if (p->pairs[i].client >= 0)
            continue;
        (void)setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        (void)setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        p->pairs[i] = (proxy_pair){.client = client, .server = server};
        atomic_fetch_add(&p->accepted, 1);
        return;
    }
    reset(client);
    if (server >= 0)
        close(server);
}

/* False when the pair is over. */
static bool move(proxy *p, int from, int to, bool to_client)
{
    char chunk[CHUNK];
    size_t most = sizeof chunk;
    if (to_client && p->cut_after >= 0 && (size_t)p->cut_after < most)
        most = (size_t)p->cut_after + 1;
    const ssize_t got = recv(from, chunk, most, MSG_DONTWAIT);
    if (got <= 0)
        return false;
    const bool cut = to_client && p->cut_after >= 0 && got > p->cut_after;
    const size_t size = cut ? (size_t)p->cut_after : (size_t)got;
    if (to_client && p->cut_after >= 0)
        p->cut_after = cut ? -1 : p->cut_after - got;
    for (size_t sent = 0; sent < size;) {
        const ssize_t wrote = send(to, chunk + sent, size - sent, MSG_NOSIGNAL);
        if (wrote <= 0)
            return false;
        sent += (size_t)wrote;
    }
    return !cut;
}

static void serve_once(proxy *p)
{
    struct pollfd ends[1 + 2 * PROXY_MAX];
    int count = 1;
    ends[0] = (struct pollfd){.fd = p->listener, .events = POLLIN};
    for (int i = 0; i < PROXY_MAX; i++) {
        const bool quiet = p->pairs[i].client < 0 || p->pairs[i].stalled;
        ends[count++] = (struct pollfd){.fd = quiet ? -1 : p->pairs[i].client, .events = POLLIN};
        ends[count++] = (struct pollfd){.fd = quiet ? -1 : p->pairs[i].server, .events = POLLIN};
    }
    pthread_mutex_unlock(&p->lock);
    poll(ends, (nfds_t)count, TICK_MS);
    pthread_mutex_lock(&p->lock);
    for (int i = 0; i < PROXY_MAX; i++) {
        proxy_pair *pair = &p->pairs[i];
        const struct pollfd *client = &ends[1 + 2 * i], *server = &ends[2 + 2 * i];
        if (pair->client < 0 || pair->stalled || pair->client != client->fd)
            continue; /* ended meanwhile */
        if ((client->revents != 0 && !move(p, pair->client, pair->server, false)) ||
            (server->revents != 0 && !move(p, pair->server, pair->client, true)))
            pair_end(pair);
    }
    if (ends[0].revents != 0)
        take_in(p);
}

static void *proxy_main(void *argument)
{
    proxy *p = (proxy *)argument;
    pthread_mutex_lock(&p->lock);
    while (!p->stop)
        serve_once(p);
    for (int i = 0; i < PROXY_MAX; i++)
        pair_end(&p->pairs[i]);
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

bool proxy_start(proxy *p, int target_port)
{
    struct sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    memset(p, 0, sizeof *p);
    p->target = target_port;
    p->cut_after = -1;
    for (int i = 0; i < PROXY_MAX; i++)
        p->pairs[i] = (proxy_pair){.client = -1, .server = -1};
    p->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (p->listener < 0 ||
        bind(p->listener, (const struct sockaddr *)(const void *)&address, sizeof address) != 0 ||
        listen(p->listener, PROXY_MAX) != 0 ||
        getsockname(p->listener, (struct sockaddr *)(void *)&address, &size) != 0)
        return false;
    p->port = ntohs(address.sin_port);
    (void)snprintf(p->url, sizeof p->url, "nats://127.0.0.1:%d", p->port);
    pthread_mutex_init(&p->lock, NULL);
    return pthread_create(&p->thread, NULL, proxy_main, p) == 0;
}

void proxy_stop(proxy *p)
{
    pthread_mutex_lock(&p->lock);
    p->stop = true;
    pthread_mutex_unlock(&p->lock);
    pthread_join(p->thread, NULL);
    close(p->listener);
    pthread_mutex_destroy(&p->lock);
}

int proxy_cut(proxy *p, int which)
{
    int cut = 0;
    pthread_mutex_lock(&p->lock);
    for (int i = 0, open = 0; i < PROXY_MAX; i++) {
        if (p->pairs[i].client < 0 || p->pairs[i].stalled)
            continue;
        if (which < 0 || open++ == which) {
            pair_end(&p->pairs[i]);
            cut++;
        }
    }
    pthread_mutex_unlock(&p->lock);
    return cut;
}

int proxy_half_open(proxy *p)
{
    int stalled = 0;
    pthread_mutex_lock(&p->lock);
    for (int i = 0; i < PROXY_MAX; i++) {
        if (p->pairs[i].client >= 0 && !p->pairs[i].stalled) {
            p->pairs[i].stalled = true;
            stalled++;
        }
    }
    pthread_mutex_unlock(&p->lock);
    return stalled;
}

void proxy_refuse(proxy *p, bool refuse)
{
    pthread_mutex_lock(&p->lock);
    p->refuse = refuse;
    pthread_mutex_unlock(&p->lock);
}

void proxy_cut_after(proxy *p, long bytes)
{
    pthread_mutex_lock(&p->lock);
    p->cut_after = bytes;
    pthread_mutex_unlock(&p->lock);
}

int proxy_open(proxy *p)
{
    int open = 0;
    pthread_mutex_lock(&p->lock);
    for (int i = 0; i < PROXY_MAX; i++)
        open += p->pairs[i].client >= 0 && !p->pairs[i].stalled;
    pthread_mutex_unlock(&p->lock);
    return open;
}
