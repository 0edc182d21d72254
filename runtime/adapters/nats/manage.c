/* Streams and consumers over JetStream's JSON API ($JS.API.*), with our own requests: nats.c's management
 * calls block on a connection somebody else must lead. INFO comes first and create only when there is
 * nothing: a 2.9 server silently updates a consumer that is created again with another configuration, and we
 * never alter.
 */
#define _GNU_SOURCE
#include "internal.h"
#include "json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "domain/subject.h"
#include "ports/stream.h"

#define BODY_MAX             16384
#define ERR_STREAM_NOT_FOUND 10059
#define ERR_CONSUMER_MISSING 10014
#define ACK_WAIT_DEFAULT     (30 * AEGIS_SECOND)
#define ACK_PENDING_DEFAULT  1000
#define CREATE_TIMES         6                       /* 315 ms of pauses in all */
#define CREATE_PAUSE         (5 * AEGIS_MILLISECOND) /* doubled each time */

bool aegis_nats_name_ok(const char *name)
{
    if (name == NULL || *name == '\0' || strlen(name) > 200)
        return false;
    for (const char *c = name; *c != '\0'; c++) {
        if ((unsigned char)*c <= ' ' || *c == 0x7f || strchr(".*>/\\\"", *c) != NULL)
            return false;
    }
    return true;
}

aegis_status aegis_nats_api(aegis_port *port, const char *what, const char *body, int64_t deadline,
                            aegis_arena *arena, nats_json *answer, uint32_t *code, aegis_error *error)
{
    nats_engine *engine = aegis_nats_engine_of(port);
    char subject[AEGIS_SUBJECT_MAX + 1];
    const aegis_outgoing request = {.subject = subject, .body = {(const uint8_t *)body, strlen(body)}};
    aegis_error why = {0};
    aegis_message message;
    *code = 0;
    if ((size_t)snprintf(subject, sizeof subject, "%s.%s", engine->api, what) >= sizeof subject)
        return aegis_error_set(error, AEGIS_INVALID_ARGUMENT, "the name in '%.200s...' is too long", what);
    aegis_status status = aegis_nats_ask(engine, NATS_BULK, &request, deadline, &message, &why);
    if (status == AEGIS_UNAVAILABLE && why.not_processed && strncmp(why.text, "nobody", 6) == 0)
        return aegis_error_set(error, AEGIS_UNAVAILABLE, "JetStream is not there: start the server with -js");
    if (status != AEGIS_OK) {
        if (error != NULL)
            *error = why;
        return status;
    }
    *answer = aegis_json_object(message.body, arena);
    aegis_nats_release(&message);
    const nats_json failure = aegis_json_member(*answer, "error");
    if (answer->object != NULL && failure.object == NULL)
        return AEGIS_OK;
    *code = (uint32_t)aegis_json_u64(failure, "err_code");
    const char *description = aegis_json_text(failure, "description");
    status =
        aegis_json_u64(failure, "code") == 404 ? AEGIS_NOT_FOUND : aegis_nats_js_status(*code, description);
    return aegis_error_set(error, status, "%.160s (%" PRIu32 ")",
                           description[0] != '\0' ? description : "not an answer of JetStream's", *code);
}

/* ---- streams --------------------------------------------------------------------------------------------
 */

static int64_t unlimited(int64_t limit)
{
    return limit > 0 ? limit : -1;
}

static bool stream_body(char *body, size_t size, const aegis_stream_config *config)
{
    nats_text text = {body, size, 0, false};
    aegis_text_add(&text, "{\"name\":");
    aegis_text_quote(&text, config->name);
    aegis_text_add(&text, ",\"description\":\"" AEGIS_STREAM_MARK "\",\"subjects\":[");
    for (size_t i = 0; i < config->subject_count; i++) {
        aegis_text_add(&text, i > 0 ? "," : "");
        aegis_text_quote(&text, config->subjects[i]);
    }
    aegis_text_add(&text, "],\"retention\":\"%s\",\"discard\":\"%s\",\"storage\":\"%s\"",
                   aegis_retention_name(config->retention), aegis_discard_name(config->discard),
                   aegis_storage_name(config->storage));
    aegis_text_add(&text, ",\"max_bytes\":%" PRId64 ",\"max_msgs\":%" PRId64 ",\"max_age\":%" PRId64,
                   unlimited(config->max_bytes), unlimited(config->max_messages),
                   config->max_age > 0 ? config->max_age : 0);
    aegis_text_add(&text, ",\"max_msgs_per_subject\":%" PRId64 ",\"max_msg_size\":%" PRId64,
                   unlimited(config->max_per_subject), unlimited(config->max_message_size));
    aegis_text_add(&text, ",\"duplicate_window\":%" PRId64 ",\"num_replicas\":%" PRIu32,
                   aegis_stream_window(config), config->replicas > 0 ? config->replicas : 1);
    if (config->bucket)
        aegis_text_add(&text, ",\"allow_rollup_hdrs\":true,\"deny_delete\":true,\"allow_direct\":true");
    aegis_text_add(&text, ",\"max_consumers\":-1}");
    return !text.overflow;
}

/* A stream with more subjects, or longer ones, is none of ours in any case. */
#define SUBJECTS_READ 8

static bool is(nats_json has, const char *member, const char *text)
{
    return strcmp(aegis_json_text(has, member), text) == 0;
}

/* -1, which is unlimited, reads as 0. */
static int64_t read_limit(nats_json has, const char *member)
{
    return (int64_t)aegis_json_u64(has, member);
}

static void read_config(nats_json has, const char *subjects[SUBJECTS_READ], aegis_stream_config *config)
{
    const nats_json list = aegis_json_member(has, "subjects");
    *config = (aegis_stream_config){.subjects = subjects};
    for (size_t i = 0; i < SUBJECTS_READ && aegis_json_element(list, i).object != NULL; i++)
        subjects[config->subject_count++] = aegis_json_string(aegis_json_element(list, i));
    config->retention = is(has, "retention", "workqueue")  ? AEGIS_RETAIN_WORK_QUEUE
                        : is(has, "retention", "interest") ? AEGIS_RETAIN_INTEREST
                                                           : AEGIS_RETAIN_LIMITS;
    config->discard = is(has, "discard", "new") ? AEGIS_DISCARD_NEW : AEGIS_DISCARD_OLD;
    config->storage = is(has, "storage", "memory") ? AEGIS_STORE_MEMORY : AEGIS_STORE_FILE;
    config->no_ack = aegis_json_true(has, "no_ack");
    config->max_bytes = read_limit(has, "max_bytes");
    config->max_messages = read_limit(has, "max_msgs");
    config->max_per_subject = read_limit(has, "max_msgs_per_subject");
    config->max_message_size = read_limit(has, "max_msg_size");
    config->max_age = read_limit(has, "max_age");
    config->duplicate_window = read_limit(has, "duplicate_window");
    config->replicas = (uint32_t)read_limit(has, "num_replicas");
}

/* `config` NULL: state only. */
static void read_stream(nats_json object, const aegis_stream_config *config, aegis_stream_info *info)
{
    const nats_json has = aegis_json_member(object, "config");
    const char *subjects[SUBJECTS_READ];
    aegis_stream_config found;
    *info = (aegis_stream_info){
        .messages = aegis_json_u64(object, "state.messages"),
        .bytes = aegis_json_u64(object, "state.bytes"),
        .first_sequence = aegis_json_u64(object, "state.first_seq"),
        .last_sequence = aegis_json_u64(object, "state.last_seq"),
        .ours = strstr(aegis_json_text(has, "description"), AEGIS_STREAM_MARK) != NULL,
    };
    if (config == NULL)
        return;
    read_config(has, subjects, &found);
    aegis_stream_compare(&found, config, info);
}

static aegis_status stream_get(aegis_port *port, const char *name, const aegis_stream_config *config,
                               int64_t deadline, aegis_stream_info *info, uint32_t *code, aegis_error *error)
{
    AEGIS_SCOPED_ARENA(arena);
    char subject[256];
    nats_json answer;
    if (!aegis_nats_name_ok(name))
        return aegis_error_set(error, AEGIS_INVALID_ARGUMENT, "'%s' is not a stream's name",
                               name != NULL ? name : "");
    snprintf(subject, sizeof subject, "STREAM.INFO.%s", name);
    const aegis_status status = aegis_nats_api(port, subject, "", deadline, arena, &answer, code, error);
    if (status == AEGIS_OK)
        read_stream(answer, config, info);
    return status;
}

static aegis_status stream_create(aegis_port *port, const char *name, const char *body, int64_t deadline,
                                  uint32_t *code, aegis_error *error)
{
    AEGIS_SCOPED_ARENA(arena);
    char subject[256];
    nats_json answer;
    aegis_error why = {0};

    snprintf(subject, sizeof subject, "STREAM.CREATE.%s", name);
    const aegis_status status = aegis_nats_api(port, subject, body, deadline, arena, &answer, code, &why);
    return status == AEGIS_OK ? AEGIS_OK
                              : aegis_error_set(error, status, "stream %s: %.200s", name, why.text);
}

/* A server that is creating the very thing for somebody else at this moment refuses its twin in more than one
 * way (2.9.10: 10058 or 10065 for a stream), and may not show it yet. So after a refusal look again, and ask
 * again for a moment; the last refusal is what the caller gets. */
static bool once_more(unsigned attempt, int64_t deadline)
{
    const int64_t wait = CREATE_PAUSE << attempt;

    if (attempt >= CREATE_TIMES || aegis_clock_monotonic() + wait >= deadline)
        return false;
    aegis_pause(wait);
    return true;
}

/* Look for the stream, and create it from `body` when there is none. */
static aegis_status there(aegis_port *port, const char *name, const char *body,
                          const aegis_stream_config *config, int64_t deadline, aegis_stream_info *info,
                          aegis_error *error)
{
    for (unsigned attempt = 0;; attempt++) {
        uint32_t code = 0;
        aegis_status status = stream_get(port, name, config, deadline, info, &code, error);
        if (status != AEGIS_NOT_FOUND || code != ERR_STREAM_NOT_FOUND || attempt > CREATE_TIMES)
            return status;
        status = stream_create(port, name, body, deadline, &code, error);
        if (status != AEGIS_OK && (code == 0 || !once_more(attempt, deadline)))
            return status;
    }
}

aegis_status aegis_nats_ensure(aegis_port *port, const aegis_stream_config *config, int64_t deadline,
                               aegis_stream_info *info, aegis_error *error)
{
    aegis_stream_info own;
    char body[BODY_MAX];

    if (info == NULL)
        info = &own;
    if (!stream_body(body, sizeof body, config))
        return aegis_error_set(error, AEGIS_INVALID_ARGUMENT, "stream %s has too many subjects",
                               config->name);
    const aegis_status status = there(port, config->name, body, config, deadline, info, error);
    if (status != AEGIS_OK)
        return status;
    if (info->ours && info->differs != 0)
        return aegis_error_set(error, AEGIS_FAILED_PRECONDITION,
                               "%s was " AEGIS_STREAM_MARK " and has been altered: %s", config->name,
                               info->difference);
    return aegis_error_set(error, AEGIS_OK, "%s", "");
}

aegis_status aegis_nats_ensure_stream(aegis_port *port, const aegis_stream_config *config, int64_t deadline,
                                      aegis_stream_info *info, aegis_error *error)
{
    return config->bucket ? aegis_nats_ensure_bucket(port, config, deadline, info, error)
                          : aegis_nats_ensure(port, config, deadline, info, error);
}

aegis_status aegis_nats_stream_info(aegis_port *port, const char *stream, int64_t deadline,
                                    aegis_stream_info *info, aegis_error *error)
{
    uint32_t code = 0;
    return stream_get(port, stream, NULL, deadline, info, &code, error);
}

/* ---- consumers ------------------------------------------------------------------------------------------
 */

static aegis_status consumer_get(aegis_port *port, const char *stream, const char *durable, int64_t deadline,
                                 aegis_arena *arena, nats_json *answer, uint32_t *code, aegis_error *error)
{
    char subject[512];
    if (!aegis_nats_name_ok(stream) || !aegis_nats_name_ok(durable))
        return aegis_error_set(error, AEGIS_INVALID_ARGUMENT, "not a name of a stream and a durable");
    snprintf(subject, sizeof subject, "CONSUMER.INFO.%s.%s", stream, durable);
    return aegis_nats_api(port, subject, "", deadline, arena, answer, code, error);
}

static aegis_status consumer_create(aegis_port *port, const aegis_consumer_config *config, int64_t deadline,
                                    uint32_t *code, aegis_error *error)
{
    AEGIS_SCOPED_ARENA(arena);
    char subject[512];
    char body[2048];
    nats_json answer;
    nats_text text = {body, sizeof body, 0, false};
    aegis_text_add(&text,
                   "{\"stream_name\":\"%s\",\"config\":{\"durable_name\":\"%s\",\"ack_policy\":\"explicit\"",
                   config->stream, config->durable);
    if (config->start > 0)
        aegis_text_add(&text, ",\"deliver_policy\":\"by_start_sequence\",\"opt_start_seq\":%" PRIu64,
                       config->start);
    else
        aegis_text_add(&text, ",\"deliver_policy\":\"%s\"",
                       config->from == AEGIS_DELIVER_NEW ? "new" : "all");
    if (config->inactive > 0)
        aegis_text_add(&text, ",\"inactive_threshold\":%" PRId64, config->inactive);
    aegis_text_add(&text, ",\"replay_policy\":\"instant\",\"max_deliver\":-1");
    aegis_text_add(&text, ",\"ack_wait\":%" PRId64 ",\"max_ack_pending\":%" PRIu32,
                   config->ack_wait > 0 ? config->ack_wait : ACK_WAIT_DEFAULT,
                   config->max_ack_pending > 0 ? config->max_ack_pending : ACK_PENDING_DEFAULT);
    if (config->filter != NULL && config->filter[0] != '\0') {
        aegis_text_add(&text, ",\"filter_subject\":");
        aegis_text_quote(&text, config->filter);
    }
    aegis_text_add(&text, "}}");
    if (text.overflow)
        return aegis_error_set(error, AEGIS_INVALID_ARGUMENT, "the filter of %s is too long",
                               config->durable);
    snprintf(subject, sizeof subject, "CONSUMER.DURABLE.CREATE.%s.%s", config->stream, config->durable);
    return aegis_nats_api(port, subject, body, deadline, arena, &answer, code, error);
}

/* Look for it, and create it when there is none. */
static aegis_status consumer_there(aegis_port *port, const aegis_consumer_config *config, int64_t deadline,
                                   aegis_arena *arena, nats_json *answer, aegis_error *error)
{
    for (unsigned attempt = 0;; attempt++) {
        uint32_t code = 0;
        aegis_status status =
            consumer_get(port, config->stream, config->durable, deadline, arena, answer, &code, error);
        if (status != AEGIS_NOT_FOUND || code != ERR_CONSUMER_MISSING || attempt > CREATE_TIMES)
            return status;
        status = consumer_create(port, config, deadline, &code, error);
        if (status == AEGIS_OK)
            aegis_nats_pulls_anew(aegis_nats_engine_of(port), config->stream, config->durable);
        if (status != AEGIS_OK && (code == 0 || !once_more(attempt, deadline)))
            return status;
    }
}

aegis_status aegis_nats_ensure_consumer(aegis_port *port, const aegis_consumer_config *config,
                                        int64_t deadline, aegis_error *error)
{
    AEGIS_SCOPED_ARENA(arena);
    nats_json answer;
    const aegis_status status = consumer_there(port, config, deadline, arena, &answer, error);
    if (status != AEGIS_OK)
        return status;
    aegis_error_set(error, AEGIS_OK, "%s", "");
    const char *filter = aegis_json_text(answer, "config.filter_subject");
    const char *asked = config->filter != NULL ? config->filter : "";
    if (strcmp(filter, asked) == 0 ||
        ((filter[0] == '\0' || strcmp(filter, ">") == 0) && strcmp(asked, ">") == 0))
        return AEGIS_OK;
    return aegis_error_set(error, AEGIS_FAILED_PRECONDITION, "durable %s of stream %s filters '%s', not '%s'",
                           config->durable, config->stream, filter, asked);
}

aegis_status aegis_nats_consumer_info(aegis_port *port, const char *stream, const char *durable,
                                      int64_t deadline, aegis_consumer_info *info, aegis_error *error)
{
    AEGIS_SCOPED_ARENA(arena);
    nats_json answer;
    uint32_t code = 0;
    const aegis_status status = consumer_get(port, stream, durable, deadline, arena, &answer, &code, error);
    if (status != AEGIS_OK)
        return status;
    *info = (aegis_consumer_info){
        .pending = aegis_json_u64(answer, "num_pending"),
        .ack_pending = aegis_json_u64(answer, "num_ack_pending"),
        .ack_floor = aegis_json_u64(answer, "ack_floor.stream_seq"),
        .delivered = aegis_json_u64(answer, "delivered.stream_seq"),
        .redelivered = aegis_json_u64(answer, "num_redelivered"),
        .ack_wait = (aegis_duration)aegis_json_u64(answer, "config.ack_wait"),
    };
    return AEGIS_OK;
}

aegis_status aegis_nats_delete_consumer(aegis_port *port, const char *stream, const char *durable,
                                        int64_t deadline, aegis_error *error)
{
    AEGIS_SCOPED_ARENA(arena);
    char subject[512];
    nats_json answer;
    uint32_t code = 0;

    if (!aegis_nats_name_ok(stream) || !aegis_nats_name_ok(durable))
        return aegis_error_set(error, AEGIS_INVALID_ARGUMENT, "not a name of a stream and a durable");
    snprintf(subject, sizeof subject, "CONSUMER.DELETE.%s.%s", stream, durable);
    return aegis_nats_api(port, subject, "", deadline, arena, &answer, &code, error);
}
