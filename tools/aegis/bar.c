/* What an update says is guessed from its members as the runtime does for receivers of the original SDK: a
 * percentage in `progress`, else done of total, under the names that are usual; a text in `status` or `note`.
 */
#include "bar.h"

#include <stdlib.h>
#include <string.h>

#include "ports/clock.h"
#include "wire.h"

#define CELLS_MAX 30
/* Between two lines where nobody sees a bar. */
#define LINE_PAUSE AEGIS_SECOND
/* Before a rate is worth telling. */
#define RATE_AFTER (200 * AEGIS_MILLISECOND)

void bar_begin(bar *b, const char *title, const char *colour, bool json)
{
    memset(b, 0, sizeof *b);
    screen_init(&b->out, stderr, colour);
    b->title = title;
    b->json = json;
    b->begun = aegis_clock_monotonic();
    b->percent = -1;
}

/* ---- understanding ---- */

static double number_of(json_t *update, const char *const *names, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (json_is_number(json_object_get(update, names[i])))
            return wire_number(update, names[i], -1);
    }
    return -1;
}

static void understand(bar *b, json_t *update)
{
    static const char *const dones[] = {"done", "processed", "completed", "finished", "current", "count"};
    static const char *const totals[] = {"total", "of", "all", "expected"};
    static const char *const percents[] = {"progress", "percent", "percentage"};
    static const char *const notes[] = {"status", "note", "message", "text", "step", "stage", "phase"};
    const double done = number_of(update, dones, CLI_COUNT(dones));
    const double total = number_of(update, totals, CLI_COUNT(totals));
    const double percent = number_of(update, percents, CLI_COUNT(percents));
    size_t i;

    b->note[0] = '\0';
    for (i = 0; i < CLI_COUNT(notes) && b->note[0] == '\0'; i++)
        (void)snprintf(b->note, sizeof b->note, "%s", wire_text(update, notes[i], ""));
    b->total = total > 0 ? total : 0;
    b->percent = percent >= 0 ? percent : done >= 0 && total > 0 ? 100 * done / total : -1;
    if (b->percent > 100)
        b->percent = 100;
    if (done < 0 && percent < 0)
        return;
    b->at = aegis_clock_monotonic();
    b->done = done >= 0 ? done : percent;
    if (done < 0)
        b->total = 100;
    if (b->first_at == 0) {
        b->first_at = b->at;
        b->first = b->done;
    }
}

/* Of `done`, a second; 0 when it is too early to say. */
static double rate_of(const bar *b)
{
    return b->at - b->first_at >= RATE_AFTER && b->done > b->first
               ? (b->done - b->first) / ((double)(b->at - b->first_at) / 1e9)
               : 0;
}

/* ---- drawing ---- */

/* "4,500/10.0k  92/s  12.0 s left  packing" */
static void describe(const bar *b, char *text, size_t size)
{
    char done[SCREEN_TEXT], total[SCREEN_TEXT], more[SCREEN_TEXT];
    const double rate = rate_of(b);
    const bool counted =
        b->at != 0 && !(b->total >= 100 && b->total <= 100 && b->done >= b->percent && b->done <= b->percent);
    size_t used = 0;

    text[0] = '\0';
    if (counted && b->total > 0)
        used += (size_t)snprintf(text, size, "  %s/%s", screen_count(b->done, done),
                                 screen_count(b->total, total));
    else if (counted)
        used += (size_t)snprintf(text, size, "  %s", screen_count(b->done, done));
    if (rate > 0 && counted)
        used += (size_t)snprintf(text + used, size - used, "  %s/s", screen_count(rate, more));
    if (rate > 0 && b->total > b->done)
        used += (size_t)snprintf(text + used, size - used, "  %s left",
                                 screen_duration((aegis_duration)((b->total - b->done) / rate * 1e9), more));
    if (b->note[0] != '\0')
        (void)snprintf(text + used, size - used, "  %s", b->note);
}

static void put_cells(const bar *b, unsigned cells)
{
    const unsigned full = (unsigned)(b->percent / 100 * cells + 0.5);
    unsigned i;

    fputs(screen_ink_text(&b->out, INK_GREEN), stderr);
    for (i = 0; i < cells; i++) {
        if (i == full)
            fputs(screen_ink_text(&b->out, INK_DIM), stderr);
        fputs(screen_sign_text(i < full ? SIGN_FULL : SIGN_EMPTY), stderr);
    }
    fputs(screen_ink_text(&b->out, INK_PLAIN), stderr);
    fprintf(stderr, " %3.0f %%", b->percent);
}

static void put_spinner(const bar *b)
{
    static const char *const ascii[] = {"|", "/", "-", "\\"};
    static const char *const dots[] = {"\xe2\xa0\x8b", "\xe2\xa0\x99", "\xe2\xa0\xb9", "\xe2\xa0\xb8",
                                       "\xe2\xa0\xbc", "\xe2\xa0\xb4", "\xe2\xa0\xa6", "\xe2\xa0\xa7",
                                       "\xe2\xa0\x87", "\xe2\xa0\x8f"};
    char time[SCREEN_TEXT];

    fputs(screen_unicode() ? dots[b->turn % CLI_COUNT(dots)] : ascii[b->turn % CLI_COUNT(ascii)], stderr);
    fprintf(stderr, " %s", screen_duration(aegis_clock_monotonic() - b->begun, time));
}

static void draw(bar *b)
{
    unsigned columns, rows, cells;
    char text[300];
    size_t taken;

    screen_size(&b->out, &columns, &rows);
    describe(b, text, sizeof text);
    taken = screen_width(b->title) + 2;
    fputs("\r\033[K", stderr);
    b->drawn = true;
    if (columns < 24) { /* there is room for the number alone */
        if (b->percent >= 0)
            fprintf(stderr, "%3.0f %%", b->percent);
        (void)fflush(stderr);
        return;
    }
    if (taken + 18 < columns) {
        fputs(screen_ink_text(&b->out, INK_BOLD), stderr);
        cli_safe(stderr, b->title);
        fputs(screen_ink_text(&b->out, INK_PLAIN), stderr);
        fputs("  ", stderr);
    } else {
        taken = 0;
    }
    if (b->percent >= 0) {
        cells = columns > taken + 50 ? CELLS_MAX : 10;
        put_cells(b, cells);
        taken += cells + 6;
    } else {
        put_spinner(b);
        taken += 14;
    }
    if (taken + 1 < columns) {
        text[screen_fitting(text, columns - taken - 1)] = '\0';
        cli_safe(stderr, text);
    }
    (void)fflush(stderr);
}

static void tell(bar *b, json_t *update)
{
    const int64_t now = aegis_clock_monotonic();
    char text[300];

    if (b->told != 0 && now - b->told < LINE_PAUSE && b->percent < 100)
        return;
    b->told = now;
    describe(b, text, sizeof text);
    cli_safe(stderr, b->title);
    if (b->percent >= 0)
        fprintf(stderr, "  %.0f %%", b->percent);
    if (b->percent < 0 && text[0] == '\0') {
        fputs("  ", stderr);
        screen_json_line(&b->out, update);
        return;
    }
    cli_safe(stderr, text);
    fputc('\n', stderr);
}

void bar_update(bar *b, json_t *update)
{
    json_t *line;

    understand(b, update);
    if (b->json) {
        line = json_pack("{s:O}", "progress", update);
        screen_json_line(&b->out, line);
        json_decref(line);
    } else if (b->out.cursor) {
        draw(b);
    } else {
        tell(b, update);
    }
}

void bar_tick(bar *b)
{
    b->turn++;
    if (b->out.cursor && !b->json)
        draw(b);
}

void bar_clear(bar *b)
{
    if (!b->drawn)
        return;
    fputs("\r\033[K", stderr);
    (void)fflush(stderr);
    b->drawn = false;
}
