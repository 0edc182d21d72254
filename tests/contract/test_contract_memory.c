/* The contract of the port, kept by the in-process bus. */
#include "contract.h"

static aegis_status open_memory(void *user, aegis_port **port, aegis_error *error)
{
    (void)user;
    return aegis_memory_open("mem:", NULL, port, error);
}

int main(void)
{
    contract_adapter adapter = {.name = "contract: memory", .open = open_memory, .user = NULL};
    return contract_run(&adapter);
}
