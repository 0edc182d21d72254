#include "bench/peer_link.h"

bool peer_connect(natsConnection **connection, const char *url, bool asap)
{
    natsOptions *options = NULL;
    const bool good = natsOptions_Create(&options) == NATS_OK &&
                      natsOptions_SetURL(options, url) == NATS_OK &&
                      natsOptions_SetSendAsap(options, asap) == NATS_OK &&
                      natsConnection_Connect(connection, options) == NATS_OK;

    natsOptions_Destroy(options);
    return good;
}
