/* Comparing streams. Promises depend on a few points: who takes which subject, how long a message stays, what
 * happens when there is no room, and whether it outlives the server; a difference there is for `difference`.
 * Sizes, ages and replicas belong to whoever made the stream: they are told, in `limits`, and left. Pure. */
#include "ports/stream.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef struct sentence {
    char *text;
    size_t size;
    size_t length;
} sentence;

static void add(sentence *s, const char *format, ...) AEGIS_PRINTF(2, 3);

/* What does not fit is cut. */
static void add(sentence *s, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(s->text + s->length, s->size - s->length, format, arguments);
    va_end(arguments);
    if (length > 0)
        s->length += (size_t)length < s->size - s->length ? (size_t)length : s->size - s->length - 1;
}

static const char *between(const sentence *s)
{
    return s->length > 0 ? "; " : "";
}

const char *aegis_retention_name(aegis_retention retention)
{
    switch (retention) {
    case AEGIS_RETAIN_WORK_QUEUE:
        return "workqueue";
    case AEGIS_RETAIN_INTEREST:
        return "interest";
    case AEGIS_RETAIN_LIMITS:
        break;
    }
    return "limits";
}

const char *aegis_storage_name(aegis_storage storage)
{
    return storage == AEGIS_STORE_MEMORY ? "memory" : "file";
}

const char *aegis_discard_name(aegis_discard discard)
{
    return discard == AEGIS_DISCARD_NEW ? "new" : "old";
}

static bool has(const aegis_stream_config *config, const char *subject)
{
    for (size_t i = 0; i < config->subject_count; i++) {
        if (strcmp(config->subjects[i], subject) == 0)
            return true;
    }
    return false;
}

static bool same_subjects(const aegis_stream_config *is, const aegis_stream_config *wanted)
{
    for (size_t i = 0; i < wanted->subject_count; i++) {
        if (!has(is, wanted->subjects[i]))
            return false;
    }
    for (size_t i = 0; i < is->subject_count; i++) {
        if (!has(wanted, is->subjects[i]))
            return false;
    }
    return true;
}

static void add_subjects(sentence *s, const aegis_stream_config *config)
{
    for (size_t i = 0; i < config->subject_count && i < 3; i++)
        add(s, "%s'%.60s'", i > 0 ? ", " : "", config->subjects[i]);
    if (config->subject_count > 3)
        add(s, ", ...");
    if (config->subject_count == 0)
        add(s, "none");
}

static void differs(aegis_stream_info *info, sentence *s, aegis_stream_point point, const char *what,
                    const char *is, const char *wanted)
{
    info->differs |= (unsigned)point;
    add(s, "%s%s is %s, not %s", between(s), what, is, wanted);
}

static void compare_promises(const aegis_stream_config *is, const aegis_stream_config *wanted,
                             aegis_stream_info *info, sentence *s)
{
    if (!same_subjects(is, wanted)) {
        info->differs |= (unsigned)AEGIS_POINT_SUBJECTS;
        add(s, "subjects are ");
        add_subjects(s, is);
        add(s, ", not ");
        add_subjects(s, wanted);
    }
    if (is->retention != wanted->retention)
        differs(info, s, AEGIS_POINT_RETENTION, "retention", aegis_retention_name(is->retention),
                aegis_retention_name(wanted->retention));
    if (is->storage != wanted->storage)
        differs(info, s, AEGIS_POINT_STORAGE, "storage", aegis_storage_name(is->storage),
                aegis_storage_name(wanted->storage));
    if (is->discard != wanted->discard &&
        (wanted->discard == AEGIS_DISCARD_NEW || wanted->retention == AEGIS_RETAIN_WORK_QUEUE))
        differs(info, s, AEGIS_POINT_DISCARD, "discard", aegis_discard_name(is->discard),
                aegis_discard_name(wanted->discard));
    if (is->no_ack && !wanted->no_ack)
        differs(info, s, AEGIS_POINT_NO_ACK, "no_ack", "true", "false");
}

static void add_number(sentence *s, int64_t value)
{
    if (value > 0)
        add(s, "%" PRId64, value);
    else
        add(s, "unlimited");
}

static void compare_number(sentence *s, const char *what, int64_t is, int64_t wanted)
{
    if ((is > 0 ? is : 0) == (wanted > 0 ? wanted : 0))
        return;
    add(s, "%s%s is ", between(s), what);
    add_number(s, is);
    add(s, ", not ");
    add_number(s, wanted);
}

static void add_duration(sentence *s, aegis_duration value)
{
    if (value <= 0)
        add(s, "unlimited");
    else if (value % AEGIS_SECOND == 0)
        add(s, "%" PRId64 "s", value / AEGIS_SECOND);
    else
        add(s, "%" PRId64 "ms", value / AEGIS_MILLISECOND);
}

static void compare_duration(sentence *s, const char *what, aegis_duration is, aegis_duration wanted)
{
    if ((is > 0 ? is : 0) == (wanted > 0 ? wanted : 0))
        return;
    add(s, "%s%s is ", between(s), what);
    add_duration(s, is);
    add(s, ", not ");
    add_duration(s, wanted);
}

aegis_duration aegis_stream_window(const aegis_stream_config *config)
{
    aegis_duration window = config->duplicate_window > 0 ? config->duplicate_window : AEGIS_DUPLICATE_WINDOW;

    return config->max_age > 0 && window > config->max_age ? config->max_age : window;
}

void aegis_stream_compare(const aegis_stream_config *is, const aegis_stream_config *wanted,
                          aegis_stream_info *info)
{
    sentence promises = {info->difference, sizeof info->difference, 0};
    sentence limits = {info->limits, sizeof info->limits, 0};

    info->differs = 0;
    info->difference[0] = info->limits[0] = '\0';
    compare_promises(is, wanted, info, &promises);
    compare_number(&limits, "max_bytes", is->max_bytes, wanted->max_bytes);
    compare_number(&limits, "max_msgs", is->max_messages, wanted->max_messages);
    compare_number(&limits, "max_msgs_per_subject", is->max_per_subject, wanted->max_per_subject);
    compare_number(&limits, "max_msg_size", is->max_message_size, wanted->max_message_size);
    compare_duration(&limits, "max_age", is->max_age, wanted->max_age);
    compare_duration(&limits, "duplicate_window", aegis_stream_window(is), aegis_stream_window(wanted));
    compare_number(&limits, "num_replicas", is->replicas > 0 ? is->replicas : 1,
                   wanted->replicas > 0 ? wanted->replicas : 1);
}
