/* What a service tells of itself to who asks: NATS' own service protocol ($SRV.PING, INFO, STATS; ADR-32 of
 * https://github.com/nats-io/nats-architecture-and-design) and its schema (service.<name>.schema).
 *
 *   describe.c           who is asked, and the answer
 *   describe_service.c   what a service says of itself
 *   describe_schema.c    the text it was generated from
 */
#ifndef AEGIS_APPLICATION_DESCRIBE_H
#define AEGIS_APPLICATION_DESCRIBE_H

#include "application/service.h"

/* Listen, by aegis_presence_hear; before the service takes requests. */
aegis_status aegis_describe_open(aegis_service *service, aegis_error *error);
/* Once the service no longer answers. Also after a failed aegis_describe_open. */
void aegis_describe_close(aegis_service *service);
/* Answer what came; the message stays the caller's. On the thread of the bus's presence, holding no lock. */
void aegis_describe_answer(aegis_bus *bus, const aegis_message *message);

/* ---- the bodies of answers, in `arena`, from any thread ---- */
aegis_status aegis_describe_ping(aegis_service *service, aegis_arena *arena, aegis_bytes *out,
                                 aegis_error *error);
aegis_status aegis_describe_info(aegis_service *service, aegis_arena *arena, aegis_bytes *out,
                                 aegis_error *error);
aegis_status aegis_describe_stats(aegis_service *service, aegis_arena *arena, aegis_bytes *out,
                                  aegis_error *error);
/* With `why` an answer that has no files, but says why. */
aegis_status aegis_describe_schema(const aegis_schema *schema, aegis_format format, const char *why,
                                   aegis_arena *arena, aegis_bytes *out, aegis_error *error);

#endif
