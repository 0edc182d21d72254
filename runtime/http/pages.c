/* What the listener has to show: /livez and /readyz say how aegis_health_read finds the program, with the
 * reasons, so that an orchestrator starts it anew, or sends it no work; /metrics is prometheus.c's. */
#include "http/internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <aegis/health.h>

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

/* "ready", or "not ready", and a line for each check: "+ jetstream", "- order-service.handlers: stuck for 70
 * s". */
static void report(aegis_http_page *page, aegis_arena *arena, const char *what, bool good,
                   const aegis_health_report *health)
{
    size_t room = 64, i;
    int length;

    for (i = 0; i < health->check_count; i++)
        room += strlen(health->checks[i].name) + strlen(health->checks[i].text) + 8;
    page->status = good ? 200 : 503;
    page->type = PLAIN;
    page->text = (char *)aegis_arena_alloc(arena, room);
    if (page->text == NULL)
        return;
    length = snprintf(page->text, room, "%s%s\n", good ? "" : "not ", what);
    for (i = 0; i < health->check_count; i++) {
        const aegis_health_check *check = &health->checks[i];

        length += snprintf(page->text + length, room - (size_t)length, "%c %s%s%s\n", check->good ? '+' : '-',
                           check->name, check->text[0] != '\0' ? ": " : "", check->text);
    }
    page->size = (size_t)length;
}

static void show_health(aegis_bus *bus, aegis_arena *arena, aegis_http_page *page, bool live)
{
    aegis_health_report health;
    aegis_error error = {0};

    if (aegis_health_read(bus, arena, &health, &error) != AEGIS_OK)
        aegis_http_say(page, arena, 503, "not known: %s", aegis_error_text(&error));
    else
        report(page, arena, live ? "live" : "ready", live ? health.live : health.ready, &health);
}

static void live_page(aegis_bus *bus, aegis_arena *arena, aegis_http_page *page)
{
    show_health(bus, arena, page, true);
}

static void ready_page(aegis_bus *bus, aegis_arena *arena, aegis_http_page *page)
{
    show_health(bus, arena, page, false);
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
} pages[] = {{"/livez", live_page}, {"/readyz", ready_page}, {"/metrics", metrics_page}};

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
