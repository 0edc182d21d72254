/* Members in any order, of structs of 20 and of 200. What finding one costs is counted in instructions, by
 * single steps of a child process, because times say nothing on a busy machine.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>
#include "wide.h"

#define FEW       20
#define MANY      200
#define FORBIDDEN 77 /* what the child says where nobody may trace */

static aegis_error failure;

/* A map of `count` members f0, f1, ... in the given order, each with its number as value. */
static aegis_bytes message(aegis_arena *arena, aegis_format format, const unsigned *order, unsigned count)
{
    uint8_t *text = (uint8_t *)aegis_arena_alloc(arena, 16 * (size_t)count + 8), *at = text;

    assert_non_null(text);
    if (format == AEGIS_FORMAT_MSGPACK)
        *at++ = 0xde, *at++ = (uint8_t)(count >> 8), *at++ = (uint8_t)count;
    for (unsigned i = 0; i < count; i++) {
        char name[16];
        const int size = snprintf(name, sizeof name, "f%u", order[i]);

        if (format == AEGIS_FORMAT_JSON) {
            at += sprintf((char *)at, "%c\"%s\":%u", i == 0 ? '{' : ',', name, order[i]);
            continue;
        }
        *at++ = (uint8_t)(0xa0 + size);
        memcpy(at, name, (size_t)size);
        at += size;
        *at++ = 0xcc;
        *at++ = (uint8_t)order[i];
    }
    if (format == AEGIS_FORMAT_JSON)
        *at++ = '}';
    return (aegis_bytes){text, (size_t)(at - text)};
}

static void reversed(unsigned *order, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        order[i] = count - 1 - i;
}

static void test_any_order(void **state)
{
    aegis_arena *arena = aegis_arena_new(NULL);
    unsigned order[MANY];
    wide_many many;

    (void)state;
    srand(7);
    for (int round = 0; round < 100; round++) {
        const aegis_format format = round % 2 == 0 ? AEGIS_FORMAT_MSGPACK : AEGIS_FORMAT_JSON;

        reversed(order, MANY);
        for (unsigned i = MANY; round > 1 && i > 1; i--) {
            const unsigned other = (unsigned)rand() % i, moved = order[other];

            order[other] = order[i - 1];
            order[i - 1] = moved;
        }
        assert_int_equal(
            wide_many_decode(message(arena, format, order, MANY), format, arena, &many, &failure), AEGIS_OK);
        for (unsigned i = 0; i < MANY; i++)
            assert_int_equal((&many.f0)[i], i);
        aegis_arena_reset(arena);
    }
    aegis_arena_free(arena);
}

static aegis_status read_json(aegis_arena *arena, const char *json)
{
    const aegis_bytes body = {(const uint8_t *)json, strlen(json)};
    wide_holder holder;

    return wide_holder_decode(body, AEGIS_FORMAT_JSON, arena, &holder, &failure);
}

static void test_refuses(void **state)
{
    static const char *const bad[][2] = {
        {"{\"many\":{\"f199\":1,\"f3\":2,\"f199\":1}}", "many.f199: comes twice"},
        {"{\"many\":{\"f0\":1,\"f1\":2,\"f1\":1}}", "many.f1: comes twice"},
        {"{\"many\":{\"older\":1,\"f7\":2}}", "many.f7: comes twice"},
        {"{\"many\":{\"f7\":1,\"older\":2}}", "many.older: comes twice"},
        {"{\"many\":{\"f1\":1,\"f200\":[],\"f\":0,\"\":0,\"f19\":-1}}",
         "many.f19: -1 is not in 0..4294967295"},
        {"{\"many\":{\"f1\":1}}", "many.f0 is missing"}};
    aegis_arena *arena = aegis_arena_new(NULL);

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(read_json(arena, bad[i][0]), AEGIS_INVALID_ARGUMENT);
        assert_string_equal(aegis_error_text(&failure), bad[i][1]);
    }
    aegis_arena_free(arena);
}

/* ---- what it costs ------------------------------------------------------------------------------------- */

static aegis_status read_one(unsigned count, aegis_bytes body, aegis_arena *arena)
{
    wide_few few;
    wide_many many;

    if (count == FEW)
        return wide_few_decode(body, AEGIS_FORMAT_MSGPACK, arena, &few, NULL);
    return wide_many_decode(body, AEGIS_FORMAT_MSGPACK, arena, &many, NULL);
}

static _Noreturn void be_counted(unsigned count, aegis_bytes body, aegis_arena *arena)
{
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
        _exit(FORBIDDEN);
    (void)raise(SIGSTOP);
    _exit(read_one(count, body, arena) != AEGIS_OK);
}

/* The instructions that reading so many members from the last to the first takes; 0 where it cannot be
 * counted. */
static unsigned long instructions(unsigned count)
{
    aegis_arena *arena = aegis_arena_new(NULL);
    unsigned order[MANY];
    aegis_bytes body;
    unsigned long steps = 0;
    int status = 0;
    pid_t child;

    reversed(order, count);
    body = message(arena, AEGIS_FORMAT_MSGPACK, order, count);
    assert_int_equal(read_one(count, body, arena), AEGIS_OK); /* and functions are bound */
    child = fork();
    assert_true(child >= 0);
    if (child == 0)
        be_counted(count, body, arena);
    assert_int_equal(waitpid(child, &status, 0), child);
    while (WIFSTOPPED(status)) {
        assert_int_equal(ptrace(PTRACE_SINGLESTEP, child, NULL, NULL), 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        steps++;
    }
    aegis_arena_free(arena);
    assert_true(WIFEXITED(status));
    assert_true(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == FORBIDDEN);
    return WEXITSTATUS(status) == 0 ? steps : 0;
}

/* Looking through all keys for each member would make it four times as much, and more with more members. */
static void test_cost_of_a_member(void **state)
{
    const unsigned long few = instructions(FEW), many = instructions(MANY);

    (void)state;
    if (few == 0 || many == 0)
        skip();
    print_message("%lu instructions a member of %d, %lu of %d\n", few / FEW, FEW, many / MANY, MANY);
    assert_true(many / MANY < 2 * (few / FEW));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_order),
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_cost_of_a_member),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
