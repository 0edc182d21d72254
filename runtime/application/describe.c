/* What a service tells of itself. */
#include "application/describe.h"

aegis_status aegis_describe_open(aegis_service *service, aegis_error *error)
{
    (void)service;
    (void)error;
    return AEGIS_OK;
}

void aegis_describe_close(aegis_service *service)
{
    (void)service;
}

void aegis_describe_answer(aegis_bus *bus, const aegis_message *message)
{
    (void)bus;
    (void)message;
}
