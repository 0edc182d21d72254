/* Base64 with padding, of the standard alphabet. Pure functions, any thread. */
#ifndef AEGIS_DOMAIN_BASE64_H
#define AEGIS_DOMAIN_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Padded base64; `out` has room for size / 4 * 3. False for anything else. */
bool aegis_base64_decode(const uint8_t *text, size_t size, uint8_t *out, size_t *out_size);
/* `out` has room for (size + 2) / 3 * 4; returns its end. */
uint8_t *aegis_base64_encode(const uint8_t *data, size_t size, uint8_t *out);

#endif
