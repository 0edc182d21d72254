/* Looking at the tokens around a mistake, and changing them. */
#include "parser_edit.h"

#include <string.h>

#include "utf8.h"

/* Brackets that may be open around a token; of deeper ones only the number is kept. */
#define DEPTH_SEEN 64

bool expects(const expected *wanted, const char *name)
{
    for (size_t i = 0; i < wanted->count; i++) {
        if (strcmp(wanted->names[i], name) == 0)
            return true;
    }
    return false;
}

/* ---- tokens ---- */

int token_kind(const parser *p, size_t i)
{
    return i < p->count ? p->tokens[i].kind : 0;
}

static bool is_keyword(int kind)
{
    return kind >= KW_AEGIS && kind <= KW_FALSE;
}

bool token_word(const parser *p, size_t i)
{
    int kind = token_kind(p, i);

    return kind == NAME || is_keyword(kind);
}

bool token_is(const parser *p, size_t i, const char *word)
{
    return token_word(p, i) && strcmp(p->tokens[i].text, word) == 0;
}

bool token_sign(const parser *p, size_t i, const char *sign)
{
    return token_kind(p, i) == BAD_CHARACTER && strcmp(p->tokens[i].text, sign) == 0;
}

bool token_touches(const parser *p, size_t i)
{
    return i + 1 < p->count && p->tokens[i].where.end == p->tokens[i + 1].where.start;
}

span token_span(const parser *p, size_t from, size_t to)
{
    return ast_join(p->tokens[from].where, p->tokens[to].where);
}

/* What a token reads; `*length` bytes. */
static const char *own_source(const parser *p, const token *t, size_t *length)
{
    *length = t->repair ? strlen(t->text) : t->where.end - t->where.start;
    return t->repair ? t->text : p->files->files[t->where.file].text + t->where.start;
}

const char *token_source(parser *p, size_t from, size_t to)
{
    const size_t behind = to < p->count ? to + 1 : p->count;
    size_t size = 1, length;
    char *text, *at;

    for (size_t i = from; i < behind; i++) {
        (void)own_source(p, &p->tokens[i], &length);
        size += length + 1;
    }
    text = at = arena_text(p->memory, size);
    for (size_t i = from; text != NULL && i < behind; i++) {
        const char *source = own_source(p, &p->tokens[i], &length);

        if (i > from && p->tokens[i - 1].where.end != p->tokens[i].where.start)
            *at++ = ' ';
        memcpy(at, source, length);
        at += length;
    }
    return text == NULL ? "" : text;
}

const char *token_described(parser *p, size_t i)
{
    const token *t = &p->tokens[i];
    const char *text;

    if (t->kind == 0)
        return "end of file";
    if (t->kind == STRING)
        return "a string";
    if (t->kind == DOC)
        return "a doc comment";
    text = arena_printf(p->memory, "'%s'", t->repair ? t->text : token_source(p, i, i));
    return text == NULL ? "this" : text;
}

const char *token_found(parser *p, size_t i)
{
    const char *described = token_described(p, i);

    return strncmp(described, "a ", 2) == 0 ? described + 2 : described;
}

size_t token_close(const parser *p, size_t open)
{
    char closing[DEPTH_SEEN];
    size_t depth = 0;

    for (size_t i = open; i < p->count; i++) {
        int kind = p->tokens[i].kind;

        if (kind == '(' || kind == '[' || kind == '{') {
            if (depth == DEPTH_SEEN)
                return p->count;
            closing[depth++] = kind == '(' ? ')' : kind == '[' ? ']' : '}';
        } else if (kind == ')' || kind == ']' || kind == '}') {
            if (depth == 0 || closing[depth - 1] != kind)
                return p->count;
            if (--depth == 0)
                return i;
        }
    }
    return p->count;
}

bool token_declares(const parser *p, size_t i)
{
    int kind = token_kind(p, i);

    if (i > p->statement && !p->tokens[i].starts_line && token_marks_before(p, i, p->statement) == i)
        return false;
    if (kind == KW_STRICT)
        return token_kind(p, i + 1) == KW_ENUM && token_word(p, i + 2);
    if (!token_word(p, i + 1))
        return false;
    return kind == KW_STRUCT || kind == KW_ENUM || kind == KW_UNION || kind == KW_ERROR ||
           kind == KW_SERVICE || kind == KW_EVENT || kind == KW_CONST || kind == KW_ALIAS;
}

size_t token_behind_marks(const parser *p, size_t i)
{
    for (;;) {
        if (token_kind(p, i) == DOC) {
            i++;
        } else if (token_kind(p, i) == '@' && token_word(p, i + 1)) {
            i += 2;
            if (token_kind(p, i) == '(') {
                size_t close = token_close(p, i);

                if (close == p->count)
                    return i - 2;
                i = close + 1;
            }
        } else {
            return i;
        }
    }
}

size_t token_marks_before(const parser *p, size_t i, size_t least)
{
    for (;;) {
        size_t begin = i;

        if (begin > least && token_kind(p, begin - 1) == DOC) {
            i--;
            continue;
        }
        if (begin > least && token_kind(p, begin - 1) == ')') {
            size_t depth = 0;

            while (begin > least) {
                int kind = token_kind(p, --begin);

                depth += kind == ')';
                if (kind == '(' && --depth == 0)
                    break;
            }
        }
        if (begin < least + 2 || !token_word(p, begin - 1) || token_kind(p, begin - 2) != '@')
            return i;
        i = begin - 2;
    }
}

/* ---- where a token stands ---- */

typedef struct bracket {
    place_kind place; /* of what is inside */
    size_t at, member;
} bracket;

static place_kind inside_brace(const parser *p, size_t at, place_kind around)
{
    int before = at == 0 ? 0 : token_kind(p, at - 1);
    size_t plain = token_behind_marks(p, p->statement);

    if (before == ':' || before == '[' || before == '=' || (before == '(' && around != PLACE_PARAMS))
        return PLACE_INSIDE;
    if (around != PLACE_TOP)
        return PLACE_FIELDS;
    if (token_kind(p, plain) == KW_SERVICE)
        return PLACE_SERVICE;
    return token_kind(p, plain) == KW_ENUM || token_kind(p, plain) == KW_STRICT ? PLACE_VALUES : PLACE_FIELDS;
}

static place_kind inside(const parser *p, size_t at, place_kind around)
{
    if (token_kind(p, at) == '{')
        return inside_brace(p, at, around);
    if (token_kind(p, at) == '(' && around == PLACE_SERVICE && at >= 2 && token_word(p, at - 1) &&
        token_kind(p, at - 2) != '@')
        return PLACE_PARAMS;
    return PLACE_INSIDE;
}

static bool closes(int open, int close)
{
    return (open == '(' && close == ')') || (open == '[' && close == ']') || (open == '{' && close == '}');
}

site site_of(parser *p, size_t at, const expected *wanted)
{
    bracket stack[DEPTH_SEEN] = {{PLACE_TOP, p->statement, p->statement}};
    size_t depth = 0, level;
    site s = {.p = p, .at = at, .wanted = wanted};

    for (size_t i = p->statement; i < at; i++) {
        int kind = p->tokens[i].kind;
        bracket *top = &stack[depth];

        if ((kind == '{' || kind == '(' || kind == '[') && depth + 1 < DEPTH_SEEN) {
            stack[++depth] = (bracket){inside(p, i, top->place), i, i + 1};
        } else if (kind == '}' || kind == ')' || kind == ']') {
            for (level = depth; level > 0 && !closes(p->tokens[stack[level].at].kind, kind); level--)
                ;
            depth = level > 0 ? level - 1 : depth;
        } else if ((kind == ';' && (top->place == PLACE_FIELDS || top->place == PLACE_SERVICE)) ||
                   (kind == ',' && (top->place == PLACE_VALUES || top->place == PLACE_PARAMS))) {
            top->member = i + 1;
        }
    }
    for (level = depth; level > 0 && stack[level].place == PLACE_INSIDE; level--)
        ;
    s.place = stack[depth].place;
    s.open = stack[depth].at;
    s.outer = stack[depth > 0].at;
    s.member = stack[level].member;
    for (; level > 0 && p->tokens[stack[level].at].kind != '{'; level--)
        ;
    s.block = stack[level].place;
    s.block_member = stack[level].member;
    s.plain = token_behind_marks(p, s.member);
    return s;
}

/* ---- changes ---- */

void edit_report(parser *p, int code, span where, const char *format, ...)
{
    va_list arguments;
    const char *text;

    va_start(arguments, format);
    text = arena_vprintf(p->memory, format, arguments);
    va_end(arguments);
    if (text != NULL)
        diag_report(p->reports, code, where, "%s", text);
}

void edit_bad_character(parser *p, size_t at)
{
    const token *t = &p->tokens[at];
    unsigned char first = (unsigned char)t->text[0];

    if (t->kind != BAD_CHARACTER)
        edit_report(p, 101, t->where, "%s does not belong here", token_described(p, at));
    else if (first < 0x20 || first == 0x7f)
        edit_report(p, 101, t->where, "the control character U+%04X does not belong here", first);
    else
        edit_report(p, 101, t->where, "the character '%s' does not belong here", t->text);
}

/* Whether the brace at `i` opens a body: what is in it stands for itself. */
static bool opens_body(const parser *p, size_t i)
{
    int before = i == 0 ? 0 : token_kind(p, i - 1);

    return before != ':' && before != '[' && before != '=' && before != '(';
}

/* To the end of the line, of the member, or to where a body begins, whichever comes first. */
void edit_doubt(const site *s)
{
    const parser *p = s->p;
    span where = p->tokens[s->block_member < s->at ? s->block_member : s->at].where;
    size_t end = s->at;

    while (end + 1 < p->count && p->tokens[end].kind != ';' && p->tokens[end].kind != '}' &&
           !p->tokens[end + 1].starts_line && (token_kind(p, end + 1) != '{' || !opens_body(p, end + 1)))
        end = p->tokens[end].kind == '{' && token_close(p, end) < p->count ? token_close(p, end) : end + 1;
    where.end = p->tokens[end].where.end;
    diag_doubt(p->reports, where);
}

void edit_lose(parser *p, const char *word)
{
    char *copy = arena_strdup(p->memory, word);

    if (copy != NULL)
        (void)ast_append(p->memory, &p->lost, copy);
}

bool edit_replace(parser *p, size_t from, size_t count, const char *text, span where)
{
    token *words = NULL;
    size_t added = 0, rest = p->count - from - count;
    bool starts_line = p->tokens[from].starts_line;

    if (*text != '\0' && !token_words(p, text, where, &words, &added))
        return false;
    if (!token_reserve(p, &p->tokens, p->count, &p->room, added))
        return false;
    memmove(p->tokens + from + added, p->tokens + from + count, rest * sizeof *words);
    if (added > 0) {
        memcpy(p->tokens + from, words, added * sizeof *words);
        p->tokens[from].starts_line = starts_line;
    }
    if (added == 0 && starts_line)
        p->tokens[from].starts_line = true;
    p->count = from + added + rest;
    return true;
}

#define MARKED (-1)

void edit_mark(parser *p, size_t i)
{
    p->tokens[i].kind = MARKED;
}

void edit_sweep(parser *p, size_t from)
{
    size_t to = from;
    bool fresh = false;

    for (size_t i = from; i < p->count; i++) {
        fresh = fresh || p->tokens[i].starts_line;
        if (p->tokens[i].kind == MARKED)
            continue;
        p->tokens[to] = p->tokens[i];
        p->tokens[to++].starts_line = fresh;
        fresh = false;
    }
    p->count = to;
}

/* Whether the tokens stand on one line, under which the fix is shown. */
static bool one_line(const parser *p, size_t from, size_t to)
{
    for (size_t i = from + 1; i <= to; i++) {
        if (p->tokens[i].starts_line)
            return false;
    }
    return true;
}

bool edit_rewrite(parser *p, size_t from, size_t to, const char *text)
{
    const span where = token_span(p, from, to);
    const diag *last = p->reports->count == 0 ? NULL : &p->reports->items[p->reports->count - 1];

    if (text == NULL || last == NULL)
        return false;
    if (last->help == NULL && *text != '\0' && !one_line(p, from, to))
        diag_add_help(p->reports, "write '%s'", text);
    diag_add_fix(p->reports, where, "%s", text);
    return edit_replace(p, from, to - from + 1, text, last->where);
}

bool edit_remove(parser *p, size_t from, size_t to)
{
    for (size_t i = from; i <= to; i++) {
        if (token_word(p, i))
            edit_lose(p, p->tokens[i].text);
    }
    diag_add_fix(p->reports, token_span(p, from, to), "%s", "");
    return edit_replace(p, from, to - from + 1, "", p->tokens[from].where);
}

bool edit_move(parser *p, size_t from, size_t count, size_t to)
{
    token *copy = (token *)arena_array(p->scratch, count, sizeof *copy);

    if (copy == NULL)
        return false;
    memcpy(copy, p->tokens + from, count * sizeof *copy);
    memmove(p->tokens + to + count, p->tokens + to, (from - to) * sizeof *copy);
    memcpy(p->tokens + to, copy, count * sizeof *copy);
    return true;
}
