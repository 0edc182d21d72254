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

static node *sample(arena *a)
{
    node *top = node_object(a), *items = node_list(a), *one = node_object(a), *two = node_object(a);

    node_set_text(a, top, "name", "Shop");
    node_set_text(a, top, "docs", "One\ntwo */");
    node_set_text(a, top, "none", NULL);
    node_set_text(a, one, "id", "a\"b");
    node_set_text(a, two, "id", "c");
    node_add(a, items, one);
    node_add(a, items, two);
    node_set(a, top, "items", items);
    node_set(a, top, "one", one);
    node_set(a, top, "empty", node_list(a));
    return top;
}

/* The output, or the error. */
static const char *show(arena *a, text_pair *pairs)
{
    template_set set = {0};
    template_output out = {NULL, 0};

    set.memory = a;
    set.load = load;
    set.user = pairs;
    return template_render(&set, "main", sample(a), &out) ? out.data : set.error;
}

static void check(const char *text, const char *partial, const char *expected)
{
    text_pair pairs[] = {{"main", text}, {"part", partial}, {NULL, NULL}};
    const char *got;
    arena a;

    arena_init(&a);
    got = show(&a, pairs);
    assert_non_null(got);
    assert_string_equal(got, expected);
    arena_free(&a);
}

static void test_output(void **state)
{
    (void)state;
    check("a {{name}} {{name|upper|c_string}} {{one.id|c_string}}\n", "", "a Shop \"SHOP\" \"a\\\"b\"\n");
    check("  {{#items}}\n{{@index}}{{id}}{{^@last}}, {{/@last}}\n  {{/items}}\n", "", "0a\"b, \n1c\n");
    check("{{#none}}no{{/none}}{{^none}}yes{{/none}}{{^empty}}!{{/empty}}\n", "", "yes!\n");
    check("x\n{{! gone }}\n  {{docs|doc}}\n", "", "x\n  /** One\n   * two * / */\n");
    check("{\n    {{>part f=mp}}\n}\n", "{{f}}\n\n{{name}};\n", "{\n    mp\n\n    Shop;\n}\n");
    check("({{>part}})", "{{name|lower}}", "(shop)");
}

static void test_errors(void **state)
{
    (void)state;
    check("a\n b {{nmae}}", "", "main:2:4: unknown name 'nmae'");
    check("{{one.di}}", "", "main:1:1: unknown name 'one.di'");
    check("{{@last}}", "", "main:1:1: unknown name '@last'");
    check("{{items}}", "", "main:1:1: 'items' is a list here, not a text");
    check("{{none}}", "", "main:1:1: 'none' is true or false here, not a text");
    check("{{name|shout}}", "", "main:1:8: unknown filter 'shout'");
    check("{{name upper}}", "", "main:1:8: expected '|' or '}}'");
    check("\n{{#none}}{{>nowhere}}{{/none}}", "", "main:2:10: unknown partial 'nowhere'");
    check("{{>part f}}", "", "main:1:10: expected '='");
    check("{{#items}}\n", "", "main:1:1: section 'items' is not closed");
    check("x {{/items}}", "", "main:1:3: 'items' is not the section open here");
    check("{{#one}}{{/items}}", "", "main:1:9: 'items' is not the section open here");
    check("x {{name", "", "main:1:3: this tag has no '}}'");
    check("{{ }}", "", "main:1:4: a name is missing here");
    check("{{>part}}", "\n{{oops}}", "part:2:1: unknown name 'oops'");
    check("{{>part}}", "{{>part}}", "part:1:1: nested too deeply");
}

static bool permit(void *user)
{
    unsigned *left = (unsigned *)user;

    return *left != 0 && (*left)-- != 0;
}

static void test_memory(void **state)
{
    text_pair pairs[] = {{"main", "{{#items}}{{id|c_string}}{{/items}}\n  {{>part f=mp}}\n"},
                         {"part", "{{docs|doc}}\n"},
                         {NULL, NULL}};
    bool done = false;

    (void)state;
    for (unsigned n = 0; !done && n < 1000; n++) {
        unsigned left = n;
        template_set set = {0};
        template_output out = {NULL, 0};
        node *view;
        arena a;

        arena_init(&a);
        a.permit = permit;
        a.permit_user = &left;
        view = sample(&a);
        set.memory = &a;
        set.load = load;
        set.user = pairs;
        done = template_render(&set, "main", view, &out);
        assert_true(done || a.failed);
        arena_free(&a);
    }
    assert_true(done);
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
