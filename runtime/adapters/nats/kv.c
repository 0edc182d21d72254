/* Key-value buckets as ADR-8 has them: a stream KV_<bucket> over $KV.<bucket>.>, a key's value its last
 * message, a deletion a message with KV-Operation, compare-and-set by the header
 * Nats-Expected-Last-Subject-Sequence. Reading is a direct get. All of it is read through a consumer
 * that lives for that call only.
 */
#define _GNU_SOURCE
#include "internal.h"
#include "json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domain/time.h"

#define SUBJECT_MAX 640
#define ITEMS_MAX   100000
#define ITEMS_PAGE  256
/* Without an entry for so long, it is asked whether there are any left. */
#define ITEM_PATIENCE (200 * AEGIS_MILLISECOND)

static bool key_ok(const char *key)
{
    if (key == NULL || *key == '\0' || strlen(key) > 256 || *key == '.' || key[strlen(key) - 1] == '.')
        return false;
    for (const char *c = key; *c != '\0'; c++) {
        const bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9');
        if (!plain && strchr("-/_=.", *c) == NULL)
            return false;
    }
    return true;
}

static aegis_status check_names(const char *bucket, const char *key, aegis_error *error)
{
    if (!aegis_nats_name_ok(bucket) || (key != NULL && !key_ok(key)))
        return aegis_error_set(error, AEGIS_INVALID_ARGUMENT, "'%s' in '%s' is not a key in a bucket",
                               key != NULL ? key : "", bucket != NULL ? bucket : "");
    return AEGIS_OK;
}

static const char *header(const aegis_message *message, const char *name)
{
    return aegis_header_value(message->headers, message->header_count, name);
}

static bool deleted(const aegis_message *message)
{
    const char *operation = header(message, "KV-Operation");
    return operation != NULL && (strcmp(operation, "DEL") == 0 || strcmp(operation, "PURGE") == 0);
}

aegis_timestamp aegis_nats_time(const char *text)
{
    aegis_timestamp at = 0;
    return text != NULL && aegis_timestamp_parse(text, strlen(text), &at) ? at : 0;
}

/* ---- buckets --------------------------------------------------------------------------------------------
 */

aegis_status aegis_nats_ensure_bucket(aegis_port *port, const aegis_stream_config *config, int64_t deadline,
                                      aegis_stream_info *info, aegis_error *error)
{
    char name[256], subject[256];
    const char *const subjects[] = {subject};
    aegis_stream_config stream = *config;
    const aegis_status status = check_names(config->name, NULL, error);
    if (status != AEGIS_OK)
        return status;
    snprintf(name, sizeof name, "KV_%s", config->name);
    snprintf(subject, sizeof subject, "$KV.%s.>", config->name);
    stream.name = name;
    stream.subjects = subjects;
    stream.subject_count = 1;
    stream.discard = AEGIS_DISCARD_NEW;
    stream.max_per_subject = config->max_per_subject > 0 ? config->max_per_subject : 1;
    return aegis_nats_ensure(port, &stream, deadline, info, error);
}

/* ---- reading --------------------------------------------------------------------------------------------
 */

/* The last message of the key, a deletion too; to be released when it returns OK. */
static aegis_status last_message(aegis_port *port, const char *bucket, const char *key, int64_t deadline,
                                 aegis_message *answer, aegis_error *error)
{
    char subject[2 * SUBJECT_MAX];
    aegis_error why = {0};
    nats_engine *engine = aegis_nats_engine_of(port);
    snprintf(subject, sizeof subject, "%s.DIRECT.GET.KV_%s.$KV.%s.%s", engine->api, bucket, bucket, key);
    const aegis_outgoing request = {.subject = subject};
    /* A 2.9 server is silent about a stream that is not there: ask for it when there is no answer. */
    const int64_t now = aegis_clock_monotonic();
    aegis_status status =
        aegis_nats_ask(engine, NATS_BULK, &request, now + (deadline - now) / 2, answer, &why);
    if (status == AEGIS_DEADLINE_EXCEEDED) {
        char stream[256];
        aegis_stream_info info;
        snprintf(stream, sizeof stream, "KV_%s", bucket);
        status = aegis_nats_stream_info(port, stream, deadline, &info, &why);
        if (status == AEGIS_NOT_FOUND)
            return aegis_error_set(error, AEGIS_NOT_FOUND, "no bucket %s", bucket);
        if (status == AEGIS_OK)
            status = aegis_nats_ask(engine, NATS_BULK, &request, deadline, answer, &why);
    }
    if (status == AEGIS_UNAVAILABLE && strncmp(why.text, "nobody", 6) == 0)
        return aegis_error_set(error, AEGIS_NOT_FOUND, "no bucket %s", bucket);
    if (status != AEGIS_OK) {
        if (error != NULL)
            *error = why;
        return status;
    }
    if (header(answer, "Nats-Sequence") != NULL)
        return AEGIS_OK;
    aegis_nats_release(answer); /* a status: 404 */
    return aegis_error_set(error, AEGIS_NOT_FOUND, "no key %s in bucket %s", key, bucket);
}

aegis_status aegis_nats_kv_get(aegis_port *port, const char *bucket, const char *key, int64_t deadline,
                               aegis_arena *arena, aegis_kv_entry *entry, aegis_error *error)
{
    aegis_message answer;
    aegis_status status = check_names(bucket, key, error);
    if (status == AEGIS_OK)
        status = last_message(port, bucket, key, deadline, &answer, error);
    if (status != AEGIS_OK)
        return status;
    if (deleted(&answer)) {
        aegis_nats_release(&answer);
        return aegis_error_set(error, AEGIS_NOT_FOUND, "key %s in bucket %s was deleted", key, bucket);
    }
    uint8_t *value = (uint8_t *)aegis_arena_alloc(arena, answer.body.len);
    if (value == NULL) {
        aegis_nats_release(&answer);
        return aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "no memory for the value of %s", key);
    }
    if (answer.body.len > 0)
        memcpy(value, answer.body.data, answer.body.len);
    entry->value = (aegis_bytes){value, answer.body.len};
    entry->revision = strtoull(header(&answer, "Nats-Sequence"), NULL, 10);
    entry->written_at = aegis_nats_time(header(&answer, "Nats-Time-Stamp"));
    aegis_nats_release(&answer);
    return AEGIS_OK;
}

/* ---- writing --------------------------------------------------------------------------------------------
 */

static aegis_status put(aegis_port *port, const char *bucket, const char *key, aegis_bytes value,
                        bool deletion, uint64_t expected, int64_t deadline, uint64_t *revision,
                        aegis_error *error)
{
    char subject[SUBJECT_MAX];
    char number[24];
    char stream[SUBJECT_MAX];
    aegis_header headers[2];
    size_t count = 0;
    aegis_publish_ack ack = {0};
    const nats_engine *engine = aegis_nats_engine_of(port);
    snprintf(subject, sizeof subject, "%s$KV.%s.%s", engine->kv_prefix, bucket, key);
    snprintf(number, sizeof number, "%" PRIu64, expected);
    snprintf(stream, sizeof stream, "KV_%s", bucket);
    if (deletion)
        headers[count++] = (aegis_header){"KV-Operation", "DEL"};
    if (expected != AEGIS_KV_ANY)
        headers[count++] = (aegis_header){"Nats-Expected-Last-Subject-Sequence", number};
    const aegis_outgoing message = {
        .subject = subject, .headers = headers, .header_count = count, .body = value, .stream = stream};
    const aegis_status status = aegis_nats_publish_durable(port, &message, deadline, &ack, error);
    if (status == AEGIS_OK && revision != NULL)
        *revision = ack.sequence;
    return status;
}

aegis_status aegis_nats_kv_put(aegis_port *port, const char *bucket, const char *key, aegis_bytes value,
                               uint64_t expected, int64_t deadline, uint64_t *revision, aegis_error *error)
{
    aegis_message last;
    aegis_status status = check_names(bucket, key, error);
    if (status == AEGIS_OK)
        status = put(port, bucket, key, value, false, expected, deadline, revision, error);
    if (status != AEGIS_ABORTED || expected != 0)
        return status;
    /* "Only if it does not exist" also holds for a deleted key, whose last revision is the deletion's. */
    if (last_message(port, bucket, key, deadline, &last, NULL) != AEGIS_OK)
        return status;
    const bool gone = deleted(&last);
    const uint64_t at = strtoull(header(&last, "Nats-Sequence"), NULL, 10);
    aegis_nats_release(&last);
    if (!gone)
        return status;
    status = put(port, bucket, key, value, false, at, deadline, revision, error);
    if (status == AEGIS_OK)
        aegis_error_set(error, AEGIS_OK, "%s", "");
    return status;
}

aegis_status aegis_nats_kv_delete(aegis_port *port, const char *bucket, const char *key, uint64_t expected,
                                  int64_t deadline, aegis_error *error)
{
    const aegis_status status = check_names(bucket, key, error);
    if (status != AEGIS_OK)
        return status;
    return put(port, bucket, key, (aegis_bytes){NULL, 0}, true, expected, deadline, NULL, error);
}

/* ---- all of it ------------------------------------------------------------------------------------------
 */

typedef struct item_list {
    aegis_arena *arena;
    aegis_kv_item *items;
    size_t count;
    size_t capacity;
} item_list;

static aegis_kv_item *item_place(item_list *list)
{
    if (list->count == list->capacity) {
        const size_t capacity = list->capacity > 0 ? list->capacity * 2 : 64;
        aegis_kv_item *items = (aegis_kv_item *)aegis_arena_alloc(list->arena, capacity * sizeof *items);
        if (items == NULL || list->count >= ITEMS_MAX)
            return NULL;
        if (list->count > 0)
            memcpy(items, list->items, list->count * sizeof *items);
        list->items = items;
        list->capacity = capacity;
    }
    return &list->items[list->count++];
}

static bool item_add(item_list *list, const char *key, const aegis_message *message)
{
    uint8_t *value = (uint8_t *)aegis_arena_alloc(list->arena, message->body.len);
    const char *name = aegis_arena_strdup(list->arena, key);
    aegis_kv_item *item = value != NULL && name != NULL ? item_place(list) : NULL;
    if (item == NULL)
        return false;
    if (message->body.len > 0)
        memcpy(value, message->body.data, message->body.len);
    *item = (aegis_kv_item){name, {{value, message->body.len}, message->sequence, message->stored_at}};
    return true;
}

typedef struct list_consumer {
    char name[128];
    uint64_t pending;
    aegis_timestamp created;
} list_consumer;

/* A consumer of the last message of each subject; the server removes it when it is idle. It was made when the
 * list is read, and the answer says when that was by the server's clock. */
static aegis_status make_consumer(aegis_port *port, const char *bucket, int64_t deadline,
                                  list_consumer *consumer, aegis_error *error)
{
    AEGIS_SCOPED_ARENA(arena);
    char subject[SUBJECT_MAX];
    char body[512];
    nats_json answer;
    uint32_t code = 0;
    snprintf(subject, sizeof subject, "CONSUMER.CREATE.KV_%s", bucket);
    snprintf(body, sizeof body,
             "{\"stream_name\":\"KV_%s\",\"config\":{\"deliver_policy\":\"last_per_subject\",\"ack_policy\":"
             "\"none\","
             "\"filter_subject\":\"$KV.%s.>\",\"replay_policy\":\"instant\","
             "\"mem_storage\":true,\"inactive_threshold\":5000000000}}",
             bucket, bucket);
    const aegis_status status = aegis_nats_api(port, subject, body, deadline, arena, &answer, &code, error);
    if (status != AEGIS_OK)
        return status;
    snprintf(consumer->name, sizeof consumer->name, "%s", aegis_json_text(answer, "name"));
    consumer->pending = aegis_json_u64(answer, "num_pending");
    consumer->created = aegis_nats_time(aegis_json_text(answer, "created"));
    return AEGIS_OK;
}

/* The next entry. NOT_FOUND: there are no more; what was counted before may have grown too old since. */
static aegis_status next_item(aegis_source *source, const char *stream, const char *consumer,
                              int64_t deadline, aegis_message *message)
{
    for (;;) {
        const int64_t slice = aegis_clock_monotonic() + ITEM_PATIENCE;
        const aegis_status status = aegis_nats_next(source, slice < deadline ? slice : deadline, message);
        aegis_consumer_info info;
        if (status != AEGIS_DEADLINE_EXCEEDED || slice >= deadline)
            return status;
        if (aegis_nats_consumer_info(source->port, stream, consumer, deadline, &info, NULL) == AEGIS_OK &&
            info.pending == 0)
            return AEGIS_NOT_FOUND;
    }
}

static aegis_status read_items(aegis_source *source, const char *stream, const list_consumer *consumer,
                               size_t prefix, int64_t deadline, item_list *list)
{
    for (uint64_t read = 0; read < consumer->pending; read++) {
        aegis_message message;
        if (read % ITEMS_PAGE == 0)
            aegis_nats_credit(source, ITEMS_PAGE);
        const aegis_status status = next_item(source, stream, consumer->name, deadline, &message);
        if (status == AEGIS_NOT_FOUND)
            break;
        if (status != AEGIS_OK)
            return status;
        const bool live = !deleted(&message) && strlen(message.subject) > prefix;
        const bool added = !live || item_add(list, message.subject + prefix, &message);
        const bool last = message.pending == 0;
        aegis_nats_release(&message);
        if (!added)
            return AEGIS_RESOURCE_EXHAUSTED;
        if (last)
            break;
    }
    return AEGIS_OK;
}

aegis_status aegis_nats_kv_list(aegis_port *port, const char *bucket, int64_t deadline, aegis_arena *arena,
                                aegis_kv_list *list, aegis_error *error)
{
    list_consumer consumer = {.pending = 0};
    char stream[256];
    aegis_source *source = NULL;
    item_list items = {.arena = arena};
    aegis_status status = check_names(bucket, NULL, error);
    *list = (aegis_kv_list){0};
    if (status == AEGIS_OK)
        status = make_consumer(port, bucket, deadline, &consumer, error);
    if (status != AEGIS_OK)
        return status;
    if (consumer.pending > 0) {
        snprintf(stream, sizeof stream, "KV_%s", bucket);
        status = aegis_nats_consume(port, stream, consumer.name, &source, error);
        if (status != AEGIS_OK)
            return status;
        status = read_items(source, stream, &consumer, strlen("$KV.") + strlen(bucket) + 1, deadline, &items);
        aegis_nats_close_source(source);
        if (status != AEGIS_OK)
            return aegis_error_set(error, status, "reading the entries of bucket %s", bucket);
    }
    *list = (aegis_kv_list){items.items, items.count, consumer.created};
    return AEGIS_OK;
}
