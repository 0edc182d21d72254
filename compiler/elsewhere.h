/* Words of other languages, and what they are called here. */
#ifndef ELSEWHERE_H
#define ELSEWHERE_H

#include <stddef.h>

/* Whether a built-in type has this name. The list is the checker's; a test compares them. */
int elsewhere_builtin(const char *name);
/* The built-in type that is meant by its name in another language; NULL for any other name. */
const char *elsewhere_type(const char *name);

/* How a list, a map or an optional is written that is called by this name elsewhere; NULL for any other name.
 */
const char *elsewhere_container(const char *name);

/* How that is said here for which others have an annotation of this name; NULL for any other name. */
const char *elsewhere_annotation(const char *name);

/* A word that begins a declaration or a member elsewhere. */
typedef struct elsewhere_keyword {
    const char *word;
    const char *here; /* the keyword: "struct" */
    const char *says; /* "a message is a struct" */
} elsewhere_keyword;

/* NULL for any other word. */
const elsewhere_keyword *elsewhere_keyword_of(const char *word);

/* What to do instead, for a word that begins statements elsewhere for which there is nothing here; else NULL.
 */
const char *elsewhere_statement(const char *word);

#endif
