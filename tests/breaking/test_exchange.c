/* Messages between two versions, in both formats: for every rule about what a message holds, bytes of one
 * version that the other refuses, alters or loses, really; and for the safe changes, that both understand
 * each other. Rules about how programs reach each other are in test_exchange_services.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include <aegis/generated.h>

#include "diag_rules.h"
#include "breaking/rules/field-required-added_old.h"
#include "breaking/rules/field-required-added_new.h"
#include "breaking/rules/field-required-removed_old.h"
#include "breaking/rules/field-required-removed_new.h"
#include "breaking/rules/field-renamed_old.h"
#include "breaking/rules/field-renamed_new.h"
#include "breaking/rules/field-renamed-was_old.h"
#include "breaking/rules/field-renamed-was_new.h"
#include "breaking/rules/old-name-dropped_old.h"
#include "breaking/rules/old-name-dropped_new.h"
#include "breaking/rules/field-now-required_old.h"
#include "breaking/rules/field-now-required_new.h"
#include "breaking/rules/field-now-optional_old.h"
#include "breaking/rules/field-now-optional_new.h"
#include "breaking/rules/type-changed_old.h"
#include "breaking/rules/type-changed_new.h"
#include "breaking/rules/type-narrowed_old.h"
#include "breaking/rules/type-narrowed_new.h"
#include "breaking/rules/type-widened_old.h"
#include "breaking/rules/type-widened_new.h"
#include "breaking/rules/bounds-narrowed_old.h"
#include "breaking/rules/bounds-narrowed_new.h"
#include "breaking/rules/bounds-widened_old.h"
#include "breaking/rules/bounds-widened_new.h"
#include "breaking/rules/pattern-narrowed_old.h"
#include "breaking/rules/pattern-narrowed_new.h"
#include "breaking/rules/pattern-widened_old.h"
#include "breaking/rules/pattern-widened_new.h"
#include "breaking/rules/enum-value-removed_old.h"
#include "breaking/rules/enum-value-removed_new.h"
#include "breaking/rules/enum-value-renamed_old.h"
#include "breaking/rules/enum-value-renamed_new.h"
#include "breaking/rules/strict-value-added_old.h"
#include "breaking/rules/strict-value-added_new.h"
#include "breaking/rules/union-member-added_old.h"
#include "breaking/rules/union-member-added_new.h"
#include "breaking/rules/union-member-removed_old.h"
#include "breaking/rules/union-member-removed_new.h"
#include "breaking/rules/reserved-name-back_old.h"
#include "breaking/rules/reserved-name-back_new.h"
#include "breaking/safe/optional-added_old.h"
#include "breaking/safe/optional-added_new.h"
#include "breaking/safe/default-added-field_old.h"
#include "breaking/safe/default-added-field_new.h"
#include "breaking/safe/required-gets-default_old.h"
#include "breaking/safe/required-gets-default_new.h"
#include "breaking/safe/open-value-added_old.h"
#include "breaking/safe/open-value-added_new.h"
#include "breaking/safe/two-step-rename_old.h"
#include "breaking/safe/two-step-rename_new.h"
#include "breaking/safe/was-added_old.h"
#include "breaking/safe/was-added_new.h"
#include "breaking/safe/alias-introduced_old.h"
#include "breaking/safe/alias-introduced_new.h"
#include "breaking/safe/constant-introduced_old.h"
#include "breaking/safe/constant-introduced_new.h"
#include "breaking/safe/same-pattern_old.h"
#include "breaking/safe/same-pattern_new.h"
#include "breaking/safe/same-integers_old.h"
#include "breaking/safe/same-integers_new.h"
#include "breaking/safe/reserved-added_old.h"
#include "breaking/safe/reserved-added_new.h"

/* What a version makes of a message. */
typedef struct passing {
    aegis_arena *arena;
    aegis_format format; /* for `bytes` */
    aegis_error error;
    const char *json; /* what was read, or NULL where it cannot be sent on */
    aegis_bytes bytes;
} passing;

typedef aegis_status version(passing *p, aegis_bytes body);

/* Decode, and encode again what was understood. */
#define VERSION(prefix)                                                                                      \
    static aegis_status prefix(passing *p, aegis_bytes body)                                                 \
    {                                                                                                        \
        prefix##_m value;                                                                                    \
        aegis_status status = prefix##_m_decode(body, AEGIS_FORMAT_AUTO, p->arena, &value, &p->error);       \
                                                                                                             \
        p->json = NULL;                                                                                      \
        if (status != AEGIS_OK)                                                                              \
            return status;                                                                                   \
        p->json = prefix##_m_to_json(&value, p->arena);                                                      \
        (void)prefix##_m_encode(&value, p->format, p->arena, &p->bytes, &p->error);                          \
        return AEGIS_OK;                                                                                     \
    }
#define PAIR(rule) VERSION(rule##_old) VERSION(rule##_new)

PAIR(field_required_added)
PAIR(field_required_removed)
PAIR(field_renamed)
PAIR(field_renamed_was)
PAIR(old_name_dropped)
PAIR(field_now_required)
PAIR(field_now_optional)
PAIR(type_changed)
PAIR(type_narrowed)
PAIR(type_widened)
PAIR(bounds_narrowed)
PAIR(bounds_widened)
PAIR(pattern_narrowed)
PAIR(pattern_widened)
PAIR(enum_value_removed)
PAIR(enum_value_renamed)
PAIR(strict_value_added)
PAIR(union_member_added)
PAIR(union_member_removed)
PAIR(reserved_name_back)
PAIR(optional_added)
PAIR(default_added_field)
PAIR(required_gets_default)
PAIR(open_value_added)
PAIR(two_step_rename)
PAIR(was_added)
PAIR(alias_introduced)
PAIR(constant_introduced)
PAIR(same_pattern)
PAIR(same_integers)
PAIR(reserved_added)

typedef struct exchange {
    const char *rule;
    version *writer; /* NULL: an older version than both */
    version *reader;
    const char *message; /* as JSON, with the writer's names */
    const char *refusal; /* part of why the reader refuses it, or NULL */
    const char *read;    /* else what the reader understands, or NULL where it cannot be sent on */
    bool breaks;         /* that is not what was meant */
} exchange;

static const exchange breaking[] = {
    {"field-required-added", field_required_added_old, field_required_added_new, "{\"id\":1}",
     .refusal = "total is missing"},
    {"field-required-added", field_required_added_new, field_required_added_old, "{\"id\":1,\"total\":2.5}",
     .read = "{\"id\":1}"},
    {"field-required-removed", field_required_removed_new, field_required_removed_old, "{\"id\":1}",
     .refusal = "total is missing"},
    {"field-renamed", field_renamed_old, field_renamed_new, "{\"id\":1,\"note\":\"x\"}", .read = "{\"id\":1}",
     .breaks = true},
    {"field-renamed", field_renamed_new, field_renamed_old, "{\"id\":1,\"remark\":\"x\"}",
     .read = "{\"id\":1}", .breaks = true},
    {"field-renamed-was", field_renamed_was_new, field_renamed_was_old, "{\"id\":1,\"sku\":\"x\"}",
     .refusal = "code is missing"},
    {"field-renamed-was", field_renamed_was_old, field_renamed_was_new, "{\"id\":1,\"code\":\"x\"}",
     .read = "{\"id\":1,\"sku\":\"x\"}"},
    {"old-name-dropped", NULL, old_name_dropped_old, "{\"code\":\"x\"}", .read = "{\"sku\":\"x\"}"},
    {"old-name-dropped", NULL, old_name_dropped_new, "{\"code\":\"x\"}", .refusal = "sku is missing"},
    {"field-now-required", field_now_required_old, field_now_required_new, "{\"id\":1}",
     .refusal = "note is missing"},
    {"field-now-required", field_now_required_new, field_now_required_old, "{\"id\":1,\"note\":\"x\"}",
     .read = "{\"id\":1,\"note\":\"x\"}"},
    {"field-now-optional", field_now_optional_new, field_now_optional_old, "{\"id\":1}",
     .refusal = "size is missing"},
    {"field-now-optional", field_now_optional_old, field_now_optional_new, "{\"id\":1,\"size\":2}",
     .read = "{\"id\":1,\"size\":2}"},
    {"type-changed", type_changed_old, type_changed_new, "{\"id\":1,\"size\":5}", .refusal = "size: "},
    {"type-changed", type_changed_new, type_changed_old, "{\"id\":1,\"size\":\"five\"}", .refusal = "size: "},
    {"type-narrowed", type_narrowed_old, type_narrowed_new, "{\"id\":\"7\"}", .refusal = "not a uuid"},
    {"type-narrowed", type_narrowed_new, type_narrowed_old,
     "{\"id\":\"00010203-0405-0607-0809-0a0b0c0d0e0f\"}",
     .read = "{\"id\":\"00010203-0405-0607-0809-0a0b0c0d0e0f\"}"},
    {"type-widened", type_widened_new, type_widened_old, "{\"size\":1.5}", .refusal = "size: "},
    {"type-widened", type_widened_old, type_widened_new, "{\"size\":5}", .read = "{\"size\":5.0}"},
    {"bounds-narrowed", bounds_narrowed_old, bounds_narrowed_new,
     "{\"sku\":\"123456789\",\"size\":1,\"items\":[]}", .refusal = "sku: "},
    {"bounds-narrowed", bounds_narrowed_old, bounds_narrowed_new,
     "{\"sku\":\"1\",\"size\":65536,\"items\":[]}", .refusal = "size: "},
    {"bounds-narrowed", bounds_narrowed_old, bounds_narrowed_new,
     "{\"sku\":\"1\",\"size\":1,\"items\":[1,2,3]}", .refusal = "items: "},
    {"bounds-narrowed", bounds_narrowed_old, bounds_narrowed_new, "{\"sku\":\"1\",\"size\":1,\"items\":[1]}",
     .read = "{\"sku\":\"1\",\"size\":1,\"items\":[1]}"},
    {"bounds-narrowed", bounds_narrowed_new, bounds_narrowed_old, "{\"sku\":\"1\",\"size\":1,\"items\":[1]}",
     .read = "{\"sku\":\"1\",\"size\":1,\"items\":[1]}"},
    {"bounds-widened", bounds_widened_new, bounds_widened_old,
     "{\"sku\":\"123456789\",\"size\":1,\"items\":[]}", .refusal = "sku: "},
    {"bounds-widened", bounds_widened_new, bounds_widened_old, "{\"sku\":\"1\",\"size\":65536,\"items\":[]}",
     .refusal = "size: "},
    {"bounds-widened", bounds_widened_new, bounds_widened_old, "{\"sku\":\"1\",\"size\":1,\"items\":[1,2,3]}",
     .refusal = "items: "},
    {"bounds-widened", bounds_widened_new, bounds_widened_old, "{\"sku\":\"1\",\"size\":1,\"items\":[1]}",
     .read = "{\"sku\":\"1\",\"size\":1,\"items\":[1]}"},
    {"bounds-widened", bounds_widened_old, bounds_widened_new, "{\"sku\":\"1\",\"size\":1,\"items\":[1]}",
     .read = "{\"sku\":\"1\",\"size\":1,\"items\":[1]}"},
    {"pattern-narrowed", pattern_narrowed_old, pattern_narrowed_new, "{\"sku\":\"A-1\"}", .refusal = "sku: "},
    {"pattern-narrowed", pattern_narrowed_new, pattern_narrowed_old, "{\"sku\":\"AB\"}",
     .read = "{\"sku\":\"AB\"}"},
    {"pattern-widened", pattern_widened_new, pattern_widened_old, "{\"sku\":\"A-1\"}", .refusal = "sku: "},
    {"pattern-widened", pattern_widened_old, pattern_widened_new, "{\"sku\":\"AB\"}",
     .read = "{\"sku\":\"AB\"}"},
    {"enum-value-removed", enum_value_removed_old, enum_value_removed_new, "{\"state\":\"closed\"}",
     .breaks = true},
    {"enum-value-removed", enum_value_removed_new, enum_value_removed_old, "{\"state\":\"open\"}",
     .read = "{\"state\":\"open\"}"},
    {"enum-value-renamed", enum_value_renamed_new, enum_value_renamed_old, "{\"state\":\"shut\"}",
     .breaks = true},
    {"enum-value-renamed", enum_value_renamed_old, enum_value_renamed_new, "{\"state\":\"closed\"}",
     .read = "{\"state\":\"shut\"}"},
    {"strict-value-added", strict_value_added_new, strict_value_added_old, "{\"state\":\"lost\"}",
     .refusal = "state: "},
    {"strict-value-added", strict_value_added_old, strict_value_added_new, "{\"state\":\"closed\"}",
     .read = "{\"state\":\"closed\"}"},
    {"union-member-added", union_member_added_new, union_member_added_old, "{\"pay\":{\"iban\":\"x\"}}",
     .breaks = true},
    {"union-member-added", union_member_added_old, union_member_added_new, "{\"pay\":{\"card\":\"x\"}}",
     .read = "{\"pay\":{\"card\":\"x\"}}"},
    {"union-member-removed", union_member_removed_old, union_member_removed_new, "{\"pay\":{\"iban\":\"x\"}}",
     .breaks = true},
    {"union-member-removed", union_member_removed_new, union_member_removed_old, "{\"pay\":{\"card\":\"x\"}}",
     .read = "{\"pay\":{\"card\":\"x\"}}"},
    {"reserved-name-back", NULL, reserved_name_back_old, "{\"id\":1,\"coupon\":\"SAVE\"}",
     .read = "{\"id\":1}"},
    {"reserved-name-back", NULL, reserved_name_back_new, "{\"id\":1,\"coupon\":\"SAVE\"}",
     .refusal = "coupon: "},
};

static const exchange safe[] = {
    {"optional-added", optional_added_old, optional_added_new, "{\"id\":1}",
     .read = "{\"id\":1,\"items\":[],\"labels\":{}}"},
    {"optional-added", optional_added_new, optional_added_old,
     "{\"id\":1,\"note\":\"x\",\"child\":{\"id\":2,\"items\":[],\"labels\":{}},\"items\":[1],\"labels\":{"
     "\"a\":\"b\"}}",
     .read = "{\"id\":1}"},
    {"default-added-field", default_added_field_old, default_added_field_new, "{\"id\":1}",
     .read = "{\"id\":1,\"size\":3,\"name\":\"x\",\"state\":\"open\"}"},
    {"default-added-field", default_added_field_new, default_added_field_old,
     "{\"id\":1,\"size\":4,\"name\":\"y\",\"state\":\"closed\"}", .read = "{\"id\":1}"},
    {"required-gets-default", required_gets_default_old, required_gets_default_new,
     "{\"id\":1,\"name\":\"x\"}", .read = "{\"id\":1,\"name\":\"x\"}"},
    {"required-gets-default", required_gets_default_new, required_gets_default_old,
     "{\"id\":1,\"name\":\"none\"}", .read = "{\"id\":1,\"name\":\"none\"}"},
    {"open-value-added", open_value_added_old, open_value_added_new, "{\"state\":\"closed\"}",
     .read = "{\"state\":\"closed\"}"},
    {"open-value-added", open_value_added_new, open_value_added_old, "{\"state\":\"open\"}",
     .read = "{\"state\":\"open\"}"},
    {"two-step-rename", two_step_rename_old, two_step_rename_new, "{\"id\":1,\"code\":\"x\"}",
     .read = "{\"id\":1,\"sku\":\"x\"}"},
    {"two-step-rename", two_step_rename_new, two_step_rename_old, "{\"id\":1,\"sku\":\"x\"}",
     .read = "{\"id\":1,\"code\":\"x\"}"},
    {"was-added", was_added_old, was_added_new, "{\"id\":1,\"code\":\"x\"}",
     .read = "{\"id\":1,\"code\":\"x\"}"},
    {"was-added", was_added_new, was_added_old, "{\"id\":1,\"code\":\"x\"}",
     .read = "{\"id\":1,\"code\":\"x\"}"},
    {"alias-introduced", alias_introduced_old, alias_introduced_new, "{\"sku\":\"x\"}",
     .read = "{\"sku\":\"x\"}"},
    {"alias-introduced", alias_introduced_new, alias_introduced_old, "{\"sku\":\"x\"}",
     .read = "{\"sku\":\"x\"}"},
    {"constant-introduced", constant_introduced_old, constant_introduced_new, "{\"items\":[1,2,3,4,5]}",
     .read = "{\"items\":[1,2,3,4,5]}"},
    {"constant-introduced", constant_introduced_new, constant_introduced_old, "{\"items\":[1,2,3,4,5]}",
     .read = "{\"items\":[1,2,3,4,5]}"},
    {"same-pattern", same_pattern_old, same_pattern_new, "{\"sku\":\"abc\"}", .read = "{\"sku\":\"abc\"}"},
    {"same-pattern", same_pattern_new, same_pattern_old, "{\"sku\":\"abc\"}", .read = "{\"sku\":\"abc\"}"},
    {"same-integers", same_integers_old, same_integers_new, "{\"n\":100,\"m\":255}",
     .read = "{\"n\":100,\"m\":255}"},
    {"same-integers", same_integers_new, same_integers_old, "{\"n\":100,\"m\":255}",
     .read = "{\"n\":100,\"m\":255}"},
    {"reserved-added", reserved_added_old, reserved_added_new, "{\"id\":1}", .read = "{\"id\":1}"},
    {"reserved-added", reserved_added_new, reserved_added_old, "{\"id\":1}", .read = "{\"id\":1}"},
};

/* The message in a format, as the writer sends it. */
static void write_message(const exchange *e, passing *p)
{
    const aegis_bytes json = {(const uint8_t *)e->message, strlen(e->message)};
    const aegis_raw raw = {json, AEGIS_FORMAT_JSON};
    aegis_raw out;

    if (e->writer == NULL) {
        assert_int_equal(aegis_transcode(raw, p->format, p->arena, &out, &p->error), AEGIS_OK);
        p->bytes = out.data;
        return;
    }
    if (e->writer(p, json) != AEGIS_OK)
        fail_msg("%s: the writer refuses its own message: %s", e->rule, p->error.text);
    assert_non_null(p->json);
    assert_string_equal(p->json, e->message);
}

static void check_exchange(const exchange *e, aegis_format format)
{
    passing p = {.arena = aegis_arena_new(NULL), .format = format};
    aegis_status status;

    write_message(e, &p);
    memset(&p.error, 0, sizeof p.error);
    status = e->reader(&p, p.bytes);
    if (e->refusal != NULL) {
        if (status != AEGIS_INVALID_ARGUMENT || strstr(p.error.text, e->refusal) == NULL)
            fail_msg("%s: %s is not refused with '%s' but: %d %s %s", e->rule, e->message, e->refusal,
                     (int)status, p.error.text, p.json != NULL ? p.json : "");
    } else if (status != AEGIS_OK) {
        fail_msg("%s: %s is refused: %s", e->rule, e->message, p.error.text);
    } else if ((e->read == NULL) != (p.json == NULL) || (e->read != NULL && strcmp(e->read, p.json) != 0)) {
        fail_msg("%s: %s is read as %s", e->rule, e->message,
                 p.json != NULL ? p.json : "what cannot be sent on");
    }
    aegis_arena_free(p.arena);
}

static void test_breaking(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof breaking / sizeof breaking[0]; i++) {
        check_exchange(&breaking[i], AEGIS_FORMAT_MSGPACK);
        check_exchange(&breaking[i], AEGIS_FORMAT_JSON);
    }
}

static void test_safe(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof safe / sizeof safe[0]; i++) {
        check_exchange(&safe[i], AEGIS_FORMAT_MSGPACK);
        check_exchange(&safe[i], AEGIS_FORMAT_JSON);
    }
}

/* Each rule about messages has an exchange that breaks. */
static void test_all_rules(void **state)
{
    size_t count;
    const diag_rule *rules = diag_rules_breaking(&count);

    (void)state;
    for (size_t i = 0; i < count && rules[i].code.number <= WIRE_RESERVED_NAME_BACK; i++) {
        bool found = false;

        for (size_t k = 0; k < sizeof breaking / sizeof breaking[0]; k++)
            found = found || (strcmp(breaking[k].rule, rules[i].name) == 0 &&
                              (breaking[k].refusal != NULL || breaking[k].breaks));
        if (!found)
            fail_msg("no exchange breaks by %s", rules[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_breaking), cmocka_unit_test(test_safe),
                                       cmocka_unit_test(test_all_rules)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
