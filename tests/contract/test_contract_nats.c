/* The contract of the port, kept by the NATS adapter against a nats-server of its own; and what only shows
 * there: streams that somebody else made.
 */
#include "contract.h"

#include "nats_server.h"

#include <stdio.h>
#include <string.h>

static aegis_status open_nats(void *user, aegis_port **port, aegis_error *error)
{
    const nats_server *server = (const nats_server *)user;
    return aegis_nats_open(server->url, NULL, port, error);
}

/* Make a stream as any other client would. */
static void foreign_stream(contract *c, const char *name, const char *subject, const char *more)
{
    const char *body =
        aegis_arena_printf(c->arena, "{\"name\":\"%s\",\"subjects\":[\"%s\"],%s}", name, subject, more);
    const aegis_outgoing request = {.subject = aegis_arena_printf(c->arena, "$JS.API.STREAM.CREATE.%s", name),
                                    .body = text_bytes(body)};
    aegis_message answer;
    assert_ok(c->ops->request(c->port, &request, in_ms(5000), &answer, NULL));
    const char *text =
        aegis_arena_printf(c->arena, "%.*s", (int)answer.body.len, (const char *)answer.body.data);
    c->ops->release(&answer);
    if (strstr(text, "\"error\""))
        fail_msg("%s", text);
}

/* One without our mark is used as it is, and what that weakens is said. */
static void foreign_stream_is_used(void **state)
{
    contract *c = (contract *)*state;
    const char *subject = contract_subject(c, "foreign");
    const aegis_stream_config config = {.name = contract_name(c, "foreign"),
                                        .subjects = &subject,
                                        .subject_count = 1,
                                        .retention = AEGIS_RETAIN_WORK_QUEUE};
    foreign_stream(c, config.name, subject, "\"retention\":\"limits\",\"storage\":\"memory\"");
    aegis_stream_info info;
    assert_ok(c->ops->ensure_stream(c->port, &config, in_ms(5000), &info, NULL));
    assert_false(info.ours);
    assert_true(info.difference[0] != '\0');
    contract_store(c, subject, "x", NULL);
    assert_false(contract_stream_info(c, config.name, 1).ours);
}

/* The server sees to it that a subject is in one stream only; its refusal comes back with a reason. */
static void overlapping_streams_refused(void **state)
{
    contract *c = (contract *)*state;
    const char *subject = contract_subject(c, "lap.>");
    const aegis_stream_config config = {
        .name = contract_name(c, "lap"), .subjects = &subject, .subject_count = 1};
    foreign_stream(c, contract_name(c, "first"), contract_subject(c, "lap.x"), "\"storage\":\"memory\"");
    aegis_error error = {0};
    assert_status(AEGIS_FAILED_PRECONDITION,
                  c->ops->ensure_stream(c->port, &config, in_ms(5000), NULL, &error));
    assert_non_null(strstr(error.text, config.name));
}

int main(void)
{
    nats_server server;
    memset(&server, 0, sizeof server);
    if (!nats_server_start(&server)) {
        fprintf(stderr, "contract: nats: no nats-server could be started; this test cannot do without\n");
        return 1;
    }
    contract_adapter adapter = {.name = "contract: nats", .open = open_nats, .user = &server};
    const struct CMUnitTest only_here[] = {
        CONTRACT_CASE(&adapter, foreign_stream_is_used),
        CONTRACT_CASE(&adapter, overlapping_streams_refused),
    };
    int failed = contract_run(&adapter);
    failed += cmocka_run_group_tests_name("contract: nats only", only_here, NULL, NULL);
    nats_server_stop(&server);
    return failed;
}
