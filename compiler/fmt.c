/* See fmt.h: scan, lay out, write. */
#include "fmt_parts.h"

bool fmt_source(diags *reports, const sources *files, uint32_t file, text_buffer *out)
{
    fmt f = {.memory = out->memory};

    if (!fmt_scan(&f, reports, files, file))
        return false;
    fmt_layout(&f);
    fmt_write(&f, out);
    return !out->memory->failed;
}
