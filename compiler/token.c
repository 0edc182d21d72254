/* What a token carries beside its kind, and what is said about words that are none. */
#include "token.h"

#include <string.h>

#include "grammar.h"
#include "utf8.h"

/* Of usual sources, so that the array of tokens seldom grows. */
#define BYTES_PER_TOKEN 3
/* Lines over which a string without an end is followed. */
#define BROKEN_LINES_MAX 8

static diags *reports(const cutter *cut)
{
    return cut->repair ? NULL : cut->owner->reports;
}

/* ---- what the scanner reports ---- */

void token_open_comment(cutter *cut, span where)
{
    cut->owner->partial = true;
    if (reports(cut) == NULL)
        return;
    diag_report(reports(cut), 103, where, "this comment does not end");
    diag_add_help(reports(cut), "close it with '*/'");
}

uint32_t token_nested_comment(cutter *cut, span where)
{
    span inner = where;
    uint32_t at, depth = 1;

    for (at = where.start + 2; depth > 0 && at + 1 < cut->length; at++) {
        if (memcmp(cut->text + at, "/*", 2) == 0) {
            if (inner.start == where.start)
                inner.start = at;
            depth++;
            at++;
        } else if (memcmp(cut->text + at, "*/", 2) == 0) {
            depth--;
            at++;
        }
    }
    if (depth > 0 || at <= where.end)
        return where.end;
    inner.end = inner.start + 2;
    if (reports(cut) != NULL) {
        diag_report(reports(cut), 103, inner, "comments do not nest: the outer one ends at the first '*/'");
        diag_add_help(reports(cut), "begin the lines of one of them with //");
    }
    return at;
}

void token_unseen(cutter *cut, span where)
{
    size_t length = where.end - where.start;

    if (cut->unseen || reports(cut) == NULL)
        return;
    cut->unseen = true;
    diag_report(reports(cut), 101, where, "the character U+%04X, which cannot be seen, does not belong here",
                (unsigned)utf8_character((const unsigned char *)cut->text + where.start, length));
    diag_add_help(reports(cut), "put a plain blank in its place, and look for more of them");
    diag_add_fix(reports(cut), where, " ");
}

/* The last ';' of the text, if nothing follows it but a comment; its length otherwise. */
static size_t before_semicolon(const char *text, size_t length)
{
    for (size_t i = length; i > 1; i--) {
        size_t behind = i;

        if (text[i - 1] != ';')
            continue;
        while (behind < length && strchr(" \t\r", text[behind]) != NULL)
            behind++;
        return behind == length || (length - behind > 1 && memcmp(text + behind, "//", 2) == 0) ? i - 1
                                                                                                : length;
    }
    return length;
}

size_t token_open_string(cutter *cut, span where)
{
    const char *text = cut->text + where.start;
    size_t length = where.end - where.start, end = before_semicolon(text, length);

    if (end == length) {
        while (end > 1 && strchr(" \t\r", text[end - 1]) != NULL)
            end--;
    }
    while (end > 2 && strchr(" \t);,}]", text[end - 1]) != NULL)
        end--;
    if (reports(cut) != NULL) {
        where.end = where.start + (uint32_t)end;
        diag_report(reports(cut), 102, where, "this string does not end on its line");
        diag_add_help(reports(cut), "close it with '\"'");
        if (end < length)
            diag_add_fix(reports(cut), (span){where.file, where.end, where.end}, "\"");
    }
    return end;
}

/* The text with its line ends written as they are in a string. */
static const char *on_one_line(arena *a, const char *text, size_t length)
{
    char *line = arena_text(a, 2 * length + 1);
    size_t used = 0;

    for (size_t i = 0; line != NULL && i < length; i++) {
        if (text[i] == '\n') {
            line[used++] = '\\';
            line[used++] = 'n';
        } else if (text[i] != '\r') {
            line[used++] = text[i];
        }
    }
    return line == NULL ? "" : line;
}

uint32_t token_broken_string(cutter *cut, span where)
{
    const char *text = cut->text, *behind;
    size_t end = where.end, quote, lines = 0;
    const size_t length = where.end - where.start;

    if (before_semicolon(text + where.start, length) != length || strchr("\r,)", text[where.end - 1]) != NULL)
        return 0; /* closed but for its quote, as it seems; or a file with other line ends */
    do { /* the first line that has a quote: it closes the string if what a string is followed by follows */
        quote = end + 1;
        while (quote < cut->length && text[quote] != '"' && text[quote] != '\n')
            quote += text[quote] == '\\' && quote + 1 < cut->length && text[quote + 1] != '\n' ? 2 : 1;
        end = quote;
    } while (end < cut->length && text[end] == '\n' && ++lines < BROKEN_LINES_MAX);
    if (quote >= cut->length || text[quote] != '"')
        return 0;
    behind = text + quote + 1;
    behind += strspn(behind, " \t\r");
    if (strchr(";,)\n", *behind) == NULL)
        return 0;
    if (reports(cut) != NULL) {
        diag_report(reports(cut), 102, where, "this string does not end on its line");
        diag_add_help(reports(cut), "a line end in a string is written \\n");
        diag_add_fix(reports(cut), (span){where.file, where.start, (uint32_t)quote + 1}, "%s",
                     on_one_line(cut->owner->memory, text + where.start, quote + 1 - where.start));
    }
    return (uint32_t)quote + 1;
}

uint32_t token_doc_string(cutter *cut, span where)
{
    const char *begin = cut->text + where.end, *end = strstr(begin, "\"\"\""), *text = begin;
    const size_t length = end == NULL ? 0 : (size_t)(end - begin);
    size_t shown;

    if (end == NULL)
        return where.end;
    text += strspn(text, " \t\r\n");
    shown = strcspn(text, "\r\n\"");
    if (reports(cut) != NULL) {
        diag_report(reports(cut), 101, where, "there are no texts in three quotes");
        diag_add_help(reports(cut),
                      "documentation stands in lines that begin with ///, before what it is about");
        if (text + shown == end && cut->fresh_line)
            diag_add_fix(reports(cut), (span){where.file, where.start, where.end + (uint32_t)length + 3},
                         "/// %.*s", (int)shown, text);
    }
    return where.end + (uint32_t)length + 3;
}

void token_tag(cutter *cut, span where)
{
    if (cut->tags || reports(cut) == NULL)
        return;
    cut->tags = true;
    diag_report(reports(cut), 101, where, "fields have no tags");
    diag_add_help(reports(cut), "another name on the wire stands before the field: @wire(\"...\")");
    diag_add_fix(reports(cut), where, "%s", "");
}

/* A name with letters outside ASCII: the first of them is reported, and the name goes on as one, so that
 * nothing else seems wrong. */
static void bad_name(cutter *cut, span where, const char *name, size_t length)
{
    size_t size;

    if (reports(cut) == NULL)
        return;
    for (size_t i = 0; i < length; i += size) {
        size = utf8_length((const unsigned char *)name + i, length - i);
        if (size > 1) {
            const span letter = {where.file, where.start + (uint32_t)i, where.start + (uint32_t)(i + size)};

            diag_report(reports(cut), 101, letter, "the character '%.*s' does not belong here", (int)size,
                        name + i);
            diag_add_help(reports(cut), "names are made of a to z, A to Z, digits and '_'");
            return;
        }
        size = size == 0 ? 1 : size;
    }
}

static bool same_text(const char *text, size_t length, const char *word)
{
    return strlen(word) == length && memcmp(text, word, length) == 0;
}

/* The unit of the language for one that is written otherwise: 5sec, 2hours. */
static const char *unit_of(const char *text, size_t length)
{
    static const char *const units[][2] = {
        {"sec", "s"},   {"secs", "s"},    {"second", "s"}, {"seconds", "s"}, {"S", "s"},
        {"min", "m"},   {"mins", "m"},    {"minute", "m"}, {"minutes", "m"}, {"M", "m"},
        {"hr", "h"},    {"hour", "h"},    {"hours", "h"},  {"H", "h"},       {"day", "d"},
        {"days", "d"},  {"D", "d"},       {"msec", "ms"},  {"millis", "ms"}, {"MS", "ms"},
        {"usec", "us"}, {"micros", "us"}, {"nsec", "ns"},  {"nanos", "ns"},
    };

    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (same_text(text, length, units[i][0]))
            return units[i][1];
    }
    return NULL;
}

/* Whether this is what C puts behind a number: 10u, 5UL, 1.5f. */
static bool is_suffix(const char *text, size_t length, bool with_point)
{
    if (with_point)
        return length == 1 && strchr("fFlL", *text) != NULL;
    return length > 0 && length < 4 && strspn(text, "uUlL") >= length;
}

/* How the number is written right, when that can be told; NULL otherwise. */
static const char *number_meant(arena *a, const char *text, size_t length)
{
    size_t sign = text[0] == '-', digits = sign + strspn(text + sign, "0123456789");
    const char *unit = unit_of(text + digits, length - digits);
    char *plain;
    size_t used = 0;

    if (unit != NULL)
        return arena_printf(a, "%.*s%s", (int)digits, text, unit);
    if (is_suffix(text + digits, length - digits, false))
        return arena_printf(a, "%.*s", (int)digits, text);
    if (is_suffix(text + length - 1, 1, true) && memchr(text, '.', length) != NULL &&
        strspn(text + sign, "0123456789.") + sign + 1 == length)
        return arena_printf(a, "%.*s", (int)length - 1, text);
    if (digits == sign) /* .5 */
        return arena_printf(a, "%.*s0%.*s", (int)sign, text, (int)(length - sign), text + sign);
    if (length == digits + 1 && text[digits] == '.')
        return arena_printf(a, "%.*s.0", (int)digits, text);
    if (length > digits + 1 && (text[digits] == 'e' || text[digits] == 'E') &&
        strspn(text + digits + 1, "0123456789") + digits + 1 >= length)
        return arena_printf(a, "%.*s.0%.*s", (int)digits, text, (int)(length - digits), text + digits);
    if (length > digits + 1 && text[digits] == 'X')
        return arena_printf(a, "%.*sx%.*s", (int)digits, text, (int)(length - digits - 1), text + digits + 1);
    if (text[digits] != '_' || text[digits + strspn(text + digits, "_0123456789")] == '.')
        return NULL;
    plain = arena_text(a, length + 1);
    for (size_t i = 0; plain != NULL && i < length; i++) {
        if (text[i] != '_')
            plain[used++] = text[i];
        if (text[i] != '_' && text[i] != '-' && strchr("0123456789", text[i]) == NULL)
            return NULL;
    }
    return plain;
}

static const char *text_without_zeros(arena *a, const char *text, size_t length)
{
    while (length > 1 && *text == '0') {
        text++;
        length--;
    }
    return arena_printf(a, "%.*s", (int)length, text);
}

static void bad_number(cutter *cut, span where, const char *text)
{
    int length = (int)(where.end - where.start);
    const char *meant;

    if (reports(cut) == NULL)
        return;
    diag_report(reports(cut), 105, where, "'%.*s' is not a number", length, text);
    meant = number_meant(cut->owner->memory, text, (size_t)length);
    if (meant != NULL) {
        diag_add_fix(reports(cut), where, "%s", meant);
        return;
    }
    if (*text == '0' && strspn(text, "0123456789") >= (size_t)length) {
        diag_add_help(
            reports(cut),
            "no number begins with 0, since in C that means another: write it as %s, or in hexadecimal",
            text_without_zeros(cut->owner->memory, text, (size_t)length));
        return;
    }
    diag_add_help(reports(cut),
                  "integers are decimal or 0x1F, floats have digits on both sides of the point, durations "
                  "are whole numbers with ns us ms s m h or d");
}

static void odd_string(cutter *cut, span where, const char *text, size_t length)
{
    const size_t quote = text[0] == '\xe2' ? 3 : 1;

    if (reports(cut) == NULL)
        return;
    diag_report(reports(cut), 101, where, "a string stands between plain double quotes");
    diag_add_fix(reports(cut), where, "\"%.*s\"", (int)length, text + quote);
}

/* ---- tokens ---- */

/* The text of a doc comment: without the marks, one blank after them, and blanks at the end. */
static char *doc_text(arena *a, const char *text, size_t length)
{
    text += 3;
    length -= 3;
    if (length != 0 && *text == ' ') {
        text++;
        length--;
    }
    while (length != 0 && strchr(" \t\r", text[length - 1]) != NULL)
        length--;
    return arena_copy(a, text, length);
}

/* A string without an end may have swallowed a declaration. */
static void lose_words(parser *p, const char *text)
{
    static const char word[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

    while (*(text += strcspn(text, word)) != '\0') {
        size_t length = strspn(text, word);
        char *copy = arena_copy(p->memory, text, length);

        if (copy == NULL || !ast_append(p->memory, &p->lost, copy))
            return;
        text += length;
    }
}

static bool is_literal(int kind)
{
    return kind == BAD_NUMBER || kind == INTEGER || kind == FLOAT || kind == DURATION || kind == STRING ||
           kind == OPEN_STRING || kind == ODD_STRING;
}

static bool fill_literal(cutter *cut, token *t, const char *text, size_t length)
{
    parser *p = cut->owner;
    size_t quote = text[0] == '\xe2' ? 3 : 1;
    ast_value *value = arena_new(p->memory, ast_value);

    t->value = value;
    if (value == NULL)
        return false;
    value->where = t->where;
    value->text = t->text;
    switch (t->kind) {
    case BAD_NUMBER:
        bad_number(cut, t->where, text);
        t->kind = INTEGER;
        value->kind = AST_INT;
        value->too_big = value->reported = true;
        return true;
    case INTEGER:
        return literal_integer(p, text, length, value);
    case FLOAT:
        return literal_float(p, text, length, value);
    case DURATION:
        return literal_duration(p, text, length, value);
    case OPEN_STRING:
        t->kind = STRING;
        t->open = true;
        lose_words(p, t->text);
        return literal_string(p, text + 1, length - 1, value);
    case ODD_STRING:
        t->kind = STRING;
        if (text[0] != '"') /* else it is broken over lines, which was said */
            odd_string(cut, t->where, text, length - 2 * quote);
        return literal_string(p, text + quote, length - 2 * quote, value);
    default:
        return literal_string(p, text + 1, length - 2, value);
    }
}

/* The text of a mark of one character, as it is for every second token; NULL for anything else. */
static const char *mark_text(int kind)
{
    static const char texts[][2] = {
        [';'] = ";", [':'] = ":", [','] = ",", ['.'] = ".", ['?'] = "?",
        ['='] = "=", ['@'] = "@", ['*'] = "*", ['>'] = ">", ['('] = "(",
        [')'] = ")", ['['] = "[", [']'] = "]", ['{'] = "{", ['}'] = "}",
    };

    return (size_t)kind < sizeof texts / sizeof texts[0] && texts[kind][0] != '\0' ? texts[kind] : NULL;
}

/* What a token carries beside its kind. */
static bool fill(cutter *cut, token *t, const char *text, size_t length)
{
    parser *p = cut->owner;

    if (length > NAME_MAX_BYTES && t->kind == NAME && reports(cut) != NULL)
        diag_report(p->reports, 107, t->where, "this name is longer than %d characters", NAME_MAX_BYTES);
    t->text = mark_text(t->kind);
    if (t->text == NULL)
        t->text = t->kind == DOC ? doc_text(p->memory, text, length)
                                 : name_map_keep(&p->words, p->memory, text, length);
    if (t->text == NULL)
        return false;
    if (t->kind == BAD_NAME) {
        bad_name(cut, t->where, text, length);
        t->kind = NAME;
    }
    return !is_literal(t->kind) || fill_literal(cut, t, text, length);
}

static bool misplaced_doc(cutter *cut, span where)
{
    if (reports(cut) == NULL)
        return true;
    diag_report(reports(cut), 110, where,
                "a doc comment stands before what it describes, on a line of its own");
    diag_add_help(reports(cut), "use // for a remark behind a line");
    diag_add_fix(reports(cut), (span){where.file, where.start, where.start + 3}, "//");
    return true;
}

bool token_reserve(parser *p, token **tokens, size_t count, size_t *room, size_t more)
{
    size_t wanted = count + more < 2 * *room ? 2 * *room : count + more;
    token *bigger;

    if (count + more <= *room)
        return true;
    bigger = (token *)arena_array(p->scratch, wanted, sizeof *bigger);
    if (bigger == NULL)
        return false;
    if (count > 0)
        memcpy(bigger, *tokens, count * sizeof *bigger);
    *tokens = bigger;
    *room = wanted;
    return true;
}

bool token_add(cutter *cut, int kind, span where)
{
    const char *text = cut->text + where.start;
    size_t length = where.end - where.start;
    token *t;

    if (kind == DOC && !cut->fresh_line)
        return misplaced_doc(cut, where);
    if (cut->count == cut->room && !token_reserve(cut->owner, &cut->tokens, cut->count, &cut->room, 1))
        return false;
    t = &cut->tokens[cut->count++];
    *t = (token){.kind = (int16_t)kind,
                 .where = cut->repair ? cut->where : where,
                 .repair = cut->repair,
                 .starts_line = cut->fresh_line};
    cut->fresh_line = false;
    return kind == 0 || fill(cut, t, text, length);
}

/* ---- files and repairs ---- */

/* How many of the next bytes are ASCII but for NUL, up to eight; 0 when that has to be looked at. */
static size_t plain_bytes(const unsigned char *text, size_t left)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
    uint64_t word;

    if (left < sizeof word)
        return *text - 1U < 0x7f ? 1 : 0;
    memcpy(&word, text, sizeof word);
    if (((word | (word - ones)) & tops) == 0)
        return sizeof word;
    return *text - 1U < 0x7f ? 1 : 0;
}

static bool check_bytes(const parser *p)
{
    const source_file *file = &p->files->files[p->file];
    const unsigned char *text = (const unsigned char *)file->text;
    size_t length;

    for (size_t i = 0; i < file->length; i += length) {
        span where = {p->file, (uint32_t)i, (uint32_t)i + 1};

        length = plain_bytes(text + i, file->length - i);
        if (length == 0)
            length = utf8_length(text + i, file->length - i);
        if (length != 0)
            continue;
        if (text[i] == 0) {
            diag_report(p->reports, 106, where, "the file contains a NUL byte");
            return false;
        }
        diag_report(p->reports, 106, where, "the file is not UTF-8: byte 0x%02X does not fit here", text[i]);
        diag_add_help(p->reports, "save it as UTF-8");
        return false;
    }
    return true;
}

bool lexer_run(parser *p)
{
    const source_file *file = &p->files->files[p->file];
    cutter cut = {
        .owner = p, .text = file->text, .length = file->length, .where = {p->file, 0, 0}, .fresh_line = true};

    if (p->scratch == NULL)
        p->scratch = p->memory;
    p->words.memory = p->scratch;
    if (!check_bytes(p)) { /* nothing more is said of a file that is no text */
        p->partial = true;
        cut.text = "";
        cut.length = 0;
    }
    if (!token_reserve(p, &cut.tokens, 0, &cut.room, cut.length / BYTES_PER_TOKEN + 1) || !lexer_cut(&cut))
        return false;
    p->tokens = cut.tokens;
    p->count = cut.count;
    p->room = cut.room;
    return true;
}

bool token_words(parser *p, const char *text, span where, token **tokens, size_t *count)
{
    cutter cut = {.owner = p, .text = text, .length = strlen(text), .where = where, .repair = true};

    p->quiet = true;
    if (!lexer_cut(&cut))
        return false;
    p->quiet = false;
    *tokens = cut.tokens;
    *count = cut.count - 1; /* without the end */
    return true;
}
