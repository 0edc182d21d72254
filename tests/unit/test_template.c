/* The template engine: what it shows, how it lays it out, and the position of every mistake. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "template.h"

typedef struct text_pair {
    const char *name, *text;
} text_pair;

static bool load(void *user, const char *name, template_text *text)
{
    const text_pair *pairs = (const text_pair *)user;

    for (; pairs->name != NULL; pairs++) {
        if (strcmp(pairs->name, name) == 0) {
            text->name = pairs->name;
            text->data = pairs->text;
            text->size = strlen(pairs->text);
            return true;
        }
    }
    return false;
}

/* What the templates of these tests see. */
typedef struct item {
    const char *id;
} item;

typedef struct sample {
    const char *name, *docs, *none;
    bool truth;
    shape_list items, empty, words, made;
    item one;
} sample;

static const shape_member item_members[] = {SHOWS_TEXT(item, id)};
static const shape item_shape = SHAPE_OF(item, item_members);

/* Many items, of which one exists at a time. */
static const void *make_item(const void *from, size_t index, arena *scratch)
{
    item *made = arena_new(scratch, item);

    if (made != NULL)
        made->id = arena_printf(scratch, "%s%zu", (const char *)from, index);
    return made;
}

static shape_list letters(const void *self, arena *scratch)
{
    const char **made = (const char **)arena_array(scratch, 2, sizeof *made);

    (void)self;
    if (made != NULL)
        made[0] = made[1] = "x";
    return (shape_list){.items = made, .count = 2};
}

static const shape_member sample_members[] = {
    SHOWS_TEXT(sample, name),
    SHOWS_TEXT(sample, docs),
    SHOWS_TEXT(sample, none),
    SHOWS_TRUTH_AS("union", sample, truth),
    SHOWS_LIST(sample, items, &item_shape),
    SHOWS_LIST(sample, empty, &item_shape),
    SHOWS_LIST(sample, words, NULL),
    SHOWS_LIST(sample, made, &item_shape),
    SHOWS_OBJECT(sample, one, &item_shape),
    SHOWS_MADE("letters", letters, NULL),
};
static const shape sample_shape = SHAPE_OF(sample, sample_members);

static const item items[] = {{"a\"b"}, {"c"}};
static const char *const words[] = {"one", "two\nlines"};
static const sample view = {.name = "Shop",
                            .docs = "One \\c\ntwo */",
                            .truth = true,
                            .items = {.items = items, .count = 2},
                            .words = {.items = words, .count = 2},
                            .made = {.make = make_item, .from = "n", .count = 3},
                            .one = {"a\"b"}};

/* What was rendered. */
typedef struct page {
    char text[1000];
    size_t length;
} page;

static bool add_line(void *user, const char *text, size_t length)
{
    page *p = (page *)user;

    assert_true(length > 0 && memchr(text, '\n', length - 1) == NULL);
    assert_true(p->length + length < sizeof p->text);
    memcpy(p->text + p->length, text, length);
    p->length += length;
    p->text[p->length] = '\0';
    return true;
}

static bool render(template_set *set, arena *memory, arena *scratch, text_pair *pairs, page *out)
{
    const template_sink sink = {add_line, out};

    set->memory = memory;
    set->load = load;
    set->user = pairs;
    set->view = &sample_shape;
    set->most_parts = 1000;
    return template_render(set, "main", &view, scratch, &sink);
}

/* The output, or the error. What is rendered for a moment is given back. */
static void check(const char *text, const char *partial, const char *expected)
{
    text_pair pairs[] = {{"main", text}, {"part", partial}, {NULL, NULL}};
    template_set set = {0};
    page out = {"", 0};
    arena memory, scratch;
    bool good;

    arena_init(&memory);
    arena_init_beside(&scratch, &memory);
    good = render(&set, &memory, &scratch, pairs, &out);
    assert_true(good || set.error != NULL);
    assert_string_equal(good ? out.text : set.error, expected);
    assert_int_equal(scratch.used, 0);
    arena_free(&memory);
    arena_free(&scratch);
}

static void test_output(void **state)
{
    (void)state;
    check("a {{name}} {{name|upper|c_string}} {{one.id|c_string}}\n", "", "a Shop \"SHOP\" \"a\\\"b\"\n");
    check("  {{#items}}\n{{@index}}{{id}}{{^@last}}, {{/@last}}\n  {{/items}}\n", "", "0a\"b, \n1c\n");
    check("{{#none}}no{{/none}}{{^none}}yes{{/none}}{{^empty}}!{{/empty}}\n", "", "yes!\n");
    check("x\n{{! gone }}\n  {{docs|doc}}\n", "", "x\n  /** One \\\\c\n   * two * / */\n");
    check("{\n    {{>part}}\n}\n", "{{one.id}}\n\n{{name}};\n", "{\n    a\"b\n\n    Shop;\n}\n");
    check("({{>part}})", "{{name|lower}}", "(shop)");
    check("{{#made}}{{id}} {{#items}}{{id}}{{#@first}},{{/@first}}{{/items}}\n{{/made}}", "",
          "n0 a\"b,c\nn1 a\"b,c\nn2 a\"b,c\n");
    check("  {{#words}}{{.}};{{/words}}\n", "", "  one;two\n  lines;\n");
    check("{{#letters}}{{.|upper}}{{/letters}}{{#union}}!{{/union}}{{^letters}}?{{/letters}}", "", "XX!");
}

static void test_errors(void **state)
{
    (void)state;
    check("a\n b {{nmae}}", "", "main:2:4: unknown name 'nmae'");
    check("{{one.di}}", "", "main:1:1: unknown name 'one.di'");
    check("{{@last}}", "", "main:1:1: unknown name '@last'");
    check("{{items}}", "", "main:1:1: 'items' is a list here, not a text");
    check("{{none}}", "", "main:1:1: 'none' is not there here, not a text");
    check("{{union}}", "", "main:1:1: 'union' is true or false here, not a text");
    check("{{one}}", "", "main:1:1: 'one' is an object here, not a text");
    check("{{id}}", "", "main:1:1: unknown name 'id'");
    check("{{#none}}{{nmae}}{{/none}}", "", "main:1:10: unknown name 'nmae'");
    check("{{one.@last}}", "", "main:1:7: expected '|' or '}}'");
    check("{{name|shout}}", "", "main:1:8: unknown filter 'shout'");
    check("{{name upper}}", "", "main:1:8: expected '|' or '}}'");
    check("\n{{#none}}{{>nowhere}}{{/none}}", "", "main:2:10: unknown partial 'nowhere'");
    check("{{>part f}}", "", "main:1:8: expected '}}'");
    check("{{#items}}\n", "", "main:1:1: section 'items' is not closed");
    check("x {{/items}}", "", "main:1:3: 'items' is not the section open here");
    check("{{#one}}{{/items}}", "", "main:1:9: 'items' is not the section open here");
    check("x {{name", "", "main:1:3: this tag has no '}}'");
    check("{{ }}", "", "main:1:4: a name is missing here");
    check("{{>part}}", "\n{{oops}}", "part:2:1: unknown name 'oops'");
    check("{{>part}}", "{{>part}}", "part:1:1: nested too deeply");
    check("{{#made}}{{#made}}{{#made}}{{#made}}{{#made}}{{#made}}{{id}}"
          "{{/made}}{{/made}}{{/made}}{{/made}}{{/made}}{{/made}}",
          "", "main:1:37: sections within sections show too much");
    check("{{one.id.id.id.id}}", "", "main:1:16: too many names");
}

static bool permit(void *user)
{
    unsigned *left = (unsigned *)user;

    return *left != 0 && (*left)-- != 0;
}

/* Whichever allocation fails, rendering fails with it. */
static void test_memory(void **state)
{
    text_pair pairs[] = {
        {"main", "{{#items}}{{id|c_string}}{{/items}}\n  {{>part}}\n{{#made}}{{id}}{{/made}}"},
        {"part", "{{docs|doc}}{{#letters}}{{.}}{{/letters}}\n"},
        {NULL, NULL}};
    bool done = false;
    unsigned n;

    (void)state;
    for (n = 0; !done && n < 1000; n++) {
        unsigned left = n;
        template_set set = {0};
        page out = {"", 0};
        arena memory, scratch;

        arena_init(&memory);
        memory.permit = permit;
        memory.permit_user = &left;
        arena_init_beside(&scratch, &memory);
        done = render(&set, &memory, &scratch, pairs, &out);
        assert_true(done || memory.failed || scratch.failed);
        assert_null(set.error);
        arena_free(&memory);
        arena_free(&scratch);
    }
    assert_true(done && n > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_output),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
