/* One line to the program's log function. */
#include "ports/log.h"

#include "domain/error.h"

#include <stdio.h>

#define LINE_MAX_BYTES 1024

/* Only a thread itself knows what it is at. */
static _Thread_local const aegis_log_context *current;

const aegis_log_context *aegis_log_enter(const aegis_log_context *context)
{
    const aegis_log_context *before = current;

    current = context;
    return before;
}

const aegis_log_context *aegis_log_current(void)
{
    return current;
}

/* "[order-service.create_order trace=... from=...] "; returns its length. */
static size_t prefix(char *line, size_t size)
{
    int length = 0;

    if (current != NULL)
        length =
            snprintf(line, size, "[%.64s.%.64s trace=%.64s%s%.80s] ", current->service, current->method,
                     current->trace_id != NULL ? current->trace_id : "",
                     current->source != NULL ? " from=" : "", current->source != NULL ? current->source : "");
    return length > 0 ? (size_t)length : 0;
}

void aegis_log_writev(const aegis_log *log, aegis_log_level level, const char *format, va_list arguments)
{
    char line[LINE_MAX_BYTES];
    size_t start;
    char *at;

    if (log == NULL || log->function == NULL || atomic_load(&log->closed))
        return;
    start = prefix(line, sizeof line);
    if (vsnprintf(line + start, sizeof line - start, format, arguments) < 0)
        return;
    aegis_error_clip(line);
    /* What a peer sent may be in it: it shall not look like lines of ours. */
    for (at = line; *at != '\0'; at++) {
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            *at = ' ';
    }
    log->function(log->user, level, line);
}

void aegis_log_write(const aegis_log *log, aegis_log_level level, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    aegis_log_writev(log, level, format, arguments);
    va_end(arguments);
}
