/* The durable subscriber as a process. */
#include "orders.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    const arguments args = read_arguments(argc, argv, "nats://127.0.0.1:4222");
    const aegis_options options = {.name = "monitor", .format = args.format, .log = log_to_stderr};
    aegis_bus *bus = NULL;
    aegis_service *service = NULL;
    aegis_error error;
    int code = 1;

    if (aegis_open(args.url, &options, &bus, &error) == AEGIS_OK &&
        monitor_serve(bus, &service, &error) == AEGIS_OK) {
        printf("monitor: %s listens\n", aegis_service_instance(service));
        (void)fflush(stdout);
        if (aegis_run(bus, &error) == AEGIS_OK)
            code = 0;
    }
    if (code != 0)
        fprintf(stderr, "monitor: %s\n", aegis_error_text(&error));
    else
        printf("monitor: stopped\n");
    aegis_close(bus);
    return code;
}
