/* Key-value buckets. */
#include "contract.h"

#include "ports/clock.h"

#include <stdlib.h>
#include <string.h>

static const char *bucket(contract *c, aegis_duration max_age)
{
    const aegis_stream_config config = {
        .bucket = true, .name = contract_name(c, "kv"), .max_age = max_age, .storage = AEGIS_STORE_MEMORY};
    aegis_error error = {0};
    /* Twice: the second time it is there. */
    for (int i = 0; i < 2; i++)
        if (c->ops->ensure_stream(c->port, &config, in_ms(5000), NULL, &error) != AEGIS_OK)
            fail_msg("bucket: %s", aegis_error_text(&error));
    return config.name;
}

static aegis_status get(contract *c, const char *name, const char *key, aegis_kv_entry *entry)
{
    return c->ops->kv_get(c->port, name, key, in_ms(5000), c->arena, entry, NULL);
}

static aegis_status put(contract *c, const char *name, const char *key, const char *value, uint64_t expected,
                        uint64_t *revision)
{
    return c->ops->kv_put(c->port, name, key, text_bytes(value), expected, in_ms(5000), revision, NULL);
}

void kv_put_get_delete(void **state)
{
    contract *c = (contract *)*state;
    const char *name = bucket(c, 0);
    aegis_kv_entry entry;
    uint64_t first = 0, second = 0;
    assert_status(AEGIS_NOT_FOUND, get(c, name, "a.key", &entry));
    assert_ok(put(c, name, "a.key", "one", AEGIS_KV_ANY, &first));
    assert_true(first > 0);
    assert_ok(get(c, name, "a.key", &entry));
    assert_int_equal(entry.value.len, 3);
    assert_memory_equal(entry.value.data, "one", 3);
    assert_int_equal(entry.revision, first);
    assert_in_range(aegis_now() - entry.written_at + AEGIS_SECOND, 0, 6 * AEGIS_SECOND);
    assert_ok(put(c, name, "a.key", "two", AEGIS_KV_ANY, &second));
    assert_true(second > first);
    assert_ok(get(c, name, "a.key", &entry));
    assert_memory_equal(entry.value.data, "two", 3);
    assert_int_equal(entry.revision, second);
    assert_ok(c->ops->kv_delete(c->port, name, "a.key", AEGIS_KV_ANY, in_ms(5000), NULL));
    assert_status(AEGIS_NOT_FOUND, get(c, name, "a.key", &entry));
    assert_ok(put(c, name, "a.key", "three", AEGIS_KV_ANY, NULL));
    assert_ok(get(c, name, "a.key", &entry));
    assert_int_equal(entry.value.len, 5);
    assert_status(AEGIS_NOT_FOUND, get(c, contract_name(c, "none"), "a.key", &entry));
    assert_status(AEGIS_INVALID_ARGUMENT, get(c, name, "not a key", &entry));
}

void kv_values(void **state)
{
    contract *c = (contract *)*state;
    const char *name = bucket(c, 0);
    size_t size = 200000;
    uint8_t *bytes = (uint8_t *)malloc(size);
    assert_non_null(bytes);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(i * 7);
    const aegis_bytes value = {bytes, size};
    aegis_kv_entry entry = {0};
    aegis_status status = c->ops->kv_put(c->port, name, "big", value, AEGIS_KV_ANY, in_ms(5000), NULL, NULL);
    if (status == AEGIS_OK)
        status = get(c, name, "big", &entry);
    bool same = status == AEGIS_OK && entry.value.len == size && memcmp(entry.value.data, bytes, size) == 0;
    free(bytes);
    assert_ok(status);
    assert_true(same);
    assert_ok(put(c, name, "empty", "", AEGIS_KV_ANY, NULL));
    assert_ok(get(c, name, "empty", &entry));
    assert_int_equal(entry.value.len, 0);
}

void kv_create_only(void **state)
{
    contract *c = (contract *)*state;
    const char *name = bucket(c, 0);
    uint64_t revision = 0;
    assert_ok(put(c, name, "k", "1", 0, &revision));
    assert_status(AEGIS_ABORTED, put(c, name, "k", "2", 0, NULL));
    assert_ok(c->ops->kv_delete(c->port, name, "k", revision, in_ms(5000), NULL));
    assert_ok(put(c, name, "k", "3", 0, &revision));
    assert_status(AEGIS_ABORTED, put(c, name, "k", "4", 0, NULL));
    aegis_kv_entry entry;
    assert_ok(get(c, name, "k", &entry));
    assert_memory_equal(entry.value.data, "3", 1);
    assert_int_equal(entry.revision, revision);
}

void kv_conflict(void **state)
{
    contract *c = (contract *)*state;
    const char *name = bucket(c, 0);
    uint64_t first = 0, second = 0;
    aegis_error error = {0};
    assert_ok(put(c, name, "k", "1", 0, &first));
    assert_ok(put(c, name, "k", "2", first, &second));
    assert_status(AEGIS_ABORTED, put(c, name, "k", "3", first, NULL));
    assert_status(AEGIS_ABORTED, c->ops->kv_delete(c->port, name, "k", first, in_ms(5000), &error));
    assert_true(error.text[0] != '\0');
    /* Another key's writes do not count. */
    assert_ok(put(c, name, "other", "x", AEGIS_KV_ANY, NULL));
    assert_ok(put(c, name, "k", "4", second, &second));
    assert_ok(c->ops->kv_delete(c->port, name, "k", second, in_ms(5000), NULL));
    assert_status(AEGIS_ABORTED, put(c, name, "k", "5", second, NULL));
}

static const aegis_kv_entry *entry_of(const aegis_kv_list *list, const char *key)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i].key, key) == 0)
            return &list->items[i].entry;
    fail_msg("no %s", key);
    return NULL;
}

void kv_list(void **state)
{
    contract *c = (contract *)*state;
    const char *name = bucket(c, 0);
    uint64_t revision = 0;
    aegis_kv_list list;
    assert_ok(c->ops->kv_list(c->port, name, in_ms(5000), c->arena, &list, NULL));
    assert_int_equal(list.count, 0);
    assert_ok(put(c, name, "a.b", "1", AEGIS_KV_ANY, NULL));
    assert_ok(put(c, name, "c", "1", AEGIS_KV_ANY, NULL));
    assert_ok(put(c, name, "c", "two", AEGIS_KV_ANY, &revision));
    assert_ok(put(c, name, "gone", "1", AEGIS_KV_ANY, NULL));
    assert_ok(c->ops->kv_delete(c->port, name, "gone", AEGIS_KV_ANY, in_ms(5000), NULL));
    sleep_ms(20);
    assert_ok(c->ops->kv_list(c->port, name, in_ms(5000), c->arena, &list, NULL));
    assert_int_equal(list.count, 2);
    assert_int_equal(entry_of(&list, "a.b")->value.len, 1);
    const aegis_kv_entry *c_is = entry_of(&list, "c");
    assert_int_equal(c_is->value.len, 3);
    assert_memory_equal(c_is->value.data, "two", 3);
    assert_int_equal(c_is->revision, revision);
    /* Both by one clock, whoever has it. */
    assert_in_range(list.now - c_is->written_at, 15 * AEGIS_MILLISECOND, AEGIS_MINUTE);
    assert_status(AEGIS_NOT_FOUND, c->ops->kv_list(c->port, "no_such", in_ms(5000), c->arena, &list, NULL));
}

/* What was there when the reading began may have grown too old before it is read: the only entry, again and
 * again. */
void kv_list_while_ageing(void **state)
{
    contract *c = (contract *)*state;
    const char *name = bucket(c, 100 * AEGIS_MILLISECOND);
    aegis_kv_list list;
    for (int i = 0; i < 25; i++) {
        const int64_t began = aegis_clock_monotonic();
        AEGIS_SCOPED_ARENA(arena);
        assert_ok(put(c, name, "k", "1", AEGIS_KV_ANY, NULL));
        do {
            aegis_arena_reset(arena);
            assert_ok(c->ops->kv_list(c->port, name, in_ms(2000), arena, &list, NULL));
        } while (list.count > 0 && elapsed_ms(began) < 5000);
        assert_int_equal(list.count, 0);
    }
}

void kv_max_age(void **state)
{
    contract *c = (contract *)*state;
    const char *name = bucket(c, AEGIS_SECOND);
    aegis_kv_entry entry;
    int64_t before = aegis_clock_monotonic();
    assert_ok(put(c, name, "k", "1", 0, NULL));
    assert_ok(get(c, name, "k", &entry));
    while (get(c, name, "k", &entry) == AEGIS_OK && elapsed_ms(before) < 5000)
        sleep_ms(50);
    assert_in_range(elapsed_ms(before), 900, 4000);
    assert_ok(put(c, name, "k", "2", 0, NULL));
}
