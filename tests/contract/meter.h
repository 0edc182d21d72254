/* Memory that runs out (F31): an allocator that counts what is out and makes one allocation fail, on
 * whichever thread it falls. A test walks through its steps once for each allocation, until none failed any
 * more, and then sees that all memory came back. */
#ifndef TESTS_CONTRACT_METER_H
#define TESTS_CONTRACT_METER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* Begins as zeroes. */
typedef struct meter {
    atomic_llong out; /* bytes */
    atomic_size_t calls;
    atomic_size_t fail_at; /* the call that fails, the first is 1; 0: none */
    bool for_good;         /* and all after it */
    atomic_bool failed;
} meter;

/* For aegis_allocator.resize; `user` is the meter. */
void *metered(void *user, void *pointer, size_t old_size, size_t new_size);

#endif
