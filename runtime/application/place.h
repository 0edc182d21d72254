/* A consumer that has lost its place in its stream. nats-server 2.9 forgets, when it is killed, up to where a
 * work queue that was empty had counted: the stream begins again at 1, while its consumers remember a later
 * place, and what is stored from then on is taken for delivered. It would wait there for ever. (2.10 keeps
 * its place.) Such a consumer is made anew; it then finds all that is in the stream, which of a work queue is
 * just what has not been seen to.
 *
 * Whoever reads a work queue looks now and then, and soon after a connection was lost. Any thread; each
 * function waits for the bus, two seconds at most for one question.
 */
#ifndef AEGIS_APPLICATION_PLACE_H
#define AEGIS_APPLICATION_PLACE_H

#include "application/bus.h"

typedef enum aegis_place {
    AEGIS_PLACE_UNKNOWN = 0, /* there was no answer */
    AEGIS_PLACE_KEPT,
    AEGIS_PLACE_DOUBTED, /* something lies there that it does not seem to see: look again in a second or more
                          */
    AEGIS_PLACE_LOST
} aegis_place;

/* `*unseen`, 0 at first, is kept between two looks at the same consumer. One that is not there is made. */
aegis_place aegis_place_look(aegis_bus *bus, const aegis_consumer_config *config, uint64_t *unseen,
                             aegis_arena *arena);
/* Make it anew; sources that read it go on. `who` is for the log. */
aegis_status aegis_place_remake(aegis_bus *bus, const aegis_consumer_config *config, const char *who);

#endif
