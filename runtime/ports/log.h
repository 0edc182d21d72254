/* Where the library's few messages go: to the function in aegis_options, or nowhere; and what they begin
 * with. */
#ifndef AEGIS_PORTS_LOG_H
#define AEGIS_PORTS_LOG_H

#include <stdarg.h>
#include <stdatomic.h>

#include <aegis/bus.h>

typedef struct aegis_log {
    aegis_log_function function; /* NULL: silent */
    void *user;
    atomic_bool closed; /* the program has closed its bus, and its function with it */
} aegis_log;

/* One line, at most 1 KiB, cut at a character boundary. Hold no lock. */
void aegis_log_write(const aegis_log *log, aegis_log_level level, const char *format, ...) AEGIS_PRINTF(3, 4);
void aegis_log_writev(const aegis_log *log, aegis_log_level level, const char *format, va_list arguments)
    AEGIS_PRINTF(3, 0);

/* What this thread works on while it runs a user's function: its lines begin with it. Also how a call that
 * waits learns where it is made. */
typedef struct aegis_log_context {
    const char *service, *method, *trace_id;
    const char *source;               /* or NULL */
    struct aegis_call_state *handled; /* the call whose handler this is, or NULL */
    bool callback;                    /* of an async call: must not wait */
} aegis_log_context;

/* Set the thread's context (NULL: none); returns the one before, to be set again. */
const aegis_log_context *aegis_log_enter(const aegis_log_context *context);
const aegis_log_context *aegis_log_current(void);

#endif
