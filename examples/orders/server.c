/* The order service as a process: start as many as you like, they share the calls. SIGTERM finishes what
 * runs. With --metrics it also tells Prometheus and an orchestrator how it is. */
#include "orders.h"

#include <aegis/http.h>

#include <stdio.h>

/* NULL when nobody asked for it. */
static aegis_status listen_for_monitoring(aegis_bus *bus, int port, aegis_http **http, aegis_error *error)
{
    const aegis_http_options options = {.port = (uint16_t)port};
    aegis_status status;

    *http = NULL;
    if (port < 0)
        return AEGIS_OK;
    status = aegis_http_start(bus, &options, http, error);
    if (status == AEGIS_OK)
        printf("server: see http://127.0.0.1:%u/metrics\n", (unsigned)aegis_http_port(*http));
    return status;
}

int main(int argc, char **argv)
{
    const arguments args = read_arguments(argc, argv, "nats://127.0.0.1:4222");
    const aegis_options options = {.name = "server", .format = args.format, .log = log_to_stderr};
    orders state = {0};
    aegis_bus *bus = NULL;
    aegis_service *service = NULL;
    aegis_http *http = NULL;
    aegis_error error;
    int code = 1;

    if (aegis_open(args.url, &options, &bus, &error) == AEGIS_OK &&
        orders_serve(bus, &state, &service, &error) == AEGIS_OK &&
        listen_for_monitoring(bus, args.metrics, &http, &error) == AEGIS_OK) {
        printf("server: %s is ready\n", aegis_service_instance(service));
        (void)fflush(stdout);
        if (aegis_run(bus, &error) == AEGIS_OK)
            code = 0;
    }
    if (code != 0)
        fprintf(stderr, "server: %s\n", aegis_error_text(&error));
    else
        printf("server: stopped, nothing left undone\n");
    aegis_http_stop(http);
    orders_free(&state);
    aegis_close(bus);
    return code;
}
