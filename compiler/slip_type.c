/* Types as C, C++, Go, Rust, Swift, TypeScript, protobuf, Thrift and SQL write them. */
#include <string.h>

#include "slip.h"

/* Types within types that are followed. */
#define DEPTH_MAX 8

static bool among(const char *word, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (strcmp(word, *words) == 0)
            return true;
    }
    return false;
}

bool slip_is_type(const parser *p, size_t i)
{
    const char *name;

    if (!token_word(p, i))
        return false;
    name = p->tokens[i].text;
    if (elsewhere_builtin(name) || elsewhere_type(name) != NULL)
        return true;
    for (size_t k = 0; k + 1 < p->count; k++) {
        int kind = p->tokens[k].kind;

        if ((kind == KW_STRUCT || kind == KW_ENUM || kind == KW_UNION || kind == KW_ALIAS) && k + 1 != i &&
            token_is(p, k + 1, name))
            return true;
    }
    return false;
}

bool slip_ends_member(const parser *p, size_t i)
{
    int kind = token_kind(p, i);

    return kind == ';' || kind == ',' || kind == ')' || kind == '}' || kind == 0 || p->tokens[i].starts_line;
}

bool slip_ends_line(const parser *p, size_t i)
{
    return i + 1 >= p->count || p->tokens[i + 1].kind == 0 || p->tokens[i + 1].starts_line;
}

size_t slip_type_start(const site *s)
{
    const parser *p = s->p;
    size_t i = s->plain;

    if (s->block == PLACE_TOP && token_kind(p, i) == KW_CONST && token_kind(p, i + 2) == ':')
        return i + 3;
    if (s->block == PLACE_TOP && token_kind(p, i) == KW_ALIAS &&
        (token_kind(p, i + 2) == '=' || token_kind(p, i + 2) == ':'))
        return i + 3;
    if (s->block != PLACE_TOP && token_word(p, i) && token_kind(p, i + 1) == ':')
        return i + 2;
    return 0;
}

/* ---- bounds ---- */

/* An end of bounds: a number, or a constant, which is written in capitals. */
static bool is_end(const parser *p, size_t i)
{
    return token_kind(p, i) == INTEGER || token_kind(p, i) == FLOAT ||
           (token_kind(p, i) == NAME && p->tokens[i].text[0] <= 'Z');
}

/* The two ends of bounds as written between the brackets at `open` and `close`: 32 · 1, 32 · 1-32 · 1:32 ·
 * max: 32 · min = 1, max = 32. NULL when they are something else. */
static const char *read_ends(parser *p, size_t open, size_t close)
{
    const char *low = "", *high = "";
    size_t ends = 0;
    bool below = false;

    for (size_t i = open + 1; i < close; i++) {
        int mark = token_kind(p, i + 1);
        bool most = token_is(p, i, "max") || token_is(p, i, "len") || token_is(p, i, "length") ||
                    token_is(p, i, "size"),
             least = token_is(p, i, "min");

        if ((most || least) && (mark == ':' || mark == '=') && is_end(p, i + 2)) {
            *(most ? &high : &low) = token_source(p, i + 2, i + 2);
            ends = 2;
            i += 2;
        } else if (is_end(p, i) && ends < 2) {
            const char *end = token_source(p, i, i);

            if (ends++ > 0 && end[0] == '-')
                end++; /* 1-32 */
            *(ends == 2 || close == open + 2 || below ? &high : &low) = end;
        } else if (token_kind(p, i) == '-' || token_kind(p, i) == '.' || token_kind(p, i) == DOTS ||
                   token_kind(p, i) == ':' || token_kind(p, i) == ',' || token_sign(p, i, "-") ||
                   token_kind(p, i) == '>' || (token_kind(p, i) == '=' && i > open + 1) ||
                   token_is(p, i, "to")) {
            continue;
        } else if (token_sign(p, i, "<")) {
            below = true;
        } else {
            return NULL;
        }
    }
    return ends == 0 ? NULL : arena_printf(p->memory, "(%s..%s)", low, high);
}

/* Whether the brackets hold bounds as they are written here. */
static bool proper(const parser *p, size_t open, size_t close)
{
    size_t dots = 0;

    for (size_t i = open + 1; i < close; i++) {
        if (token_kind(p, i) == DOTS)
            dots++;
        else if (!is_end(p, i) && !token_word(p, i) && token_kind(p, i) != '.')
            return false;
    }
    return dots == 1 && token_kind(p, open) == '(' && close - open < 8;
}

/* Bounds behind a type, in round or other brackets. */
static const char *read_bounds(parser *p, size_t *i, const char **advice)
{
    size_t open = *i, close = token_close(p, open);
    const char *text;

    if (close >= p->count || (token_kind(p, open) != '(' && token_kind(p, open) != '['))
        return "";
    if (proper(p, open, close)) {
        *i = close + 1;
        return token_source(p, open, close);
    }
    if (token_kind(p, open) == '(' && close == open + 1) {
        *i = close + 1;
        *advice = "a type without bounds has no brackets";
        return "";
    }
    text = read_ends(p, open, close);
    if (text == NULL)
        return "";
    *i = close + 1;
    *advice = "bounds are written (LEAST..MOST), and either end may be left out";
    return text;
}

/* ---- types ---- */

static bool read_type(parser *p, size_t i, foreign_type *t, unsigned depth);

static const char list_advice[] = "a list is written [T]";
static const char map_advice[] = "a map is written {string: T}";
static const char optional_advice[] = "an optional type is written T?";
static const char pointer_advice[] = "there are no pointers: a type that may be absent is written T?";

static const char *list_of(parser *p, const char *element)
{
    return arena_printf(p->memory, "[%s]", element);
}

/* `list<T>`, `Dict[K, V]`, `List(T)`; `i` at the bracket. */
static bool read_generic(parser *p, size_t i, const char *name, foreign_type *t, unsigned depth)
{
    const int closing = token_kind(p, i) == '[' ? ']' : token_kind(p, i) == '(' ? ')' : '>';
    static const char *const lists[] = {"list",  "List",       "vector",   "array",   "Array",
                                        "set",   "Set",        "seq",      "Seq",     "sequence",
                                        "Vec",   "repeated",   "deque",    "HashSet", "unordered_set",
                                        "slice", "Collection", "iterable", NULL};
    static const char *const maps[] = {"map",           "Map",    "dict",       "Dict",     "HashMap",
                                       "unordered_map", "Record", "Dictionary", "BTreeMap", NULL};
    static const char *const optionals[] = {"optional", "Optional",   "Option",     "Maybe", "nullable",
                                            "Nullable", "shared_ptr", "unique_ptr", "Box",   NULL};
    static const char *const waits[] = {"Promise", "Future", "Task", "Awaitable", "Observable", NULL};
    foreign_type first, second = {0};

    if (!read_type(p, i + 1, &first, depth + 1))
        return false;
    i = first.end;
    if (token_kind(p, i) == ',' && !read_type(p, i + 1, &second, depth + 1))
        return false;
    i = second.text != NULL ? second.end : i;
    if (token_kind(p, i) != closing)
        return false;
    t->end = i + 1;
    if (among(name, lists) && second.text == NULL) {
        t->text = list_of(p, first.text);
        t->advice = list_advice;
    } else if (among(name, maps) && second.text != NULL) {
        t->text = arena_printf(p->memory, "{%s: %s}", first.text, second.text);
        t->advice = map_advice;
    } else if (among(name, optionals) && second.text == NULL) {
        t->text = first.text;
        t->optional = true;
        t->advice = optional_advice;
    } else if (among(name, waits) && second.text == NULL) {
        t->text = first.text;
        t->advice = "whether a caller waits is for the caller to say: the type is written alone";
    } else {
        return false;
    }
    return true;
}

/* Whether the bracket at `i` is that of a container as another language writes it, behind its name. */
static bool opens_generic(const parser *p, size_t i, const char *name)
{
    if (token_sign(p, i, "<"))
        return true;
    return (token_kind(p, i) == '[' || token_kind(p, i) == '(') && token_word(p, i + 1) &&
           elsewhere_container(name) != NULL && strcmp(name, "map") != 0; /* map[K]V */
}

/* What stands in square or curly brackets: [T], [K: V], []T, {K: V}. */
static bool read_bracketed(parser *p, size_t i, foreign_type *t, unsigned depth)
{
    bool square = token_kind(p, i) == '[';
    int closing = square ? ']' : '}';
    foreign_type first, second;

    if (square &&
        (token_kind(p, i + 1) == ']' || (token_kind(p, i + 1) == INTEGER && token_kind(p, i + 2) == ']'))) {
        if (!read_type(p, token_kind(p, i + 1) == ']' ? i + 2 : i + 3, t, depth + 1))
            return false;
        t->text = list_of(p, t->text);
        t->advice = list_advice;
        return true;
    }
    if (!read_type(p, i + 1, &first, depth + 1))
        return false;
    t->advice = first.advice;
    t->end = first.end + 1;
    if (square && (token_kind(p, first.end) == ';' || token_kind(p, first.end) == ':') &&
        is_end(p, first.end + 1) && token_kind(p, first.end + 2) == ']') { /* [u8; 32] */
        const char *size = token_source(p, first.end + 1, first.end + 1);

        t->end = first.end + 3;
        t->text = strcmp(first.text, "u8") == 0
                      ? arena_printf(p->memory, "bytes(%s..%s)", size, size)
                      : arena_printf(p->memory, "[%s](%s..%s)", first.text, size, size);
        t->advice = "a list of so many has bounds: [T](4..4)";
        return true;
    }
    if (token_kind(p, first.end) == closing) {
        t->text = list_of(p, first.text);
        t->advice = square ? t->advice : list_advice;
        return true;
    }
    if ((token_kind(p, first.end) != ':' && token_kind(p, first.end) != ',') ||
        !read_type(p, first.end + 1, &second, depth + 1) || token_kind(p, second.end) != closing)
        return false;
    t->end = second.end + 1;
    t->text = arena_printf(p->memory, "{%s: %s}", first.text, second.text);
    t->advice = second.advice != NULL ? second.advice : t->advice;
    if (square || token_kind(p, first.end) == ',')
        t->advice = map_advice;
    return true;
}

/* Whether the file itself has a type of that name, which is then not another language's. Of a file with very
 * many mistakes, each of which would look through all of it, nobody reads the rest. */
static bool declared_here(const parser *p, const char *name)
{
    if (p->reports->errors > 100)
        return false;
    for (size_t i = 0; i + 1 < p->count; i++) {
        const int kind = token_kind(p, i);

        if ((kind == KW_STRUCT || kind == KW_ENUM || kind == KW_UNION || kind == KW_ALIAS) &&
            token_is(p, i + 1, name))
            return true;
    }
    return false;
}

/* One or more words: `unsigned long long`, `char`, `pay.Card`, `pay::Card`. */
static bool read_words(parser *p, size_t i, foreign_type *t)
{
    static const char *const more[] = {"int", "long", "char", "short", "double", NULL};
    static const char *const c_words[] = {"unsigned", "signed", "long", "short", NULL};
    const char *name, *here;
    bool is_unsigned = false, is_long = false;

    if (!token_word(p, i))
        return false;
    name = p->tokens[i].text;
    while (among(name, c_words) && token_word(p, i + 1) && among(p->tokens[i + 1].text, more)) {
        is_unsigned = is_unsigned || strcmp(name, "unsigned") == 0;
        is_long = is_long || strcmp(name, "long") == 0 || strcmp(p->tokens[i + 1].text, "long") == 0;
        name = p->tokens[++i].text;
    }
    here = elsewhere_type(name);
    if (here != NULL && declared_here(p, name))
        here = NULL;
    if (is_long || is_unsigned)
        here = strcmp(name, "char") == 0     ? "u8"
               : strcmp(name, "short") == 0  ? "u16"
               : strcmp(name, "double") == 0 ? "f64"
               : is_long                     ? (is_unsigned ? "u64" : "i64")
                                             : "u32";
    i++;
    for (size_t parts = 0; parts < SLIP_PARTS_MAX && token_kind(p, i) == '.' && token_word(p, i + 1);
         parts++) {
        name = arena_printf(p->memory, "%s.%s", name, p->tokens[i + 1].text);
        i += 2;
    }
    if (strncmp(name, "google.protobuf.", 16) == 0 && elsewhere_type(name + 16) != NULL)
        here = elsewhere_type(name + 16);
    if (token_kind(p, i) == ':' && token_kind(p, i + 1) == ':' && token_word(p, i + 2)) {
        name = strcmp(name, "std") == 0 ? p->tokens[i + 2].text
                                        : arena_printf(p->memory, "%s.%s", name, p->tokens[i + 2].text);
        here = elsewhere_type(name);
        t->advice = "names of another package are written package.Name";
        i += 3;
    }
    t->text = here != NULL ? here : name;
    if (here != NULL && t->advice == NULL)
        t->advice = arena_printf(p->memory, "'%s' is called '%s' here", name, here);
    t->end = i;
    return true;
}

/* What may follow: generic arguments, bounds, brackets of an array, a pointer, the mark of an optional. */
static bool read_suffixes(parser *p, const char *name, foreign_type *t, unsigned depth)
{
    const char *bounds;

    if (opens_generic(p, t->end, name) && !read_generic(p, t->end, name, t, depth))
        return false;
    if (strcmp(name, "map") == 0 && token_kind(p, t->end) == '[') { /* map[K]V */
        foreign_type key, value;

        if (!read_type(p, t->end + 1, &key, depth + 1) || token_kind(p, key.end) != ']' ||
            !read_type(p, key.end + 1, &value, depth + 1))
            return false;
        t->text = arena_printf(p->memory, "{%s: %s}", key.text, value.text);
        t->advice = map_advice;
        t->end = value.end;
    }
    bounds = read_bounds(p, &t->end, &t->advice);
    t->text = arena_printf(p->memory, "%s%s", t->text, bounds);
    for (unsigned lists = 0;
         lists < DEPTH_MAX && token_kind(p, t->end) == '[' && token_kind(p, t->end + 1) == ']'; lists++) {
        t->text = list_of(p, t->text);
        t->advice = list_advice;
        t->end += 2;
    }
    for (; token_kind(p, t->end) == '*' || token_sign(p, t->end, "&"); t->end++)
        t->advice = pointer_advice;
    if (token_kind(p, t->end) == '?') {
        t->optional = true;
        t->end++;
    }
    if (token_sign(p, t->end, "|") &&
        (token_is(p, t->end + 1, "null") || token_is(p, t->end + 1, "undefined") ||
         token_is(p, t->end + 1, "None") || token_is(p, t->end + 1, "nil"))) {
        t->optional = true;
        t->advice = optional_advice;
        t->end += 2;
    }
    return true;
}

static bool read_type(parser *p, size_t i, foreign_type *t, unsigned depth)
{
    static const char *const empty[] = {"const", "struct",  "enum",     "required", "static",
                                        "final", "mutable", "readonly", "volatile", NULL};
    bool many = false, optional = false;
    const char *advice = NULL, *name = "";

    *t = (foreign_type){0};
    if (depth > DEPTH_MAX)
        return false;
    for (; token_word(p, i) && (token_word(p, i + 1) || token_kind(p, i + 1) == '['); i++) {
        const char *word = p->tokens[i].text;

        if (strcmp(word, "repeated") == 0)
            many = true;
        else if (strcmp(word, "optional") == 0)
            optional = true;
        else if (!among(word, empty))
            break;
        advice = many       ? list_advice
                 : optional ? optional_advice
                            : "a field is required unless its type ends in '?'";
    }
    if (token_kind(p, i) == '?') {
        optional = true;
        advice = optional_advice;
        i++;
    }
    for (; token_kind(p, i) == '*' || token_sign(p, i, "&"); i++) {
        optional = depth == 0 && token_kind(p, i) == '*'; /* no element is optional */
        advice = pointer_advice;
    }
    if (token_kind(p, i) == STRING && depth == 0) {
        *t = (foreign_type){.text = p->tokens[i].value->text, .advice = "a type is not quoted", .end = i + 1};
        return *t->text != '\0';
    }
    if (token_kind(p, i) == '[' || token_kind(p, i) == '{') {
        if (!read_bracketed(p, i, t, depth))
            return false;
    } else if (read_words(p, i, t)) {
        name = t->text;
    } else {
        return false;
    }
    if (token_word(p, i) &&
        !read_suffixes(p, strcmp(p->tokens[i].text, "std") == 0 ? name : p->tokens[i].text, t, depth))
        return false;
    if (!token_word(p, i) && !read_suffixes(p, "", t, depth))
        return false;
    t->text = many ? list_of(p, t->text) : t->text;
    t->optional = t->optional || optional;
    t->advice = advice != NULL ? advice : t->advice;
    if (depth > 0 && t->optional)
        t->text = arena_printf(p->memory, "%s?", t->text);
    return t->text != NULL;
}

bool slip_read_type(parser *p, size_t i, foreign_type *t)
{
    if (!read_type(p, i, t, 0))
        return false;
    if (t->optional && t->text[0] != '[' && t->text[0] != '{')
        t->text = arena_printf(p->memory, "%s?", t->text);
    return t->text != NULL;
}

/* `u32?(1..10)`. */
static bool question_before_bounds(const site *s)
{
    parser *p = s->p;
    size_t mark = token_kind(p, s->at) == '?' ? s->at : s->at - 1, close;
    foreign_type t;

    if (s->at < 2 || token_kind(p, mark) != '?' || token_kind(p, mark + 1) != '(' ||
        !slip_read_type(p, mark - 1, &t))
        return false;
    close = token_close(p, mark + 1);
    if (close >= p->count || token_kind(p, close + 1) == '?')
        return false;
    edit_report(p, 204, p->tokens[mark].where, "bounds stand before the '?'");
    return edit_rewrite(p, mark, close, arena_printf(p->memory, "%s?", token_source(p, mark + 1, close)));
}

/* A type behind the ':' of a field, as another language writes it. */
bool slip_type(const site *s)
{
    parser *p = s->p;
    size_t start = slip_type_start(s);
    foreign_type t;

    if (question_before_bounds(s))
        return true;
    if (token_kind(p, s->plain) == KW_RESERVED && token_kind(p, start) == STRING)
        return false;
    if (start == 0 || start > s->at || !slip_read_type(p, start, &t) || t.advice == NULL || t.end <= s->at)
        return false;
    if (!slip_ends_member(p, t.end) && token_kind(p, t.end) != '=' && token_kind(p, t.end) != '@')
        return false;
    edit_report(p, 204, token_span(p, start, t.end - 1), "%s", t.advice);
    return edit_rewrite(p, start, t.end - 1, t.text);
}
