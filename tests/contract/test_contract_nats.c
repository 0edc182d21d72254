/* The contract of the port, kept by the NATS adapter against a server of its own. */
#include "contract.h"

#include <stdio.h>

#include "nats_server.h"

static aegis_status open_nats(void *user, aegis_port **port, aegis_error *error)
{
    const nats_server *server = (const nats_server *)user;
    return aegis_nats_open(server->url, NULL, port, error);
}

int main(void)
{
    static nats_server server;
    contract_adapter adapter = {.name = "contract: nats", .open = open_nats, .user = &server};
    if (!nats_server_installed() || !nats_server_start(&server)) {
        fprintf(stderr, "no nats-server: skipped\n");
        return 77;
    }
    const int failed = contract_run(&adapter);
    nats_server_stop(&server);
    return failed;
}
