#include "contract/peer.h"

#include <stdio.h>

const char *const peer_errors[] = {"OutOfStock"};
const int32_t peer_error_codes[] = {409};

static const aegis_key keys[] = {{0, 0, 4, "\xa4text", ",\"text\":"}, {1, 1, 6, "\xa6number", ",\"number\":"}};

AEGIS_INLINE void note_write(aegis_writer *w, const note *value, bool json)
{
    if (!aegis_put_room(w, 8))
        return;
    aegis_write_map(w, json, 2);
    aegis_write_key(w, json, &keys[0]);
    aegis_write_string(w, json, value->text);
    aegis_write_key(w, json, &keys[1]);
    aegis_write_i64(w, json, value->number);
    aegis_write_map_end(w, json);
}

void note_put(aegis_writer *w, const note *value)
{
    if (w->format == AEGIS_FORMAT_JSON)
        note_write(w, value, true);
    else
        note_write(w, value, false);
}

void note_get(aegis_reader *r, note *out)
{
    const uint8_t *start = r->at;
    const bool json = r->format == AEGIS_FORMAT_JSON;
    uint64_t seen = 0;

    memset(out, 0, sizeof *out);
    for (size_t left = aegis_read_map(r, json); aegis_read_more(r, json, left); aegis_next(r, &left)) {
        switch (aegis_get_member(r, keys, 2, &seen)) {
        case 0:
            out->text = aegis_get_string(r);
            break;
        case 1:
            out->number = aegis_get_i64(r);
            break;
        default:
            aegis_skip(r);
            break;
        }
    }
    aegis_get_required(r, start, keys, ~seen & 1);
}

static void read_outcome(aegis_exchange *x, outcome *out)
{
    if (out->answer == AEGIS_ANSWER_FAILED)
        return;
    note_get(aegis_exchange_reader(x), &out->value);
    if (!aegis_exchange_done(x, &out->failed))
        out->answer = AEGIS_ANSWER_FAILED;
}

outcome peer_call(aegis_client *client, const char *method, const note *request,
                  const aegis_call_options *options, aegis_arena *arena)
{
    aegis_method described = {.service = "peer",
                              .timeout = 5 * AEGIS_SECOND,
                              .errors = peer_errors,
                              .error_codes = peer_error_codes,
                              .error_count = 1};

    described.name = method;
    return peer_invoke(client, &described, request, options, arena);
}

outcome peer_invoke(aegis_client *client, const aegis_method *method, const note *request,
                    const aegis_call_options *options, aegis_arena *arena)
{
    aegis_exchange exchange;
    outcome out;

    memset(&out, 0, sizeof out);
    note_put(aegis_call_begin(&exchange, client, method, options, arena), request);
    out.answer = aegis_call_finish(&exchange, &out.failed);
    read_outcome(&exchange, &out);
    return out;
}

static void deliver(aegis_exchange *exchange, int answer, void (*callback)(void), void *user)
{
    outcome out;

    memset(&out, 0, sizeof out);
    out.answer = answer;
    if (answer == AEGIS_ANSWER_FAILED)
        out.failed = exchange->error;
    read_outcome(exchange, &out);
    if (callback != NULL)
        ((peer_callback)callback)(&out, user);
}

aegis_call_id peer_async(aegis_client *client, const aegis_method *method, const note *request,
                         const aegis_call_options *options, peer_callback callback, void *user)
{
    aegis_exchange *exchange = aegis_async_begin(client, method, options);

    if (exchange == NULL)
        return 0;
    note_put(&exchange->writer, request);
    return aegis_async_send(exchange, deliver, (void (*)(void))callback, user);
}

aegis_status peer_publish(aegis_publisher *publisher, const aegis_event_type *type, const note *event,
                          const aegis_publish_options *options, aegis_error *error)
{
    aegis_exchange exchange;

    note_put(aegis_publish_begin(&exchange, publisher, type, options), event);
    return aegis_publish_finish(&exchange, error);
}

aegis_status peer_publish_async(aegis_publisher *publisher, const aegis_event_type *type, const note *event,
                                const aegis_publish_options *options, aegis_publication_callback callback,
                                void *user, aegis_error *error)
{
    aegis_exchange exchange;

    note_put(aegis_publish_begin(&exchange, publisher, type, options), event);
    return aegis_publish_send(&exchange, callback, user, error);
}

aegis_status peer_submit_as(aegis_client *client, const aegis_method *method, const note *request,
                            const aegis_command_options *options, const char *key, aegis_command **command,
                            aegis_error *error)
{
    aegis_exchange exchange;
    aegis_status status;
    aegis_arena *arena = aegis_arena_new(NULL);

    note_put(aegis_command_begin(&exchange, client, method, options, arena), request);
    if (strchr(key, 't') != NULL)
        aegis_key_text(&exchange, request->text);
    if (strchr(key, 'n') != NULL)
        aegis_key_i64(&exchange, request->number);
    status = aegis_command_submit(&exchange, command, error);
    aegis_arena_free(arena);
    return status;
}

aegis_status peer_submit(aegis_client *client, const aegis_method *method, const note *request,
                         aegis_command **command, aegis_error *error)
{
    return peer_submit_as(client, method, request, NULL, "", command, error);
}

static void hear(aegis_reader *update, void (*callback)(void), void *user)
{
    note value;

    note_get(update, &value);
    if (aegis_reader_close(update, NULL) == AEGIS_OK)
        ((peer_on_progress)callback)(&value, user);
}

outcome peer_wait(aegis_command *command, const aegis_method *method, aegis_duration timeout,
                  peer_on_progress on_progress, void *user, aegis_arena *arena)
{
    const aegis_listener listener = {hear, (void (*)(void))on_progress, user};
    aegis_exchange exchange;
    outcome out;

    memset(&out, 0, sizeof out);
    out.answer = aegis_command_wait(command, method, timeout, &listener, arena, &exchange, &out.failed);
    read_outcome(&exchange, &out);
    return out;
}

bool peer_poll(aegis_command *command, const aegis_method *method, peer_on_progress on_progress, void *user,
               aegis_arena *arena, outcome *out)
{
    const aegis_listener listener = {hear, (void (*)(void))on_progress, user};
    aegis_exchange exchange;

    memset(out, 0, sizeof *out);
    if (!aegis_command_poll(command, method, &listener, arena, &exchange, &out->answer, &out->failed))
        return false;
    read_outcome(&exchange, out);
    return true;
}

aegis_status peer_notify(aegis_command *command, const aegis_method *method, aegis_duration timeout,
                         peer_on_progress on_progress, peer_callback callback, void *user, aegis_error *error)
{
    const aegis_listener listener = {hear, (void (*)(void))on_progress, user};

    return aegis_command_notify(command, method, timeout, &listener, deliver, (void (*)(void))callback, user,
                                error);
}

aegis_reply peer_ok(aegis_call *call, const note *result)
{
    note_put(aegis_reply_begin(call), result);
    return aegis_reply_ok(call);
}

aegis_reply peer_out_of_stock(aegis_call *call, const note *error)
{
    note_put(aegis_reply_begin(call), error);
    return aegis_reply_error(call, 0, error->text);
}

aegis_reply peer_fail(aegis_call *call, aegis_status status, const char *format, ...)
{
    va_list arguments;
    aegis_reply reply;

    va_start(arguments, format);
    reply = aegis_reply_fail(call, status, format, arguments);
    va_end(arguments);
    return reply;
}

bool peer_progress(aegis_call *call, const note *update)
{
    note_put(aegis_progress_begin(call), update);
    return aegis_progress_end(call);
}

aegis_reply peer_serve(aegis_call *call, aegis_reader *params, void *user, peer_handler handler)
{
    note request;

    note_get(params, &request);
    if (aegis_reader_close(params, NULL) != AEGIS_OK)
        return aegis_reply_invalid(call, params);
    return handler(call, &request, user);
}
