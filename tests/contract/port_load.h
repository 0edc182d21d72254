/* Ports with something going on: an echo that answers, calls that are made until one is answered. For tests
 * of connections, which ask how long it takes until things work again.
 */
#ifndef TESTS_CONTRACT_PORT_LOAD_H
#define TESTS_CONTRACT_PORT_LOAD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>

#include "ports/bus.h"
#include "ports/clock.h"

#define ok(call) assert_string_equal(aegis_status_name(call), "OK")

int64_t load_in_ms(int64_t ms);
void load_nap(int64_t ms);
/* Opens, or fails the test with the reason. */
aegis_port *load_open(const char *url, const aegis_options *options);
aegis_health load_health(aegis_port *port);
/* Makes the stream, if it is not there, and stores one message on it. */
void load_store(aegis_port *port, const char *stream, const char *subject);

/* A thread that answers whatever comes to a subject. */
typedef struct load_echo {
    aegis_port *port;
    aegis_source *source;
    atomic_bool stop;
    atomic_long served;
    pthread_t thread;
} load_echo;
void load_echo_start(load_echo *echo, aegis_port *port, const char *subject);
void load_echo_stop(load_echo *echo);

/* One call with a second's patience. */
aegis_status load_call(aegis_port *port, const char *subject, aegis_error *error);
/* Until a call is answered; milliseconds, or -1 when it took over `patience_ms`. */
int64_t load_recovery(aegis_port *port, const char *subject, int64_t patience_ms);
long load_resident_pages(void);

#endif
