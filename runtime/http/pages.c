/* What the listener has to show. Health: /livez says that the process is alive, which needs no more than that
 * somebody answers; /readyz whether it can take work now, so that a load balancer or an orchestrator sends it
 * none while it cannot. /metrics is prometheus.c's. */
#include "http/internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <aegis/metrics.h>

#define PLAIN "text/plain; charset=utf-8"

void aegis_http_say(aegis_http_page *page, aegis_arena *arena, unsigned status, const char *format, ...)
{
    char line[512];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    page->status = status;
    page->type = PLAIN;
    page->text = aegis_arena_printf(arena, "%s\n", line);
    page->size = page->text != NULL ? strlen(page->text) : 0;
}

static void live(aegis_bus *bus, aegis_arena *arena, aegis_http_page *page)
{
    (void)bus;
    aegis_http_say(page, arena, 200, "live");
}

static void ready(aegis_bus *bus, aegis_arena *arena, aegis_http_page *page)
{
    aegis_metrics metrics;
    aegis_error error;

    if (aegis_metrics_read(bus, arena, &metrics, &error) != AEGIS_OK)
        aegis_http_say(page, arena, 503, "not ready: %s", aegis_error_text(&error));
    else if (!metrics.connection.connected)
        aegis_http_say(page, arena, 503, "not ready: no connection to %s", metrics.connection.server);
    else
        aegis_http_say(page, arena, 200, "ready");
}

static void metrics_page(aegis_bus *bus, aegis_arena *arena, aegis_http_page *page)
{
    aegis_error error = {0};

    page->status = 200;
    page->type = "text/plain; version=0.0.4; charset=utf-8";
    page->text = aegis_http_metrics(bus, arena, &page->size, &error);
    if (page->text == NULL)
        aegis_http_say(page, arena, 500, "%s", aegis_error_text(&error));
}

static const struct {
    const char *path;
    void (*show)(aegis_bus *bus, aegis_arena *arena, aegis_http_page *page);
} pages[] = {{"/livez", live}, {"/readyz", ready}, {"/metrics", metrics_page}};

void aegis_http_page_of(aegis_bus *bus, const char *path, aegis_arena *arena, aegis_http_page *page)
{
    size_t i;

    for (i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        if (strcmp(path, pages[i].path) == 0) {
            pages[i].show(bus, arena, page);
            return;
        }
    }
    aegis_http_say(page, arena, 404, "there is nothing here but /livez, /readyz and /metrics");
}
