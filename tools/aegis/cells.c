/* Numbers of tables. */
#include "cells.h"

const char *text_rate(double rate, char text[SCREEN_TEXT])
{
    char count[SCREEN_TEXT];

    if (rate < 0)
        return "-";
    if (rate > 0 && rate < 9.95)
        snprintf(text, SCREEN_TEXT, "%.*f/s", rate < 0.095 ? 2 : 1, rate);
    else
        snprintf(text, SCREEN_TEXT, "%.20s/s", screen_count(rate, count));
    return text;
}

const char *text_count(double count, char text[SCREEN_TEXT])
{
    return count < 0 ? "-" : screen_count(count, text);
}

const char *text_quantile(const aegis_latency *latency, double part, char text[SCREEN_TEXT])
{
    if (latency == NULL || latency->count == 0)
        return "-";
    return screen_duration(aegis_latency_quantile(latency, part), text);
}

void cell_text(screen_table *table, screen_ink ink, const char *text)
{
    if (text == NULL || text[0] == '\0')
        screen_cell(table, INK_DIM, "-");
    else
        screen_cell(table, ink, "%s", text);
}

static void known(screen_table *table, screen_ink ink, double value, const char *text)
{
    screen_cell(table, value < 0 ? INK_DIM : value > 0 ? ink : INK_PLAIN, "%s", text);
}

void cell_count(screen_table *table, screen_ink ink, double count)
{
    char text[SCREEN_TEXT];

    known(table, ink, count, text_count(count, text));
}

void cell_rate(screen_table *table, screen_ink ink, double rate)
{
    char text[SCREEN_TEXT];

    known(table, ink, rate, text_rate(rate, text));
}

void cell_duration(screen_table *table, screen_ink ink, aegis_duration duration)
{
    char text[SCREEN_TEXT];

    known(table, ink, (double)duration, duration < 0 ? "-" : screen_duration(duration, text));
}

void cell_quantile(screen_table *table, const aegis_latency *latency, double part)
{
    char text[SCREEN_TEXT];

    known(table, INK_PLAIN, latency != NULL && latency->count > 0 ? 1 : -1,
          text_quantile(latency, part, text));
}
