/* Where releases of nats.c differ; everything else in this folder is written against what 3.4.1 (Debian 12)
 * and 3.10.1 (Debian 13) have in common.
 *
 * In event-loop mode the socket belongs to the loop. Up to 3.9.1 the library closes it by itself, from 3.9.2
 * on the loop says when it has let go of it, and from 3.11 on also that it has seen the detachment.
 */
#ifndef AEGIS_NATS_COMPAT_H
#define AEGIS_NATS_COMPAT_H

#include <nats/nats.h>

static inline void aegis_nats_close_socket(int fd)
{
#if NATS_VERSION_NUMBER >= 0x030902
    natsSock socket = (natsSock)fd;
    natsConnection_ProcessCloseEvent(&socket);
#else
    (void)fd;
#endif
}

static inline void aegis_nats_detached(natsConnection *connection)
{
#if NATS_VERSION_NUMBER >= 0x030B00
    natsConnection_ProcessDetachedEvent(connection);
#else
    (void)connection;
#endif
}

#endif
