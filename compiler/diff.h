/* The difference of two texts, as `diff -u` shows it and patch takes it. */
#ifndef DIFF_H
#define DIFF_H

#include "text.h"

/* Append what turns `before` into `after` to `out`, both under the name of the file; nothing if they are the
 * same. */
void diff_unified(text_buffer *out, const char *name, const char *before, size_t before_size,
                  const char *after, size_t after_size);

#endif
