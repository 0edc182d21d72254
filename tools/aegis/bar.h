/* How far a command is: a bar that is drawn anew on a terminal, else a line now and then. */
#ifndef AEGIS_TOOL_BAR_H
#define AEGIS_TOOL_BAR_H

#include "screen.h"

typedef struct bar {
    screen out; /* standard error */
    const char *title;
    bool json, drawn;
    unsigned turn;             /* of the spinner */
    int64_t begun;             /* monotonic */
    int64_t told;              /* when the last line was printed */
    int64_t first_at, at;      /* of the first and the last update that had numbers */
    double first, done, total; /* total 0: not known */
    double percent;            /* below 0: not known */
    char note[200];
} bar;

void bar_begin(bar *b, const char *title, const char *colour, bool json);
/* An update came. */
void bar_update(bar *b, json_t *update);
/* Draw again: the time goes on though nothing came. Only a terminal sees it. */
void bar_tick(bar *b);
/* Wipe it away, before something else is printed. */
void bar_clear(bar *b);

#endif
