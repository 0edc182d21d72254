#include "ledger.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct account {
    atomic_uchar *acked;
    uint8_t *read;  /* how often, 255 at most */
    unsigned after; /* 1 + the highest counter read */
} account;

struct ledger {
    account accounts[LEDGER_WRITERS];
    unsigned long duplicates, disorder, strange;
};

ledger *ledger_new(void)
{
    ledger *l = (ledger *)calloc(1, sizeof *l);

    for (size_t i = 0; l != NULL && i < LEDGER_WRITERS; i++) {
        l->accounts[i].acked = (atomic_uchar *)calloc(LEDGER_MOST, sizeof *l->accounts[i].acked);
        l->accounts[i].read = (uint8_t *)calloc(LEDGER_MOST, 1);
        if (l->accounts[i].acked == NULL || l->accounts[i].read == NULL) {
            ledger_free(l);
            return NULL;
        }
    }
    return l;
}

void ledger_free(ledger *l)
{
    for (size_t i = 0; l != NULL && i < LEDGER_WRITERS; i++) {
        free(l->accounts[i].acked);
        free(l->accounts[i].read);
    }
    free(l);
}

void ledger_text(unsigned writer, unsigned counter, char text[32])
{
    (void)snprintf(text, 32, "%u:%u", writer, counter);
}

void ledger_acked(ledger *l, unsigned writer, unsigned counter)
{
    atomic_store(&l->accounts[writer].acked[counter], 1);
}

void ledger_read(ledger *l, const char *text)
{
    unsigned writer, counter;
    char end;

    if (sscanf(text, "%u:%u%c", &writer, &counter, &end) != 2 || writer >= LEDGER_WRITERS ||
        counter >= LEDGER_MOST) {
        l->strange++;
        return;
    }
    account *a = &l->accounts[writer];
    l->duplicates += a->read[counter] > 0;
    l->disorder += a->read[counter] == 0 && counter < a->after;
    if (a->read[counter] < UINT8_MAX)
        a->read[counter]++;
    if (counter >= a->after)
        a->after = counter + 1;
}

static void check_one(const account *a, ledger_report *report)
{
    unsigned first = 0;

    while (first < a->after && a->read[first] == 0)
        first++;
    for (unsigned i = 0; i < LEDGER_MOST; i++) {
        const bool acked = atomic_load_explicit(&a->acked[i], memory_order_relaxed) != 0;
        report->acked += acked;
        report->read += a->read[i] > 0;
        report->unacked += !acked && a->read[i] > 0;
        if (!acked || a->read[i] > 0)
            continue;
        report->lost_postfix += i >= a->after;
        report->lost_prefix += i < a->after && i < first;
        report->lost_middle += i < a->after && i > first;
    }
}

ledger_report ledger_check(const ledger *l)
{
    ledger_report report = {.duplicates = l->duplicates, .disorder = l->disorder, .strange = l->strange};

    for (size_t i = 0; i < LEDGER_WRITERS; i++)
        check_one(&l->accounts[i], &report);
    return report;
}

unsigned long ledger_lost(const ledger_report *report)
{
    return report->lost_prefix + report->lost_middle + report->lost_postfix;
}
