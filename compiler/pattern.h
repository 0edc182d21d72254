/* Patterns: what `@pattern("...")` says, compiled while aegisc runs to a machine that reads a text once.
 *
 * A subset of the regular expressions of ECMAScript, as JSON Schema uses them; idl/LANGUAGE.md describes it.
 * What would need more than one pass (back references, lookaround) is refused. As in JSON Schema a pattern is
 * looked for anywhere in the text unless `^` and `$` tie it to the ends.
 *
 * The machine is a table over kinds of characters (not bytes: `.` and `[^x]` take one whole character). Its
 * states are numbered in the order a text first meets them, so the same pattern always gives the same table.
 *
 * Memory: as in the checker the arena's `escape` is set, so that no allocation here returns NULL.
 */
#ifndef PATTERN_H
#define PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"

/* Longest pattern, in bytes; most states and table entries (two bytes each) of its machine. */
#define PATTERN_LENGTH_MAX  1000
#define PATTERN_STATES_MAX  1000
#define PATTERN_ENTRIES_MAX 32768
/* Most kinds of characters it may tell apart, and times `{n}` may ask for. */
#define PATTERN_KINDS_MAX  200
#define PATTERN_REPEAT_MAX 1000
/* Groups within groups. */
#define PATTERN_DEPTH_MAX 50

/* States with a meaning of their own; the first state of a text is PATTERN_START. */
enum { PATTERN_NEVER = 0, PATTERN_MATCHED = 1, PATTERN_START = 2 };

/* Characters from `first` up to the next range are of this kind. */
typedef struct pattern_range {
    uint32_t first;
    uint8_t kind;
} pattern_range;

typedef struct pattern {
    const char *text;            /* control characters as escapes, so that it can be shown */
    const pattern_range *ranges; /* all characters; the first begins at 0, and one begins at 0x80 */
    size_t range_count;
    size_t kind_count;
    const uint16_t *moves; /* for each state, where each kind leads, then where the end of the text does */
    size_t state_count;
    bool any, none;    /* every text matches; no text can */
    size_t least_size; /* bytes of the shortest text that matches */
} pattern;

typedef enum pattern_trouble {
    PATTERN_MALFORMED,
    PATTERN_TOO_LARGE /* where is the whole pattern */
} pattern_trouble;

/* What is wrong with a pattern: bytes `at` to `end` of its text. */
typedef struct pattern_mistake {
    pattern_trouble trouble;
    size_t at, end;
    const char *text;
    const char *help; /* or NULL */
} pattern_mistake;

/* `text` is UTF-8. False, and `mistake` filled in, when it is no pattern. */
bool pattern_compile(arena *a, const char *text, size_t length, pattern *out, pattern_mistake *mistake);
/* Whether the UTF-8 `text` matches. */
bool pattern_matches(const pattern *p, const char *text, size_t length);

/* ---- between the files that do this ---- */

/* Characters from `first` to `last`. */
typedef struct pattern_span {
    uint32_t first, last;
} pattern_span;

/* A set of characters: spans in order, apart from each other. */
typedef struct pattern_set {
    const pattern_span *spans;
    size_t count;
} pattern_set;

typedef enum pattern_part_kind {
    PART_EMPTY,
    PART_SET,    /* one character of `set` */
    PART_BEGIN,  /* ^ */
    PART_END,    /* $ */
    PART_CHAIN,  /* the children, the last one first */
    PART_CHOICE, /* one of the children, the last one first */
    PART_REPEAT  /* the child, `least` to `most` times; most 0: without end */
} pattern_part_kind;

typedef struct pattern_part {
    pattern_part_kind kind;
    const pattern_set *set;
    uint32_t least, most;
    struct pattern_part *children, *next;
} pattern_part;

/* Greatest character. */
#define PATTERN_LAST UINT32_C(0x10ffff)

/* pattern_parse.c. NULL when malformed. */
const pattern_part *pattern_parse(arena *a, const char *text, size_t length, pattern_mistake *mistake);
/* The character at `text`, which is valid UTF-8; `*size` is its bytes. */
uint32_t pattern_character(const char *text, size_t *size);

/* pattern_set.c */
/* The spans may overlap and come in any order. */
const pattern_set *pattern_set_of(arena *a, const pattern_span *spans, size_t count);
const pattern_set *pattern_set_not(arena *a, const pattern_set *set);
bool pattern_set_has(const pattern_set *set, uint32_t character);

#endif
