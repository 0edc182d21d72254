/* The values that are measured, and whether two of them are the same. */
#include "bench/codec/codec_bench.h"

#include <stdlib.h>
#include <string.h>

#define ROWS 100

static void sample_rows(shapes_rows *rows)
{
    static const char *const names[] = {"Ada Lovelace", "Alan Turing",     "Grace Hopper", "Edsger Dijkstra",
                                        "Barbara",      "Donald E. Knuth", "Tony Hoare"};
    static const char *const cities[] = {"London", "Wilmslow", "Arlington", "Eindhoven", "Los Angeles"};
    static shapes_row row[ROWS];

    for (uint32_t i = 0; i < ROWS; i++)
        row[i] = (shapes_row){.id = 1000 + i * 37,
                              .name = names[i % 7],
                              .city = cities[i % 5],
                              .amount = (double)(i * 1237 % 10007) / 100,
                              .active = i % 3 != 0};
    rows->rows = (shapes_row_list){row, ROWS};
}

void codec_samples(codec_bench *b)
{
    b->numbers = (shapes_numbers){.id = 20250101123456,
                                  .count = 100000,
                                  .level = -7,
                                  .delta = -1500000,
                                  .small = 42,
                                  .ratio = 0.8125,
                                  .price = 19.95,
                                  .score = 98.6321};
    order_sample(&b->order);
    sample_rows(&b->rows);
}

bool same_numbers(const shapes_numbers *ours, const shapes_numbers *theirs)
{
    return ours->id == theirs->id && ours->count == theirs->count && ours->level == theirs->level &&
           ours->delta == theirs->delta && ours->small == theirs->small && ours->ratio == theirs->ratio &&
           ours->price == theirs->price && ours->score == theirs->score;
}

static bool same_text(const char *ours, const char *theirs)
{
    return theirs != NULL && strcmp(ours, theirs) == 0;
}

bool same_order(const shop_order *ours, const shop_order *theirs)
{
    bool same = memcmp(&ours->id, &theirs->id, sizeof ours->id) == 0 &&
                same_text(ours->customer, theirs->customer) && ours->status == theirs->status &&
                ours->items.count == theirs->items.count && same_text(ours->note, theirs->note) &&
                ours->labels.count == theirs->labels.count && ours->placed_at == theirs->placed_at;

    for (size_t i = 0; same && i < ours->items.count; i++)
        same = same_text(ours->items.items[i].sku, theirs->items.items[i].sku) &&
               ours->items.items[i].quantity == theirs->items.items[i].quantity &&
               ours->items.items[i].price == theirs->items.items[i].price;
    for (size_t i = 0; same && i < ours->labels.count; i++)
        same = same_text(ours->labels.entries[i].key, theirs->labels.entries[i].key) &&
               same_text(ours->labels.entries[i].value, theirs->labels.entries[i].value);
    return same;
}

bool same_rows(const shapes_rows *ours, const shapes_rows *theirs)
{
    bool same = ours->rows.count == theirs->rows.count;

    for (size_t i = 0; same && i < ours->rows.count; i++) {
        const shapes_row *a = &ours->rows.items[i], *b = &theirs->rows.items[i];

        same = a->id == b->id && same_text(a->name, b->name) && same_text(a->city, b->city) &&
               a->amount == b->amount && a->active == b->active;
    }
    return same;
}

bool reads_as(codec_bench *b, shape which, aegis_bytes body, aegis_format format)
{
    shapes_numbers numbers;
    shop_order order;
    shapes_rows rows;

    aegis_arena_reset(b->arena);
    switch (which) {
    case SHAPE_NUMBERS:
        return shapes_numbers_decode(body, format, b->arena, &numbers, NULL) == AEGIS_OK &&
               same_numbers(&b->numbers, &numbers);
    case SHAPE_ORDER:
        return shop_order_decode(body, format, b->arena, &order, NULL) == AEGIS_OK &&
               same_order(&b->order, &order);
    default:
        return shapes_rows_decode(body, format, b->arena, &rows, NULL) == AEGIS_OK &&
               same_rows(&b->rows, &rows);
    }
}
