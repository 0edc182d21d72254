/* A command's own progress value, told to receivers of the original SDK in its terms: a percentage and a
 * status text. The percentage is the member `progress`, or 100 * done / total; the text is `status`, or
 * `note`. What is not there is 0 and "". */
#include <string.h>

#include "application/service.h"
#include "codec/codec.h"

static bool is(aegis_bytes key, const char *name)
{
    return key.len == strlen(name) && memcmp(key.data, name, key.len) == 0;
}

static bool number_follows(aegis_reader *r)
{
    const aegis_mp_kind kind = aegis_next_kind(r);

    return kind >= AEGIS_MP_UINT && kind <= AEGIS_MP_F64;
}

static bool text_follows(aegis_reader *r)
{
    return aegis_next_kind(r) == AEGIS_MP_STR;
}

void aegis_progress_summary(aegis_raw detail, aegis_arena *arena, double *percent, const char **status)
{
    double progress = -1.0;
    double done = 0.0;
    double total = 0.0;
    const char *note = "";
    aegis_reader r;
    size_t left;

    *status = "";
    aegis_reader_open(&r, detail.data, detail.format, arena);
    left = aegis_get_open(&r, AEGIS_MP_MAP);
    for (; left > 0 && !r.failed; aegis_next(&r, &left)) {
        aegis_bytes key = aegis_get_key(&r);

        if (is(key, "progress") && number_follows(&r))
            progress = aegis_get_f64(&r);
        else if (is(key, "done") && number_follows(&r))
            done = aegis_get_f64(&r);
        else if (is(key, "total") && number_follows(&r))
            total = aegis_get_f64(&r);
        else if (is(key, "status") && text_follows(&r))
            *status = aegis_get_string(&r, 0, SIZE_MAX);
        else if (is(key, "note") && text_follows(&r))
            note = aegis_get_string(&r, 0, SIZE_MAX);
        else
            aegis_skip(&r);
    }
    if ((*status)[0] == '\0')
        *status = note;
    if (progress >= 0.0)
        *percent = progress;
    else
        *percent = total > 0.0 ? 100.0 * done / total : 0.0;
}
