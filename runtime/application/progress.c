/* A command's own progress value, told to receivers of the original SDK in its terms: a percentage and a
 * status text. The percentage is the member `progress`, or 100 * done / total; the text is `status`, or
 * `note`. What is not there is 0 and "". */
#include <string.h>

#include "application/service.h"

static bool is(aegis_bytes key, const char *name)
{
    return key.len == strlen(name) && memcmp(key.data, name, key.len) == 0;
}

static bool number_follows(const aegis_reader *r)
{
    if (r->at == r->end)
        return false;
    if (r->format == AEGIS_FORMAT_JSON)
        return *r->at == '-' || (*r->at >= '0' && *r->at <= '9');
    return *r->at < 0x80 || *r->at >= 0xe0 || (*r->at >= 0xca && *r->at <= 0xd3);
}

static bool text_follows(const aegis_reader *r)
{
    if (r->at == r->end)
        return false;
    if (r->format == AEGIS_FORMAT_JSON)
        return *r->at == '"';
    return (*r->at & 0xe0) == 0xa0 || (*r->at >= 0xd9 && *r->at <= 0xdb);
}

static double number(aegis_reader *r)
{
    return r->format == AEGIS_FORMAT_JSON ? aegis_js_get_f64(r) : aegis_mp_get_f64(r);
}

static const char *text(aegis_reader *r)
{
    return r->format == AEGIS_FORMAT_JSON ? aegis_js_get_string(r, 0, SIZE_MAX)
                                          : aegis_mp_get_string(r, 0, SIZE_MAX);
}

void aegis_progress_summary(aegis_raw detail, aegis_arena *arena, double *percent, const char **status)
{
    double progress = -1.0;
    double done = 0.0;
    double total = 0.0;
    const char *note = "";
    aegis_reader r;
    size_t left;
    bool js;

    *status = "";
    aegis_reader_open(&r, detail.data, detail.format, arena);
    js = r.format == AEGIS_FORMAT_JSON;
    left = js ? aegis_js_get_map(&r) : aegis_mp_get_map(&r);
    while (left > 0 && !r.failed) {
        aegis_bytes key = js ? aegis_js_get_key(&r) : aegis_mp_get_key(&r);

        if (is(key, "progress") && number_follows(&r))
            progress = number(&r);
        else if (is(key, "done") && number_follows(&r))
            done = number(&r);
        else if (is(key, "total") && number_follows(&r))
            total = number(&r);
        else if (is(key, "status") && text_follows(&r))
            *status = text(&r);
        else if (is(key, "note") && text_follows(&r))
            note = text(&r);
        else if (js)
            aegis_js_skip(&r);
        else
            aegis_mp_skip(&r);
        if (js)
            aegis_js_next(&r, &left);
        else
            aegis_mp_next(&r, &left);
    }
    if ((*status)[0] == '\0')
        *status = note;
    if (progress >= 0.0)
        *percent = progress;
    else
        *percent = total > 0.0 ? 100.0 * done / total : 0.0;
}
