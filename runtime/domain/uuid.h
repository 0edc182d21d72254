/* UUIDs as text without a terminator, in place: what the codecs need. */
#ifndef AEGIS_DOMAIN_UUID_H
#define AEGIS_DOMAIN_UUID_H

#include <aegis/base.h>

/* Exactly AEGIS_UUID_TEXT - 1 bytes, lower case, no NUL. */
void aegis_uuid_write(const aegis_uuid *uuid, uint8_t *text);
/* From exactly as many bytes, digits in either case; `uuid` is untouched when they are something else. */
bool aegis_uuid_read(const uint8_t *text, aegis_uuid *uuid);

#endif
