/* Who wrote what, and what was found of it. Each writer numbers its values from 0, and a value's text is
 * "writer:counter". The ledger knows which were acknowledged, which were read and how often, and says where
 * those that are missing would have been: before all others of their writer (prefix), after them (postfix),
 * or in between.
 */
#ifndef TESTS_CONTRACT_LEDGER_H
#define TESTS_CONTRACT_LEDGER_H

#include <stdbool.h>
#include <stddef.h>

enum { LEDGER_WRITERS = 8, LEDGER_MOST = 1 << 20 };

typedef struct ledger ledger;

typedef struct ledger_report {
    unsigned long acked, read;                            /* distinct values */
    unsigned long lost_prefix, lost_middle, lost_postfix; /* acknowledged and not read */
    unsigned long duplicates;                             /* readings of what had been read */
    unsigned long unacked;                                /* read, though nobody was told that it is stored */
    unsigned long disorder; /* first readings that came after a later value of their writer */
    unsigned long strange;  /* readings of what nobody wrote */
} ledger_report;

ledger *ledger_new(void);
void ledger_free(ledger *l);
/* The text of a value. */
void ledger_text(unsigned writer, unsigned counter, char text[32]);
/* Any thread. */
void ledger_acked(ledger *l, unsigned writer, unsigned counter);
/* One thread. */
void ledger_read(ledger *l, const char *text);
ledger_report ledger_check(const ledger *l);
unsigned long ledger_lost(const ledger_report *report);

#endif
