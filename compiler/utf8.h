/* UTF-8, as RFC 3629 has it. */
#ifndef UTF8_H
#define UTF8_H

#include <stddef.h>

/* Length of the well-formed character at `at`, 0 if there is none; a NUL is none. */
size_t utf8_length(const unsigned char *at, size_t left);

#endif
