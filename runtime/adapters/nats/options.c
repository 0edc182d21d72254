/* The URL and the options, as nats.c wants them: server list, credentials, TLS, pings and deadlines. What is
 * wrong with them is the user's to mend, so each refusal names the option.
 */
#define _GNU_SOURCE
#include "internal.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PING_INTERVAL_MS  10000
#define PINGS_OUT         2
#define WRITE_DEADLINE_MS 500
#define IO_BYTES          (128 << 10) /* read at once: some two hundred messages */

/* ---- URL ------------------------------------------------------------------------------------------------
 */

static bool port_ok(const char *text)
{
    char *end = NULL;
    if (!isdigit((unsigned char)*text))
        return false;
    const unsigned long number = strtoul(text, &end, 10);
    return *end == '\0' && number > 0 && number <= 65535;
}

/* One URL of the list: scheme, host, and a port that is a number if it is there. */
static bool server_ok(const char *url, bool *secure)
{
    if (strncmp(url, "nats://", 7) == 0)
        *secure = false;
    else if (strncmp(url, "tls://", 6) == 0)
        *secure = true;
    else
        return false;
    const char *host = strstr(url, "//") + 2;
    const char *at = strrchr(host, '@');
    if (at != NULL)
        host = at + 1;
    if (strpbrk(host, " \t\r\n/?#") != NULL || *host == '\0' || *host == ':')
        return false;
    const char *bracket = *host == '[' ? strchr(host, ']') : host;
    if (bracket == NULL)
        return false;
    const char *colon = strchr(bracket, ':');
    return colon == NULL || port_ok(colon + 1);
}

/* `copy` is cut into `servers`, which point into it; `shown` gets the list without credentials. */
static unsigned split_url(char *copy, const char **servers, bool *secure, char *shown, size_t size)
{
    unsigned count = 0;
    size_t length = 0;
    char *rest = NULL;
    shown[0] = '\0';
    for (char *url = strtok_r(copy, ",", &rest); url != NULL; url = strtok_r(NULL, ",", &rest)) {
        bool tls = false;
        while (*url == ' ')
            url++;
        if (count >= NATS_URL_MAX || !server_ok(url, &tls))
            return 0;
        *secure = *secure || tls;
        const char *host = strstr(url, "//") + 2;
        const char *at = strrchr(host, '@');
        const int wrote = snprintf(shown + length, size - length, "%s%s%s", count > 0 ? "," : "",
                                   tls ? "tls://" : "nats://", at != NULL ? at + 1 : host);
        length = wrote > 0 && (size_t)wrote < size - length ? length + (size_t)wrote : size - 1;
        servers[count++] = url;
    }
    return count;
}

/* User and password, or a token, that stand in a URL count for every server, also for those heard of later.
 */
static natsStatus url_credentials(natsOptions *to, const char *url)
{
    char name[256];
    const char *start = strstr(url, "//") + 2;
    const char *at = strrchr(start, '@');

    if (at == NULL || (size_t)(at - start) >= sizeof name)
        return NATS_OK;
    memcpy(name, start, (size_t)(at - start));
    name[at - start] = '\0';
    char *colon = strchr(name, ':');
    if (colon == NULL)
        return natsOptions_SetToken(to, name);
    *colon = '\0';
    return natsOptions_SetUserInfo(to, name, colon + 1);
}

/* ---- options --------------------------------------------------------------------------------------------
 */

static aegis_status refuse(aegis_error *error, const char *option, const char *value, natsStatus status)
{
    return aegis_error_set(error, AEGIS_INVALID_ARGUMENT, "option %s '%s': %s", option, value,
                           natsStatus_GetText(status));
}

static aegis_status set_credentials(natsOptions *to, const aegis_options *options, aegis_error *error)
{
    natsStatus status = NATS_OK;

    if (options->user != NULL)
        status =
            natsOptions_SetUserInfo(to, options->user, options->password != NULL ? options->password : "");
    if (status != NATS_OK)
        return refuse(error, "user", options->user, status);
    if (options->token != NULL && (status = natsOptions_SetToken(to, options->token)) != NATS_OK)
        return refuse(error, "token", "...", status);
    if (options->credentials_file != NULL &&
        (status = natsOptions_SetUserCredentialsFromFiles(to, options->credentials_file, NULL)) != NATS_OK)
        return refuse(error, "credentials_file", options->credentials_file, status);
    if ((options->nkey == NULL) != (options->nkey_seed_file == NULL))
        return aegis_error_set(
            error, AEGIS_INVALID_ARGUMENT,
            "options nkey and nkey_seed_file go together: the public key and where its seed is");
    if (options->nkey != NULL &&
        (status = natsOptions_SetNKeyFromSeed(to, options->nkey, options->nkey_seed_file)) != NATS_OK)
        return refuse(error, "nkey", options->nkey, status);
    return AEGIS_OK;
}

/* The one host name of the URL, or NULL: several, or an address. */
static const char *only_host(const char **servers, unsigned count, char *host, size_t size)
{
    const char *start = strstr(servers[0], "//") + 2;
    const char *at = strrchr(start, '@');

    start = at != NULL ? at + 1 : start;
    const size_t length = strcspn(start, ":");
    if (count != 1 || *start == '[' || length >= size)
        return NULL;
    memcpy(host, start, length);
    host[length] = '\0';
    return strspn(host, "0123456789.") == length ? NULL : host;
}

static aegis_status set_tls(nats_engine *engine, const aegis_options *options, const char **servers,
                            aegis_error *error)
{
    natsOptions *to = engine->options;
    char host[256];
    natsStatus status = natsOptions_SetSecure(to, true);

    if (status != NATS_OK)
        return aegis_error_set(error, AEGIS_FAILED_PRECONDITION, "libnats was built without TLS");
    if (options->tls_ca_file != NULL &&
        (status = natsOptions_LoadCATrustedCertificates(to, options->tls_ca_file)) != NATS_OK)
        return refuse(error, "tls_ca_file", options->tls_ca_file, status);
    if ((options->tls_certificate_file == NULL) != (options->tls_key_file == NULL))
        return aegis_error_set(error, AEGIS_INVALID_ARGUMENT,
                               "options tls_certificate_file and tls_key_file go together");
    if (options->tls_certificate_file != NULL &&
        (status = natsOptions_LoadCertificatesChain(to, options->tls_certificate_file,
                                                    options->tls_key_file)) != NATS_OK)
        return refuse(error, "tls_certificate_file", options->tls_certificate_file, status);
    const char *name = options->tls_server_name;
    if (name == NULL)
        name = only_host(servers, engine->servers, host, sizeof host);
    if (name == NULL)
        aegis_log_write(&engine->log, AEGIS_LOG_WARNING,
                        "nats: no name to check the server's certificate for: set tls_server_name");
    else if ((status = natsOptions_SetExpectedHostname(to, name)) != NATS_OK)
        return refuse(error, "tls_server_name", name, status);
    return AEGIS_OK;
}

/* What does not depend on the user. */
static natsStatus set_defaults(natsOptions *to, const char *name)
{
    natsStatus s = natsOptions_SetName(to, name != NULL ? name : program_invocation_short_name);

    if (s == NATS_OK)
        s = natsOptions_SetSendAsap(to, true);
    if (s == NATS_OK)
        s = natsOptions_SetIOBufSize(to, IO_BYTES);
    if (s == NATS_OK)
        s = natsOptions_SetAllowReconnect(to, false);
    if (s == NATS_OK)
        s = natsOptions_SetPingInterval(to, PING_INTERVAL_MS);
    if (s == NATS_OK)
        s = natsOptions_SetMaxPingsOut(to, PINGS_OUT);
    if (s == NATS_OK)
        s = natsOptions_SetWriteDeadline(to, WRITE_DEADLINE_MS);
    return s;
}

static bool subject_prefix_ok(const char *text)
{
    if (*text == '\0' || *text == '.' || text[strlen(text) - 1] == '.' || strlen(text) > 40)
        return false;
    for (const char *c = text; *c != '\0'; c++) {
        if ((unsigned char)*c <= ' ' || *c == 0x7f || *c == '*' || *c == '>' || (*c == '.' && c[1] == '.'))
            return false;
    }
    return true;
}

/* Where answers arrive, and where JetStream is asked. */
static aegis_status set_subjects(nats_engine *engine, const aegis_options *options, aegis_error *error)
{
    const char *prefix = options->inbox_prefix != NULL ? options->inbox_prefix : "_INBOX";
    const char *domain = options->jetstream_domain;
    natsInbox *inbox = NULL;

    if (!subject_prefix_ok(prefix))
        return aegis_error_set(
            error, AEGIS_INVALID_ARGUMENT,
            "option inbox_prefix '%s' is not the beginning of a subject (40 bytes at most)", prefix);
    if (domain != NULL && (!subject_prefix_ok(domain) || strchr(domain, '.') != NULL))
        return aegis_error_set(error, AEGIS_INVALID_ARGUMENT, "option jetstream_domain '%s' is not one token",
                               domain);
    const natsStatus status = natsInbox_Create(&inbox);
    if (status != NATS_OK)
        return aegis_nats_error(error, status, "inbox");
    (void)snprintf(engine->inbox, sizeof engine->inbox, "%s%s", prefix, strchr(inbox, '.'));
    natsInbox_Destroy(inbox);
    if (domain == NULL) {
        (void)snprintf(engine->api, sizeof engine->api, "$JS.API");
    } else {
        (void)snprintf(engine->api, sizeof engine->api, "$JS.%s.API", domain);
        (void)snprintf(engine->kv_prefix, sizeof engine->kv_prefix, "$JS.%s.API.", domain);
    }
    return AEGIS_OK;
}

static aegis_status set_seats(nats_engine *engine, const aegis_options *options, aegis_error *error)
{
    const size_t rpc = options->rpc_connections > 0 ? options->rpc_connections : 1;
    const size_t bulk = options->bulk_connections > 0 ? options->bulk_connections : 1;

    if (rpc + bulk > NATS_SEATS_MAX)
        return aegis_error_set(
            error, AEGIS_INVALID_ARGUMENT,
            "options rpc_connections and bulk_connections: %zu and %zu are more than %d together", rpc, bulk,
            NATS_SEATS_MAX);
    for (size_t i = 0; i < rpc + bulk; i++)
        engine->seats[i] = (nats_seat){.role = i < rpc ? NATS_RPC : NATS_BULK, .wanted = i < rpc};
    engine->seat_count = rpc + bulk;
    return AEGIS_OK;
}

static aegis_status configure(nats_engine *engine, const char **servers, bool secure,
                              const aegis_options *options, aegis_error *error)
{
    natsStatus s = natsOptions_Create(&engine->options);
    natsOptions *to = engine->options;

    if (s == NATS_OK)
        s = natsOptions_SetServers(to, servers, (int)engine->servers);
    if (s == NATS_OK)
        s = set_defaults(to, options->name);
    for (unsigned i = engine->servers; s == NATS_OK && i-- > 0;)
        s = url_credentials(to, servers[i]);
    if (s != NATS_OK)
        return aegis_nats_error(error, s, "options");
    engine->credentials = options->user != NULL || options->token != NULL ||
                          options->credentials_file != NULL || options->nkey != NULL ||
                          strchr(servers[0], '@') != NULL;
    aegis_status status = set_credentials(to, options, error);
    secure = secure || options->tls_ca_file != NULL || options->tls_certificate_file != NULL ||
             options->tls_server_name != NULL;
    if (status == AEGIS_OK && secure)
        status = set_tls(engine, options, servers, error);
    if (status == AEGIS_OK)
        status = set_subjects(engine, options, error);
    if (status == AEGIS_OK)
        status = set_seats(engine, options, error);
    return status;
}

aegis_status aegis_nats_configure(nats_engine *engine, const char *url, const aegis_options *options,
                                  aegis_error *error)
{
    const char *servers[NATS_URL_MAX];
    bool secure = false;
    char *copy = strdup(url);

    if (copy == NULL)
        return aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "no memory for a connection");
    engine->log.function = options->log;
    engine->log.user = options->log_user;
    engine->servers = split_url(copy, servers, &secure, engine->url, sizeof engine->url);
    const aegis_status status = engine->servers == 0
                                    ? aegis_error_set(error, AEGIS_INVALID_ARGUMENT,
                                                      "'%s' is not a NATS URL: nats://host:port[,...]", url)
                                    : configure(engine, servers, secure, options, error);
    free(copy);
    return status;
}
