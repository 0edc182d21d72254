/* What clients and publishers are made of, and what an exchange needs from several files. */
#ifndef AEGIS_APPLICATION_CLIENT_H
#define AEGIS_APPLICATION_CLIENT_H

#include <aegis/generated.h>

#include "application/bus.h"
#include "application/envelope.h"

struct aegis_client {
    aegis_bus *bus;
    aegis_format format;
    char source[80];
};

struct aegis_publisher {
    aegis_client sender;
};

/* Shared beginning of an exchange: identity, trace and an open writer. `arena` NULL is reported by _finish.
 */
aegis_writer *aegis_exchange_begin(aegis_exchange *x, aegis_client *sender, aegis_arena *arena,
                                   const aegis_call *parent);

/* The encoded value, or why there is none (INVALID_ARGUMENT, certainly not processed). */
aegis_status aegis_exchange_value(aegis_exchange *x, const char *what, aegis_raw *value, aegis_error *error);

/* The trace id to send: the parent's, or a new one written into `text`. */
const char *aegis_exchange_trace(const aegis_exchange *x, char text[AEGIS_UUID_TEXT]);

/* A copy of the bytes in the exchange's arena, so that what is decoded from them lives as long as it. */
aegis_status aegis_exchange_keep(aegis_exchange *x, aegis_bytes *body, aegis_error *error);

/* A call that a handler made has failed: its own failure will name the hop. */
void aegis_exchange_blame(const aegis_exchange *x, const aegis_error *failed);

#endif
