/* Source files are UTF-8 without NUL. Checked once for the whole file, before it is cut into words, so that
 * every text that reaches generated code is known to be good. Characters outside ASCII belong into comments
 * and strings only; the lexer reports others.
 */
#include "parser.h"

/* RFC 3629: no overlong forms, no surrogates. */
size_t utf8_length(const unsigned char *at, size_t left)
{
    unsigned char low = 0x80, high = 0xbf;
    size_t length;

    if (at[0] < 0x80)
        return at[0] != 0;
    if (at[0] < 0xc2 || at[0] > 0xf4)
        return 0;
    length = at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
    if (length > left)
        return 0;
    if (at[0] == 0xe0)
        low = 0xa0;
    else if (at[0] == 0xed)
        high = 0x9f;
    else if (at[0] == 0xf0)
        low = 0x90;
    else if (at[0] == 0xf4)
        high = 0x8f;
    if (at[1] < low || at[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    }
    return length;
}

void lexer_check_bytes(parser *p)
{
    const source_file *file = &p->files->files[p->file];
    const unsigned char *text = (const unsigned char *)file->text;
    span where = {p->file, 0, 0};

    for (size_t i = 0; i < file->length;) {
        size_t length = utf8_length(text + i, file->length - i);

        if (length == 0) { /* once a file: what follows is likely the same mistake */
            where.start = (uint32_t)i;
            where.end = (uint32_t)i + 1;
            if (text[i] == 0)
                diag_report(p->reports, 106, where, "the file contains a NUL byte");
            else
                diag_report(p->reports, 106, where, "the file is not UTF-8: byte 0x%02X does not fit here",
                            text[i]);
            return;
        }
        i += length;
    }
}
