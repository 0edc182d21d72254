/* To a collector: OTLP/HTTP with JSON, by libcurl, one request after the other on one connection that is
 * kept. What may be repeated is what the protocol says: 429, 502, 503, 504 and what got no answer;
 * Retry-After is passed on. The collector's answers are hostile until proven otherwise: no redirects, no
 * other protocols, a few KB of body, and of that only what is looked for. */
#define _POSIX_C_SOURCE 200809L
#include "http/otlp.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#include <aegis/generated.h>

/* Of an answer; the rest is read and thrown away. */
#define ANSWER_MAX 4096
/* Bytes of an answer after which the transfer is broken off. */
#define ANSWER_MOST ((size_t)1 << 20)
#define CONNECT_MS  3000L

typedef struct body {
    size_t size, seen;
    char text[ANSWER_MAX];
} body;

/* ---- the collector's answer --------------------------------------------------------------------------- */

static size_t on_body(char *data, size_t one, size_t size, void *user)
{
    body *b = (body *)user;
    const size_t room = sizeof b->text - b->size;

    (void)one;
    memcpy(b->text + b->size, data, size < room ? size : room);
    b->size += size < room ? size : room;
    b->seen += size;
    return b->seen <= ANSWER_MOST ? size : 0;
}

static bool is(aegis_bytes key, const char *name)
{
    return key.len == strlen(name) && memcmp(key.data, name, key.len) == 0;
}

static void read_rejected(aegis_reader *r, otlp_answer *answer)
{
    size_t left;

    for (left = aegis_js_get_map(r); left > 0 && !r->failed; aegis_next(r, &left)) {
        const aegis_bytes key = aegis_get_key(r);

        if (is(key, "rejectedSpans"))
            answer->rejected = aegis_js_get_u64(r, 0, UINT64_MAX);
        else if (is(key, "errorMessage"))
            (void)snprintf(answer->why, sizeof answer->why, "%.200s", aegis_js_get_string(r, 0, SIZE_MAX));
        else
            aegis_skip(r);
    }
}

/* {"partialSuccess":{"rejectedSpans":"3","errorMessage":"..."}}; anything else is no partial success. */
static void read_partial(const body *b, uint32_t spans, otlp_answer *answer)
{
    aegis_arena *arena = aegis_arena_new(NULL);
    aegis_reader r;
    size_t left;

    if (arena == NULL)
        return;
    aegis_reader_open(&r, (aegis_bytes){(const uint8_t *)b->text, b->size}, AEGIS_FORMAT_JSON, arena);
    for (left = aegis_js_get_map(&r); left > 0 && !r.failed; aegis_next(&r, &left)) {
        if (is(aegis_get_key(&r), "partialSuccess"))
            read_rejected(&r, answer);
        else
            aegis_skip(&r);
    }
    if (aegis_reader_close(&r, NULL) != AEGIS_OK) {
        answer->rejected = 0;
        answer->why[0] = '\0';
    }
    if (answer->rejected > spans)
        answer->rejected = spans;
    aegis_arena_free(arena);
}

/* What can be shown of a body as text on one line. */
static void quote(const body *b, char *text, size_t size)
{
    size_t i;

    for (i = 0; i < b->size && i + 1 < size && b->text[i] >= ' ' && b->text[i] < 0x7f; i++)
        text[i] = b->text[i];
    text[i] = '\0';
}

static void judge_answer(aegis_otlp *otlp, const body *b, uint32_t spans, otlp_answer *answer)
{
    CURL *curl = (CURL *)otlp->curl;
    curl_off_t after = 0;
    char text[120];
    long code = 0;

    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code);
    if (code >= 200 && code < 300) {
        read_partial(b, spans, answer);
        return;
    }
    answer->result = code == 429 || code == 502 || code == 503 || code == 504 ? OTLP_AGAIN : OTLP_NEVER;
    if (curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &after) == CURLE_OK && after > 0)
        answer->after = (after < 86400 ? (aegis_duration)after : 86400) * AEGIS_SECOND;
    quote(b, text, sizeof text);
    (void)snprintf(answer->why, sizeof answer->why, "%s answered %ld%s%s", otlp->endpoint, code,
                   text[0] != '\0' ? ": " : "", text);
}

/* ---- a request ---------------------------------------------------------------------------------------- */

/* Breaks off what goes on when the exporter has to be closed. */
static int on_progress(void *user, curl_off_t down, curl_off_t got, curl_off_t up, curl_off_t sent)
{
    (void)down;
    (void)got;
    (void)up;
    (void)sent;
    return otlp_now() >= otlp_deadline((aegis_otlp *)user);
}

static bool repeatable(CURLcode code)
{
    return code != CURLE_UNSUPPORTED_PROTOCOL && code != CURLE_URL_MALFORMAT && code != CURLE_WRITE_ERROR &&
           code != CURLE_PEER_FAILED_VERIFICATION && code != CURLE_SSL_CACERT_BADFILE &&
           code != CURLE_SSL_CERTPROBLEM;
}

void otlp_post_send(aegis_otlp *otlp, const char *text, size_t size, uint32_t spans, otlp_answer *answer)
{
    CURL *curl = (CURL *)otlp->curl;
    char why[CURL_ERROR_SIZE] = "";
    body b = {.size = 0};
    CURLcode code;

    memset(answer, 0, sizeof *answer);
    (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, text);
    (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, &b);
    (void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why);
    code = curl_easy_perform(curl);
    (void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, NULL);
    if (code == CURLE_OK) {
        judge_answer(otlp, &b, spans, answer);
        return;
    }
    answer->result = repeatable(code) ? OTLP_AGAIN : OTLP_NEVER;
    answer->nobody = code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST;
    (void)snprintf(answer->why, sizeof answer->why, "%s: %.180s", otlp->endpoint,
                   why[0] != '\0' ? why : curl_easy_strerror(code));
}

/* ---- opening and closing ------------------------------------------------------------------------------ */

static bool add_header(aegis_otlp *otlp, const char *line)
{
    struct curl_slist *longer = curl_slist_append((struct curl_slist *)otlp->headers, line);

    if (longer != NULL)
        otlp->headers = longer;
    return longer != NULL;
}

/* Their texts may be secrets, so no error shows one. */
static aegis_status add_headers(aegis_otlp *otlp, const char *given, aegis_error *error)
{
    aegis_arena *arena = aegis_arena_new(NULL);
    char *list = arena != NULL ? aegis_arena_strdup(arena, given) : NULL;
    char *key, *value;
    aegis_status status = AEGIS_OK;

    while (status == AEGIS_OK && list != NULL && otlp_next_pair(&list, &key, &value)) {
        const char *line = key != NULL ? aegis_arena_printf(arena, "%s: %s", key, value) : NULL;

        if (key == NULL || strpbrk(key, "\r\n:") != NULL || strpbrk(value, "\r\n") != NULL)
            status = aegis_error_set(error, AEGIS_INVALID_ARGUMENT,
                                     "the headers for the collector are not name=value,name=value");
        else if (line == NULL || !add_header(otlp, line))
            status = aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "out of memory");
    }
    if (arena == NULL)
        status = aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "out of memory");
    aegis_arena_free(arena);
    return status;
}

static bool set_up(aegis_otlp *otlp, const aegis_otlp_options *options)
{
    CURL *curl = (CURL *)otlp->curl;
    const long ms = (long)(otlp->timeout / AEGIS_MILLISECOND);
    bool good = curl_easy_setopt(curl, CURLOPT_URL, otlp->endpoint) == CURLE_OK;

    good = good && curl_easy_setopt(curl, CURLOPT_HTTPHEADER, otlp->headers) == CURLE_OK;
    if (options->tls_ca_file != NULL)
        good = good && curl_easy_setopt(curl, CURLOPT_CAINFO, options->tls_ca_file) == CURLE_OK;
    if (options->tls_certificate_file != NULL)
        good = good && curl_easy_setopt(curl, CURLOPT_SSLCERT, options->tls_certificate_file) == CURLE_OK;
    if (options->tls_key_file != NULL)
        good = good && curl_easy_setopt(curl, CURLOPT_SSLKEY, options->tls_key_file) == CURLE_OK;
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_PROXY,
                           ""); /* environment variables are the application's business */
    (void)curl_easy_setopt(curl, CURLOPT_USERAGENT, "OTel-OTLP-Exporter-Aegis/" AEGIS_VERSION);
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, ms > 0 ? ms : 1L);
    (void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, ms > 0 && ms < CONNECT_MS ? ms : CONNECT_MS);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    (void)curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    (void)curl_easy_setopt(curl, CURLOPT_XFERINFODATA, otlp);
    return good;
}

aegis_status otlp_post_open(aegis_otlp *otlp, const aegis_otlp_options *options, aegis_error *error)
{
    aegis_status status = AEGIS_OK;

    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "libcurl did not start");
    otlp->curl = curl_easy_init();
    /* Without Expect a body does not wait for leave to come. */
    if (otlp->curl == NULL || !add_header(otlp, "Content-Type: application/json") ||
        !add_header(otlp, "Expect:"))
        status = aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "out of memory");
    if (status == AEGIS_OK && options->headers != NULL)
        status = add_headers(otlp, options->headers, error);
    if (status == AEGIS_OK && !set_up(otlp, options))
        status = aegis_error_set(error, AEGIS_INVALID_ARGUMENT, "libcurl cannot use what the options say");
    if (status != AEGIS_OK)
        otlp_post_close(otlp);
    return status;
}

void otlp_post_close(aegis_otlp *otlp)
{
    curl_easy_cleanup((CURL *)otlp->curl);
    curl_slist_free_all((struct curl_slist *)otlp->headers);
    otlp->curl = otlp->headers = NULL;
    curl_global_cleanup();
}
