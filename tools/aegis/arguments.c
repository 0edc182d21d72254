/* Parameters from words. */
#include "arguments.h"

#include <string.h>

/* Members of the object, one a word. */
static bool set_member(json_t *object, const char *word)
{
    const char *equals = strchr(word, '=');
    json_t *value = equals != NULL ? json_loads(equals + 1, JSON_DECODE_ANY, NULL) : NULL;
    json_t *name = equals != NULL ? json_stringn(word, (size_t)(equals - word)) : NULL;
    bool good = false;

    if (name != NULL)
        good = json_object_set_new(object, json_string_value(name),
                                   value != NULL ? value : json_string(equals + 1)) == 0;
    json_decref(name);
    return good;
}

int arguments_read(session *s, const schema_record *record, size_t first, const char *data, json_t **out)
{
    json_t *object = data != NULL ? json_loads(data, 0, NULL) : json_object();
    size_t i;

    (void)record;
    *out = object;
    if (object == NULL)
        return cli_usage(s->line->command, "--data is no JSON object");
    for (i = first; i < s->line->arguments.count; i++) {
        if (!set_member(object, s->line->arguments.items[i]))
            return cli_usage(s->line->command, "'%s' is no NAME=VALUE", s->line->arguments.items[i]);
    }
    return CLI_DONE;
}
