/* The order in which slips are looked for. */
#include "slip.h"

bool slip(const site *s)
{
    static bool (*const all[])(const site *) = {slip_keyword, slip_type,   slip_sign, slip_mark,
                                                slip_body,    slip_nested, slip_file, slip_statement,
                                                slip_method,  slip_field,  slip_value};

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (all[i](s))
            return true;
    }
    return false;
}
