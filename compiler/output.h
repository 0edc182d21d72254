/* Writing results: whole or not at all. */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

/* Put `data` into `path`, making its folder if needed. A file that already holds it keeps its time; otherwise
 * a temporary file beside it is renamed over it. On false `why` (of `why_size` bytes) says what failed. */
bool output_write(const char *path, const char *data, size_t size, char *why, size_t why_size);

#endif
