/* What is known of services: schemas from files (-f), or asked from the running services themselves.
 *
 * A name may be the one on the wire ("order-service"), or the declaration's ("Orders"). A service without a
 * schema, as those of the original SDK are, is no mistake: then nothing is known but its name.
 */
#ifndef AEGIS_TOOL_CATALOG_H
#define AEGIS_TOOL_CATALOG_H

#include "schema.h"
#include "session.h"

typedef struct catalog catalog;

/* Compile the files of -f; mistakes in them are printed. `*out` is freed by catalog_free. Without files the
 * session is connected, since services are asked for theirs. */
int catalog_open(session *s, catalog **out);
void catalog_free(catalog *c);

/* One service. `*wire` is its name on the bus; `*service` NULL: it is not declared, or does not tell.
 * Complains when files were given and it is in none, or when there is no such service, with what there is. */
int catalog_service(catalog *c, const char *name, const char **wire, const schema_service **service);

/* A method, "order-service.create_order" or "Orders.create_order"; without a service when files have only one
 * such. `method` NULL: not known, as its service tells nothing; then `service` and `name` are as they were
 * written. */
typedef struct catalog_method {
    const char *service, *name; /* on the wire */
    const schema_method *method;
} catalog_method;
/* Complains about a misspelt one, and about a command where an rpc is meant and the reverse. */
int catalog_find_method(catalog *c, const char *text, schema_method_kind kind, catalog_method *out);

/* An event by its name, "order.created"; `*event` NULL: nobody declares it (with files: that is complained
 * about). Without files all running services are asked. The highest version unless `version` (NULL: any) says
 * "1.0". */
int catalog_find_event(catalog *c, const char *name, const char *version, const schema_event **event);
/* The event that was perhaps meant; NULL: it is declared, or nothing is near. */
const char *catalog_near_event(catalog *c, const char *name);

/* All services of the files; or all that run and tell their schema. In `line` memory. */
typedef struct catalog_list {
    const schema_service *const *items;
    size_t count;
} catalog_list;
int catalog_all(catalog *c, catalog_list *out);

#endif
