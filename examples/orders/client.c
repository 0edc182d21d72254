/* The customer as a process. */
#include "orders.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    const arguments args = read_arguments(argc, argv, "nats://127.0.0.1:4222");
    const aegis_options options = {.name = "client", .log = log_to_stderr};
    aegis_bus *bus;
    aegis_error error;
    int wrong;

    if (aegis_open(args.url, &options, &bus, &error) != AEGIS_OK) {
        fprintf(stderr, "client: %s\n", aegis_error_text(&error));
        return 1;
    }
    wrong = shopping_trip(bus, args.format);
    aegis_close(bus);
    return wrong == 0 ? 0 : 1;
}
