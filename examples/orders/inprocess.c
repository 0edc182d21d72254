/* Server, monitor and client in one process, on the in-process bus: no server to start, the same behaviour. This is
 * also how a test of your own service looks. */
#include "orders.h"

#include <stdio.h>
#include <time.h>

int main(int argc, char **argv)
{
    const arguments args = read_arguments(argc, argv, "mem:");
    const aegis_options options = {.name = "inprocess", .format = args.format, .log = log_to_stderr};
    const struct timespec moment = {.tv_sec = 0, .tv_nsec = 300 * 1000 * 1000};
    orders state = {0};
    aegis_bus *bus = NULL;
    aegis_service *shop = NULL, *monitor = NULL;
    aegis_error error;
    int wrong = 1;

    if (aegis_open(args.url, &options, &bus, &error) == AEGIS_OK &&
        orders_serve(bus, &state, &shop, &error) == AEGIS_OK &&
        monitor_serve(bus, &monitor, &error) == AEGIS_OK) {
        wrong = shopping_trip(bus, args.format);
        (void)nanosleep(&moment, NULL); /* the last event is on its way to the monitor */
    } else {
        fprintf(stderr, "inprocess: %s\n", aegis_error_text(&error));
    }
    aegis_service_stop(monitor);
    aegis_service_stop(shop);
    orders_free(&state);
    aegis_close(bus);
    return wrong == 0 ? 0 : 1;
}
