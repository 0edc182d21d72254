/* Matching of subjects: each relation walks two subjects token by token, which is all the structure they
 * have. */
#include "domain/subject.h"

#include <string.h>

/* The token at `*at`; moves `*at` behind it and its dot, or to NULL after the last one. */
static size_t take_token(const char **at, const char **token)
{
    const char *start = *at;
    size_t length = strcspn(start, ".");
    *token = start;
    *at = start[length] == '.' ? start + length + 1 : NULL;
    return length;
}

static bool is(const char *token, size_t length, char wildcard)
{
    return length == 1 && token[0] == wildcard;
}

static bool same(const char *a, size_t a_length, const char *b, size_t b_length)
{
    return a_length == b_length && memcmp(a, b, a_length) == 0;
}

/* Once over it: each message that is sent has its subject looked at. A server ends the connection over a line
 * that is too long. */
static bool valid(const char *subject, bool wildcards)
{
    const char *token = subject;

    for (const char *c = subject; c; c++) {
        if (*c != '.' && *c) {
            if ((unsigned char)*c <= ' ' || *c == 0x7f)
                return false;
            continue;
        }
        const size_t length = (size_t)(c - token);
        if (length == 0 || (is(token, length, '*') && !wildcards) ||
            (is(token, length, '>') && (!wildcards || *c)))
            return false;
        if (!*c)
            return c - subject <= AEGIS_SUBJECT_MAX;
        token = c + 1;
    }
    return false;
}

bool aegis_subject_valid(const char *subject)
{
    return valid(subject, false);
}

bool aegis_subject_pattern_valid(const char *pattern)
{
    return valid(pattern, true);
}

bool aegis_subject_has_wildcard(const char *pattern)
{
    for (const char *at = pattern; at;) {
        const char *token;
        size_t length = take_token(&at, &token);
        if (is(token, length, '*') || is(token, length, '>'))
            return true;
    }
    return false;
}

bool aegis_subject_covers(const char *wide, const char *narrow)
{
    while (wide && narrow) {
        const char *w, *n;
        size_t w_length = take_token(&wide, &w);
        size_t n_length = take_token(&narrow, &n);
        if (is(w, w_length, '>'))
            return true;
        if (is(n, n_length, '>'))
            return false;
        if (!is(w, w_length, '*') && !same(w, w_length, n, n_length))
            return false;
    }
    return !wide && !narrow;
}

bool aegis_subject_matches(const char *pattern, const char *subject)
{
    return aegis_subject_covers(pattern, subject);
}

bool aegis_subject_overlaps(const char *one, const char *other)
{
    while (one && other) {
        const char *a, *b;
        size_t a_length = take_token(&one, &a);
        size_t b_length = take_token(&other, &b);
        if (is(a, a_length, '>') || is(b, b_length, '>'))
            return true;
        if (!is(a, a_length, '*') && !is(b, b_length, '*') && !same(a, a_length, b, b_length))
            return false;
    }
    return !one && !other;
}
