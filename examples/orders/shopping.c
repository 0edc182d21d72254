/* A customer: one of each thing a client can do, saying what it sees. */
#include "orders.h"

#include <semaphore.h>
#include <stdio.h>

static int create(aegis_client *client, const char *customer, uint32_t quantity, aegis_uuid *id,
                  shop_orders_create_order_kind expected)
{
    AEGIS_SCOPED_ARENA(arena);
    const shop_item items[] = {{.sku = "TEA-1", .quantity = quantity, .price = 3.5},
                               {.sku = "CUP-7", .quantity = 1, .price = 12.0}};
    const shop_orders_create_order_request request = {.customer = customer, .items = AEGIS_ITEMS(items)};
    char text[AEGIS_UUID_TEXT];

    printf("client: create_order for %s, %u x TEA-1\n", customer, quantity);
    const shop_orders_create_order_outcome out = shop_orders_create_order(client, &request, NULL, arena);
    switch (out.kind) { /* leaving one out is a compiler warning */
    case SHOP_ORDERS_CREATE_ORDER_OK:
        *id = out.ok.id;
        printf("client:   order %s is %s\n", aegis_uuid_format(out.ok.id, text),
               shop_status_name(out.ok.status));
        break;
    case SHOP_ORDERS_CREATE_ORDER_OUT_OF_STOCK:
        printf("client:   typed error OutOfStock: %s, %u left\n", out.out_of_stock.sku,
               out.out_of_stock.left);
        break;
    case SHOP_ORDERS_CREATE_ORDER_FAILED:
        printf("client:   failed: %s\n", aegis_error_text(&out.failed));
        break;
    }
    return out.kind == expected ? 0 : 1;
}

static int look_up(aegis_client *client, aegis_uuid id, shop_orders_get_order_kind expected)
{
    AEGIS_SCOPED_ARENA(arena);
    char text[AEGIS_UUID_TEXT];
    const shop_orders_get_order_outcome out =
        shop_orders_get_order(client, &(shop_orders_get_order_request){.id = id}, NULL, arena);

    printf("client: get_order %s\n", aegis_uuid_format(id, text));
    switch (out.kind) {
    case SHOP_ORDERS_GET_ORDER_OK:
        printf("client:   %s, %zu lines\n", out.ok.customer, out.ok.items.count);
        break;
    case SHOP_ORDERS_GET_ORDER_NOT_FOUND:
        printf("client:   typed error NotFound\n");
        break;
    case SHOP_ORDERS_GET_ORDER_FAILED:
        printf("client:   failed: %s\n", aegis_error_text(&out.failed));
        break;
    }
    return out.kind == expected ? 0 : 1;
}

static void show_progress(const shop_orders_process_batch_progress_update *update, void *user)
{
    (void)user;
    printf("client:   packed %u of %u\n", update->done, update->total);
    (void)fflush(stdout);
}

static int outcome_of_batch(const shop_orders_process_batch_outcome *out,
                            shop_orders_process_batch_kind expected)
{
    char text[AEGIS_UUID_TEXT];

    switch (out->kind) {
    case SHOP_ORDERS_PROCESS_BATCH_OK:
        printf("client:   processed %u\n", out->ok.processed);
        break;
    case SHOP_ORDERS_PROCESS_BATCH_NOT_FOUND:
        printf("client:   the command failed: typed error NotFound %s\n",
               aegis_uuid_format(out->not_found.id, text));
        break;
    case SHOP_ORDERS_PROCESS_BATCH_FAILED:
        printf("client:   the command failed: %s\n", aegis_error_text(&out->failed));
        break;
    }
    return out->kind == expected ? 0 : 1;
}

/* The command's id follows from the name of the batch: submitted again, it is the same command, and does not
 * run again.
 */
static int process(aegis_client *client, const char *batch, const aegis_uuid *ids, size_t count,
                   shop_orders_process_batch_kind expected, char id[AEGIS_UUID_TEXT])
{
    AEGIS_SCOPED_ARENA(arena);
    const shop_orders_process_batch_request request = {.batch_id = batch,
                                                       .orders = {.items = ids, .count = count}};
    shop_orders_process_batch_outcome out;
    aegis_command *command;
    aegis_error error;

    printf("client: command process_batch with %zu orders\n", count);
    if (shop_orders_process_batch_submit(client, &request, NULL, &command, &error) != AEGIS_OK) {
        printf("client:   failed: %s\n", aegis_error_text(&error));
        return 1;
    }
    (void)snprintf(id, AEGIS_UUID_TEXT, "%s", aegis_command_id(command));
    printf("client:   stored as %s\n", id);
    out = shop_orders_process_batch_wait(command, 0, show_progress, NULL, arena);
    aegis_command_free(command);
    return outcome_of_batch(&out, expected);
}

/* Any process that knows a command's id can wait for it, also long after its end. */
static int ask_again(aegis_client *client, const char *id)
{
    AEGIS_SCOPED_ARENA(arena);
    shop_orders_process_batch_outcome out;
    aegis_command *command;
    aegis_error error;

    printf("client: attached to command %s\n", id);
    if (aegis_command_attach(client, id, &command, &error) != AEGIS_OK) {
        printf("client:   failed: %s\n", aegis_error_text(&error));
        return 1;
    }
    out = shop_orders_process_batch_wait(command, 0, show_progress, NULL, arena);
    aegis_command_free(command);
    return outcome_of_batch(&out, SHOP_ORDERS_PROCESS_BATCH_OK);
}

static void hear_order(const shop_orders_get_order_outcome *out, void *user)
{
    if (out->kind == SHOP_ORDERS_GET_ORDER_OK)
        printf("client:   the callback got the order of %s\n", out->ok.customer);
    (void)sem_post((sem_t *)user);
}

/* A call that nobody waits for: its callback runs on a thread of the client's. */
static int look_up_later(aegis_client *client, aegis_uuid id)
{
    sem_t heard;
    aegis_call_id call;

    (void)sem_init(&heard, 0, 0);
    printf("client: get_order, without waiting\n");
    call = shop_orders_get_order_async(client, &(shop_orders_get_order_request){.id = id}, NULL, hear_order,
                                       &heard);
    if (call != 0)
        (void)sem_wait(&heard);
    (void)sem_destroy(&heard);
    return call != 0 ? 0 : 1;
}

int shopping_trip(aegis_bus *bus, aegis_format format)
{
    const aegis_client_options options = {.format = format};
    aegis_client *client;
    aegis_error error;
    aegis_uuid ids[3] = {{{0}}, {{0}}, {{0}}};
    char batch[AEGIS_UUID_TEXT], id[AEGIS_UUID_TEXT];
    int wrong = 0;

    if (aegis_client_new(bus, &options, &client, &error) != AEGIS_OK) {
        fprintf(stderr, "client: %s\n", aegis_error_text(&error));
        return 1;
    }
    for (size_t i = 0; i < 2; i++)
        wrong += create(client, i == 0 ? "ada" : "grace", 2, &ids[i], SHOP_ORDERS_CREATE_ORDER_OK);
    wrong += create(client, "ada", 500, &ids[2], SHOP_ORDERS_CREATE_ORDER_OUT_OF_STOCK);
    wrong += create(client, "nobody", 1, &ids[2], SHOP_ORDERS_CREATE_ORDER_FAILED);
    wrong += look_up(client, ids[2], SHOP_ORDERS_GET_ORDER_NOT_FOUND);
    wrong += look_up_later(client, ids[0]);
    (void)aegis_uuid_format(ids[0], batch); /* a name that no other trip gives its batch */
    wrong += process(client, batch, ids, 2, SHOP_ORDERS_PROCESS_BATCH_OK, id);
    printf("client: once more, which packs nothing: the answer is in its record\n");
    wrong += process(client, batch, ids, 2, SHOP_ORDERS_PROCESS_BATCH_OK, id);
    wrong += ask_again(client, id);
    (void)aegis_uuid_format(ids[1], batch);
    wrong += process(client, batch, ids, 3, SHOP_ORDERS_PROCESS_BATCH_NOT_FOUND, id);
    aegis_client_free(client);
    printf("client: %s\n", wrong == 0 ? "everything as expected" : "NOT as expected");
    return wrong;
}
