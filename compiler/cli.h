/* The command line: one table of commands, each in a file of its own, cmd_NAME.c.
 *
 * A command says in its table entry what it takes; reading the options, `--help`, and the words about a
 * misspelt one are the same for all. It is then called with a struct of its own, zeroed and filled in.
 * Diagnostics and complaints go to standard error; what was asked for goes to standard output.
 */
#ifndef CLI_H
#define CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "arena.h"

#ifndef AEGISC_VERSION
#define AEGISC_VERSION "0.1.0"
#endif

/* Exit codes of every command. */
enum {
    CLI_DONE = 0,
    CLI_MISTAKES = 1, /* the input has mistakes, or is not as it should be */
    CLI_USAGE = 2,    /* the command line has */
    CLI_IO = 3        /* a file could not be read or written, or memory ended */
};

typedef struct cli_list {
    const char **items;
    size_t count;
} cli_list;

typedef enum cli_kind {
    CLI_FLAG, /* a bool */
    CLI_TEXT, /* a const char *; NULL when not given, the last when given twice */
    CLI_LIST  /* a cli_list */
} cli_kind;

typedef struct cli_option {
    const char *name;  /* "-o" or "--depfile" */
    const char *value; /* "DIR": what it takes, as help shows it; "a|b": one of these; NULL for a flag */
    cli_kind kind;
    size_t at; /* offset in the command's struct */
    const char *help;
} cli_option;

struct cli;

typedef struct cli_command {
    const char *name;
    const char *summary; /* its line in `aegisc --help` */
    const char *takes;   /* what stands behind the options: "FILE.aegis..." */
    const char *about;   /* a paragraph or a few */
    const char *examples;
    const char *failure; /* what exit code 1 means; NULL: never returned */
    const cli_option *options;
    size_t option_count;
    size_t request_size;    /* of the command's struct */
    size_t least, most;     /* arguments it needs and takes */
    const char *on_missing; /* said when there are fewer: "which file?" */
    int (*run)(struct cli *line, void *request);
} cli_command;

/* One run of a command. */
typedef struct cli {
    const cli_command *command;
    cli_list arguments; /* what is no option, in order; "-" is an argument */
    arena memory;       /* of the command line; a compile has its own */
} cli;

/* What a program is: its name in messages, and its commands. */
typedef struct cli_program_info {
    const char *name; /* "aegisc" */
    const char *version;
    const char *summary; /* what it is, in a few words */
    const cli_command *const *commands;
    size_t command_count;
    const cli_command *fallback; /* what a command line that names no command means, or NULL */
    const char *takes;           /* how its help puts what stands behind the name */
    const char *closing;         /* what `--help` says behind the list of commands */
    const char *io;              /* what exit code 3 means */
    /* Tells a failure as JSON, for commands with an option --json that was given; NULL: none has one.
     * `status` is NOT_FOUND or the like, `hint` what to do about it or "". */
    void (*failed)(const char *status, const char *text, const char *hint);
} cli_program_info;

/* Of this program: each defines it once, beside its main. */
extern const cli_program_info cli_program;

/* Find the command that is meant and run it: all that main does. The exit code. */
int cli_main(int argc, char **argv);
/* Read `argc` arguments as those of `command` and run it; the exit code. */
int cli_run(const cli_command *command, int argc, char **argv);

/* ---- what is said on standard error, cli_say.c ---- */

#if defined(__GNUC__)
#define CLI_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define CLI_PRINTF(text, first)
#endif

/* In the format of a complaint: what follows is what to do about it. "no service 'x' runs" CLI_HINT "did you
 * mean 'y'?" is printed with "; " between; of failures told as JSON it is a member of its own. */
#define CLI_HINT "\v"
/* "aegisc: ..." */
void cli_complain(const char *format, ...) CLI_PRINTF(1, 2);
/* The same, and where help is; returns CLI_USAGE. */
int cli_usage(const cli_command *command, const char *format, ...) CLI_PRINTF(2, 3);
/* The same with a line of its own about where more is told. */
int cli_mistake(const char *where, const char *format, ...) CLI_PRINTF(2, 3);
/* Returns CLI_IO, having said that memory ended. */
int cli_out_of_memory(void);
/* What is no failure: how far it is, what else there is. Not prefixed. */
void cli_remark(const char *format, ...) CLI_PRINTF(1, 2);

/* What kind of failure the one is that is complained of, for programs: "NOT_FOUND". The first counts; without
 * one the exit code says it. */
void cli_status(const char *status);
/* From now on complaints are held back for cli_program.failed, or no longer. */
void cli_hold(bool yes);
bool cli_holds(void);
/* Tell what was held back. */
void cli_let_go(int code);

/* Text of others: valid UTF-8 without control characters; those and bad bytes as \x1b. */
void cli_safe(FILE *file, const char *text);
/* The same, but ends of lines are kept. */
void cli_safe_lines(FILE *file, const char *text);
/* The character at `text` as it is shown so, and in how many columns; how many bytes of text it takes. */
#define CLI_SHOWN 16
size_t cli_shown(const char *text, char shown[CLI_SHOWN], unsigned *columns);

/* Flush standard output: `code`, or CLI_IO where what was asked for could not be written. */
int cli_finish(int code);

void cli_print_help(const cli_command *command);
/* The same as a manual page, cli_man.c; NULL: the program's own. */
void cli_print_man(const cli_command *command);

#define CLI_COUNT(array) (sizeof(array) / sizeof((array)[0]))
/* No bound on the number of arguments. */
#define CLI_ANY ((size_t)-1)

#endif
