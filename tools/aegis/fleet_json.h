/* A fleet for programs: what --json prints. Members that are not known are null. */
#ifndef AEGIS_TOOL_FLEET_JSON_H
#define AEGIS_TOOL_FLEET_JSON_H

#include "fleet.h"

/* {"services": [{"name", "instances": [{...}]}], "registry": true}. The caller's; NULL without memory. */
json_t *fleet_json(const fleet *f);
/* One endpoint with all that is known of it. */
json_t *fleet_json_endpoint(const fleet_endpoint *e);
/* A number, null for what is not known. */
json_t *fleet_json_number(double value);
/* An instant as RFC 3339, null for none. */
json_t *fleet_json_time(aegis_timestamp when);

#endif
