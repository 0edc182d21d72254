/* What every command of `aegis` shares: where the server is and who asks, the schema files that were named,
 * how long to wait, how to print. A command's struct holds session_options, filled in by SESSION_OPTIONS;
 * it names with them what it does, and runs that in a session:
 *
 *     return session_run(line, &r->common, what_it_does, r);
 */
#ifndef AEGIS_TOOL_SESSION_H
#define AEGIS_TOOL_SESSION_H

#include <aegis/client.h>

#include "cli.h"
#include "ports/bus.h"
#include "screen.h"

typedef struct session_options {
    const char *url, *user, *password, *token, *credentials, *nkey, *nkey_seed;
    const char *tls_ca, *tls_certificate, *tls_key, *inbox_prefix, *domain;
    const char *timeout, *colour;
    cli_list schemas, includes;
    bool json, verbose;
} session_options;

#define SESSION_AT(type, member, field) (offsetof(type, member) + offsetof(session_options, field))
/* The options of a command whose struct `type` has the session_options as `member`; the last of its table. */
#define SESSION_OPTIONS(type, member)                                                                        \
    {"-s", "URL", CLI_TEXT, SESSION_AT(type, member, url),                                                   \
     "the server; default: the environment's AEGIS_URL or NATS_URL,\nelse nats://127.0.0.1:4222"},           \
        {"--server", "URL", CLI_TEXT, SESSION_AT(type, member, url), "the same"},                            \
        {"-f", "FILE.aegis", CLI_LIST, SESSION_AT(type, member, schemas),                                    \
         "a schema, instead of asking services for theirs; may be\ngiven again"},                            \
        {"-I", "DIR", CLI_LIST, SESSION_AT(type, member, includes),                                          \
         "where its imports are looked for; may be given again"},                                            \
        {"--timeout", "TIME", CLI_TEXT, SESSION_AT(type, member, timeout),                                   \
         "how long to wait for an answer: 500ms, 10s, 2m"},                                                  \
        {"--json", NULL, CLI_FLAG, SESSION_AT(type, member, json), "print JSON, for programs"},              \
        {"--color", "auto|always|never", CLI_TEXT, SESSION_AT(type, member, colour),                         \
         "default: when a person reads"},                                                                    \
        {"--verbose", NULL, CLI_FLAG, SESSION_AT(type, member, verbose),                                     \
         "print what the library logs, on standard error"},                                                  \
        {"--creds", "FILE", CLI_TEXT, SESSION_AT(type, member, credentials), "NATS credentials"},            \
        {"--user", "NAME", CLI_TEXT, SESSION_AT(type, member, user), "NATS user"},                           \
        {"--password", "TEXT", CLI_TEXT, SESSION_AT(type, member, password), "of that user"},                \
        {"--token", "TEXT", CLI_TEXT, SESSION_AT(type, member, token), "NATS token"},                        \
        {"--nkey", "KEY", CLI_TEXT, SESSION_AT(type, member, nkey), "public NKey of the user"},              \
        {"--nkey-seed", "FILE", CLI_TEXT, SESSION_AT(type, member, nkey_seed), "its seed"},                  \
        {"--tls-ca", "FILE", CLI_TEXT, SESSION_AT(type, member, tls_ca),                                     \
         "who signed the server's certificate"},                                                             \
        {"--tls-cert", "FILE", CLI_TEXT, SESSION_AT(type, member, tls_certificate), "our certificate"},      \
        {"--tls-key", "FILE", CLI_TEXT, SESSION_AT(type, member, tls_key), "its key"},                       \
        {"--inbox-prefix", "SUBJECT", CLI_TEXT, SESSION_AT(type, member, inbox_prefix),                      \
         "of subjects for answers; default _INBOX"},                                                         \
    {                                                                                                        \
        "--domain", "NAME", CLI_TEXT, SESSION_AT(type, member, domain), "JetStream domain"                   \
    }

typedef struct session {
    const session_options *options;
    cli *line; /* its memory lives as long as the command */
    aegis_bus *bus;
    aegis_client *client;      /* NULL until session_client */
    aegis_arena *arena;        /* of what comes from the bus; whoever loops resets it */
    aegis_duration timeout;    /* 0: not given */
    aegis_options bus_options; /* what session_connect opens with; a command may change it before */
    screen out;                /* standard output */
} session;

/* Prepare a session, do the work in it, close it: the exit code of all of that. */
int session_run(cli *line, const session_options *options, int (*work)(session *s, const void *request),
                const void *request);
/* Its first part, for commands that need more between: read the options. No connection yet. */
int session_prepare(session *s, cli *line, const session_options *options);
/* Connect, once. Complains and returns the exit code when that fails. */
int session_connect(session *s);
/* The server that is meant, or several, separated by commas. */
const char *session_url(const session *s);
/* A client that sends JSON, made once. */
int session_client(session *s, aegis_client **client);
void session_close(session *s);

/* The --timeout given, or `otherwise`. */
aegis_duration session_timeout(const session *s, aegis_duration otherwise);
static inline aegis_port *session_port(const session *s);

/* Complain "<what>: <text of the error>", with what to do where that is known. The exit code: CLI_IO where no
 * server could be reached, else CLI_MISTAKES. */
int session_failed(const session *s, const aegis_error *error, const char *format, ...) AEGIS_PRINTF(3, 4);

/* "500ms", "1.5s", "2m": nanoseconds, above zero. False for anything else. */
bool session_duration(const char *text, aegis_duration *out);
/* The value of an option, which may be NULL: `*out` stays as it is then. The exit code; it complains of what
 * is no time, and of what is no whole number from 1 to `most`, of `what`: "calls". */
int session_read_time(const session *s, const char *text, aegis_duration *out);
int session_read_number(const session *s, const char *text, const char *what, uint64_t most, uint64_t *out);

/* SIGINT and SIGTERM set a flag from now on, instead of ending the program; what waits does so in slices and
 * looks. Back to what it was with session_close. */
void session_catch_signals(session *s);
bool session_interrupted(void);
/* How many came so far: a second one may mean more. */
unsigned session_interruptions(void);
/* As if a signal had come: what waits gives up. */
void session_interrupt(void);

#include "application/bus.h"
static inline aegis_port *session_port(const session *s)
{
    return s->bus->port;
}

#endif
