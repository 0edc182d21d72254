/* Results as they are; failures with what a person needs to go on. */
#define _POSIX_C_SOURCE 200809L
#include "outcome.h"

#include <stdlib.h>
#include <string.h>

#include "wire.h"

/* What to do about it; "": that is for who knows the service. */
static const char *advice(const aegis_error *error)
{
    if (error->status == AEGIS_UNAVAILABLE && error->not_processed)
        return "'aegis ls' shows which services run";
    if (error->status == AEGIS_DEADLINE_EXCEEDED && error->chain_count == 0)
        return "--timeout waits longer; 'aegis stats' shows how long calls take";
    return "";
}

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
    json_t *told = json_pack(
        "{s:{s:s, s:s, s:s, s:s?, s:i, s:O?, s:o}}", "error", "status", aegis_status_name(error->status),
        "text", wire_text(outcome->value, "message", aegis_error_text(error)), "hint", advice(error), "type",
        outcome->type, "code", (int)error->code, "details", outcome->value, "causes", causes(error));

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
    cli_safe(stderr, outcome->type != NULL ? outcome->type : aegis_status_name(error->status));
    if (error->code != 0)
        fprintf(stderr, " (%d)", (int)error->code);
    fputs(screen_ink_text(&out, INK_PLAIN), stderr);
    if (outcome->type == NULL || strcmp(outcome->type, text) != 0) {
        fputs(": ", stderr);
        cli_safe(stderr, text);
    }
    fputc('\n', stderr);
    for (i = 0; i < error->chain_count; i++) {
        const aegis_cause *cause = &error->chain[i];

        if (i == 0 && cause->message != NULL && strcmp(cause->message, text) == 0)
            continue; /* it says no more */
        fputs("  because ", stderr);
        cli_safe(stderr, cause->service != NULL ? cause->service : "?");
        fputc('.', stderr);
        cli_safe(stderr, cause->method != NULL ? cause->method : "?");
        fprintf(stderr, " failed with %d: ", (int)cause->code);
        cli_safe(stderr, cause->message != NULL ? cause->message : "");
        fputc('\n', stderr);
    }
    if (json_object_size(outcome->value) > 0)
        screen_json(&out, outcome->value, 0);
    if (advice(error)[0] != '\0')
        cli_remark("%s", advice(error));
}

/* As it is; where it is no UTF-8 as it is shown to a person. */
static json_t *text_of(const char *text)
{
    json_t *value = json_string(text);
    char *shown = NULL;
    size_t size;
    FILE *file = value == NULL ? open_memstream(&shown, &size) : NULL;

    if (file != NULL) {
        cli_safe(file, text);
        value = fclose(file) == 0 ? json_string(shown) : NULL;
        free(shown);
    }
    return value;
}

void outcome_failed(const char *status, const char *text, const char *hint)
{
    json_t *told = json_pack("{s:{s:s, s:o, s:o}}", "error", "status", status, "text", text_of(text), "hint",
                             text_of(hint));

    (void)json_dumpf(told, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(told);
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
