/* The text of a pattern to a tree of its parts. The first mistake ends it: after one the rest of a pattern
 * rarely means what it seems to. */
#include "pattern.h"

#include <string.h>

typedef struct reader {
    arena *memory;
    const char *text;
    size_t at, length;
    unsigned depth;
    pattern_mistake *mistake; /* `text` is set once something is wrong */
} reader;

static pattern_part *choice(reader *r);

static pattern_part *wrong(reader *r, size_t from, size_t to, const char *text, const char *help)
{
    if (r->mistake->text == NULL)
        *r->mistake = (pattern_mistake){PATTERN_MALFORMED, from, to > from ? to : from + 1, text, help};
    return NULL;
}

static bool is_at(const reader *r, const char *text)
{
    size_t length = strlen(text);

    return r->length - r->at >= length && memcmp(r->text + r->at, text, length) == 0;
}

static bool skip(reader *r, const char *text)
{
    if (!is_at(r, text))
        return false;
    r->at += strlen(text);
    return true;
}

static pattern_part *new_part(reader *r, pattern_part_kind kind)
{
    pattern_part *part = arena_new(r->memory, pattern_part);

    part->kind = kind;
    return part;
}

static pattern_part *of_set(reader *r, const pattern_set *set)
{
    pattern_part *part = new_part(r, PART_SET);

    part->set = set;
    return part;
}

static const pattern_set *only(reader *r, uint32_t character)
{
    return pattern_set_of(r->memory, &(pattern_span){character, character}, 1);
}

uint32_t pattern_character(const char *text, size_t *size)
{
    const unsigned char *at = (const unsigned char *)text;

    *size = at[0] < 0x80 ? 1 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
    switch (*size) {
    case 1:
        return at[0];
    case 2:
        return (uint32_t)(at[0] & 0x1f) << 6 | (at[1] & 0x3fU);
    case 3:
        return (uint32_t)(at[0] & 0x0f) << 12 | (uint32_t)(at[1] & 0x3f) << 6 | (at[2] & 0x3fU);
    default:
        return (uint32_t)(at[0] & 0x07) << 18 | (uint32_t)(at[1] & 0x3f) << 12 |
               (uint32_t)(at[2] & 0x3f) << 6 | (at[3] & 0x3fU);
    }
}

/* ---- escapes ------------------------------------------------------------------------------------------ */

/* The set of \d \w \s or of their opposites, or NULL. */
static const pattern_set *named_set(reader *r, char name)
{
    static const pattern_span digits[] = {{'0', '9'}},
                              words[] = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}},
                              spaces[] = {{'\t', '\r'}, {' ', ' '}};
    const pattern_set *set;

    switch (name) {
    case 'd':
    case 'D':
        set = pattern_set_of(r->memory, digits, 1);
        break;
    case 'w':
    case 'W':
        set = pattern_set_of(r->memory, words, 4);
        break;
    case 's':
    case 'S':
        set = pattern_set_of(r->memory, spaces, 2);
        break;
    default:
        return NULL;
    }
    return name >= 'a' ? set : pattern_set_not(r->memory, set);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Behind \x or \u: two or four digits, or any in braces. False when malformed, which is reported. */
static bool by_number(reader *r, size_t from, size_t digits, uint32_t *character)
{
    bool braces = digits == 4 && skip(r, "{");
    size_t most = braces ? 6 : digits, count = 0;

    *character = 0;
    for (; count < most && r->at < r->length && hex_digit(r->text[r->at]) >= 0; count++, r->at++)
        *character = *character * 16 + (uint32_t)hex_digit(r->text[r->at]);
    if (count < (braces ? 1 : digits) || (braces && !skip(r, "}")) || *character > PATTERN_LAST ||
        (*character >= 0xd800 && *character <= 0xdfff)) {
        wrong(r, from, r->at, "this names no character",
              "written in the IDL: \\\\x41, \\\\u0041 and \\\\u{1F600}");
        return false;
    }
    return true;
}

static void unknown_escape(reader *r, size_t from)
{
    size_t size = 0;
    char c = r->text[r->at];

    (void)pattern_character(r->text + r->at, &size);
    if (c >= '1' && c <= '9')
        wrong(r, from, r->at + size, "a pattern cannot refer back to what a group matched",
              "it is read once, from the first character to the last");
    else if (c == 'b' || c == 'B')
        wrong(r, from, r->at + size, "patterns know no word boundaries",
              "write what stands there, such as (^|\\\\W)");
    else if (c == 'p' || c == 'P')
        wrong(r, from, r->at + size, "patterns know no classes of Unicode",
              "list the characters: [A-Za-z\\\\u{c0}-\\\\u{24f}]");
    else
        wrong(r, from, r->at + size, "this escape is not known",
              "sets are \\\\d \\\\D \\\\w \\\\W \\\\s \\\\S; before a sign \\\\ makes it the sign itself");
}

/* At a backslash. A set, or one character when NULL; reports when it is neither. */
static const pattern_set *escape(reader *r, uint32_t *character)
{
    static const char controls[] = "tnrfv", meaning[] = "\t\n\r\f\v";
    size_t from = r->at++;
    const pattern_set *set;
    const char *control;
    char c;

    if (r->at == r->length) {
        wrong(r, from, r->at, "nothing stands behind this backslash", "the sign itself is \\\\\\\\");
        return NULL;
    }
    c = r->text[r->at];
    set = named_set(r, c);
    control = c != '\0' ? strchr(controls, c) : NULL;
    *character = (unsigned char)c;
    if (set != NULL) {
        r->at++;
    } else if (control != NULL) {
        *character = (unsigned char)meaning[control - controls];
        r->at++;
    } else if (c == 'x' || c == 'u') {
        r->at++;
        (void)by_number(r, from, c == 'x' ? 2 : 4, character);
    } else if (c > ' ' && c < 0x7f && strchr("^$\\.*+?()[]{}|/-", c) != NULL) {
        r->at++;
    } else {
        unknown_escape(r, from);
    }
    return set;
}

/* ---- classes ------------------------------------------------------------------------------------------ */

typedef struct spans {
    pattern_span *items;
    size_t count;
} spans;

static void add_span(reader *r, spans *to, pattern_span added)
{
    to->items = (pattern_span *)arena_grow(r->memory, to->items, to->count, sizeof *to->items);
    to->items[to->count++] = added;
}

/* One end of a range: true for a character, false for a set, which is then added. */
static bool class_end(reader *r, spans *to, uint32_t *character)
{
    const pattern_set *set;
    size_t size = 1;

    if (r->text[r->at] != '\\') {
        *character = pattern_character(r->text + r->at, &size);
        r->at += size;
        return true;
    }
    set = escape(r, character);
    for (size_t i = 0; set != NULL && i < set->count; i++)
        add_span(r, to, set->spans[i]);
    return set == NULL;
}

/* A character, a range or a set; false after a mistake. */
static bool class_item(reader *r, spans *to)
{
    size_t from = r->at;
    uint32_t first, last;

    if (is_at(r, "[:") || is_at(r, "[.") || is_at(r, "[=")) {
        wrong(r, from, from + 2, "classes have no names here", "write the ranges: [A-Za-z0-9]");
        return false;
    }
    if (!class_end(r, to, &first) || r->mistake->text != NULL)
        return r->mistake->text == NULL;
    last = first;
    if (is_at(r, "-") && r->length - r->at > 1 && r->text[r->at + 1] != ']') {
        r->at++;
        if (!class_end(r, to, &last)) {
            wrong(r, from, r->at, "a range ends with a character", "the sign itself is \\\\-");
            return false;
        }
        if (r->mistake->text == NULL && last < first)
            wrong(r, from, r->at, "the range is the wrong way round", NULL);
    }
    add_span(r, to, (pattern_span){first, last});
    return r->mistake->text == NULL;
}

/* Behind '['. */
static pattern_part *class_part(reader *r, size_t from)
{
    bool negated = skip(r, "^");
    const pattern_set *set;
    spans found = {NULL, 0};

    if (is_at(r, "]"))
        return wrong(r, from, r->at + 1, "the class holds no character", "the sign itself is \\\\]");
    while (r->at < r->length && !is_at(r, "]")) {
        if (!class_item(r, &found))
            return NULL;
    }
    if (!skip(r, "]"))
        return wrong(r, from, from + 1, "this '[' is never closed", "the sign itself is \\\\[");
    set = pattern_set_of(r->memory, found.items, found.count);
    return of_set(r, negated ? pattern_set_not(r->memory, set) : set);
}

/* ---- parts -------------------------------------------------------------------------------------------- */

/* As in ECMAScript: anything but the ends of lines. */
static pattern_part *dot(reader *r)
{
    static const pattern_span ends[] = {{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}};

    return of_set(r, pattern_set_not(r->memory, pattern_set_of(r->memory, ends, 3)));
}

/* Behind '('. */
static pattern_part *group(reader *r, size_t from)
{
    pattern_part *part;

    if (!skip(r, "?:") && is_at(r, "?"))
        return wrong(r, from, r->at + (r->length - r->at > 1 ? 2 : 1),
                     "groups that begin with '?' are not part of the language",
                     "only (?:...) is, and it is the same as (...)");
    if (r->depth == PATTERN_DEPTH_MAX)
        return wrong(r, from, from + 1, "groups are nested more than 50 deep", NULL);
    r->depth++;
    part = choice(r);
    r->depth--;
    if (part != NULL && !skip(r, ")"))
        return wrong(r, from, from + 1, "this '(' is never closed", "the sign itself is \\\\(");
    return part;
}

/* What can be repeated, or an anchor. Not at the end of the text, nor at '|' or ')'. */
static pattern_part *atom(reader *r)
{
    size_t from = r->at, size = 1;
    const pattern_set *set;
    uint32_t character;

    switch (r->text[from]) {
    case '(':
        r->at++;
        return group(r, from);
    case '[':
        r->at++;
        return class_part(r, from);
    case '.':
        r->at++;
        return dot(r);
    case '^':
        r->at++;
        return new_part(r, PART_BEGIN);
    case '$':
        r->at++;
        return new_part(r, PART_END);
    case '*':
    case '+':
    case '?':
        return wrong(r, from, from + 1, "nothing stands before this that could be repeated",
                     "the sign itself is written with \\\\ before it");
    case '{':
    case '}':
    case ']':
        return wrong(r, from, from + 1, "this sign has a meaning in patterns, but not here",
                     "the sign itself is written with \\\\ before it");
    case '\\':
        set = escape(r, &character);
        if (r->mistake->text != NULL)
            return NULL;
        return of_set(r, set != NULL ? set : only(r, character));
    default:
        character = pattern_character(r->text + from, &size);
        r->at += size;
        return of_set(r, only(r, character));
    }
}

static bool count(reader *r, uint32_t *value)
{
    size_t from = r->at;

    *value = 0;
    for (; r->at < r->length && r->text[r->at] >= '0' && r->text[r->at] <= '9'; r->at++) {
        if (*value <= PATTERN_REPEAT_MAX)
            *value = *value * 10 + (uint32_t)(r->text[r->at] - '0');
    }
    return r->at > from;
}

/* Behind '{'. */
static bool counts(reader *r, size_t from, uint32_t *least, uint32_t *most, bool *endless)
{
    bool ok = count(r, least);

    *most = *least;
    *endless = false;
    if (ok && skip(r, ",") && !is_at(r, "}"))
        ok = count(r, most);
    else if (ok && r->text[r->at - 1] == ',')
        *endless = true;
    if (!ok || !skip(r, "}"))
        wrong(r, from, r->at < r->length ? r->at + 1 : r->at, "this is not how a repetition is written",
              "{2}, {2,} or {2,5}; the sign itself is \\\\{");
    else if (*least > PATTERN_REPEAT_MAX || *most > PATTERN_REPEAT_MAX)
        wrong(r, from, r->at, "at most 1000 repetitions can be counted",
              "the bounds of the type limit its length: string(..5000)");
    else if (!*endless && *most < *least)
        wrong(r, from, r->at, "the least is above the most", NULL);
    return r->mistake->text == NULL;
}

/* An atom with what stands behind it. */
static pattern_part *repeated(reader *r)
{
    pattern_part *part = atom(r), *made;
    uint32_t least, most = 0;
    size_t from = r->at;
    bool endless = true;

    if (part == NULL)
        return NULL;
    if (skip(r, "*")) {
        least = 0;
    } else if (skip(r, "+")) {
        least = 1;
    } else if (skip(r, "?")) {
        least = 0;
        most = 1;
        endless = false;
    } else if (skip(r, "{")) {
        if (!counts(r, from, &least, &most, &endless))
            return NULL;
    } else {
        return part;
    }
    if (part->kind == PART_BEGIN || part->kind == PART_END)
        return wrong(r, from, r->at, "an end of the text cannot be repeated", NULL);
    (void)skip(r, "?"); /* a lazy one: where a match ends makes no difference to whether there is one */
    if (r->at < r->length && strchr("*+?{", r->text[r->at]) != NULL && r->text[r->at] != '\0')
        return wrong(r, r->at, r->at + 1, "this is repeated already", "put it into a group: (?:a+)*");
    if (!endless && most == 0)
        return new_part(r, PART_EMPTY);
    made = new_part(r, PART_REPEAT);
    made->least = least;
    made->most = endless ? 0 : most;
    made->children = part;
    return made;
}

static pattern_part *chain(reader *r)
{
    pattern_part *made = new_part(r, PART_CHAIN);

    while (r->at < r->length && !is_at(r, "|") && !is_at(r, ")")) {
        pattern_part *part = repeated(r);

        if (part == NULL)
            return NULL;
        part->next = made->children;
        made->children = part;
    }
    return made;
}

static pattern_part *choice(reader *r)
{
    pattern_part *made = new_part(r, PART_CHOICE);

    do {
        pattern_part *part = chain(r);

        if (part == NULL)
            return NULL;
        part->next = made->children;
        made->children = part;
    } while (skip(r, "|"));
    return made;
}

const pattern_part *pattern_parse(arena *a, const char *text, size_t length, pattern_mistake *mistake)
{
    reader r = {a, text, 0, length, 0, mistake};
    const pattern_part *part;

    *mistake = (pattern_mistake){PATTERN_MALFORMED, 0, 0, NULL, NULL};
    part = choice(&r);
    if (part != NULL && r.at < length)
        wrong(&r, r.at, r.at + 1, "this ')' closes nothing", "the sign itself is \\\\)");
    return mistake->text == NULL ? part : NULL;
}
