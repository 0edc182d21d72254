/* The terminal, raw and back again.
 *
 * Own escapes instead of curses: what `top` draws is whole frames of text that is measured and coloured
 * already, in a dozen sequences that every terminal has known for decades.
 */
#define _XOPEN_SOURCE 700
#include "terminal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "screen.h"

/* Alternate screen, no cursor, no wrapping of long lines; and back. */
#define ENTER "\033[?1049h\033[?25l\033[?7l\033[2J"
#define LEAVE "\033[?7h\033[?25h\033[0m\033[?1049l"
/* Of a sequence that a key sends: what follows an escape comes at once. */
#define ESCAPE_MS 30

/* What signal handlers have to reach. */
static struct termios before;
static volatile sig_atomic_t is_open, resized;

static void put(const char *text, size_t size)
{
    while (size > 0) {
        const ssize_t done = write(STDOUT_FILENO, text, size);

        if (done < 0 && errno != EINTR && errno != EAGAIN)
            return;
        if (done > 0) {
            text += done;
            size -= (size_t)done;
        }
    }
}

static bool enter(void)
{
    struct termios raw = before;

    raw.c_iflag &= ~(tcflag_t)(ICRNL | IXON);
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | IEXTEN);
    raw.c_cc[VMIN] = 0;
    raw.c_cc[VTIME] = 0;
    if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw) != 0)
        return false;
    is_open = 1;
    put(ENTER, sizeof ENTER - 1);
    return true;
}

/* Only calls what a signal handler may. */
void terminal_close(void)
{
    const int kept = errno;

    if (is_open) {
        is_open = 0;
        put(LEAVE, sizeof LEAVE - 1);
        (void)tcsetattr(STDIN_FILENO, TCSANOW, &before);
    }
    errno = kept;
}

static void on_resize(int number)
{
    (void)number;
    resized = 1;
}

/* What ends or stops the program: the terminal first, then what the signal does by itself. */
static void on_end(int number)
{
    terminal_close();
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}

static void handle(int number, void (*handler)(int), int flags)
{
    struct sigaction action;

    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    action.sa_flags = flags;
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(number, &action, NULL);
}

/* Here again after Ctrl-Z. */
static void on_continue(int number)
{
    (void)number;
    handle(SIGTSTP, on_end, SA_NODEFER);
    (void)enter();
    resized = 1;
}

bool terminal_open(void)
{
    static const int fatal[] = {SIGHUP, SIGQUIT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTSTP};
    size_t i;

    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &before) != 0)
        return false;
    for (i = 0; i < sizeof fatal / sizeof fatal[0]; i++)
        handle(fatal[i], on_end, SA_NODEFER);
    handle(SIGCONT, on_continue, 0);
    handle(SIGWINCH, on_resize, 0);
    return enter();
}

/* ---- keys ---- */

/* One byte, or -1. */
static int read_byte(int milliseconds)
{
    struct pollfd in = {STDIN_FILENO, POLLIN, 0};
    unsigned char byte;

    if (poll(&in, 1, milliseconds) != 1 || read(STDIN_FILENO, &byte, 1) != 1)
        return -1;
    return byte;
}

/* What follows "ESC [" or "ESC O". */
static int sequence(void)
{
    static const char letters[] = "ABCDHF";
    static const int of_letters[] = {KEY_UP, KEY_DOWN, KEY_RIGHT, KEY_LEFT, KEY_HOME, KEY_END};
    int byte = read_byte(ESCAPE_MS), number = 0;
    const char *letter = byte > 0 ? strchr(letters, byte) : NULL;

    if (letter != NULL)
        return of_letters[letter - letters];
    while (byte >= '0' && byte <= ';') {
        number = byte <= '9' && number < 100 ? number * 10 + byte - '0' : number;
        byte = read_byte(ESCAPE_MS);
    }
    if (byte != '~')
        return KEY_NONE;
    return number == 1 || number == 7   ? KEY_HOME
           : number == 4 || number == 8 ? KEY_END
           : number == 5                ? KEY_PAGE_UP
           : number == 6                ? KEY_PAGE_DOWN
                                        : KEY_NONE;
}

static int key_of(int byte)
{
    int next;

    if (byte == '\n')
        return KEY_ENTER;
    if (byte == 8)
        return KEY_BACKSPACE;
    if (byte != KEY_ESCAPE)
        return byte;
    next = read_byte(ESCAPE_MS);
    if (next == '[' || next == 'O')
        return sequence();
    return next < 0 ? KEY_ESCAPE : KEY_NONE;
}

int terminal_key(int milliseconds, int also)
{
    struct pollfd waits[2] = {{STDIN_FILENO, POLLIN, 0}, {also, POLLIN, 0}};
    unsigned char byte;

    if (!resized && poll(waits, also >= 0 ? 2 : 1, milliseconds) < 0)
        waits[0].revents = 0;
    if (resized) {
        resized = 0;
        return KEY_REDRAW;
    }
    if ((waits[0].revents & (POLLHUP | POLLERR)) != 0 && (waits[0].revents & POLLIN) == 0)
        (void)raise(SIGTERM); /* nobody is there any more */
    if ((waits[0].revents & POLLIN) == 0 || read(STDIN_FILENO, &byte, 1) != 1)
        return KEY_NONE;
    return key_of(byte);
}

/* ---- frames ---- */

/* Bytes of the character or escape that begins at `at`, before `end`. */
static size_t piece(const char *at, const char *end)
{
    size_t size = 1;

    if (*at == '\033') { /* ESC [ ... letter */
        while (at + size < end && !(size > 1 && at[size] >= '@'))
            size++;
        return at + size < end ? size + 1 : size;
    }
    while (at + size < end && ((unsigned char)at[size] & 0xc0) == 0x80)
        size++;
    return size;
}

/* As much of a line as fits. */
static void put_line(FILE *file, const char *at, const char *end, unsigned columns)
{
    size_t taken = 0;

    while (at < end) {
        const size_t size = piece(at, end);
        char one[8];

        (void)snprintf(one, sizeof one, "%.*s", (int)(size < sizeof one ? size : sizeof one - 1), at);
        taken += *at == '\033' ? 0 : screen_width(one);
        if (taken <= columns)
            fwrite(at, 1, size, file);
        at += size;
    }
}

void terminal_draw(const char *text, size_t size, unsigned columns, unsigned rows)
{
    char *frame = NULL;
    size_t frame_size = 0;
    FILE *file = open_memstream(&frame, &frame_size);
    unsigned row = 1;

    if (file == NULL)
        return;
    fputs("\033[H", file);
    while (size > 0 && row <= rows) {
        const char *end = (const char *)memchr(text, '\n', size);
        const size_t length = end != NULL ? (size_t)(end - text) : size;

        fputs("\033[K", file); /* before: behind a full line it would take the last character */
        put_line(file, text, text + length, columns);
        fputs(row < rows ? "\033[0m\r\n" : "\033[0m", file);
        row++;
        text += end != NULL ? length + 1 : length;
        size -= end != NULL ? length + 1 : length;
    }
    if (row <= rows)
        fputs("\033[J", file);
    if (fclose(file) == 0)
        put(frame, frame_size); /* at once: no half a frame is seen */
    free(frame);
}
