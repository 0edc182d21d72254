#include "contract/raw.h"

#include "aegis/wire.h"
#include "application/bus.h"

const aegis_method raw_plain = {.service = "raw", .name = "ask", .timeout = 2 * AEGIS_SECOND};
const aegis_method raw_idempotent = {.service = "raw",
                                     .name = "ask",
                                     .timeout = 2 * AEGIS_SECOND,
                                     .idempotent = true,
                                     .max_retries = 3,
                                     .backoff_min = 5 * AEGIS_MILLISECOND,
                                     .backoff_max = 20 * AEGIS_MILLISECOND};

static aegis_bytes encode(const aegis_wire_rpc_request *request, raw_mode mode, aegis_arena *arena)
{
    static const uint8_t result[] = "\x82\xa4text\xa3raw\xa6number\x01";
    static const aegis_wire_hop hop = {"raw", "ask", 503, "not now"};
    aegis_wire_failure_result failure = {.code = mode == RAW_NOT_FOUND ? 404
                                                 : mode == RAW_SHED    ? 429
                                                                       : 503,
                                         .chain = {&hop, 1},
                                         .not_processed = {mode == RAW_SHED, true}};
    aegis_wire_rpc_response response = {.message_id = "x",
                                        .trace_id = request->trace_id,
                                        .correlation_id = request->message_id,
                                        .success = mode == RAW_OK};
    aegis_bytes body = {NULL, 0};

    response.result.format = AEGIS_FORMAT_MSGPACK;
    if (mode == RAW_OK) {
        response.result.data = (aegis_bytes){result, sizeof result - 1};
    } else {
        response.error = "not now";
        if (aegis_wire_failure_result_encode(&failure, AEGIS_FORMAT_MSGPACK, arena, &response.result.data,
                                             NULL) != AEGIS_OK)
            return body;
    }
    (void)aegis_wire_rpc_response_encode(&response, AEGIS_FORMAT_MSGPACK, arena, &body, NULL);
    return body;
}

static void note_request(raw *r, const aegis_message *message, const aegis_wire_rpc_request *request)
{
    size_t i;

    (void)snprintf(r->last_id, sizeof r->last_id, "%s", request->message_id);
    if (atomic_load(&r->seen) == 0)
        (void)snprintf(r->first_id, sizeof r->first_id, "%s", request->message_id);
    (void)snprintf(r->trace, sizeof r->trace, "%s", request->trace_id);
    (void)snprintf(r->correlation, sizeof r->correlation, "%s",
                   request->correlation_id != NULL ? request->correlation_id : "");
    r->header[0] = '\0';
    for (i = 0; i < message->header_count; i++)
        (void)snprintf(r->header, sizeof r->header, "%s", message->headers[i].value);
    r->budget = request->timeout;
}

static void answer(raw *r, aegis_message *message, aegis_arena *arena)
{
    aegis_port *port = r->w->bus->port;
    aegis_wire_rpc_request request;
    aegis_outgoing reply = {.subject = message->reply};
    raw_mode mode = (raw_mode)atomic_load(&r->mode);

    if (aegis_wire_rpc_request_decode(message->body, AEGIS_FORMAT_AUTO, arena, &request, NULL) != AEGIS_OK)
        return;
    note_request(r, message, &request);
    if (atomic_fetch_add(&r->seen, 1) < atomic_load(&r->first))
        mode = (raw_mode)atomic_load(&r->first_mode);
    if (mode == RAW_SILENT)
        return;
    reply.body = encode(&request, mode, arena);
    (void)port->ops->publish(port, &reply, NULL);
}

static void *work(void *argument)
{
    raw *r = (raw *)argument;
    const aegis_port_ops *ops = r->w->bus->port->ops;
    aegis_arena *arena = aegis_arena_new(NULL);
    aegis_message message;

    while (!atomic_load(&r->stop)) {
        if (ops->next(r->source, aegis_clock_monotonic() + AEGIS_SECOND, &message) != AEGIS_OK)
            continue;
        answer(r, &message, arena);
        ops->release(&message);
        aegis_arena_reset(arena);
    }
    aegis_arena_free(arena);
    return NULL;
}

raw *raw_start(world *w, raw_mode mode)
{
    aegis_port *port = w->bus->port;
    raw *r = (raw *)calloc(1, sizeof *r);

    assert_non_null(r);
    r->w = w;
    atomic_store(&r->mode, mode);
    assert_int_equal(port->ops->subscribe(port, "rpc.raw.ask", NULL, 0, false, &r->source, NULL), AEGIS_OK);
    assert_int_equal(pthread_create(&r->thread, NULL, work, r), 0);
    w->raw = r;
    return r;
}

void raw_stop(raw *r)
{
    const aegis_port_ops *ops;

    if (r == NULL)
        return;
    ops = r->w->bus->port->ops;
    r->w->raw = NULL;
    atomic_store(&r->stop, true);
    ops->wake(r->source);
    (void)pthread_join(r->thread, NULL);
    ops->close_source(r->source);
    free(r);
}
