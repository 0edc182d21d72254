/* Status codes, their names and numbers, and the error value that carries them.
 *
 * The numbers of the wire are HTTP-like; several statuses share one (400, 412, 500), so the way back yields
 * the one that is named first for it in the wire's description.
 */
#include "domain/error.h"

#include <stdio.h>
#include <string.h>

typedef struct status_row {
    const char *name;
    int32_t code;
    const char *line; /* "NAME" alone, what aegis_error_text gives for an error without a text */
} status_row;

static const status_row rows[] = {
    {"OK", 0, "OK"},
    {"CANCELLED", 499, "CANCELLED"},
    {"UNKNOWN", 520, "UNKNOWN"},
    {"INVALID_ARGUMENT", 400, "INVALID_ARGUMENT"},
    {"DEADLINE_EXCEEDED", 504, "DEADLINE_EXCEEDED"},
    {"NOT_FOUND", 404, "NOT_FOUND"},
    {"ALREADY_EXISTS", 409, "ALREADY_EXISTS"},
    {"PERMISSION_DENIED", 403, "PERMISSION_DENIED"},
    {"RESOURCE_EXHAUSTED", 429, "RESOURCE_EXHAUSTED"},
    {"FAILED_PRECONDITION", 412, "FAILED_PRECONDITION"},
    {"ABORTED", 409, "ABORTED"},
    {"OUT_OF_RANGE", 416, "OUT_OF_RANGE"},
    {"UNIMPLEMENTED", 501, "UNIMPLEMENTED"},
    {"INTERNAL", 500, "INTERNAL"},
    {"UNAVAILABLE", 503, "UNAVAILABLE"},
    {"DATA_LOSS", 520, "DATA_LOSS"},
    {"UNAUTHENTICATED", 401, "UNAUTHENTICATED"},
};

static const status_row *row_of(aegis_status status)
{
    size_t index = (size_t)status;

    return &rows[index < sizeof rows / sizeof rows[0] ? index : (size_t)AEGIS_UNKNOWN];
}

const char *aegis_status_name(aegis_status status)
{
    return row_of(status)->name;
}

int32_t aegis_code_of_status(aegis_status status)
{
    return row_of(status)->code;
}

aegis_status aegis_status_of_code(int32_t code)
{
    switch (code) {
    case 400:
        return AEGIS_INVALID_ARGUMENT;
    case 401:
        return AEGIS_UNAUTHENTICATED;
    case 403:
        return AEGIS_PERMISSION_DENIED;
    case 404:
        return AEGIS_NOT_FOUND;
    case 409:
        return AEGIS_ABORTED;
    case 416:
        return AEGIS_OUT_OF_RANGE;
    case 429:
        return AEGIS_RESOURCE_EXHAUSTED;
    case 499:
        return AEGIS_CANCELLED;
    case 500:
        return AEGIS_INTERNAL;
    case 501:
        return AEGIS_UNIMPLEMENTED;
    case 503:
        return AEGIS_UNAVAILABLE;
    case 504:
        return AEGIS_DEADLINE_EXCEEDED;
    default:
        return code >= 400 && code < 500 ? AEGIS_FAILED_PRECONDITION : AEGIS_UNKNOWN;
    }
}

void aegis_error_clip(char *text)
{
    size_t length = strlen(text), lead = length, size;

    while (lead > 0 && length - lead < 4) {
        unsigned char c = (unsigned char)text[--lead];

        if ((c & 0xc0) == 0x80)
            continue;
        size = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
        if (size > length - lead)
            text[lead] = '\0';
        return;
    }
}

aegis_status aegis_error_setv(aegis_error *error, aegis_status status, const char *format, va_list arguments)
{
    char text[AEGIS_ERROR_TEXT_MAX]; /* an argument may be the text that is replaced */

    if (error == NULL)
        return status;
    if (vsnprintf(text, sizeof text, format, arguments) < 0)
        text[0] = '\0';
    aegis_error_clip(text);
    error->code = aegis_code_of_status(status);
    error->status = status;
    error->not_processed = false;
    error->type = NULL;
    error->chain = NULL;
    error->chain_count = 0;
    memcpy(error->text, text, strlen(text) + 1);
    return status;
}

aegis_status aegis_error_set(aegis_error *error, aegis_status status, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)aegis_error_setv(error, status, format, arguments);
    va_end(arguments);
    return status;
}

aegis_status aegis_no_memory(aegis_error *error)
{
    return aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "out of memory");
}

const char *aegis_error_text(const aegis_error *error)
{
    if (error == NULL)
        return "OK";
    return error->text[0] != '\0' ? error->text : row_of(error->status)->line;
}
