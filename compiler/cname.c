/* Names in C. The list of reserved words holds the keywords of C23 and C++23, and the lower-case and common
 * upper-case macros of the C and POSIX headers, so that what compiles today does not depend on which headers
 * come first.
 */
#include "cname.h"

#include <stdlib.h>
#include <string.h>

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_lower(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

const char *cname_snake(arena *a, const char *name)
{
    size_t length = strlen(name);
    char *out = (char *)arena_alloc(a, 2 * length + 1), *at = out;

    for (size_t i = 0; out != NULL && i < length; i++) {
        bool after_lower = i > 0 && is_lower(name[i - 1]);
        bool word_begins = i > 0 && is_upper(name[i - 1]) && i + 1 < length && is_lower(name[i + 1]);

        if (is_upper(name[i]) && (after_lower || word_begins))
            *at++ = '_';
        *at++ = is_upper(name[i]) ? (char)(name[i] - 'A' + 'a') : name[i];
    }
    return out;
}

const char *cname_upper(arena *a, const char *name)
{
    char *out = arena_strdup(a, name);

    for (size_t i = 0; out != NULL && out[i] != '\0'; i++) {
        if (out[i] >= 'a' && out[i] <= 'z')
            out[i] = (char)(out[i] - 'a' + 'A');
    }
    return out;
}

/* Sorted as strcmp does. */
static const char *const reserved[] = {
    "BUFSIZ",
    "CHAR_BIT",
    "CHAR_MAX",
    "CHAR_MIN",
    "CLOCKS_PER_SEC",
    "DBL_MAX",
    "DBL_MIN",
    "DOMAIN",
    "EACCES",
    "EAGAIN",
    "EBUSY",
    "EDOM",
    "EEXIST",
    "EILSEQ",
    "EINTR",
    "EINVAL",
    "EIO",
    "ENOENT",
    "ENOMEM",
    "EOF",
    "EPERM",
    "EPIPE",
    "ERANGE",
    "EXIT_FAILURE",
    "EXIT_SUCCESS",
    "FALSE",
    "FILENAME_MAX",
    "FLT_MAX",
    "FLT_MIN",
    "FOPEN_MAX",
    "HUGE_VAL",
    "I",
    "INFINITY",
    "INT_MAX",
    "INT_MIN",
    "LONG_MAX",
    "LONG_MIN",
    "MB_CUR_MAX",
    "NAN",
    "NULL",
    "OVERFLOW",
    "PATH_MAX",
    "RAND_MAX",
    "SEEK_CUR",
    "SEEK_END",
    "SEEK_SET",
    "SIGABRT",
    "SIGINT",
    "SIGTERM",
    "SIZE_MAX",
    "SSIZE_MAX",
    "TRUE",
    "UINT_MAX",
    "ULONG_MAX",
    "UNDERFLOW",
    "WNOHANG",
    "_Alignas",
    "_Alignof",
    "_Atomic",
    "_Bool",
    "_Complex",
    "_Generic",
    "_Imaginary",
    "_Noreturn",
    "_Static_assert",
    "_Thread_local",
    "alignas",
    "alignof",
    "and",
    "and_eq",
    "asm",
    "assert",
    "auto",
    "bitand",
    "bitor",
    "bool",
    "break",
    "case",
    "catch",
    "char",
    "char16_t",
    "char32_t",
    "char8_t",
    "class",
    "co_await",
    "co_return",
    "co_yield",
    "compl",
    "complex",
    "concept",
    "const",
    "const_cast",
    "consteval",
    "constexpr",
    "constinit",
    "continue",
    "d_fileno",
    "decltype",
    "default",
    "delete",
    "do",
    "double",
    "dynamic_cast",
    "else",
    "enum",
    "errno",
    "explicit",
    "export",
    "extern",
    "false",
    "final",
    "float",
    "for",
    "friend",
    "goto",
    "h_addr",
    "h_errno",
    "i386",
    "if",
    "imaginary",
    "inline",
    "int",
    "linux",
    "long",
    "math_errhandling",
    "mips",
    "mutable",
    "namespace",
    "new",
    "noexcept",
    "noreturn",
    "not",
    "not_eq",
    "nullptr",
    "operator",
    "or",
    "or_eq",
    "override",
    "private",
    "protected",
    "public",
    "register",
    "reinterpret_cast",
    "requires",
    "restrict",
    "return",
    "s6_addr",
    "s_addr",
    "sa_handler",
    "sa_sigaction",
    "sched_priority",
    "setjmp",
    "short",
    "sigev_notify_attributes",
    "sigev_notify_function",
    "signed",
    "sizeof",
    "sparc",
    "st_atime",
    "st_ctime",
    "st_mtime",
    "static",
    "static_assert",
    "static_cast",
    "stderr",
    "stdin",
    "stdout",
    "struct",
    "switch",
    "template",
    "this",
    "thread_local",
    "throw",
    "true",
    "try",
    "typedef",
    "typeid",
    "typename",
    "typeof",
    "typeof_unqual",
    "union",
    "unix",
    "unsigned",
    "using",
    "va_arg",
    "va_copy",
    "va_end",
    "va_start",
    "virtual",
    "void",
    "volatile",
    "wchar_t",
    "while",
    "xor",
    "xor_eq",
};

static int compare(const void *key, const void *item)
{
    return strcmp((const char *)key, *(const char *const *)item);
}

static bool ends_with(const char *name, const char *end)
{
    size_t length = strlen(name), tail = strlen(end);

    return length > tail && strcmp(name + length - tail, end) == 0;
}

/* POSIX gives `_t` to types and `si_` to macros; the limits of C are upper case; `aegis_` is the library. */
static bool reserved_family(const char *name)
{
    static const char *const ends[] = {"_MAX", "_MIN", "_C", "_WIDTH"};

    if (ends_with(name, "_t") || strncmp(name, "si_", 3) == 0 || strncmp(name, "aegis_", 6) == 0)
        return true;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        if (ends_with(name, ends[i]) && strpbrk(name, "abcdefghijklmnopqrstuvwxyz") == NULL)
            return true;
    }
    return false;
}

bool cname_reserved(const char *name)
{
    return reserved_family(name) ||
           bsearch(name, reserved, sizeof reserved / sizeof reserved[0], sizeof reserved[0], compare) != NULL;
}

bool cname_prefix_ok(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        bool letter = text[i] >= 'a' && text[i] <= 'z';

        if (!letter && (i == 0 || !(is_lower(text[i]) || text[i] == '_')))
            return false;
    }
    return length > 0 && !cname_reserved(text);
}

const char *cname_member(arena *a, const char *name)
{
    return cname_reserved(name) ? arena_printf(a, "%s_", name) : name;
}

const char *cname_literal(arena *a, const char *text, size_t length)
{
    static const char digits[] = "01234567";
    char *out = (char *)arena_alloc(a, 4 * length + 3), *at = out;

    if (out == NULL)
        return NULL;
    *at++ = '"';
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c == '"' || c == '\\') {
            *at++ = '\\';
            *at++ = (char)c;
        } else if (c == '?' || c < 0x20 || c >= 0x7f) { /* `?` might begin a trigraph */
            *at++ = '\\';
            *at++ = digits[c >> 6];
            *at++ = digits[c >> 3 & 7];
            *at++ = digits[c & 7];
        } else {
            *at++ = (char)c;
        }
    }
    *at = '"';
    return out;
}
