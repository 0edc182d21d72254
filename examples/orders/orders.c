/* The order service: one function a method. A handler gets the decoded request and must answer with a function of its
 * own method; what it passes to that is encoded before the function returns, so locals are safe. */
#include "orders.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define STOCK_OF_EACH 100u

static const shop_item *more_than_we_have(const shop_item_list *items)
{
    for (size_t i = 0; i < items->count; i++)
        if (items->items[i].quantity > STOCK_OF_EACH)
            return &items->items[i];
    return NULL;
}

static aegis_status keep(orders *state, const shop_order *order)
{
    const size_t capacity = sizeof state->kept / sizeof state->kept[0];
    aegis_status status;

    if (state->count == capacity) { /* forget them all; a real service has a database here */
        aegis_arena_reset(state->memory);
        state->count = 0;
    }
    status = shop_order_copy(order, state->memory, &state->kept[state->count]);
    if (status == AEGIS_OK)
        state->count++;
    return status;
}

static aegis_reply create_order(shop_orders_create_order_call *call,
                                const shop_orders_create_order_request *request, void *user)
{
    orders *state = (orders *)user;
    const shop_item *wanting = more_than_we_have(&request->items);
    aegis_error error;

    if (wanting != NULL)
        return shop_orders_create_order_out_of_stock(
            call, &(shop_out_of_stock){.sku = wanting->sku,
                                       .left = STOCK_OF_EACH,
                                       .message = aegis_arena_printf(call->base.arena, "only %u %s left",
                                                                     STOCK_OF_EACH, wanting->sku)});
    if (strcmp(request->customer, "nobody") == 0)
        return shop_orders_create_order_fail(call, AEGIS_FAILED_PRECONDITION, "customer '%s' has no account",
                                             request->customer);

    shop_order order = {.id = aegis_uuid_new(),
                        .customer = request->customer,
                        .status = SHOP_STATUS_PENDING,
                        .items = request->items,
                        .note = request->note,
                        .placed_at = aegis_now()};
    if (keep(state, &order) != AEGIS_OK)
        return shop_orders_create_order_fail(call, AEGIS_RESOURCE_EXHAUSTED, "no memory for another order");
    if (shop_order_created_publish(state->publisher, &(shop_order_created){.order = order}, NULL, &error) !=
        AEGIS_OK)
        return shop_orders_create_order_fail(call, AEGIS_UNAVAILABLE, "cannot publish order.created: %s",
                                             aegis_error_text(&error));
    return shop_orders_create_order_ok(call, &order);
}

static aegis_reply get_order(shop_orders_get_order_call *call, const shop_orders_get_order_request *request,
                             void *user)
{
    const orders *state = (const orders *)user;

    for (size_t i = 0; i < state->count; i++)
        if (memcmp(&state->kept[i].id, &request->id, sizeof request->id) == 0)
            return shop_orders_get_order_ok(call, &state->kept[i]);
    return shop_orders_get_order_not_found(call, &(shop_not_found){.id = request->id});
}

static bool is_nil(const aegis_uuid *id)
{
    const aegis_uuid nil = {{0}};

    return memcmp(id, &nil, sizeof nil) == 0;
}

static aegis_reply process_batch(shop_orders_process_batch_call *call,
                                 const shop_orders_process_batch_request *request, void *user)
{
    const uint32_t total = (uint32_t)request->orders.count;

    (void)user;
    for (uint32_t done = 0; done < total; done++) {
        const struct timespec packing = {.tv_sec = 0, .tv_nsec = 150 * 1000 * 1000};
        char text[AEGIS_UUID_TEXT];

        if (is_nil(&request->orders.items[done]))
            return shop_orders_process_batch_not_found(call,
                                                       &(shop_not_found){.id = request->orders.items[done]});
        (void)nanosleep(&packing, NULL);
        aegis_uuid_format(request->orders.items[done], text);
        if (!shop_orders_process_batch_progress(
                call, &(shop_orders_process_batch_progress_update){
                          .done = done + 1, .total = total, .note = text}))
            return shop_orders_process_batch_fail(call, AEGIS_CANCELLED, "stopped after %u of %u", done + 1,
                                                  total);
    }
    return shop_orders_process_batch_ok(call, &(shop_orders_process_batch_result){.processed = total});
}

static const shop_orders_ops ops = {
    .create_order = create_order,
    .get_order = get_order,
    .process_batch = process_batch,
};

aegis_status orders_serve(aegis_bus *bus, orders *state, aegis_service **service, aegis_error *error)
{
    aegis_status status = aegis_publisher_new(bus, NULL, &state->publisher, error);

    if (status != AEGIS_OK)
        return status;
    state->memory = aegis_arena_new(NULL);
    if (state->memory == NULL)
        return aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "no memory for the orders");
    return shop_orders_serve(bus, &ops, state, NULL, service, error);
}

void orders_free(orders *state)
{
    aegis_publisher_free(state->publisher);
    aegis_arena_free(state->memory);
}
