#define _GNU_SOURCE
#include "port_load.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

int64_t load_in_ms(int64_t ms)
{
    return aegis_clock_monotonic() + ms * AEGIS_MILLISECOND;
}

void load_nap(int64_t ms)
{
    const struct timespec time = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
    nanosleep(&time, NULL);
}

aegis_port *load_open(const char *url, const aegis_options *options)
{
    aegis_port *port = NULL;
    aegis_error error = {0};
    if (aegis_nats_open(url, options, &port, &error) != AEGIS_OK)
        fail_msg("%s", error.text);
    return port;
}

aegis_health load_health(aegis_port *port)
{
    aegis_health health;
    port->ops->health(port, &health);
    return health;
}

void load_store(aegis_port *port, const char *stream, const char *subject)
{
    const aegis_stream_config config = {.name = stream, .subjects = &subject, .subject_count = 1};
    const aegis_outgoing message = {.subject = subject, .body = {(const uint8_t *)"x", 1}};
    ok(port->ops->ensure_stream(port, &config, load_in_ms(5000), NULL, NULL));
    ok(port->ops->publish_durable(port, &message, load_in_ms(5000), NULL, NULL));
}

static void *echo_main(void *argument)
{
    load_echo *e = (load_echo *)argument;
    aegis_message message;
    while (!atomic_load(&e->stop)) {
        if (e->port->ops->next(e->source, load_in_ms(50), &message) != AEGIS_OK)
            continue;
        const aegis_outgoing answer = {.subject = message.reply, .body = message.body};
        if (message.reply != NULL)
            e->port->ops->publish(e->port, &answer, NULL);
        e->port->ops->release(&message);
        atomic_fetch_add(&e->served, 1);
    }
    return NULL;
}

void load_echo_start(load_echo *e, aegis_port *port, const char *subject)
{
    memset(e, 0, sizeof *e);
    e->port = port;
    ok(port->ops->subscribe(port, subject, "echo", 0, false, &e->source, NULL));
    assert_int_equal(pthread_create(&e->thread, NULL, echo_main, e), 0);
}

void load_echo_stop(load_echo *e)
{
    atomic_store(&e->stop, true);
    pthread_join(e->thread, NULL);
    e->port->ops->close_source(e->source);
}

aegis_status load_call(aegis_port *port, const char *subject, aegis_error *error)
{
    const aegis_outgoing request = {.subject = subject, .body = {(const uint8_t *)"ping", 4}};
    aegis_message answer;
    const aegis_status status = port->ops->request(port, &request, load_in_ms(1000), &answer, error);
    if (status == AEGIS_OK)
        port->ops->release(&answer);
    return status;
}

int64_t load_recovery(aegis_port *port, const char *subject, int64_t patience_ms)
{
    const int64_t start = aegis_clock_monotonic();
    while (aegis_clock_monotonic() < start + patience_ms * AEGIS_MILLISECOND) {
        if (load_call(port, subject, NULL) == AEGIS_OK)
            return (aegis_clock_monotonic() - start) / AEGIS_MILLISECOND;
        load_nap(1);
    }
    return -1;
}

long load_resident_pages(void)
{
    long size = 0;
    long resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL || fscanf(file, "%ld %ld", &size, &resident) != 2)
        resident = 0;
    if (file != NULL)
        (void)fclose(file);
    return resident;
}
