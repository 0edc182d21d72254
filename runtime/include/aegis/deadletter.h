/* Dead letters: messages that a service could not handle, kept in the stream AEGIS_DLQ until somebody decides.
 *
 * A service puts an event there when its handler says so or has failed too often, and a command when it has used up
 * its attempts or cannot be read. The body is unchanged; what is known of the failure is beside it. A program for
 * operators lists them, shows one, and after the cause is mended replays or drops it:
 *
 *     aegis_deadletter_filter filter = {.service = "order-service"};
 *     aegis_deadletter_page page;
 *     do {
 *         if (aegis_deadletter_list(bus, &filter, arena, &page, &error) != AEGIS_OK)
 *             break;
 *         for (size_t i = 0; i < page.count; i++)
 *             printf("%llu %s: %s\n", (unsigned long long)page.items[i].sequence, page.items[i].name,
 *                    page.items[i].why);
 *         filter.after = page.next;
 *     } while (page.next != 0);
 */
#ifndef AEGIS_DEADLETTER_H
#define AEGIS_DEADLETTER_H

#include <aegis/bus.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A header of the message as it was. */
typedef struct aegis_deadletter_header {
    const char *name;
    const char *value;
} aegis_deadletter_header;

/** One dead letter. All of it lives in the arena it was read into; texts are never NULL. */
typedef struct aegis_deadletter {
    uint64_t sequence;             /**< its number in the stream: what show, replay and drop take */
    const char *service;           /**< that gave the message up */
    const char *instance;          /**< of that service; "" when unknown */
    const char *name;              /**< of the event ("order.created") or the command */
    const char *why;               /**< one line */
    const char *subject;           /**< where the message had been sent to */
    uint64_t source_sequence;      /**< its number in the stream it came from */
    uint32_t deliveries;           /**< how often that stream had delivered it */
    uint32_t attempts;             /**< how often a handler had begun with it, as far as is known */
    aegis_timestamp sent_at;       /**< when the message had been stored; 0 when unknown */
    aegis_timestamp given_up_at;   /**< when it became a dead letter */
    aegis_error failure;           /**< of the last attempt: code, type and chain of causes; text is `why`.
                                        code 0 when nothing is known but `why` */
    const aegis_deadletter_header *headers; /**< of the message, as they were */
    size_t header_count;
    size_t body_size;
    aegis_bytes body;              /**< as it was, from show only: a list leaves it out */
    bool body_dropped;             /**< it was so large that it did not fit beside the headers; replay is refused */
} aegis_deadletter;

/** Which ones, and how many. */
typedef struct aegis_deadletter_filter {
    const char *service;           /**< NULL: of all services */
    const char *name;              /**< of events or commands, wildcards allowed ("order.*"); NULL: all */
    uint64_t after;                /**< those with a higher sequence; 0: from the oldest on */
    size_t limit;                  /**< at most so many; 0: 100. No more than 1000 */
} aegis_deadletter_filter;

typedef struct aegis_deadletter_page {
    const aegis_deadletter *items; /**< oldest first */
    size_t count;
    uint64_t next;                 /**< the `after` of the next page; 0: there is none */
} aegis_deadletter_page;

/** Read a page of dead letters, without their bodies. No dead letters, no stream: an empty page.
 *  Errors: INVALID_ARGUMENT for a service or name that cannot be; UNAVAILABLE, DEADLINE_EXCEEDED. Any thread;
 *  blocks. `filter` and `error` may be NULL. */
AEGIS_API aegis_status aegis_deadletter_list(aegis_bus *bus, const aegis_deadletter_filter *filter,
                                             aegis_arena *arena, aegis_deadletter_page *page, aegis_error *error);

/** Read one with its body. NOT_FOUND when there is none of that number. */
AEGIS_API aegis_status aegis_deadletter_show(aegis_bus *bus, uint64_t sequence, aegis_arena *arena,
                                             aegis_deadletter *letter, aegis_error *error);

/** Send the message again, as it was and to where it had been sent, and drop the letter once the stream there has
 *  acknowledged it. Two that replay one letter at once send it once. An event goes to the service that gave it up
 *  only: other services built with Aegis pass over it. Of a command the record of its failure is removed, so that
 *  its attempts begin anew.
 *  Errors: NOT_FOUND; FAILED_PRECONDITION when its body was dropped; RESOURCE_EXHAUSTED when the stream it goes to
 *  is full; UNAVAILABLE, DEADLINE_EXCEEDED. After any of them the letter is still there. */
AEGIS_API aegis_status aegis_deadletter_replay(aegis_bus *bus, uint64_t sequence, aegis_error *error);

/** Delete it. NOT_FOUND when there is none of that number. */
AEGIS_API aegis_status aegis_deadletter_drop(aegis_bus *bus, uint64_t sequence, aegis_error *error);

#ifdef __cplusplus
}
#endif

#endif
