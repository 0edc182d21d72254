/* What a code teaches beside its explanation: why the rule exists, and the mistake beside what is right.
 *
 * The examples are whole files, or what stands in one behind "aegis 1; package shop;". A test compiles all of
 * them: the wrong one gets exactly its code, the right one nothing. An import of "pay.aegis" finds
 * DIAG_LESSON_IMPORT.
 */
#ifndef DIAG_LESSONS_H
#define DIAG_LESSONS_H

#include "diag.h"

typedef struct diag_lesson {
    int number;
    const char *why;
    const char *wrong, *right;
} diag_lesson;

/* The file that examples import. */
#define DIAG_LESSON_IMPORT                                                                                   \
    "aegis 1;\n"                                                                                             \
    "package pay;\n"                                                                                         \
    "struct Card { number: string(..32); }\n"                                                                \
    "error Declined(402) { reason: string; }\n"                                                              \
    "event payment.captured { card: Card; }\n"                                                               \
    "service Payments { rpc charge(card: Card) -> {} raises Declined; }\n"

/* The lesson of a code; NULL for a number that has none. */
const diag_lesson *diag_lesson_of(int number);

/* Tables, each ordered by number: text and syntax, names, types and values, services, annotations and files.
 */
const diag_lesson *diag_lessons_text(size_t *count);
const diag_lesson *diag_lessons_names(size_t *count);
const diag_lesson *diag_lessons_types(size_t *count);
const diag_lesson *diag_lessons_bus(size_t *count);
const diag_lesson *diag_lessons_marks(size_t *count);

/* All that is known about a code, for a terminal. NULL without memory. */
const char *diag_explain(arena *memory, const diag_code *code, const char *name);
/* The same of all codes, as a page in Markdown: docs/DIAGNOSTICS.md. */
const char *diag_explain_all(arena *memory);

#endif
