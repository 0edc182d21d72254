/* Diagnostics: what is wrong, where, why there, and what to do about it.
 *
 * Each kind of mistake has a stable code (AE0203) with a longer explanation in one table, which `aegisc
 * explain` prints. Reports are collected, sorted by position and printed at the end, so that the order in
 * which passes run does not show. A report that could not be stored for want of memory is dropped: the
 * compile then fails with "out of memory" anyway.
 */
#ifndef DIAG_H
#define DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "source.h"

/* Errors that are printed in one run unless the reports say otherwise, and warnings; the rest are counted. */
#define DIAG_CAP 20
/* Reports of any kind that are shown to programs. */
#define DIAG_CAP_FORMS 1000

typedef enum diag_level { DIAG_ERROR, DIAG_WARNING } diag_level;

/* One kind of mistake. */
typedef struct diag_code {
    int number; /* 203 for AE0203 */
    diag_level level;
    const char *title;   /* "A name is declared twice" */
    const char *explain; /* a paragraph, with an example where it helps */
} diag_code;

typedef struct diag_note {
    span where;
    const char *text;
    struct diag_note *next;
} diag_note;

/* A change of the source: `text` instead of what stands at `where`, which may be empty. */
typedef struct diag_edit {
    span where;
    const char *text;
    struct diag_edit *next;
} diag_edit;

typedef struct diag {
    const diag_code *code;
    bool placed; /* false: about no place in a file; then `where` means nothing */
    span where;
    const char *text;
    diag_note *notes;
    const char *help; /* "did you mean 'side'?" */
    diag_edit *fix;   /* changes that together mend it; NULL where a person has to decide */
    size_t order;     /* of reporting, for a stable sort */
} diag;

/* Codes from here on are about meaning, not about text; from the second on they are those of rules, of which
 * several may say something about one place. */
#define DIAG_MEANING 300
#define DIAG_RULES   1000

typedef struct diags {
    arena *memory;
    const sources *files;
    diag *items;
    size_t count, errors, warnings;
    size_t order; /* reports ever made */
    size_t cap;   /* errors that the text shows, and warnings; 0: DIAG_CAP */
    span *doubts; /* where a mistake of the text was mended by a guess */
    size_t doubt_count;
    bool muted; /* the last report was dropped, and so are its notes */
} diags;

#if defined(__GNUC__)
#define DIAG_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define DIAG_PRINTF(text, first)
#endif

/* Report mistake number `code`. The result takes notes and help until the next report; never NULL. */
void diag_report(diags *d, int code, span where, const char *format, ...) DIAG_PRINTF(4, 5);
/* The same about no place in a file. */
void diag_report_unplaced(diags *d, int code, const char *format, ...) DIAG_PRINTF(3, 4);
/* Add to the last report a place that explains it. */
void diag_add_note(diags *d, span where, const char *format, ...) DIAG_PRINTF(3, 4);
/* Add to the last report what to do. */
void diag_add_help(diags *d, const char *format, ...) DIAG_PRINTF(2, 3);
/* Add to the last report a change that mends it: `text` in place of `where`. For what is certain enough to be
 * done by a program; several changes of one report belong together, in order and apart. */
void diag_add_fix(diags *d, span where, const char *format, ...) DIAG_PRINTF(3, 4);
/* Both for a name that was likely meant: "did you mean '...'?", and that in place of `where`. */
void diag_add_meant(diags *d, span where, const char *format, ...) DIAG_PRINTF(3, 4);

/* Both with the nearest of `count` names to a misspelt one, if one is near enough. */
void diag_suggest(diags *d, span where, const char *name, const char *const *names, size_t count);

/* What stands here was guessed when its text was mended: reports about its meaning are dropped. */
void diag_doubt(diags *d, span where);
bool diag_doubted(const diags *d, span where);

/* All reports as text, sorted. `colour`: with terminal escapes. NULL without memory. */
const char *diag_format(diags *d, bool colour);
/* All reports, sorted, one JSON object a line; the members are described in docs/AEGISC.md. */
const char *diag_format_json(diags *d);
/* All reports as one SARIF 2.1.0 log; `version` is aegisc's. */
const char *diag_format_sarif(diags *d, const char *version);

/* By file, then place, then order of reporting; what has no place first. Where several mistakes begin at one
 * place only the first error stays, or the first warning if there is none: what else was found there follows
 * from it, or shows up once it is mended. */
void diag_sort(diags *d);
/* "AE0304", and "error" or "warning". */
#define DIAG_ID_SIZE 16
const char *diag_id(const diag_code *code, char id[DIAG_ID_SIZE]);
const char *diag_level_name(diag_level level);

/* The entry for a number, or NULL. */
const diag_code *diag_find(int number);
/* All entries, ordered by number. */
const diag_code *diag_codes(size_t *count);

/* The nearest of `count` names to a misspelt one, or NULL when none is near enough. */
const char *diag_nearest(const char *name, const char *const *names, size_t count);

#endif
