/* A child process whose input and outputs are temporary files: nobody waits for the other to read, and no
 * signal comes from a pipe that closes early. For programs that end by themselves.
 */
#define _POSIX_C_SOURCE 200809L
#include "cli_process.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* Largest output that is read. */
#define OUTPUT_MAX ((long)128 << 20)

/* The child: does not return. */
static void become(const cli_process *p, int in, int out, int err)
{
    union {
        const char *const *given;
        char *const *wanted; /* POSIX: execvp does not change them */
    } arguments = {p->arguments};

    for (size_t i = 0; p->without != NULL && p->without[i] != NULL; i++)
        (void)unsetenv(p->without[i]);
    if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0)
        _exit(127);
    (void)execvp(p->arguments[0], arguments.wanted);
    _exit(127);
}

static bool wait_for(pid_t child, int *exit_code)
{
    int status;

    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR)
            return false;
    }
    *exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 126;
    return true;
}

static char *read_back(arena *memory, FILE *file, size_t *size)
{
    long end = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    char *text;

    if (end < 0 || end > OUTPUT_MAX || fseek(file, 0, SEEK_SET) != 0) {
        errno = end > OUTPUT_MAX ? EFBIG : errno;
        return NULL;
    }
    text = (char *)arena_alloc(memory, (size_t)end + 1);
    if (text == NULL) {
        errno = ENOMEM;
        return NULL;
    }
    *size = fread(text, 1, (size_t)end, file);
    return text;
}

static bool run(arena *memory, cli_process *p, FILE *in, FILE *out, FILE *err)
{
    size_t size;
    pid_t child;

    if (p->input != NULL && (fwrite(p->input, 1, p->input_size, in) != p->input_size || fflush(in) != 0))
        return false;
    rewind(in);
    child = fork();
    if (child < 0)
        return false;
    if (child == 0)
        become(p, fileno(in), fileno(out), fileno(err));
    if (!wait_for(child, &p->exit_code))
        return false;
    p->output = read_back(memory, out, &p->output_size);
    p->complaint = read_back(memory, err, &size);
    return p->output != NULL && p->complaint != NULL;
}

bool cli_process_run(arena *memory, cli_process *process)
{
    FILE *in = tmpfile(), *out = tmpfile(), *err = tmpfile();
    const bool done = in != NULL && out != NULL && err != NULL && run(memory, process, in, out, err);
    const int why = errno;

    if (in != NULL)
        (void)fclose(in);
    if (out != NULL)
        (void)fclose(out);
    if (err != NULL)
        (void)fclose(err);
    errno = why;
    return done;
}
