#include "contract/meter.h"

#include <stdlib.h>

void *metered(void *user, void *pointer, size_t old_size, size_t new_size)
{
    meter *m = (meter *)user;
    const size_t fail_at = atomic_load(&m->fail_at);
    size_t call;
    void *made;

    if (new_size == 0) {
        free(pointer);
        atomic_fetch_sub(&m->out, (long long)old_size);
        return NULL;
    }
    call = atomic_fetch_add(&m->calls, 1) + 1;
    if (fail_at != 0 && (call == fail_at || (m->for_good && call > fail_at))) {
        atomic_store(&m->failed, true);
        return NULL;
    }
    made = realloc(pointer, new_size);
    if (made != NULL)
        atomic_fetch_add(&m->out, (long long)new_size - (long long)old_size);
    return made;
}
