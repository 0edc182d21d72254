/* The connection of a command, from its options and the environment. */
#define _POSIX_C_SOURCE 200809L
#include "session.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_URL "nats://127.0.0.1:4222"

/* The one thing a signal handler can reach. */
static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    (void)number;
    if (interrupted < 100)
        interrupted++;
}

void session_catch_signals(session *s)
{
    struct sigaction action;

    (void)s;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
}

void session_interrupt(void)
{
    interrupted = 1;
}

bool session_interrupted(void)
{
    return interrupted != 0;
}

unsigned session_interruptions(void)
{
    return (unsigned)interrupted;
}

bool session_duration(const char *text, aegis_duration *out)
{
    static const struct {
        const char *unit;
        aegis_duration of;
    } units[] = {{"ns", AEGIS_NANOSECOND}, {"us", AEGIS_MICROSECOND}, {"ms", AEGIS_MILLISECOND},
                 {"s", AEGIS_SECOND},      {"m", AEGIS_MINUTE},       {"h", AEGIS_HOUR},
                 {"d", 24 * AEGIS_HOUR}};
    const size_t digits = strspn(text, "0123456789.");
    char *end;
    double number;
    size_t i;

    if (digits == 0 || digits > 15)
        return false;
    number = strtod(text, &end);
    for (i = 0; end == text + digits && i < CLI_COUNT(units); i++) {
        const double wanted = number * (double)units[i].of;

        if (strcmp(end, units[i].unit) != 0)
            continue;
        if (wanted < 1.0 || wanted > 9e18)
            return false;
        *out = (aegis_duration)wanted;
        return true;
    }
    return false;
}

int session_read_time(const session *s, const char *text, aegis_duration *out)
{
    if (text == NULL || session_duration(text, out))
        return CLI_DONE;
    return cli_usage(s->line->command, "'%s' is no time; it is a number and a unit: 500ms, 10s, 2m, 1d",
                     text);
}

int session_read_number(const session *s, const char *text, const char *what, uint64_t most, uint64_t *out)
{
    char *end;
    uint64_t number;

    if (text == NULL)
        return CLI_DONE;
    errno = 0;
    number = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || number == 0)
        return cli_usage(s->line->command, "'%s' is no number of %s", text, what);
    if (number > most)
        return cli_usage(s->line->command, "'%s' is too many %s, %llu at the most", text, what,
                         (unsigned long long)most);
    *out = number;
    return CLI_DONE;
}

aegis_duration session_timeout(const session *s, aegis_duration otherwise)
{
    return s->timeout > 0 ? s->timeout : otherwise;
}

const char *session_url(const session *s)
{
    const session_options *o = s->options;
    static const char *const variables[] = {"AEGIS_URL", "NATS_URL"};
    size_t i;

    if (o->url != NULL)
        return o->url;
    for (i = 0; i < CLI_COUNT(variables); i++) {
        const char *value = getenv(variables[i]);

        if (value != NULL && value[0] != '\0')
            return value;
    }
    return DEFAULT_URL;
}

static void log_line(void *user, aegis_log_level level, const char *line)
{
    static const char *const names[] = {"debug", "info", "warning", "error"};

    (void)user;
    fprintf(stderr, "%s: %s: ", cli_program.name, names[level]);
    cli_safe(stderr, line);
    fputc('\n', stderr);
}

/* What the account may not do is told in any case: all else that is seen of it is that nothing comes. Whether
 * there is JetStream is asked for by the way, and nothing to complain of. */
static void log_rights(void *user, aegis_log_level level, const char *line)
{
    if (strstr(line, "Permissions Violation") != NULL && strstr(line, "$JS.API.INFO") == NULL)
        log_line(user, level, line);
}

static aegis_options options_of(const session_options *o)
{
    const aegis_options options = {.name = "aegis",
                                   .user = o->user,
                                   .password = o->password,
                                   .token = o->token,
                                   .credentials_file = o->credentials,
                                   .nkey = o->nkey,
                                   .nkey_seed_file = o->nkey_seed,
                                   .tls_ca_file = o->tls_ca,
                                   .tls_certificate_file = o->tls_certificate,
                                   .tls_key_file = o->tls_key,
                                   .inbox_prefix = o->inbox_prefix,
                                   .jetstream_domain = o->domain,
                                   .format = AEGIS_FORMAT_JSON,
                                   .log = o->verbose ? log_line : log_rights};

    return options;
}

int session_prepare(session *s, cli *line, const session_options *options)
{
    memset(s, 0, sizeof *s);
    s->options = options;
    s->line = line;
    s->bus_options = options_of(options);
    screen_init(&s->out, stdout, options->colour);
    s->arena = aegis_arena_new(NULL);
    return s->arena != NULL ? session_read_time(s, options->timeout, &s->timeout) : cli_out_of_memory();
}

/* What to do about a server that cannot be reached, or wants nothing of us. */
static const char *advice(aegis_status status)
{
    if (status == AEGIS_UNAUTHENTICATED || status == AEGIS_PERMISSION_DENIED)
        return CLI_HINT "--creds, --user, --token or --nkey say who asks";
    if (status == AEGIS_INVALID_ARGUMENT)
        return ""; /* the text says how a URL is written */
    return CLI_HINT "-s or AEGIS_URL names another";
}

int session_connect(session *s)
{
    aegis_error error = {0};

    if (s->bus != NULL)
        return CLI_DONE;
    if (s->timeout > 0)
        s->bus_options.connect_timeout = s->timeout;
    if (aegis_open(session_url(s), &s->bus_options, &s->bus, &error) == AEGIS_OK)
        return CLI_DONE;
    cli_status(aegis_status_name(error.status));
    cli_complain("%s%s", aegis_error_text(&error), advice(error.status));
    return error.status == AEGIS_INVALID_ARGUMENT ? CLI_USAGE : CLI_IO;
}

int session_run(cli *line, const session_options *options, int (*work)(session *s, const void *request),
                const void *request)
{
    session s;
    int code = session_prepare(&s, line, options);

    if (code == CLI_DONE)
        code = work(&s, request);
    session_close(&s);
    return code;
}

int session_client(session *s, aegis_client **client)
{
    const aegis_client_options options = {.format = AEGIS_FORMAT_JSON};
    aegis_error error = {0};

    if (s->client == NULL && aegis_client_new(s->bus, &options, &s->client, &error) != AEGIS_OK)
        return session_failed(s, &error, "cannot call");
    *client = s->client;
    return CLI_DONE;
}

void session_close(session *s)
{
    aegis_client_free(s->client);
    aegis_close(s->bus);
    aegis_arena_free(s->arena);
    s->client = NULL;
    s->bus = NULL;
    s->arena = NULL;
}

int session_failed(const session *s, const aegis_error *error, const char *format, ...)
{
    aegis_health health;
    char what[512];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    cli_status(aegis_status_name(error->status));
    cli_complain("%s: %s", what, aegis_error_text(error));
    memset(&health, 0, sizeof health);
    if (s->bus != NULL)
        s->bus->port->ops->health(s->bus->port, &health);
    return s->bus == NULL || !health.connected ? CLI_IO : CLI_MISTAKES;
}
