/* UTF-8: where a character ends and how wide it is shown. */
#ifndef UTF8_H
#define UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Length of the well-formed character at `at`, 0 if there is none. */
size_t utf8_length(const unsigned char *at, size_t left);
/* The well-formed character of this length at `at`. */
uint32_t utf8_character(const unsigned char *at, size_t length);
/* Columns a terminal gives it: 0 for marks that join the character before, 2 for the wide ones of East Asia
 * and pictures, else 1. */
unsigned utf8_columns(uint32_t character);

#endif
