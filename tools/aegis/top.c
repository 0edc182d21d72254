/* What top knows: services through time, and what the person at the keys wants to see of them. */
#define _POSIX_C_SOURCE 200809L
#include "top.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ports/clock.h"
#include "terminal.h"

/* ---- learning ---- */

static top_service *service_of(top *t, const char *name)
{
    top_service *more;
    size_t i;

    for (i = 0; i < t->service_count; i++) {
        if (strcmp(t->services[i].name, name) == 0)
            return &t->services[i];
    }
    if (t->service_count == TOP_SERVICES)
        return NULL;
    more = (top_service *)realloc(t->services, (t->service_count + 1) * sizeof *more);
    if (more == NULL)
        return NULL;
    t->services = more;
    more = &t->services[t->service_count];
    memset(more, 0, sizeof *more);
    more->name = strdup(name);
    if (more->name == NULL)
        return NULL;
    t->service_count++;
    return more;
}

static double quantile(const aegis_latency *latency, double part)
{
    return latency != NULL && latency->count > 0 ? (double)aegis_latency_quantile(latency, part) : -1;
}

static void learn_service(top_service *known, const fleet_service *told, const durables *d)
{
    double *v = known->values;

    known->here = true;
    v[TOP_BY_NAME] = 0;
    v[TOP_BY_INSTANCES] = (double)told->instance_count;
    v[TOP_BY_RATE] = told->rate;
    v[TOP_BY_P50] = quantile(told->recent, 0.5);
    v[TOP_BY_P99] = quantile(told->recent, 0.99);
    v[TOP_BY_ERRORS] = told->error_rate;
    v[TOP_BY_RUNNING] = told->running;
    v[TOP_BY_WAITING] = told->waiting;
    v[TOP_BY_LAG] = durables_lag(d, told->name);
    v[TOP_BY_DEAD] = durables_dead(d, told->name);
}

/* A service that is not there, of which something waits. */
static void learn_absent(top *t, const durables *d)
{
    size_t i, k;

    for (i = 0; i < d->count; i++) {
        if (d->items[i].service != NULL && d->items[i].lag > 0)
            (void)service_of(t, d->items[i].service);
    }
    for (i = 0; i < t->service_count; i++) {
        top_service *service = &t->services[i];

        if (service->here)
            continue;
        for (k = 0; k < TOP_KEYS; k++)
            service->values[k] = -1;
        service->values[TOP_BY_INSTANCES] = 0;
        service->values[TOP_BY_LAG] = durables_lag(d, service->name);
        service->values[TOP_BY_DEAD] = durables_dead(d, service->name);
    }
}

static void learn_trouble(top *t, const top_reading *r)
{
    aegis_health health;
    const bool before = t->connected;

    memset(&health, 0, sizeof health);
    t->s->bus->port->ops->health(t->s->bus->port, &health);
    t->connected = health.connected;
    (void)snprintf(t->trouble, sizeof t->trouble, "%s", r != NULL ? r->why : t->trouble);
    if (before && !t->connected) {
        t->away_since = aegis_clock_monotonic();
        t->back_since = 0;
    } else if (!before && t->connected) {
        t->back_since = t->away_since != 0 ? aegis_clock_monotonic() : 0;
        t->away_since = 0;
    }
}

void top_learn(top *t, top_watcher *w, top_reading *r)
{
    size_t i;

    learn_trouble(t, r);
    if (r == NULL)
        return;
    if (r->status != AEGIS_OK || t->paused) {
        top_give_back(w, r);
        return;
    }
    if (t->reading != NULL)
        top_give_back(w, t->reading);
    t->reading = r;
    for (i = 0; i < t->service_count; i++)
        t->services[i].here = false;
    for (i = 0; i < r->f.service_count; i++) {
        top_service *known = service_of(t, r->f.services[i].name);

        if (known != NULL)
            learn_service(known, &r->f.services[i], &r->d);
    }
    learn_absent(t, &r->d);
    for (i = 0; i < t->service_count; i++)
        t->services[i].rates[t->services[i].samples++ % TOP_SAMPLES] = t->services[i].values[TOP_BY_RATE];
    top_arrange(t);
}

size_t top_history(const top_service *service, double *out, size_t count)
{
    size_t have = service->samples < TOP_SAMPLES ? service->samples : TOP_SAMPLES, i;

    have = have < count ? have : count;
    for (i = 0; i < have; i++) {
        const double rate = service->rates[(service->samples - have + i) % TOP_SAMPLES];

        out[i] = rate > 0 ? rate : 0;
    }
    return have;
}

void top_free(top *t)
{
    size_t i;

    for (i = 0; i < t->service_count; i++)
        free(t->services[i].name);
    free(t->services);
    free((void *)t->rows);
}

/* ---- rows ---- */

/* qsort takes no argument: what it sorts by is put beside each row. */
typedef struct sortable {
    top_service *service;
    double value;
} sortable;

static int by_value(const void *a, const void *b)
{
    const sortable *x = (const sortable *)a, *y = (const sortable *)b;

    if (x->value != y->value)
        return x->value < y->value ? 1 : -1;
    return strcmp(x->service->name, y->service->name);
}

static bool matches(const top *t, const char *name)
{
    const size_t size = strlen(t->filter);

    for (; size > 0 && strlen(name) >= size; name++) {
        if (strncasecmp(name, t->filter, size) == 0)
            return true;
    }
    return size == 0;
}

static bool is_shown(const top *t, const top_service *service)
{
    return (service->here || service->values[TOP_BY_LAG] > 0 || service->values[TOP_BY_DEAD] > 0) &&
           matches(t, service->name);
}

static size_t selected_row(const top *t)
{
    size_t i;

    for (i = 0; i < t->row_count; i++) {
        if (strcmp(t->rows[i]->name, t->selected) == 0)
            return i;
    }
    return 0;
}

static void select_row(top *t, size_t row)
{
    if (row < t->row_count)
        (void)snprintf(t->selected, sizeof t->selected, "%s", t->rows[row]->name);
}

void top_arrange(top *t)
{
    const size_t room = t->service_count + 1;
    sortable *list = (sortable *)calloc(room, sizeof *list);
    top_service **rows = (top_service **)realloc((void *)t->rows, room * sizeof *rows);
    size_t count = 0, i;

    if (rows != NULL)
        t->rows = rows;
    t->row_count = 0;
    for (i = 0; list != NULL && rows != NULL && i < t->service_count; i++) {
        if (is_shown(t, &t->services[i]))
            list[count++] = (sortable){&t->services[i], t->services[i].values[t->sort]};
    }
    if (count > 0)
        qsort(list, count, sizeof *list, by_value);
    for (i = 0; i < count; i++)
        rows[i] = list[t->reversed ? count - 1 - i : i].service;
    t->row_count = rows != NULL ? count : 0;
    free(list);
    if (t->row_count > 0)
        select_row(t, t->chosen ? selected_row(t) : 0);
}

/* ---- keys ---- */

static void type_filter(top *t, int key)
{
    const size_t size = strlen(t->filter);

    if (key == KEY_ENTER || key == KEY_ESCAPE)
        t->typing = false;
    if (key == KEY_ESCAPE)
        t->filter[0] = '\0';
    else if (key == KEY_BACKSPACE && size > 0)
        t->filter[size - 1] = '\0';
    else if (key >= ' ' && key < KEY_BACKSPACE && size + 1 < sizeof t->filter) {
        t->filter[size] = (char)key;
        t->filter[size + 1] = '\0';
    }
    top_arrange(t);
}

/* By so many rows, or lines. */
static void move(top *t, long by)
{
    const size_t step = (size_t)(by < 0 ? -by : by);

    if (t->inside) {
        t->scroll = by >= 0 ? t->scroll + step : t->scroll > step ? t->scroll - step : 0;
    } else if (t->row_count > 0) {
        const size_t now = selected_row(t), last = t->row_count - 1;

        t->chosen = true;
        select_row(t, by >= 0 ? (now + step < last ? now + step : last) : now > step ? now - step : 0);
    }
}

static void enter(top *t, bool in)
{
    t->inside = in && t->row_count > 0;
    t->scroll = 0;
}

static void change_sort(top *t, int by)
{
    t->sort = (top_key)(((int)t->sort + by + TOP_KEYS) % TOP_KEYS);
    t->reversed = false;
    top_arrange(t);
}

static bool press_move(top *t, int key, long page)
{
    switch (key) {
    case KEY_UP:
    case 'k':
        move(t, -1);
        return true;
    case KEY_DOWN:
    case 'j':
        move(t, 1);
        return true;
    case KEY_PAGE_UP:
        move(t, -page);
        return true;
    case KEY_PAGE_DOWN:
        move(t, page);
        return true;
    case KEY_HOME:
    case 'g':
        move(t, -1000000);
        return true;
    case KEY_END:
    case 'G':
        move(t, 1000000);
        return true;
    default:
        return false;
    }
}

static void press_command(top *t, int key)
{
    switch (key) {
    case 'q':
        t->quit = true;
        break;
    case '?':
    case 'h':
        t->help = true;
        break;
    case 'p':
    case ' ':
        t->paused = !t->paused;
        break;
    case '/':
        t->typing = !t->inside;
        break;
    case 's':
    case KEY_RIGHT:
        change_sort(t, 1);
        break;
    case 'S':
    case KEY_LEFT:
        change_sort(t, -1);
        break;
    case 'r':
        t->reversed = !t->reversed;
        top_arrange(t);
        break;
    case KEY_ENTER:
        enter(t, true);
        break;
    case KEY_ESCAPE:
    case KEY_BACKSPACE:
        if (!t->inside)
            t->filter[0] = '\0';
        enter(t, false);
        top_arrange(t);
        break;
    default:
        break;
    }
}

void top_press(top *t, int key, unsigned rows)
{
    const unsigned frame = TOP_HEADER_ROWS + TOP_FOOTER_ROWS;

    if (t->help)
        t->help = false;
    else if (t->typing)
        type_filter(t, key);
    else if (!press_move(t, key, rows > frame + 1 ? (long)(rows - frame - 1) : 1))
        press_command(t, key);
}
