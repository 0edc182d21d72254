/* Names as words. */
#include "lint_parts.h"

#include <string.h>

static bool is_one_of(const char *text, size_t length, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (strlen(*words) == length && strncmp(text, *words, length) == 0)
            return true;
    }
    return false;
}

bool lint_first_word(const char *name, const char *const *words)
{
    return is_one_of(name, strcspn(name, "_"), words);
}

bool lint_last_word(const char *name, const char *const *words)
{
    const char *last = strrchr(name, '_');

    last = last == NULL ? name : last + 1;
    return is_one_of(last, strlen(last), words);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Words of letters from `least` to `most` and digits, joined by single underscores; a letter first. */
static bool is_joined(const char *name, char least, char most)
{
    char before = '_';

    if (is_digit(name[0]))
        return false;
    for (; *name != '\0'; name++) {
        if (*name == '_' ? before == '_' : !(is_digit(*name) || (*name >= least && *name <= most)))
            return false;
        before = *name;
    }
    return before != '_';
}

bool lint_is_snake(const char *name)
{
    return is_joined(name, 'a', 'z');
}

bool lint_is_upper(const char *name)
{
    return is_joined(name, 'A', 'Z');
}

bool lint_is_pascal(const char *name)
{
    return name[0] >= 'A' && name[0] <= 'Z' && strchr(name, '_') == NULL;
}
