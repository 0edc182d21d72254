/* Requests to JetStream's API, and what its answers come to. */
#include "jetstream.h"

#include "wire.h"

#define ASK_TIMEOUT (5 * AEGIS_SECOND)
/* Consumers that are listed of one stream. */
#define CONSUMERS_MAX 10000

/* The error inside an answer. */
static aegis_status refusal(json_t *failure, aegis_error *error)
{
    const int code = (int)wire_number(failure, "code", 500);
    const aegis_status status = code == 404   ? AEGIS_NOT_FOUND
                                : code == 400 ? AEGIS_INVALID_ARGUMENT
                                : code == 503 ? AEGIS_UNAVAILABLE
                                              : AEGIS_FAILED_PRECONDITION;

    return aegis_error_set(error, status, "%s (%d)",
                           wire_text(failure, "description", "refused without a reason"),
                           (int)wire_number(failure, "err_code", 0));
}

aegis_status jetstream_ask(session *s, const char *what, json_t *body, json_t **answer, aegis_error *error)
{
    const char *domain = s->options->domain;
    const char *subject = aegis_arena_printf(s->arena, "$JS%s%s.API.%s", domain != NULL ? "." : "",
                                             domain != NULL ? domain : "", what);
    aegis_error why = {0};
    aegis_status status;
    json_t *failure;

    *answer = NULL;
    if (subject == NULL)
        return aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "out of memory");
    status = wire_ask(s, subject, body, session_timeout(s, ASK_TIMEOUT), answer, &why);
    if (status == AEGIS_UNAVAILABLE && why.not_processed)
        return aegis_error_set(error, status, "JetStream is not there, or this user may not use it");
    if (status != AEGIS_OK) {
        *error = why;
        return status;
    }
    failure = json_object_get(*answer, "error");
    if (failure == NULL)
        return AEGIS_OK;
    status = refusal(failure, error);
    json_decref(*answer);
    *answer = NULL;
    return status;
}

aegis_status jetstream_stream(session *s, const char *name, json_t **info, aegis_error *error)
{
    *info = NULL;
    return jetstream_ask(s, aegis_arena_printf(s->arena, "STREAM.INFO.%s", name), NULL, info, error);
}

aegis_status jetstream_consumers(session *s, const char *stream, json_t **list, aegis_error *error)
{
    const char *what = aegis_arena_printf(s->arena, "CONSUMER.LIST.%s", stream);
    json_t *all = json_array();
    aegis_status status = AEGIS_OK;
    json_int_t total = 1;

    while (status == AEGIS_OK && (json_int_t)json_array_size(all) < total &&
           json_array_size(all) < CONSUMERS_MAX) {
        json_t *body = json_pack("{s:I}", "offset", (json_int_t)json_array_size(all));
        json_t *page = NULL, *items;

        status = jetstream_ask(s, what, body, &page, error);
        items = json_object_get(page, "consumers");
        total = (json_int_t)wire_number(page, "total", 0);
        if (json_array_size(items) == 0)
            total = 0;
        else
            (void)json_array_extend(all, items);
        json_decref(page);
        json_decref(body);
    }
    if (status == AEGIS_NOT_FOUND)
        status = AEGIS_OK;
    if (status != AEGIS_OK) {
        json_decref(all);
        all = NULL;
    }
    *list = all;
    return status;
}
