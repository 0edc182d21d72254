/* The contract every adapter of the message-bus port fulfils, as tests. The cases know nothing but
 * ports/bus.h; a program for each adapter says how a port is opened and runs them all. Each case gets a port
 * of its own, names nobody else uses, and an arena; sources it opens through here are closed for it, also
 * when it fails.
 */
#ifndef TESTS_CONTRACT_CONTRACT_H
#define TESTS_CONTRACT_CONTRACT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ports/bus.h"

#define CONTRACT_SOURCES 32

typedef aegis_status (*contract_open)(void *user, aegis_port **port, aegis_error *error);

/* The adapter under test. */
typedef struct contract_adapter {
    const char *name;
    contract_open open;
    void *user;
} contract_adapter;

typedef struct contract {
    aegis_port *port;
    const aegis_port_ops *ops;
    aegis_arena *arena;
    char unique[16];
    aegis_source *sources[CONTRACT_SOURCES];
    size_t source_count;
} contract;

/* Run every case; the number that failed. */
int contract_run(contract_adapter *adapter);
/* For cases of one adapter only: what cmocka calls around them. `*state` is the contract_adapter. */
int contract_setup(void **state);
int contract_teardown(void **state);
#define CONTRACT_CASE(adapter, name)                                                                         \
    {                                                                                                        \
#name, name, contract_setup, contract_teardown, (adapter)                                            \
    }

/* -- names, times and bodies -- */
/* "t.UNIQUE.what", for subjects; "tUNIQUE_what" for streams, consumers and buckets. */
const char *contract_subject(contract *c, const char *what);
const char *contract_name(contract *c, const char *what);
/* A deadline so many milliseconds from now. */
int64_t in_ms(int64_t ms);
int64_t elapsed_ms(int64_t since);
void sleep_ms(int64_t ms);
aegis_bytes text_bytes(const char *text);

/* -- steps that must succeed -- */
#define assert_status(expected, call)                                                                        \
    assert_string_equal(aegis_status_name(call), aegis_status_name(expected))
#define assert_ok(call) assert_status(AEGIS_OK, call)

aegis_source *contract_keep(contract *c, aegis_source *source);
void contract_close(contract *c, aegis_source *source);
aegis_source *contract_subscribe(contract *c, const char *subject, const char *queue);
void contract_publish(contract *c, const char *subject, const char *body);
void contract_flush(contract *c);
/* Read one message; the caller releases it. */
aegis_message contract_next(contract *c, aegis_source *source, int64_t ms);
/* Read one with this body, and release it. */
void contract_expect(contract *c, aegis_source *source, const char *body);
/* Nothing comes within `ms`. */
void contract_silent(contract *c, aegis_source *source, int64_t ms);
bool body_is(const aegis_message *message, const char *text);

/* A stream in memory for all of "SUBJECT.>", with room and no limits, and a consumer of all of it. */
void contract_stream(contract *c, const char *stream, const char *subject);
void contract_ensure_stream(contract *c, const aegis_stream_config *config);
void contract_consumer(contract *c, const char *stream, const char *durable, const char *filter,
                       aegis_duration ack_wait);
aegis_source *contract_consume(contract *c, const char *stream, const char *durable, uint32_t credit);
/* Store; the sequence it got. `id` may be NULL. */
uint64_t contract_store(contract *c, const char *subject, const char *body, const char *id);
/* Settle and release. */
void contract_settle(contract *c, aegis_message *message, aegis_settlement settlement, aegis_duration delay);
/* Settling is not awaited by anybody, so ask until the figures are these or a second has passed. */
aegis_consumer_info contract_consumer_info(contract *c, const char *stream, const char *durable,
                                           uint64_t pending, uint64_t ack_pending);
aegis_stream_info contract_stream_info(contract *c, const char *stream, uint64_t messages);

/* -- the cases -- */
#define CONTRACT_CASES(X)                                                                                    \
    CONTRACT_CASES_CORE(X)                                                                                   \
    CONTRACT_CASES_SOURCE(X)                                                                                 \
    CONTRACT_CASES_LISTEN(X)                                                                                 \
    CONTRACT_CASES_DURABLE(X)                                                                                \
    CONTRACT_CASES_STORED(X)                                                                                 \
    CONTRACT_CASES_CONSUMER(X)                                                                               \
    CONTRACT_CASES_REDELIVERY(X)                                                                             \
    CONTRACT_CASES_KV(X)                                                                                     \
    CONTRACT_CASES_SUBMIT(X)                                                                                 \
    CONTRACT_CASES_THREADS(X)                                                                                \
    CONTRACT_CASES_RACES(X)
#define CONTRACT_CASES_CORE(X)                                                                               \
    X(request_is_answered)                                                                                   \
    X(request_takes_one_answer)                                                                              \
    X(answers_again_are_nobodys)                                                                             \
    X(queue_group_shares_the_load)                                                                           \
    X(two_groups_each_get_all)                                                                               \
    X(no_responders)                                                                                         \
    X(request_deadline)                                                                                      \
    X(wildcards)                                                                                             \
    X(order_per_subject)                                                                                     \
    X(headers_arrive)                                                                                        \
    X(empty_and_binary_bodies)                                                                               \
    X(too_large)                                                                                             \
    X(bad_subjects)
#define CONTRACT_CASES_SOURCE(X)                                                                             \
    X(next_deadline)                                                                                         \
    X(seldom_waiter_sleeps)                                                                                  \
    X(wake_is_remembered_once)                                                                               \
    X(wake_ends_a_wait)                                                                                      \
    X(wake_loses_no_message)                                                                                 \
    X(drain_leaves_what_arrived)                                                                             \
    X(held_is_not_there)                                                                                     \
    X(held_reader_is_given_nothing)                                                                          \
    X(close_with_unread)                                                                                     \
    X(batches_in_order)                                                                                      \
    X(overflow_is_reported)                                                                                  \
    X(events_begin_with_up)                                                                                  \
    X(health_and_flush)
#define CONTRACT_CASES_LISTEN(X)                                                                             \
    X(listen_is_in_place_for_what_is_stored)                                                                 \
    X(listen_refuses_bad_subjects)                                                                           \
    X(diverted_messages_have_the_token)                                                                      \
    X(diverted_messages_are_no_operations)
#define CONTRACT_CASES_DURABLE(X)                                                                            \
    X(stream_create_and_verify)                                                                              \
    X(stream_difference)                                                                                     \
    X(stream_missing)                                                                                        \
    X(durable_ack_and_duplicate)                                                                             \
    X(durable_is_delivered_live)                                                                             \
    X(durable_without_stream)                                                                                \
    X(full_stream_refuses)                                                                                   \
    X(full_stream_discards_old)                                                                              \
    X(expected_stream_keeps_out)                                                                             \
    X(durable_too_large)                                                                                     \
    X(stream_max_age)                                                                                        \
    X(duplicate_window_ends)
#define CONTRACT_CASES_STORED(X)                                                                             \
    X(message_get_by_sequence)                                                                               \
    X(message_get_by_subject)                                                                                \
    X(message_large)                                                                                         \
    X(message_deleted)                                                                                       \
    X(message_deleted_is_not_delivered)                                                                      \
    X(stream_limits_are_told)                                                                                \
    X(stream_difference_is_exact)                                                                            \
    X(bucket_difference)                                                                                     \
    X(full_bucket_refuses)
#define CONTRACT_CASES_CONSUMER(X)                                                                           \
    X(consume_needs_credit)                                                                                  \
    X(delivery_details)                                                                                      \
    X(consumer_filter)                                                                                       \
    X(consumer_from_sequence)                                                                                \
    X(consumer_deleted)                                                                                      \
    X(consumer_forgotten)                                                                                    \
    X(consumer_from_new)                                                                                     \
    X(consumer_verify)                                                                                       \
    X(consumer_figures)                                                                                      \
    X(two_readers_share)                                                                                     \
    X(consumer_continues)                                                                                    \
    X(work_queue_removes)                                                                                    \
    X(durable_drain_and_wake)
#define CONTRACT_CASES_REDELIVERY(X)                                                                         \
    X(nak_comes_again)                                                                                       \
    X(nak_with_delay)                                                                                        \
    X(term_never_again)                                                                                      \
    X(ack_wait_redelivers)                                                                                   \
    X(working_prolongs)                                                                                      \
    X(unsettled_handed_back)                                                                                 \
    X(undelivered_handed_back)                                                                               \
    X(settle_once)                                                                                           \
    X(max_ack_pending_holds)                                                                                 \
    X(nak_reaches_another_reader)
#define CONTRACT_CASES_KV(X)                                                                                 \
    X(kv_put_get_delete)                                                                                     \
    X(kv_values)                                                                                             \
    X(kv_create_only)                                                                                        \
    X(kv_conflict)                                                                                           \
    X(kv_list)                                                                                               \
    X(kv_list_while_ageing)                                                                                  \
    X(kv_max_age)
#define CONTRACT_CASES_SUBMIT(X)                                                                             \
    X(submitted_requests_complete)                                                                           \
    X(submitted_without_responders)                                                                          \
    X(submitted_deadline)                                                                                    \
    X(submitted_cancel)                                                                                      \
    X(submitted_capacity)                                                                                    \
    X(submitted_durable)                                                                                     \
    X(submitted_durable_in_order)                                                                            \
    X(submitted_durable_refused)                                                                             \
    X(durable_of_another_stream)
#define CONTRACT_CASES_THREADS(X)                                                                            \
    X(threads_share_messages)                                                                                \
    X(threads_share_a_durable)                                                                               \
    X(threads_request)                                                                                       \
    X(threads_request_in_crowds)
#define CONTRACT_CASES_RACES(X)                                                                              \
    X(all_create_the_same)                                                                                   \
    X(kv_counts_exactly)                                                                                     \
    X(completions_exactly_once)                                                                              \
    X(sources_come_and_go)
#define CONTRACT_DECLARE(name) void name(void **state);
CONTRACT_CASES(CONTRACT_DECLARE)

#endif
