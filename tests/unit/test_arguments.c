/* Parameters of the operator's command: words become the JSON that is meant, what does not fit is told with
 * its path, and what is invented fits: as the checker says, and as the codec that was generated from the same
 * schema says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "depot.h"
#include "frontend.h"
#include "wire.h"

const cli_program_info cli_program = {.name = "test"};
static const cli_command command = {.name = "call"};

#define WORDS_MAX 8
#define SEEDS     300

static compile depot_schema;

static int compile_depot(void **state)
{
    (void)state;
    compile_init(&depot_schema, NULL, 0);
    return frontend_compile(&depot_schema, "tests/tool/depot.aegis") ? 0 : 1;
}

static int free_depot(void **state)
{
    (void)state;
    compile_free(&depot_schema);
    return 0;
}

static const schema_record *request_of(const char *method)
{
    const schema_service *service = depot_schema.result.packages[0]->services[0];
    size_t i;

    for (i = 0; i < service->method_count; i++) {
        if (strcmp(service->methods[i].name, method) == 0)
            return service->methods[i].request;
    }
    fail_msg("no method %s", method);
    return NULL;
}

static const schema_record *record_named(const char *name)
{
    const schema_package *package = depot_schema.result.packages[0];
    size_t i;

    for (i = 0; i < package->record_count; i++) {
        if (strcmp(package->records[i]->name, name) == 0)
            return package->records[i];
    }
    fail_msg("no record %s", name);
    return NULL;
}

/* ---- words ---- */

typedef struct reading {
    const char *method; /* NULL: without a schema */
    const char *data;
    const char *words[WORDS_MAX];
    const char *expected; /* NULL: refused */
} reading;

static const reading readings[] = {
    {"echo", NULL, {"text=hello there"}, "{\"text\":\"hello there\"}"},
    {"echo", NULL, {"text=a=b", "times=3"}, "{\"text\":\"a=b\",\"times\":3}"},
    {"echo", NULL, {"text=7", "times=0x10"}, "{\"text\":\"7\",\"times\":16}"},
    {"echo", NULL, {"text:=\"x\\ny\""}, "{\"text\":\"x\\ny\"}"},
    {"echo", "{\"text\":\"old\",\"times\":2}", {"text=new"}, "{\"text\":\"new\",\"times\":2}"},
    {"slow", NULL, {"takes=1m3s"}, "{\"takes\":63000000000}"},
    {"slow", NULL, {"takes=-1.5ms"}, "{\"takes\":-1500000}"},
    {"slow", NULL, {"takes=42"}, "{\"takes\":42}"},
    {"tidy", NULL, {"deep=yes"}, "{\"deep\":true}"},
    {"store",
     NULL,
     {"items[0].code=AB-0001", "items[].code=CD-0002", "items[1].size.width=2", "items[0].colour=blue"},
     "{\"items\":[{\"code\":\"AB-0001\",\"colour\":\"blue\"},{\"code\":\"CD-0002\",\"size\":{\"width\":2.0}}]"
     "}"},
    {"store", NULL, {"items:=[{\"code\":\"AB-0001\"}]"}, "{\"items\":[{\"code\":\"AB-0001\"}]}"},
    {"store", NULL, {"items=[{\"code\":\"AB-0001\"}]"}, "{\"items\":[{\"code\":\"AB-0001\"}]}"},
    {NULL,
     NULL,
     {"a=1", "b=x", "c.d[0]=true", "e=[1,2]"},
     "{\"a\":1,\"b\":\"x\",\"c\":{\"d\":[true]},\"e\":[1,2]}"},
    {NULL, NULL, {"a[\"x.y\"].z=null"}, "{\"a\":{\"x.y\":{\"z\":null}}}"},
    {NULL, NULL, {"n=18446744073709551615"}, "{\"n\":\"18446744073709551615\"}"},
    {NULL,
     NULL,
     {"n=[9223372036854775807,-9223372036854775809]"},
     "{\"n\":[9223372036854775807,\"-9223372036854775809\"]}"},
    {NULL,
     NULL,
     {"s=\"a 9223372036854775808 \\\" 9223372036854775808\"", "n=9223372036854775808"},
     "{\"s\":\"a 9223372036854775808 \\\" 9223372036854775808\",\"n\":\"9223372036854775808\"}"},
    {"echo", NULL, {"text"}, NULL},
    {"echo", NULL, {"=x"}, NULL},
    {"echo", NULL, {"text.more=x"}, NULL},
    {"echo", NULL, {"text[0]=x"}, NULL},
    {"echo", NULL, {"text=x", "times=3.5"}, NULL},
    {"echo", NULL, {"text=x", "times=-1"}, NULL},
    {"echo", NULL, {"txt=x"}, NULL},
    {"echo", NULL, {0}, NULL},
    {"echo", "[]", {"text=x"}, NULL},
    {"echo", "{\"text\":", {0}, NULL},
    {"slow", NULL, {"takes=soon"}, NULL},
    {"tidy", NULL, {"deep=maybe"}, NULL},
    {"store", NULL, {"items[1].code=AB-0001"}, NULL},
    {"store", NULL, {"items[x].code=AB-0001"}, NULL},
    {"store", NULL, {"items[0.code=AB-0001"}, NULL},
    {"store", NULL, {"items[0]..code=AB-0001"}, NULL},
    {NULL, NULL, {"a=1", "a.b=2"}, NULL},
    {NULL, NULL, {"a.=2"}, NULL},
};

static void read_one(const reading *r, FILE *quiet)
{
    session_options options = {0};
    cli line = {.command = &command};
    session s = {.options = &options, .line = &line, .out = {.file = quiet}};
    char *found = NULL;
    json_t *value = NULL, *expected;
    int code;

    arena_init(&line.memory);
    line.arguments.items = (const char **)arena_array(&line.memory, WORDS_MAX, sizeof *line.arguments.items);
    for (line.arguments.count = 0; line.arguments.count < WORDS_MAX && r->words[line.arguments.count] != NULL;
         line.arguments.count++)
        line.arguments.items[line.arguments.count] = r->words[line.arguments.count];
    code = arguments_read(&s, r->method != NULL ? request_of(r->method) : NULL, 0, r->data, &value);
    if (r->expected == NULL) {
        if (code == CLI_DONE)
            fail_msg("%s %s was taken", r->method, r->words[0]);
        assert_null(value);
    } else {
        found = json_dumps(value, JSON_COMPACT);
        if (code != CLI_DONE)
            fail_msg("%s %s was refused", r->method, r->words[0]);
        expected = json_loads(r->expected, 0, NULL);
        assert_non_null(expected);
        if (!json_equal(value, expected))
            fail_msg("%s, not %s", found, r->expected);
        json_decref(expected);
        free(found);
    }
    json_decref(value);
    arena_free(&line.memory);
}

static void test_words(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < CLI_COUNT(readings); i++)
        read_one(&readings[i], stdout);
}

/* ---- checks ---- */

typedef struct check {
    const char *record, *json;
    const char *why; /* NULL: it fits */
} check;

static const check checks[] = {
    {"Item", "{\"code\":\"AB-0001\"}", NULL},
    {"Item", "{\"code\":\"AB-0001\",\"size\":null}", NULL},
    {"Item", "{\"code\":\"AB-0001\",\"quantity\":\"12\"}", NULL},
    {"Item", "{\"code\":\"AB-0001\",\"quantity\":0}", "quantity is 0, least is 1"},
    {"Item", "{\"code\":\"AB-0001\",\"quantity\":-1}", "quantity is -1, least is 1"},
    {"Item", "{\"code\":\"AB-0001\",\"quantity\":1001}", "quantity is 1001, most is 1000"},
    {"Item", "{\"code\":\"AB-0001\",\"quantity\":\"1001\"}", "quantity is 1001, most is 1000"},
    {"Item", "{\"code\":\"AB-0001\",\"quantity\":1.0}",
     "quantity should be u32(1..1000), not a number with a fraction"},
    {"Item", "{\"code\":\"AB-0001\",\"quantity\":null}", "quantity should be u32(1..1000), not null"},
    {"Item", "{}", "code is missing"},
    {"Item", "{\"code\":\"AB\"}", "code is 'AB', which does not match ^[A-Z]{2}-[0-9]{4}$"},
    {"Item", "{\"code\":\"AB-0001\",\"colour\":\"grene\"}", "colour is 'grene'" CLI_HINT "did you mean 'green'?"},
    {"Item", "{\"code\":\"AB-0001\",\"colour\":\"octarine\"}",
     "colour is 'octarine', not one of red, green, blue"},
    {"Item", "{\"code\":\"AB-0001\",\"colur\":\"red\"}", "colur is not known" CLI_HINT "did you mean 'colour'?"},
    {"Item", "{\"code\":\"AB-0001\",\"zzzzzzz\":1}", "zzzzzzz is not known"},
    {"Item", "{\"code\":\"AB-0001\",\"size\":{\"width\":0.01}}", "size.width is 0.01, least is 0.1"},
    {"Item", "{\"code\":\"AB-0001\",\"size\":[]}", "size should be an object, not a list"},
    {"Payment", "{\"cash\":true}", NULL},
    {"Payment", "{\"parts\":[{\"cash\":true},{\"card\":\"12\"}]}", "parts[1].card has 2 bytes, least is 12"},
    {"Payment", "{\"parts\":[{},{}]}", "parts[0] has 0 members, a Payment exactly one"},
    {"Payment", "{\"cash\":true,\"parts\":[]}", "has 2 members, a Payment exactly one"},
};

static void test_checks(void **state)
{
    size_t i;
    char why[256];

    (void)state;
    for (i = 0; i < CLI_COUNT(checks); i++) {
        json_t *value = json_loads(checks[i].json, 0, NULL);
        const bool good = arguments_check(record_named(checks[i].record), value, why, sizeof why);

        assert_non_null(value);
        if (good != (checks[i].why == NULL))
            fail_msg("%s: %s", checks[i].json, good ? "taken" : why);
        if (!good)
            assert_string_equal(why, checks[i].why);
        json_decref(value);
    }
}

/* A path may be cut, never written beyond its room. */
static void test_short_reports(void **state)
{
    json_t *value = json_loads("{\"parts\":[{\"parts\":[{\"parts\":[{\"card\":\"1\"}]}]}]}", 0, NULL);
    char why[80];
    size_t size;

    (void)state;
    for (size = 0; size < sizeof why; size++) {
        memset(why, '#', sizeof why);
        assert_false(arguments_check(record_named("Payment"), value, why, size));
        assert_int_equal(why[size], '#');
        assert_true(size == 0 || strlen(why) < size);
    }
    json_decref(value);
}

/* ---- inventions ---- */

/* Whether a value could be invented at all: a struct that needs itself cannot end. */
static void invent(const schema_record *record)
{
    uint64_t seed;
    char why[256];

    for (seed = 0; seed < SEEDS; seed++) {
        json_t *value = arguments_example(record, seed), *again = arguments_example(record, seed);

        assert_non_null(value);
        if (!arguments_check(record, value, why, sizeof why))
            fail_msg("%s, seed %d: %s: %s", record->name, (int)seed, why, json_dumps(value, 0));
        assert_true(json_equal(value, again));
        json_decref(value);
        json_decref(again);
    }
}

static void test_examples_fit(void **state)
{
    static const char *const files[] = {"tests/tool/depot.aegis", "tests/gen/everything.aegis",
                                        "tests/gen/matching.aegis", "tests/gen/torture.aegis",
                                        "examples/orders/shop.aegis"};
    static const char *const folders[] = {"tests/gen"};
    size_t i, k, m;

    (void)state;
    for (i = 0; i < CLI_COUNT(files); i++) {
        const schema_package *package;
        compile c;

        compile_init(&c, folders, 1);
        assert_true(frontend_compile(&c, files[i]));
        package = c.result.packages[c.result.package_count - 1];
        for (k = 0; k < package->record_count; k++)
            invent(package->records[k]);
        for (k = 0; k < package->service_count; k++) {
            for (m = 0; m < package->services[k]->method_count; m++)
                invent(package->services[k]->methods[m].request);
        }
        compile_free(&c);
    }
}

/* The generated codec is the judge. */
static void test_examples_decode(void **state)
{
    const schema_record *record = record_named("Everything");
    aegis_arena *memory = aegis_arena_new(NULL);
    uint64_t seed;

    (void)state;
    assert_non_null(memory);
    for (seed = 0; seed < SEEDS; seed++) {
        json_t *value = arguments_example(record, seed);
        char *text = json_dumps(value, JSON_COMPACT);
        depot_everything out;
        aegis_error error = {0};

        assert_non_null(text);
        if (depot_everything_decode((aegis_bytes){(const uint8_t *)text, strlen(text)}, AEGIS_FORMAT_JSON,
                                    memory, &out, &error) != AEGIS_OK)
            fail_msg("%s: %s", aegis_error_text(&error), text);
        free(text);
        json_decref(value);
        aegis_arena_reset(memory);
    }
    aegis_arena_free(memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),           cmocka_unit_test(test_checks),
        cmocka_unit_test(test_short_reports),   cmocka_unit_test(test_examples_fit),
        cmocka_unit_test(test_examples_decode),
    };

    return cmocka_run_group_tests(tests, compile_depot, free_depot);
}
