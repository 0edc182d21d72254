/* A whole terminal for a program that redraws it: the alternate screen, keys as they are typed, and
 * everything as it was before when it is over, however it ends: by its own will, by a signal, suspended and
 * resumed, or by a crash.
 */
#ifndef AEGIS_TOOL_TERMINAL_H
#define AEGIS_TOOL_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

/* What terminal_key returns beside characters. */
enum {
    KEY_NONE = 0,
    KEY_ENTER = '\r',
    KEY_ESCAPE = 27,
    KEY_BACKSPACE = 127,
    KEY_UP = 0x100,
    KEY_DOWN,
    KEY_LEFT,
    KEY_RIGHT,
    KEY_PAGE_UP,
    KEY_PAGE_DOWN,
    KEY_HOME,
    KEY_END,
    KEY_REDRAW /* the terminal has another size, or is ours again: draw all */
};

/* Standard input and output. False: they are no terminal. */
bool terminal_open(void);
/* As it was before. Any number of times. */
void terminal_close(void);
/* The next key, within `milliseconds`, or earlier when `also` (a file descriptor, or -1) can be read:
 * KEY_NONE then. */
int terminal_key(int milliseconds, int also);
/* Draw a frame: the first `rows` lines of `text`, and of each what fits into `columns`. Nothing of the frame
 * before stays. */
void terminal_draw(const char *text, size_t size, unsigned columns, unsigned rows);

#endif
