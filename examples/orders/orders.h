/* The parts the programs of this example share. */
#ifndef ORDERS_H
#define ORDERS_H

#include <aegis/aegis.h>
#include "shop.h"

/* The order service: what it knows. One handler runs at a time (the default), so nothing here needs a lock. */
typedef struct orders {
    aegis_publisher *publisher; /* events are stored before a call is answered */
    aegis_arena *memory;        /* of the orders below */
    shop_order kept[64];        /* the newest ones, in a ring */
    size_t count;
} orders;

/* Serve `Orders` on the bus. `state` must outlive the service. */
aegis_status orders_serve(aegis_bus *bus, orders *state, aegis_service **service, aegis_error *error);
void orders_free(orders *state);

/* Serve `Monitor`: prints each order that was created, once, also those from while it was away. */
aegis_status monitor_serve(aegis_bus *bus, aegis_service **service, aegis_error *error);

/* What client.c does: one call of everything. Returns how many steps went another way than expected. */
int shopping_trip(aegis_bus *bus, aegis_format format);

/* Options of every program here: [URL] [--json]; the URL may also come from AEGIS_URL. The server has
 * [--metrics PORT] besides; 0 is a free one. */
typedef struct arguments {
    const char *url;
    aegis_format format;
    int metrics; /* -1: not asked for */
} arguments;
arguments read_arguments(int argc, char **argv, const char *default_url);

/* A logger for aegis_options: one line on stderr. */
void log_to_stderr(void *user, aegis_log_level level, const char *line);

#endif
