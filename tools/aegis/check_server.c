/* The server itself. A NATS server greets whoever connects with INFO, before anything else and without a
 * login: that line has its version and its limits. So it is read from a connection of its own. */
#define _POSIX_C_SOURCE 200809L
#include <netdb.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "findings.h"
#include "jetstream.h"
#include "ports/clock.h"
#include "wire.h"

#define GREETING_MAX  16384
#define GREET_TIMEOUT (2 * AEGIS_SECOND)
/* What Aegis is built for and tested with. */
#define LEAST_MAJOR   2
#define LEAST_MINOR   9
#define LEAST_PATCH   10
#define LEAST_PAYLOAD 1048576

/* ---- the greeting ---- */

static int connect_to(const char *host, const char *port, int64_t deadline)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL, *at;
    int fd = -1;

    if (getaddrinfo(host, port, &hints, &list) != 0)
        return -1;
    for (at = list; at != NULL && fd < 0; at = at->ai_next) {
        const int64_t left = deadline - aegis_clock_monotonic();
        const struct timeval most = {.tv_sec = (time_t)(left / AEGIS_SECOND),
                                     .tv_usec = (suseconds_t)(left % AEGIS_SECOND / 1000)};

        if (left <= 0)
            break;
        fd = socket(at->ai_family, at->ai_socktype, at->ai_protocol);
        if (fd < 0)
            continue;
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof most); /* of connect too */
        if (connect(fd, at->ai_addr, at->ai_addrlen) != 0) {
            (void)close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(list);
    return fd;
}

/* One line, or as much as came in time. */
static void read_line(int fd, int64_t deadline, char *text, size_t size)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    size_t length = 0;

    while (length + 1 < size && memchr(text, '\n', length) == NULL) {
        const int64_t left = (deadline - aegis_clock_monotonic()) / AEGIS_MILLISECOND;
        ssize_t got;

        if (left <= 0 || poll(&ready, 1, (int)left) <= 0)
            break;
        got = read(fd, text + length, size - 1 - length);
        if (got <= 0)
            break;
        length += (size_t)got;
    }
    text[length] = '\0';
}

/* "nats://user:pw@host:4222" to host and port; `host` has room for all of it. False: it names none. */
static bool split_url(const char *url, size_t length, char *host, const char **port)
{
    const char *begin = url, *at;
    char *colon;

    for (at = url; at + 2 < url + length; at++) {
        if (strncmp(at, "://", 3) == 0)
            begin = at + 3;
    }
    for (at = begin; at < url + length; at++) {
        if (*at == '@')
            begin = at + 1;
    }
    length = (size_t)(url + length - begin);
    memcpy(host, begin, length);
    host[length] = '\0';
    host[strcspn(host, "/?")] = '\0';
    *port = "4222";
    colon = strrchr(host, ':');
    if (host[0] == '[' && strchr(host, ']') != NULL) {
        colon = strchr(strchr(host, ']'), ':');
        *strchr(host, ']') = '\0';
        memmove(host, host + 1, strlen(host));
        if (colon != NULL)
            *port = colon + 1;
    } else if (colon != NULL) {
        *colon = '\0';
        *port = colon + 1;
    }
    return host[0] != '\0';
}

static json_t *greeting_of(const char *host, const char *port, aegis_duration timeout)
{
    const int64_t deadline = aegis_clock_monotonic() + timeout;
    const int fd = connect_to(host, port, deadline);
    char *text = (char *)malloc(GREETING_MAX);
    json_t *info = NULL;

    if (fd >= 0 && text != NULL) {
        read_line(fd, deadline, text, GREETING_MAX);
        if (strncmp(text, "INFO ", 5) == 0)
            info = json_loads(text + 5, JSON_DISABLE_EOF_CHECK, NULL);
    }
    free(text);
    if (fd >= 0)
        (void)close(fd);
    return info;
}

static bool is_old(const char *version)
{
    int parts[3] = {0, 0, 0}, i;
    char *end;

    for (i = 0; i < 3; i++) {
        parts[i] = (int)strtol(version, &end, 10);
        if (*end != '.')
            break;
        version = end + 1;
    }
    if (parts[0] != LEAST_MAJOR)
        return parts[0] < LEAST_MAJOR;
    return parts[1] < LEAST_MINOR || (parts[1] == LEAST_MINOR && parts[2] < LEAST_PATCH);
}

static void judge(findings *f, const char *area, json_t *info)
{
    const char *version = wire_text(info, "version", "unknown");
    const double payload = wire_number(info, "max_payload", 0);
    const char *cluster = wire_text(info, "cluster", NULL);
    char size[SCREEN_TEXT];

    findings_add(f, FINDING_GOOD, area, NULL, "nats-server %s%s%s, messages up to %s%s", version,
                 cluster != NULL ? " of cluster " : "", cluster != NULL ? cluster : "",
                 screen_bytes(payload, size),
                 json_is_true(json_object_get(info, "tls_required")) ? ", TLS" : "");
    if (is_old(version))
        findings_add(f, FINDING_WARNING, area, "upgrade it to 2.9.10 or later",
                     "version %s is older than what Aegis is tested with", version);
    if (payload < LEAST_PAYLOAD)
        findings_add(f, FINDING_WARNING, area,
                     "raise max_payload in its configuration, or keep messages smaller",
                     "it refuses messages over %s; schemas may allow 1 MiB", size);
    if (json_is_true(json_object_get(info, "ldm")))
        findings_add(f, FINDING_WARNING, area, "nothing: clients move to other servers by themselves",
                     "it is about to go (lame duck)");
}

void check_server(findings *f)
{
    const char *url = session_url(f->s);
    const aegis_duration timeout = session_timeout(f->s, GREET_TIMEOUT);

    while (*url != '\0') {
        const size_t length = strcspn(url, ",");
        char *host = arena_copy(&f->s->line->memory, url, length);
        const char *port;

        if (host != NULL && split_url(url, length, host, &port)) {
            const char *area = arena_printf(&f->s->line->memory, "server %s:%s", host, port);
            json_t *info = greeting_of(host, port, timeout);

            if (info != NULL)
                judge(f, area != NULL ? area : "server", info);
            else
                findings_add(f, FINDING_BAD, area != NULL ? area : "server",
                             "start it, or take it out of the URL; others of the cluster serve meanwhile",
                             "no NATS server answers there");
            json_decref(info);
        }
        url += length + (url[length] == ',');
    }
}

/* ---- JetStream ---- */

static void judge_use(findings *f, json_t *account, const char *used, const char *limit_name,
                      const char *what)
{
    const double is = wire_number(account, used, 0);
    const double limit = wire_number(json_object_get(account, "limits"), limit_name, -1);
    const double percent = limit > 0 ? 100 * is / limit : 0;
    const finding_level level = findings_fill(percent);
    char a[SCREEN_TEXT], b[SCREEN_TEXT];

    if (limit <= 0) {
        if (is > 0)
            findings_add(f, FINDING_GOOD, "JetStream", NULL,
                         "%s of %s in use, without a limit of the account's", screen_bytes(is, a), what);
        return;
    }
    findings_add(f, level, "JetStream",
                 level > FINDING_GOOD
                     ? "raise the account's limit, shrink a stream (aegis apply), or drop what nobody needs"
                     : NULL,
                 "%s of %s of %s in use (%.0f %%)", screen_bytes(is, a), screen_bytes(limit, b), what,
                 percent);
}

bool check_jetstream(findings *f)
{
    aegis_error error = {0};
    json_t *account = NULL;

    if (jetstream_ask(f->s, "INFO", NULL, &account, &error) != AEGIS_OK) {
        findings_add(f, FINDING_BAD, "JetStream",
                     "start nats-server with -js, or give this user the right to publish to $JS.API.>",
                     "%s: no events, no commands", aegis_error_text(&error));
        return false;
    }
    findings_add(f, FINDING_GOOD, "JetStream", NULL, "%.0f streams, %.0f consumers",
                 wire_number(account, "streams", 0), wire_number(account, "consumers", 0));
    judge_use(f, account, "storage", "max_storage", "file storage");
    judge_use(f, account, "memory", "max_memory", "memory storage");
    json_decref(account);
    return true;
}
