/* What a service tells of itself to who asks: NATS' own service protocol ($SRV.PING, INFO, STATS; ADR-32) and
 * its schema (service.<name>.schema). */
#ifndef AEGIS_APPLICATION_DESCRIBE_H
#define AEGIS_APPLICATION_DESCRIBE_H

#include "application/service.h"

/* Listen, by aegis_presence_hear; before the service takes requests. */
aegis_status aegis_describe_open(aegis_service *service, aegis_error *error);
/* Once the service no longer answers. Also after a failed aegis_describe_open. */
void aegis_describe_close(aegis_service *service);
/* Answer what came; the message stays the caller's. On the thread of the bus's presence, holding no lock. */
void aegis_describe_answer(aegis_bus *bus, const aegis_message *message);

#endif
