#include <strings.h>

#include "ports/bus.h"

const char *aegis_header_value(const aegis_header *headers, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcasecmp(headers[i].name, name) == 0)
            return headers[i].value;
    }
    return NULL;
}
