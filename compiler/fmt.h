/* The one layout of a source file: `aegisc fmt`.
 *
 * Only what stands between tokens changes. Every token and every comment of the source comes out, in its
 * order, so that the result means the same; and formatting the result changes nothing. docs/AEGISC.md says
 * what the layout is.
 */
#ifndef FMT_H
#define FMT_H

#include "diag.h"
#include "text.h"

/* Columns a line should not pass. */
#define FMT_COLUMNS 100

/* File number `file`, formatted, at the end of `out`. False when it cannot be parsed, which the reports then
 * say, or without memory. */
bool fmt_source(diags *reports, const sources *files, uint32_t file, text_buffer *out);

#endif
