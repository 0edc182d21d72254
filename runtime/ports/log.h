/* Where the library's few messages go: to the function in aegis_options, or nowhere. */
#ifndef AEGIS_PORTS_LOG_H
#define AEGIS_PORTS_LOG_H

#include <aegis/bus.h>

typedef struct aegis_log {
    aegis_log_function function; /* NULL: silent */
    void *user;
} aegis_log;

/* One line, at most 1 KiB, cut at a character boundary. Hold no lock. */
void aegis_log_write(const aegis_log *log, aegis_log_level level, const char *format, ...) AEGIS_PRINTF(3, 4);

#endif
