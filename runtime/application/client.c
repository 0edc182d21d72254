/* Calling rpc methods: parameters and envelope are encoded into the caller's arena, one request goes out, and
 * the answer is decoded from a copy in the same arena, so nothing has to be given back afterwards. */
#include "application/client.h"

#include <stdio.h>
#include <string.h>

#include "application/service.h"

static void fill_client(aegis_client *client, aegis_bus *bus, const aegis_client_options *options)
{
    client->bus = bus;
    client->format = bus->format;
    if (options != NULL && options->format != AEGIS_FORMAT_AUTO)
        client->format = options->format;
    if (options != NULL && options->source != NULL)
        (void)snprintf(client->source, sizeof client->source, "%s", options->source);
    else
        aegis_instance_name(bus->name, client->source, sizeof client->source);
}

aegis_status aegis_client_new(aegis_bus *bus, const aegis_client_options *options, aegis_client **out,
                              aegis_error *error)
{
    aegis_client *client = (aegis_client *)aegis_memory_get(bus->allocator, sizeof *client);

    *out = client;
    if (client == NULL)
        return aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "out of memory");
    fill_client(client, bus, options);
    return AEGIS_OK;
}

void aegis_client_free(aegis_client *client)
{
    if (client != NULL)
        aegis_memory_put(client->bus->allocator, client, sizeof *client);
}

aegis_status aegis_publisher_new(aegis_bus *bus, const aegis_client_options *options, aegis_publisher **out,
                                 aegis_error *error)
{
    aegis_publisher *publisher = (aegis_publisher *)aegis_memory_get(bus->allocator, sizeof *publisher);

    *out = publisher;
    if (publisher == NULL)
        return aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "out of memory");
    fill_client(&publisher->sender, bus, options);
    return AEGIS_OK;
}

void aegis_publisher_free(aegis_publisher *publisher)
{
    if (publisher != NULL)
        aegis_memory_put(publisher->sender.bus->allocator, publisher, sizeof *publisher);
}

aegis_writer *aegis_call_begin(aegis_exchange *x, aegis_client *client, const aegis_method *method,
                               const aegis_call_options *options, aegis_arena *arena)
{
    aegis_duration timeout = method->timeout;

    (void)aegis_exchange_begin(x, client, arena, options != NULL ? options->parent : NULL);
    x->method = method;
    if (options != NULL && options->timeout > 0)
        timeout = options->timeout;
    x->deadline = aegis_clock_monotonic() + timeout;
    x->budget = timeout;
    if (x->parent != NULL && x->parent->deadline < x->deadline) {
        x->budget -= x->deadline - x->parent->deadline;
        x->deadline = x->parent->deadline;
    }
    return &x->writer;
}

/* The request envelope around `params`. `id` receives the message id. */
static aegis_status encode_request(aegis_exchange *x, aegis_raw params, char id[AEGIS_UUID_TEXT],
                                   aegis_bytes *body, aegis_error *error)
{
    aegis_wire_rpc_request request;
    char trace[AEGIS_UUID_TEXT];

    memset(&request, 0, sizeof request);
    request.message_id = aegis_uuid_format(x->message_id, id);
    request.trace_id = aegis_exchange_trace(x, trace);
    request.correlation_id = x->parent != NULL ? x->parent->message_id : NULL;
    request.timestamp = aegis_now();
    request.source = x->client->source;
    request.target = x->method->service;
    request.method = x->method->name;
    request.params = params;
    request.timeout = aegis_duration_to_seconds(x->budget);
    aegis_writer_open(&x->writer, x->arena, x->format, 0);
    aegis_wire_rpc_request_put(&x->writer, &request);
    return aegis_writer_close(&x->writer, body, error);
}

static aegis_status malformed(const aegis_exchange *x, aegis_error *error, const char *why)
{
    memset(error, 0, sizeof *error);
    return aegis_error_set(error, AEGIS_INTERNAL, "the answer of %s.%s %s", x->method->service,
                           x->method->name, why);
}

/* What came back for the message `id`. */
static int read_answer(aegis_exchange *x, const char *id, aegis_bytes body, aegis_error *failed)
{
    aegis_wire_rpc_response response;
    aegis_format format = aegis_format_of(body);
    aegis_error why;
    char text[AEGIS_ERROR_TEXT_MAX];

    memset(&response, 0, sizeof response);
    memset(&why, 0, sizeof why);
    aegis_reader_open(&x->reader, body, format, x->arena);
    aegis_wire_rpc_response_get(&x->reader, &response);
    if (aegis_reader_close(&x->reader, &why) != AEGIS_OK) {
        (void)snprintf(text, sizeof text, "is malformed: %.300s", why.text);
        (void)malformed(x, failed, text);
        return AEGIS_ANSWER_FAILED;
    }
    /* A peer that could not read the request cannot name it either. */
    if (response.correlation_id == NULL ? response.success : strcmp(response.correlation_id, id) != 0) {
        (void)malformed(x, failed, "belongs to another call");
        return AEGIS_ANSWER_FAILED;
    }
    if (!response.success)
        return aegis_envelope_failure(x->method, response.error, response.result, format, x->arena,
                                      &x->reader, failed);
    aegis_envelope_open_body(&x->reader, response.result, format, x->arena);
    return AEGIS_ANSWER_OK;
}

/* Send and receive: on OK *answer is in the arena. */
static aegis_status exchange(aegis_exchange *x, char id[AEGIS_UUID_TEXT], aegis_bytes *answer,
                             aegis_error *failed)
{
    aegis_port *port = x->client->bus->port;
    aegis_message message;
    aegis_outgoing request;
    aegis_raw params = {{NULL, 0}, AEGIS_FORMAT_AUTO};
    char subject[256];
    aegis_status status;

    status = aegis_exchange_value(x, "the request", &params, failed);
    if (status != AEGIS_OK)
        return status;
    memset(&request, 0, sizeof request);
    status = encode_request(x, params, id, &request.body, failed);
    if (status != AEGIS_OK)
        return status;
    (void)snprintf(subject, sizeof subject, "rpc.%s.%s", x->method->service, x->method->name);
    request.subject = subject;
    status = port->ops->request(port, &request, x->deadline, &message, failed);
    if (status != AEGIS_OK)
        return status;
    *answer = message.body;
    status = aegis_exchange_keep(x, answer, failed);
    port->ops->release(&message);
    return status;
}

int aegis_call_finish(aegis_exchange *x, aegis_error *failed)
{
    char id[AEGIS_UUID_TEXT];
    aegis_bytes body;
    int answer = AEGIS_ANSWER_FAILED;

    memset(failed, 0, sizeof *failed);
    if (exchange(x, id, &body, failed) == AEGIS_OK)
        answer = read_answer(x, id, body, failed);
    if (answer == AEGIS_ANSWER_FAILED && x->parent != NULL)
        aegis_exchange_blame(x, failed);
    return answer;
}
