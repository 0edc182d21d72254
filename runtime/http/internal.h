/* The parts of the HTTP listener:
 *
 *   socket.c     an address becomes a listening socket, or an error that names it
 *   listener.c   the thread, the connections and their time
 *   pages.c      a path becomes a page
 *   prometheus.c what /metrics says, with expose_*.c; exposition.c is how that is written
 *
 * All of it runs on the listener's one thread, but for start and stop.
 */
#ifndef AEGIS_HTTP_INTERNAL_H
#define AEGIS_HTTP_INTERNAL_H

#include <aegis/http.h>

/* What a request gets. */
typedef struct aegis_http_page {
    unsigned status; /* of HTTP: 200, 404 */
    const char *type;
    char *text; /* in the arena; NULL when that is exhausted */
    size_t size;
} aegis_http_page;

/* The page of a path. A failure is a page, too. */
void aegis_http_page_of(aegis_bus *bus, const char *path, aegis_arena *arena, aegis_http_page *page);
/* A page of one line. */
void aegis_http_say(aegis_http_page *page, aegis_arena *arena, unsigned status, const char *format, ...)
    AEGIS_PRINTF(4, 5);

/* What /metrics says, in the arena; NULL: *error says why not. */
char *aegis_http_metrics(aegis_bus *bus, aegis_arena *arena, size_t *size, aegis_error *error);

/* A listening socket that does not block, and its port. */
aegis_status aegis_http_listen(const aegis_http_options *options, int *socket, uint16_t *port,
                               aegis_error *error);

#endif
