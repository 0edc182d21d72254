/* Cells of tables for numbers that may not be known: those are a dim "-". */
#ifndef AEGIS_TOOL_CELLS_H
#define AEGIS_TOOL_CELLS_H

#include "fleet.h"

/* Plain where it is 0. */
void cell_count(screen_table *table, screen_ink ink, double count);
/* "1.2k/s", "0.25/s" */
void cell_rate(screen_table *table, screen_ink ink, double rate);
void cell_duration(screen_table *table, screen_ink ink, aegis_duration duration);
/* What `part` of the calls did not exceed. */
void cell_quantile(screen_table *table, const aegis_latency *latency, double part);
void cell_text(screen_table *table, screen_ink ink, const char *text);

/* "1.2k/s", "-" */
const char *text_rate(double rate, char text[SCREEN_TEXT]);
const char *text_count(double count, char text[SCREEN_TEXT]);
const char *text_quantile(const aegis_latency *latency, double part, char text[SCREEN_TEXT]);

#endif
