/* Sizes as people write them. */
#ifndef AEGIS_TOOL_SIZE_H
#define AEGIS_TOOL_SIZE_H

#include <stdbool.h>
#include <stdint.h>

/* "500MiB", "20GiB", "1.5GB", "4096": bytes, above zero; "unlimited": -1. False for anything else. */
bool size_read(const char *text, int64_t *out);

#endif
