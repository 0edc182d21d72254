/* The order service as a process: start as many as you like, they share the calls. SIGTERM finishes what runs. */
#include "orders.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    const arguments args = read_arguments(argc, argv, "nats://127.0.0.1:4222");
    const aegis_options options = {.name = "server", .format = args.format, .log = log_to_stderr};
    orders state = {0};
    aegis_bus *bus = NULL;
    aegis_service *service = NULL;
    aegis_error error;
    int code = 1;

    if (aegis_open(args.url, &options, &bus, &error) == AEGIS_OK &&
        orders_serve(bus, &state, &service, &error) == AEGIS_OK) {
        printf("server: %s is ready\n", aegis_service_instance(service));
        (void)fflush(stdout);
        if (aegis_run(bus, &error) == AEGIS_OK)
            code = 0;
    }
    if (code != 0)
        fprintf(stderr, "server: %s\n", aegis_error_text(&error));
    else
        printf("server: stopped, nothing left undone\n");
    orders_free(&state);
    aegis_close(bus);
    return code;
}
