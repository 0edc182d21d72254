/* Results as they are; failures with what a person needs to go on. */
#include "outcome.h"

#include <string.h>

#include "wire.h"

static json_t *causes(const aegis_error *error)
{
    json_t *list = json_array();
    size_t i;

    for (i = 0; i < error->chain_count; i++)
        (void)json_array_append_new(list,
                                    json_pack("{s:s?, s:s?, s:i, s:s?}", "service", error->chain[i].service,
                                              "method", error->chain[i].method, "code",
                                              (int)error->chain[i].code, "message", error->chain[i].message));
    return list;
}

static void print_json(const session *s, const dynamic_outcome *outcome)
{
    const aegis_error *error = &outcome->failed;
    json_t *told = json_pack("{s:{s:s?, s:s, s:i, s:s, s:O?, s:o}}", "error", "type", outcome->type, "status",
                             aegis_status_name(error->status), "code", (int)error->code, "message",
                             wire_text(outcome->value, "message", aegis_error_text(error)), "details",
                             outcome->value, "causes", causes(error));

    screen_json_line(&s->out, told);
    json_decref(told);
}

/* "error: NotFound (404): ..." */
static void print_text(const session *s, const dynamic_outcome *outcome)
{
    const aegis_error *error = &outcome->failed;
    const char *text = wire_text(outcome->value, "message", aegis_error_text(error));
    screen out;
    size_t i;

    screen_init(&out, stderr, s->options->colour);
    fprintf(stderr, "%s: ", cli_program.name);
    fputs(screen_ink_text(&out, INK_RED), stderr);
    screen_safe(stderr, outcome->type != NULL ? outcome->type : aegis_status_name(error->status));
    if (error->code != 0)
        fprintf(stderr, " (%d)", (int)error->code);
    fputs(screen_ink_text(&out, INK_PLAIN), stderr);
    if (outcome->type == NULL || strcmp(outcome->type, text) != 0) {
        fputs(": ", stderr);
        screen_safe(stderr, text);
    }
    fputc('\n', stderr);
    for (i = 0; i < error->chain_count; i++) {
        const aegis_cause *cause = &error->chain[i];

        if (i == 0 && cause->message != NULL && strcmp(cause->message, text) == 0)
            continue; /* it says no more */
        fputs("  because ", stderr);
        screen_safe(stderr, cause->service != NULL ? cause->service : "?");
        fputc('.', stderr);
        screen_safe(stderr, cause->method != NULL ? cause->method : "?");
        fprintf(stderr, " failed with %d: ", (int)cause->code);
        screen_safe(stderr, cause->message != NULL ? cause->message : "");
        fputc('\n', stderr);
    }
    if (json_object_size(outcome->value) > 0)
        screen_json(&out, outcome->value, 0);
    if (error->status == AEGIS_UNAVAILABLE && error->not_processed)
        fputs("'aegis ls' shows which services run\n", stderr);
}

int outcome_print(const session *s, const dynamic_outcome *outcome)
{
    if (!outcome->ok && s->options->json)
        print_json(s, outcome);
    else if (!outcome->ok)
        print_text(s, outcome);
    else if (s->options->json)
        screen_json_line(&s->out, outcome->value);
    else
        screen_json(&s->out, outcome->value, 0);
    return outcome->ok ? CLI_DONE : CLI_MISTAKES;
}
