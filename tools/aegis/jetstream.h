/* JetStream's own JSON API ($JS.API...), for those who look at what is there and change it: everything else
 * goes through the library, which never alters anything. */
#ifndef AEGIS_TOOL_JETSTREAM_H
#define AEGIS_TOOL_JETSTREAM_H

#include "session.h"

/* Ask "STREAM.INFO.EVENTS" and the like; `body` NULL: empty. `*answer` is the caller's. NOT_FOUND when there
 * is no such thing; UNAVAILABLE when nobody answers for JetStream. */
aegis_status jetstream_ask(session *s, const char *what, json_t *body, json_t **answer, aegis_error *error);

/* A stream's {"config", "state", ...}; NOT_FOUND. */
aegis_status jetstream_stream(session *s, const char *name, json_t **info, aegis_error *error);
/* All its consumers' infos: an array, page by page. A stream that is not there has none. */
aegis_status jetstream_consumers(session *s, const char *stream, json_t **list, aegis_error *error);

#endif
