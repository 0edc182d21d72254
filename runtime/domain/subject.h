/* Subjects and subject patterns, with NATS' rules: tokens separated by dots, none empty; in a pattern a token
 * `*` stands for any one token and a last token `>` for one or more. Pure functions, any thread.
 */
#ifndef AEGIS_DOMAIN_SUBJECT_H
#define AEGIS_DOMAIN_SUBJECT_H

#include <stdbool.h>
#include <stddef.h>

/* Longest subject accepted. The server's limit is its control line, 4096 bytes, which also holds the reply.
 */
#define AEGIS_SUBJECT_MAX 1024

/* Something a message can be sent to: no wildcards, no white space, no empty token. */
bool aegis_subject_valid(const char *subject);
/* The same with wildcards allowed. */
bool aegis_subject_pattern_valid(const char *pattern);
/* True when the pattern has a wildcard token. */
bool aegis_subject_has_wildcard(const char *pattern);
/* Does `pattern` take messages sent to `subject`? Both valid. */
bool aegis_subject_matches(const char *pattern, const char *subject);
/* Is there a subject that both patterns take? Both valid. */
bool aegis_subject_overlaps(const char *one, const char *other);
/* Does `wide` take everything that `narrow` takes? Both valid. */
bool aegis_subject_covers(const char *wide, const char *narrow);

#endif
