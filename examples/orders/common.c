/* Arguments and logging, the same in every program here. */
#include "orders.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

arguments read_arguments(int argc, char **argv, const char *default_url)
{
    const char *from_environment = getenv("AEGIS_URL");
    arguments result = {.url = from_environment != NULL ? from_environment : default_url,
                        .format = AEGIS_FORMAT_MSGPACK,
                        .metrics = -1};

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0)
            result.format = AEGIS_FORMAT_JSON;
        else if (strcmp(argv[i], "--metrics") == 0 && i + 1 < argc)
            result.metrics = atoi(argv[++i]) & 0xffff;
        else if (argv[i][0] != '-')
            result.url = argv[i];
        else {
            fprintf(stderr, "usage: %s [URL] [--json] [--metrics PORT]\n", argv[0]);
            exit(2);
        }
    }
    return result;
}

void log_to_stderr(void *user, aegis_log_level level, const char *line)
{
    static const char *const names[] = {"debug", "info", "warning", "error"};

    (void)user;
    if (level >= AEGIS_LOG_WARNING)
        fprintf(stderr, "aegis %s: %s\n", names[level], line);
}
