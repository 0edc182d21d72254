/* One line to the program's log function. */
#include "ports/log.h"

#include "domain/error.h"

#include <stdio.h>

#define LINE_MAX_BYTES 1024

void aegis_log_write(const aegis_log *log, aegis_log_level level, const char *format, ...)
{
    char line[LINE_MAX_BYTES];
    va_list arguments;
    char *at;
    int length;

    if (log == NULL || log->function == NULL)
        return;
    va_start(arguments, format);
    length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (length < 0)
        return;
    aegis_error_clip(line);
    /* What a peer sent may be in it: it shall not look like lines of ours. */
    for (at = line; *at != '\0'; at++) {
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            *at = ' ';
    }
    log->function(log->user, level, line);
}
