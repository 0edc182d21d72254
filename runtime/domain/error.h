/* Errors inside the library: the two directions between status codes and the HTTP-like numbers of the wire,
 * and texts cut at character boundaries. */
#ifndef AEGIS_DOMAIN_ERROR_H
#define AEGIS_DOMAIN_ERROR_H

#include <aegis/base.h>
#include <stdarg.h>

/* 404 for AEGIS_NOT_FOUND; 0 for AEGIS_OK. */
int32_t aegis_code_of_status(aegis_status status);

/* AEGIS_NOT_FOUND for 404. Other 4xx are FAILED_PRECONDITION, everything else UNKNOWN. */
aegis_status aegis_status_of_code(int32_t code);

/* Drop an incomplete character from the end of a text that snprintf cut. */
void aegis_error_clip(char *text);

/* Fill `error` (may be NULL) and return `status`. */
aegis_status aegis_error_setv(aegis_error *error, aegis_status status, const char *format, va_list arguments)
    AEGIS_PRINTF(3, 0);

/* RESOURCE_EXHAUSTED, "out of memory". */
aegis_status aegis_no_memory(aegis_error *error);

#endif
