/* Sizes as people write them. */
#include "size.h"

#include <stdlib.h>
#include <string.h>

bool size_read(const char *text, int64_t *out)
{
    static const struct {
        const char *unit;
        double of;
    } units[] = {{"", 1},
                 {"B", 1},
                 {"KiB", 1024.0},
                 {"MiB", 1048576.0},
                 {"GiB", 1073741824.0},
                 {"TiB", 1099511627776.0},
                 {"kB", 1e3},
                 {"KB", 1e3},
                 {"MB", 1e6},
                 {"GB", 1e9},
                 {"TB", 1e12}};
    const size_t digits = strspn(text, "0123456789.");
    char *end;
    double number;
    size_t i;

    if (strcmp(text, "unlimited") == 0) {
        *out = -1;
        return true;
    }
    if (digits == 0 || digits > 15)
        return false;
    number = strtod(text, &end);
    for (i = 0; end == text + digits && i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(end, units[i].unit) != 0)
            continue;
        if (number * units[i].of < 1 || number * units[i].of > 9e18)
            return false;
        *out = (int64_t)(number * units[i].of);
        return true;
    }
    return false;
}
