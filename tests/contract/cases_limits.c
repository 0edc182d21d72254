/* What a body and a subject may be. */
#include "contract.h"

#include <stdlib.h>
#include <string.h>

void empty_and_binary_bodies(void **state)
{
    contract *c = (contract *)*state;
    const char *subject = contract_subject(c, "bytes");
    aegis_source *source = contract_subscribe(c, subject, NULL);
    uint8_t bytes[512];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)i;
    const aegis_outgoing empty = {.subject = subject};
    const aegis_outgoing binary = {.subject = subject, .body = {bytes, sizeof bytes}};
    assert_ok(c->ops->publish(c->port, &empty, NULL));
    assert_ok(c->ops->publish(c->port, &binary, NULL));
    contract_expect(c, source, "");
    aegis_message got = contract_next(c, source, 5000);
    assert_int_equal(got.body.len, sizeof bytes);
    assert_memory_equal(got.body.data, bytes, sizeof bytes);
    c->ops->release(&got);
}

/* Both default servers take 1 MiB: that much passes, more is refused before it is sent and names both sizes.
 */
void too_large(void **state)
{
    contract *c = (contract *)*state;
    const char *subject = contract_subject(c, "large");
    aegis_source *source = contract_subscribe(c, subject, NULL);
    size_t limit = (size_t)1 << 20;
    uint8_t *bytes = (uint8_t *)calloc(1, limit + 1);
    assert_non_null(bytes);
    const aegis_outgoing fits = {.subject = subject, .body = {bytes, limit}};
    const aegis_outgoing over = {.subject = subject, .body = {bytes, limit + 1}};
    aegis_error error = {0};
    aegis_message answer;
    aegis_status fitted = c->ops->publish(c->port, &fits, NULL);
    aegis_status published = c->ops->publish(c->port, &over, &error);
    aegis_status requested = c->ops->request(c->port, &over, in_ms(1000), &answer, NULL);
    free(bytes);
    assert_ok(fitted);
    assert_status(AEGIS_RESOURCE_EXHAUSTED, published);
    assert_non_null(strstr(error.text, "1048577"));
    assert_non_null(strstr(error.text, "1048576"));
    assert_status(AEGIS_RESOURCE_EXHAUSTED, requested);
    aegis_message got = contract_next(c, source, 5000);
    assert_int_equal(got.body.len, limit);
    c->ops->release(&got);
    contract_publish(c, subject, "still alive");
    contract_expect(c, source, "still alive");
}

void bad_subjects(void **state)
{
    contract *c = (contract *)*state;
    static const char *const bad[] = {"", "a b", "a..b", ".a", "a.", "a\r\nPUB x 0"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const aegis_outgoing message = {.subject = bad[i], .body = text_bytes("x")};
        aegis_source *source = NULL;
        assert_status(AEGIS_INVALID_ARGUMENT, c->ops->publish(c->port, &message, NULL));
        assert_status(AEGIS_INVALID_ARGUMENT,
                      c->ops->subscribe(c->port, bad[i], NULL, 0, false, &source, NULL));
        assert_null(source);
    }
    const aegis_outgoing wild = {.subject = "a.*", .body = text_bytes("x")};
    assert_status(AEGIS_INVALID_ARGUMENT, c->ops->publish(c->port, &wild, NULL));
}
