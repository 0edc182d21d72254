/* Text for a person: what is safe, how wide it is, how numbers are put. */
#define _XOPEN_SOURCE 700
#include "screen.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

void screen_init(screen *out, FILE *file, const char *when)
{
    const char *unwanted = getenv("NO_COLOR"), *kind = getenv("TERM");

    out->file = file;
    out->columns = out->rows = 0;
    out->terminal = isatty(fileno(file)) != 0;
    out->cursor = out->terminal && kind != NULL && kind[0] != '\0' && strcmp(kind, "dumb") != 0;
    if (when == NULL || strcmp(when, "auto") == 0)
        out->colour = out->cursor && (unwanted == NULL || unwanted[0] == '\0');
    else
        out->colour = strcmp(when, "always") == 0;
}

bool screen_unicode(void)
{
    static const char *const variables[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    size_t i;

    for (i = 0; i < CLI_COUNT(variables); i++) {
        const char *value = getenv(variables[i]);

        if (value != NULL && value[0] != '\0')
            return strstr(value, "UTF-8") != NULL || strstr(value, "utf8") != NULL ||
                   strstr(value, "UTF8") != NULL;
    }
    return false;
}

const char *screen_sign_text(screen_sign sign)
{
    static const char *const signs[][2] = {
        [SIGN_MORE] = {"~", "\xe2\x80\xa6"},  [SIGN_FULL] = {"#", "\xe2\x96\x88"},
        [SIGN_EMPTY] = {"-", "\xe2\x96\x91"}, [SIGN_HERE] = {"*", "\xe2\x97\x8f"},
        [SIGN_AWAY] = {"o", "\xe2\x97\x8b"},  [SIGN_UP] = {"^", "\xe2\x96\xb2"},
        [SIGN_DOWN] = {"v", "\xe2\x96\xbc"},  [SIGN_MARK] = {">", "\xe2\x96\xb8"}};

    return signs[sign][screen_unicode()];
}

void screen_size(const screen *out, unsigned *columns, unsigned *rows)
{
    struct winsize size;

    memset(&size, 0, sizeof size);
    if (out->columns > 0 && out->rows > 0) {
        *columns = out->columns;
        *rows = out->rows;
        return;
    }
    if (!out->terminal || ioctl(fileno(out->file), TIOCGWINSZ, &size) != 0)
        memset(&size, 0, sizeof size);
    *columns = size.ws_col > 0 ? size.ws_col : 80;
    *rows = size.ws_row > 0 ? size.ws_row : 24;
}

const char *screen_ink_text(const screen *out, screen_ink ink)
{
    static const char *const escapes[] = {"\033[0m",  "\033[2m",  "\033[1m",  "\033[31m", "\033[32m",
                                          "\033[33m", "\033[34m", "\033[35m", "\033[36m"};

    return out->colour ? escapes[ink] : "";
}

void screen_put(const screen *out, screen_ink ink, const char *format, ...)
{
    char text[512], *all = text;
    va_list arguments;
    int size;

    va_start(arguments, format);
    size = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (size >= (int)sizeof text && (all = (char *)malloc((size_t)size + 1)) != NULL) {
        va_start(arguments, format);
        (void)vsnprintf(all, (size_t)size + 1, format, arguments);
        va_end(arguments);
    }
    if (ink != INK_PLAIN)
        fputs(screen_ink_text(out, ink), out->file);
    cli_safe_lines(out->file, all != NULL ? all : text);
    if (all != text)
        free(all);
    if (ink != INK_PLAIN)
        fputs(screen_ink_text(out, INK_PLAIN), out->file);
}

/* ---- text of others ---- */

/* Bytes of `text` whose columns fit into `most`; `*columns` is how many they take. */
static size_t fitting(const char *text, size_t most, size_t *columns)
{
    const char *at = text;
    char shown[CLI_SHOWN];
    unsigned width;

    *columns = 0;
    while (*at != '\0') {
        const size_t size = cli_shown(at, shown, &width);

        if (*columns + width > most)
            break;
        *columns += width;
        at += size;
    }
    return (size_t)(at - text);
}

size_t screen_width(const char *text)
{
    size_t columns;

    (void)fitting(text, SIZE_MAX, &columns);
    return columns;
}

void screen_column(const screen *out, screen_ink ink, const char *text, size_t width, bool right)
{
    size_t taken = screen_width(text);
    char cut[512];

    if (ink != INK_PLAIN)
        fputs(screen_ink_text(out, ink), out->file);
    if (taken > width && width > 0) {
        const size_t size = fitting(text, width - 1, &taken);

        (void)snprintf(cut, sizeof cut, "%.*s", (int)(size < sizeof cut ? size : sizeof cut - 1), text);
        cli_safe(out->file, cut);
        fputs(screen_sign_text(SIGN_MORE), out->file);
        taken++;
    } else if (right) {
        fprintf(out->file, "%*s", (int)(width - taken), "");
        taken = width;
        cli_safe(out->file, text);
    } else if (width > 0) {
        cli_safe(out->file, text);
    }
    if (ink != INK_PLAIN)
        fputs(screen_ink_text(out, INK_PLAIN), out->file);
    if (taken < width)
        fprintf(out->file, "%*s", (int)(width - taken), "");
}

size_t screen_fitting(const char *text, size_t columns)
{
    size_t taken;

    return fitting(text, columns, &taken);
}

/* ---- numbers ---- */

const char *screen_duration(aegis_duration duration, char text[SCREEN_TEXT])
{
    const double ns = (double)duration;

    if (duration < AEGIS_MICROSECOND)
        snprintf(text, SCREEN_TEXT, "%lld ns", (long long)duration);
    else if (duration < AEGIS_MILLISECOND)
        snprintf(text, SCREEN_TEXT, "%.*f us", ns < 1e4 ? 1 : 0, ns / 1e3);
    else if (duration < AEGIS_SECOND)
        snprintf(text, SCREEN_TEXT, "%.*f ms", ns < 1e8 ? 1 : 0, ns / 1e6);
    else if (duration < AEGIS_MINUTE)
        snprintf(text, SCREEN_TEXT, "%.1f s", ns / 1e9);
    else if (duration < AEGIS_HOUR)
        snprintf(text, SCREEN_TEXT, "%d m %d s", (int)(duration / AEGIS_MINUTE),
                 (int)(duration % AEGIS_MINUTE / AEGIS_SECOND));
    else if (duration < 24 * AEGIS_HOUR)
        snprintf(text, SCREEN_TEXT, "%d h %d m", (int)(duration / AEGIS_HOUR),
                 (int)(duration % AEGIS_HOUR / AEGIS_MINUTE));
    else
        snprintf(text, SCREEN_TEXT, "%d d %d h", (int)(duration / (24 * AEGIS_HOUR)),
                 (int)(duration % (24 * AEGIS_HOUR) / AEGIS_HOUR));
    return text;
}

const char *screen_count(double count, char text[SCREEN_TEXT])
{
    if (count < 1000)
        snprintf(text, SCREEN_TEXT, "%.0f", count);
    else if (count < 10000)
        snprintf(text, SCREEN_TEXT, "%d,%03d", (int)count / 1000, (int)count % 1000);
    else if (count < 999950)
        snprintf(text, SCREEN_TEXT, "%.1fk", count / 1e3);
    else if (count < 999.95e6)
        snprintf(text, SCREEN_TEXT, "%.1fM", count / 1e6);
    else
        snprintf(text, SCREEN_TEXT, "%.1fG", count / 1e9);
    return text;
}

const char *screen_bytes(double bytes, char text[SCREEN_TEXT])
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
    double value = bytes;
    size_t i = 0;

    if (bytes < 1024) {
        snprintf(text, SCREEN_TEXT, "%.0f B", bytes);
        return text;
    }
    for (value /= 1024; value >= 1023.95 && i + 1 < CLI_COUNT(units); i++)
        value /= 1024;
    snprintf(text, SCREEN_TEXT, "%.1f %s", value, units[i]);
    return text;
}

/* `format` of the date and time, then milliseconds and `end`. */
static const char *put_time(aegis_timestamp when, const char *format, bool local, const char *end,
                            char text[SCREEN_TEXT])
{
    const time_t seconds = (time_t)(when / AEGIS_SECOND - (when % AEGIS_SECOND < 0));
    const int ms = (int)((when - (aegis_timestamp)seconds * AEGIS_SECOND) / AEGIS_MILLISECOND);
    struct tm parts;
    size_t size = 0;

    if ((local ? localtime_r(&seconds, &parts) : gmtime_r(&seconds, &parts)) != NULL)
        size = strftime(text, SCREEN_TEXT, format, &parts);
    snprintf(text + size, SCREEN_TEXT - size, ".%03d%s", ms, end);
    return text;
}

const char *screen_time(aegis_timestamp when, char text[SCREEN_TEXT])
{
    return put_time(when, "%Y-%m-%d %H:%M:%S", true, "", text);
}

const char *screen_rfc3339(aegis_timestamp when, char text[SCREEN_TEXT])
{
    return put_time(when, "%Y-%m-%dT%H:%M:%S", false, "Z", text);
}

void screen_sparkline(const double *values, size_t count, double most, char *text)
{
    const bool plain = !screen_unicode();
    size_t i;

    for (i = 0; i < count; i++) {
        double part = most > 0 ? values[i] / most * 8 : 0;

        if (part > 7)
            part = 7;
        if (plain) {
            text[i] = (char)('0' + (part > 0 ? (int)part : 0));
            text[i + 1] = '\0';
            continue;
        }
        text[3 * i] = (char)0xe2; /* U+2581 to U+2588 */
        text[3 * i + 1] = (char)0x96;
        text[3 * i + 2] = (char)(0x81 + (part > 0 ? (int)part : 0));
    }
    if (!plain)
        text[3 * count] = '\0';
}

/* ---- tables ---- */

#define COLUMNS_MAX 16
/* A cell that is wider is cut: one of somebody else's making must not widen all rows. */
#define CELL_MAX 300

typedef struct cell {
    const char *text;
    screen_ink ink;
} cell;

struct screen_table {
    arena *memory;
    const char *headings[COLUMNS_MAX];
    bool right[COLUMNS_MAX];
    size_t columns;
    cell *cells;
    size_t count;
};

screen_table *screen_table_new(arena *memory, const char *columns)
{
    screen_table *table = arena_new(memory, screen_table);

    if (table == NULL)
        return NULL;
    table->memory = memory;
    while (table->columns < COLUMNS_MAX) {
        const bool right = *columns == '>';
        const size_t size = strcspn(columns + right, "|");

        table->right[table->columns] = right;
        table->headings[table->columns++] = arena_copy(memory, columns + right, size);
        columns += right + size;
        if (*columns++ == '\0')
            break;
    }
    return memory->failed ? NULL : table;
}

void screen_cell(screen_table *table, screen_ink ink, const char *format, ...)
{
    va_list arguments;
    cell *cells;

    if (table == NULL)
        return;
    cells = (cell *)arena_grow(table->memory, table->cells, table->count, sizeof *cells);
    if (cells == NULL)
        return;
    table->cells = cells;
    va_start(arguments, format);
    cells[table->count].text = arena_vprintf(table->memory, format, arguments);
    va_end(arguments);
    if (cells[table->count].text != NULL && strlen(cells[table->count].text) > CELL_MAX) {
        size_t columns, size = fitting(cells[table->count].text, CELL_MAX - 1, &columns);

        cells[table->count].text = arena_printf(table->memory, "%.*s%s", (int)size, cells[table->count].text,
                                                screen_sign_text(SIGN_MORE));
    }
    cells[table->count].ink = ink;
    if (cells[table->count].text != NULL)
        table->count++;
}

static void print_row(const screen_table *table, const screen *out, const cell *row, const size_t *widths,
                      size_t room)
{
    size_t count = table->columns, i;

    while (count > 1 && row[count - 1].text[0] == '\0') /* nothing follows: no spaces either */
        count--;
    for (i = 0; i < count; i++) {
        const bool last = i + 1 == table->columns;
        size_t width = screen_width(row[i].text);
        const size_t pad = widths[i] > width ? widths[i] - width : 0;

        if (table->right[i])
            fprintf(out->file, "%*s", (int)pad, "");
        if (row[i].ink != INK_PLAIN && row[i].text[0] != '\0')
            fputs(screen_ink_text(out, row[i].ink), out->file);
        if (last && width > room && room > 1) {
            char *cut = arena_copy(table->memory, row[i].text, fitting(row[i].text, room - 1, &width));

            cli_safe(out->file, cut != NULL ? cut : "");
            fputs(screen_sign_text(SIGN_MORE), out->file);
        } else {
            cli_safe(out->file, row[i].text);
        }
        if (row[i].ink != INK_PLAIN && row[i].text[0] != '\0')
            fputs(screen_ink_text(out, INK_PLAIN), out->file);
        if (i + 1 < count)
            fprintf(out->file, "%*s", (int)(table->right[i] ? 2 : pad + 2), "");
    }
    fputc('\n', out->file);
}

void screen_table_print(const screen_table *table, const screen *out)
{
    size_t widths[COLUMNS_MAX] = {0}, taken = 0, room = SIZE_MAX;
    cell heading[COLUMNS_MAX];
    unsigned columns, rows;
    size_t i;

    if (table == NULL)
        return;
    for (i = 0; i < table->columns; i++) {
        heading[i] = (cell){table->headings[i], INK_BOLD};
        widths[i] = screen_width(table->headings[i]);
    }
    for (i = 0; i < table->count; i++) {
        const size_t width = screen_width(table->cells[i].text);

        if (width > widths[i % table->columns])
            widths[i % table->columns] = width;
    }
    for (i = 0; i + 1 < table->columns; i++)
        taken += widths[i] + 2;
    screen_size(out, &columns, &rows);
    if (out->terminal)
        room = columns > taken ? columns - taken : 1;
    print_row(table, out, heading, widths, room);
    for (i = 0; i + table->columns <= table->count; i += table->columns)
        print_row(table, out, &table->cells[i], widths, room);
}
