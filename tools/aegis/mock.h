/* Answers that nobody programmed: what a mocked method says to a request, from a script or invented. */
#ifndef AEGIS_TOOL_MOCK_H
#define AEGIS_TOOL_MOCK_H

#include <pthread.h>

#include <aegis/generated.h>

#include "schema.h"
#include "session.h"

/* Of all mocked services; filled in before they start, then read by any thread. */
typedef struct mock {
    session *s;
    json_t *script; /* by "service.method": an answer, or a list of them in turn; NULL: none */
    uint64_t seed;
    aegis_duration delay;
    double failing; /* share of calls that fail: 0 to 1 */
    pthread_mutex_t lock;
    uint64_t served; /* guarded, as is what is printed, and how often each list of answers was used */
    json_t *turns;
} mock;

typedef struct mock_service {
    mock *all;
    const schema_service *service;
} mock_service;

/* Whether all of a script fits the schemas; else says what does not. */
int mock_check_script(const mock *all, const mock_service *services, size_t count);
/* Of any endpoint of a mocked service; `user` is its mock_service. */
aegis_reply mock_serve(aegis_call *call, struct aegis_reader *params, const void *ops, void *user);

#endif
