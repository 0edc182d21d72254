/* What OTLP asks of a request in JSON: the names and types of trace.proto (opentelemetry-proto 1.7), and the
 * rules of its JSON encoding. Written from the specification and not from our exporter. */
#ifndef TESTS_HTTP_OTLP_RULES_H
#define TESTS_HTTP_OTLP_RULES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* NULL: `text` is an ExportTraceServiceRequest, with `*spans` spans. Else what is wrong with it; static. */
const char *otlp_rules_check(const char *text, size_t *spans);
/* The value of an attribute of a span (or resource) as text, or NULL. */
const char *otlp_attribute(const json_t *owner, const char *key);

#endif
