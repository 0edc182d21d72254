/* Commands whose server dies.
 *
 * F6   a command is processed, the server killed, the same id sent again
 * F7   the server is killed right after the acknowledgement of commands
 */
#define _POSIX_C_SOURCE 200809L
#include "contract/restarts.h"

enum { ROUNDS = 40 };

static void f6(void **state)
{
    world *w = (world *)*state;
    restart_count count;

    if (!world_is_nats())
        skip();
    restarts_send_again(w, ROUNDS, &count);
    (void)printf(
        "F6: %u commands sent again after %u kills of the server: %u stored and answered from the record, "
        "0 run again\n",
        count.sent_again, count.kills, count.suppressed);
}

static void f7(void **state)
{
    world *w = (world *)*state;
    restart_count count;

    if (!world_is_nats())
        skip();
    restarts_after_ack(w, ROUNDS, &count);
    (void)printf(
        "F7: %u commands, the server killed %u times after their acknowledgement: %u redelivered, all "
        "of them suppressed by the record\n",
        count.commands, count.kills, count.suppressed);
}

int main(void)
{
    const struct CMUnitTest cases[] = {WORLD_CASE(f6), WORLD_CASE(f7)};

    return world_run(cases, sizeof cases / sizeof cases[0]);
}
