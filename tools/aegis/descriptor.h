/* What generated code has as constants, made of a checked schema at run time. */
#ifndef AEGIS_TOOL_DESCRIPTOR_H
#define AEGIS_TOOL_DESCRIPTOR_H

#include <aegis/generated.h>

#include "arena.h"
#include "schema.h"

/* A method as its stubs and its service have it. Texts are the schema's, the rest is the arena's. NULL
 * without memory. */
const aegis_method *descriptor_of_method(arena *memory, const schema_method *method);

/* A service; its endpoints serve nothing and its subscriptions have no cases, which is the caller's part
 * where it wants to run one. NULL without memory. */
aegis_service_type *descriptor_of_service(arena *memory, const schema_service *service);

#endif
