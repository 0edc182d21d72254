/* aegis bench: how fast a method is, and how slow. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <aegis/codec.h>

#include "arguments.h"
#include "bench.h"

#include "dynamic.h"

#include "commands.h"

#define DEFAULT_CONCURRENCY      16u
#define DEFAULT_CONCURRENCY_OPEN 1024u
#define DEFAULT_DURATION         (10 * AEGIS_SECOND)
#define DEFAULT_WARMUP           AEGIS_SECOND

typedef struct request {
    session_options common;
    const char *data, *rate, *concurrency, *duration, *count, *warmup, *format;
} request;

/* "5000", "5k", "1.5M": above zero. */
static bool read_number(const char *text, double most, double *out)
{
    char *end;
    double value;

    if (strspn(text, "0123456789.") == 0)
        return false;
    value = strtod(text, &end);
    if (*end == 'k' || *end == 'K')
        value *= 1e3, end++;
    else if (*end == 'M')
        value *= 1e6, end++;
    *out = value;
    return *end == '\0' && value > 0 && value <= most;
}

static int bad(const session *s, const char *option, const char *text, const char *wanted)
{
    return cli_usage(s->line->command, "%s '%s' is not %s", option, text, wanted);
}

static int read_plan(const session *s, const request *r, bench_plan *plan)
{
    double number;

    if (r->rate != NULL && !read_number(r->rate, 1e7, &plan->rate))
        return bad(s, "--rate", r->rate, "calls a second: 500, 20k");
    plan->concurrency = r->rate != NULL ? DEFAULT_CONCURRENCY_OPEN : DEFAULT_CONCURRENCY;
    if (r->concurrency != NULL) {
        if (!read_number(r->concurrency, BENCH_CONCURRENCY_MAX, &number) || number != floor(number))
            return bad(s, "--concurrency", r->concurrency, "a whole number from 1 to 65000");
        plan->concurrency = (uint32_t)number;
    }
    if (r->count != NULL) {
        if (!read_number(r->count, 1e12, &number) || number != floor(number))
            return bad(s, "--count", r->count, "a whole number above 0");
        plan->count = (uint64_t)number;
    }
    plan->duration = plan->count > 0 ? 0 : DEFAULT_DURATION;
    if (r->duration != NULL && !session_duration(r->duration, &plan->duration))
        return bad(s, "--duration", r->duration, "a time: 10s, 2m");
    plan->warmup = DEFAULT_WARMUP;
    if (r->warmup != NULL && (strcmp(r->warmup, "0") == 0 || strcmp(r->warmup, "0s") == 0))
        plan->warmup = 0;
    else if (r->warmup != NULL && !session_duration(r->warmup, &plan->warmup))
        return bad(s, "--warmup", r->warmup, "a time: 1s, or 0");
    plan->call = (aegis_call_options){.once = true, .hedge = -1};
    return CLI_DONE;
}

/* The parameters once and for all, in the format they are sent in. */
static int encode(session *s, json_t *parameters, aegis_format format, aegis_raw *out)
{
    const size_t size = json_dumpb(parameters, NULL, 0, JSON_COMPACT);
    char *text = (char *)aegis_arena_alloc(s->arena, size + 1);
    aegis_raw raw = {{NULL, 0}, AEGIS_FORMAT_JSON};
    aegis_error error = {0};

    if (text == NULL || size == 0)
        return cli_out_of_memory();
    raw.data.data = (const uint8_t *)text;
    raw.data.len = json_dumpb(parameters, text, size, JSON_COMPACT);
    if (aegis_transcode(raw, format, s->arena, out, &error) != AEGIS_OK)
        return session_failed(s, &error, "the parameters cannot be sent");
    return CLI_DONE;
}

/* ---- what is seen ---- */

static void tell_progress(const bench *b, int64_t now, void *user)
{
    const session *s = (const session *)user;
    const int64_t since = now - b->begun;
    char count[SCREEN_TEXT], rate[SCREEN_TEXT], time[SCREEN_TEXT];

    if (since < 0) {
        fprintf(stderr, "\r\033[K  warming up, %s left", screen_duration(-since, time));
    } else {
        const uint64_t good = bench_outcome(b, AEGIS_OK);

        fprintf(stderr, "\r\033[K  %s  %s calls  %s/s  %u in flight", screen_duration(since, time),
                screen_count((double)b->counted, count),
                screen_count((double)b->counted * 1e9 / (double)(since > 0 ? since : 1), rate), b->in_flight);
        if (good < b->counted)
            fprintf(stderr, "  %s%s failed%s", screen_ink_text(&s->out, INK_RED),
                    screen_count((double)(b->counted - good), count), screen_ink_text(&s->out, INK_PLAIN));
    }
    fflush(stderr);
}

static void tell_nothing(const bench *b, int64_t now, void *user)
{
    (void)b;
    (void)now;
    (void)user;
}

static double seconds_of(const bench *b)
{
    return b->ended > b->begun ? (double)(b->ended - b->begun) / 1e9 : 0;
}

static double throughput_of(const bench *b)
{
    return b->ended > b->begun ? (double)b->in_time / seconds_of(b) : 0;
}

/* How many ended so, and of several kinds how long each of them took. */
static void put_outcomes(const bench *b, const screen *out)
{
    char text[SCREEN_TEXT], median[SCREEN_TEXT], most[SCREEN_TEXT];
    size_t i;

    for (i = 0; i < BENCH_OUTCOMES; i++) {
        const uint64_t count = bench_outcome(b, i);

        if (count == 0 && i != AEGIS_OK)
            continue;
        fprintf(out->file, "  %12s  ", screen_count((double)count, text));
        screen_put(out,
                   i == AEGIS_OK          ? INK_PLAIN
                   : bench_is_declared(i) ? INK_YELLOW
                                          : INK_RED,
                   "%s", bench_outcome_name(b, i));
        if (count > 0 && count < b->counted)
            screen_put(out, INK_DIM, "  p50 %s, p99 %s",
                       screen_duration(histogram_quantile(b->outcomes[i], 0.5), median),
                       screen_duration(histogram_quantile(b->outcomes[i], 0.99), most));
        fputc('\n', out->file);
    }
    if (b->failure[0] != '\0') {
        fputs("                first: ", out->file);
        cli_safe(out->file, b->failure);
        fputc('\n', out->file);
    }
}

static void print_for_person(const session *s, const bench *b)
{
    const screen *out = &s->out;
    const bench_plan *plan = b->plan;
    char a[SCREEN_TEXT], c[SCREEN_TEXT], d[SCREEN_TEXT];

    fputs(screen_ink_text(out, INK_BOLD), out->file);
    cli_safe(out->file, plan->method.service);
    fputc('.', out->file);
    cli_safe(out->file, plan->method.name);
    fputs(screen_ink_text(out, INK_PLAIN), out->file);
    if (plan->rate > 0)
        fprintf(out->file, "  open loop, %s/s wanted", screen_count(plan->rate, a));
    else
        fprintf(out->file, "  closed loop, %u in flight", plan->concurrency);
    fprintf(out->file, ", %s of parameters, %s\n\n", screen_bytes((double)plan->parameters.data.len, a),
            screen_duration((aegis_duration)(seconds_of(b) * 1e9), c));
    fprintf(out->file, "  %12s  calls, %s/s\n", screen_count((double)b->counted, a),
            screen_count(throughput_of(b), c));
    put_outcomes(b, out);
    if (b->started > b->counted)
        fprintf(out->file, "  %12s  not ended\n", screen_count((double)(b->started - b->counted), a));
    fputc('\n', out->file);
    if (plan->rate > 0)
        fprintf(out->file, "  latency from when each call was due (sent to answer: p50 %s, p99 %s)\n",
                screen_duration(histogram_quantile(b->service, 0.5), c),
                screen_duration(histogram_quantile(b->service, 0.99), d));
    histogram_draw(b->latency, out);
}

/* By what became of calls: how many, or how long they took. */
static json_t *by_outcome(const bench *b, bool latencies)
{
    json_t *out = json_object();
    size_t i;

    for (i = 0; i < BENCH_OUTCOMES; i++) {
        const uint64_t count = bench_outcome(b, i);

        if (count > 0 || (i == AEGIS_OK && !latencies))
            (void)json_object_set_new(out, bench_outcome_name(b, i),
                                      latencies ? histogram_json(b->outcomes[i])
                                                : json_integer((json_int_t)count));
    }
    return out;
}

static void print_for_program(const session *s, const bench *b)
{
    const bench_plan *plan = b->plan;
    json_t *told = json_pack(
        "{s:s, s:s, s:s, s:o, s:i, s:f, s:I, s:I, s:f, s:o, s:o, s:o, s:o}", "service", plan->method.service,
        "method", plan->method.name, "loop", plan->rate > 0 ? "open" : "closed", "rate_wanted",
        plan->rate > 0 ? json_real(plan->rate) : json_null(), "concurrency", (int)plan->concurrency,
        "seconds", seconds_of(b), "calls", (json_int_t)b->counted, "not_ended",
        (json_int_t)(b->started - b->counted), "calls_per_second", floor(throughput_of(b) + 0.5), "outcomes",
        by_outcome(b, false), "latency_ns", histogram_json(b->latency), "latency_ns_by_outcome",
        by_outcome(b, true), "from_sending_ns", histogram_json(b->service));

    screen_json_line(&s->out, told);
    json_decref(told);
}

/* ---- */

/* What the first one failed with says what they all did, mostly. */
static int none_succeeded(const bench *b)
{
    aegis_status status = AEGIS_FAILED_PRECONDITION;
    size_t i;

    if (b->counted == 0 && session_interrupted()) {
        cli_status("CANCELLED");
        cli_complain("ended before a call counted" CLI_HINT "--warmup is shorter, or 0");
        return CLI_MISTAKES;
    }
    for (i = 1; i < AEGIS_STATUS_COUNT; i++)
        status = bench_outcome(b, i) > 0 ? (aegis_status)i : status;
    cli_status(aegis_status_name(status));
    cli_complain("no call succeeded%s%s" CLI_HINT "'aegis call' shows all of one",
                 b->failure[0] != '\0' ? ": " : "", b->failure);
    return CLI_MISTAKES;
}

static int load(session *s, bench_plan *plan, aegis_format format)
{
    const aegis_client_options options = {
        .format = format, .async_limit = plan->concurrency + BENCH_SPARE, .breaker = {.off = true}};
    aegis_error error = {0};
    aegis_client *client;
    screen shown;
    bench b;
    int code;

    if (aegis_client_new(s->bus, &options, &client, &error) != AEGIS_OK)
        return session_failed(s, &error, "cannot call");
    code = bench_init(&b, s, client, plan);
    if (code != CLI_DONE) {
        aegis_client_free(client);
        return code;
    }
    screen_init(&shown, stderr, s->options->colour);
    session_catch_signals(s);
    bench_run(&b, shown.cursor && !s->options->json ? tell_progress : tell_nothing, s);
    if (shown.cursor && !s->options->json)
        fputs("\r\033[K", stderr);
    (void)pthread_mutex_lock(&b.lock);
    if (s->options->json)
        print_for_program(s, &b);
    else
        print_for_person(s, &b);
    code = bench_outcome(&b, AEGIS_OK) > 0 ? CLI_DONE : none_succeeded(&b);
    (void)pthread_mutex_unlock(&b.lock);
    aegis_client_free(client);
    bench_end(&b);
    return code;
}

static int measure(session *s, const void *data)
{
    const request *r = (const request *)data;
    const aegis_format format =
        r->format != NULL && strcmp(r->format, "json") == 0 ? AEGIS_FORMAT_JSON : AEGIS_FORMAT_MSGPACK;
    bench_plan plan = {0};
    catalog *known = NULL;
    catalog_method method;
    json_t *parameters = NULL;
    int code = read_plan(s, r, &plan);

    if (code == CLI_DONE)
        code = session_connect(s);
    if (code == CLI_DONE)
        code = catalog_open(s, &known);
    if (code == CLI_DONE)
        code = catalog_find_method(known, s->line->arguments.items[0], SCHEMA_RPC, &method);
    if (code == CLI_DONE)
        code =
            arguments_read(s, method.method != NULL ? method.method->request : NULL, 1, r->data, &parameters);
    if (code == CLI_DONE && !dynamic_describe(s, &method, SCHEMA_RPC, &plan.method))
        code = cli_out_of_memory();
    if (code == CLI_DONE)
        code = encode(s, parameters, format, &plan.parameters);
    if (code == CLI_DONE)
        code = load(s, &plan, format);
    json_decref(parameters);
    catalog_free(known);
    return code;
}

static int run(cli *line, void *data)
{
    return session_run(line, &((const request *)data)->common, measure, data);
}

static const cli_option options[] = {
    {"--rate", "N", CLI_TEXT, offsetof(request, rate),
     "calls a second, however long they take (open loop): 500, 20k;\nwithout it as many as --concurrency "
     "allows"},
    {"--concurrency", "N", CLI_TEXT, offsetof(request, concurrency),
     "most calls in flight; default 16, with --rate 1024"},
    {"--duration", "TIME", CLI_TEXT, offsetof(request, duration), "default 10s, or until --count"},
    {"--count", "N", CLI_TEXT, offsetof(request, count), "that many calls, those of the warm-up not counted"},
    {"--warmup", "TIME", CLI_TEXT, offsetof(request, warmup), "before anything counts; default 1s"},
    {"--format", "msgpack|json", CLI_TEXT, offsetof(request, format), "of the requests; default msgpack"},
    {"--data", "JSON", CLI_TEXT, offsetof(request, data), "all parameters, as JSON; @FILE or - reads them"},
    SESSION_OPTIONS(request, common)};

const cli_command cmd_bench = {
    .name = "bench",
    .summary = "calls an rpc many times and shows how long that takes",
    .takes = "SERVICE.METHOD [NAME=VALUE]...",
    .about =
        "Loads an rpc with calls of the same parameters, each sent once (no retry, no hedge, no breaker), "
        "and shows\n"
        "throughput, percentiles and a histogram: of each row from where it begins, how many, and how many "
        "up to it.\n"
        "\n"
        "Without --rate it is a closed loop: --concurrency calls are in flight, the next one starts when one "
        "ends.\n"
        "With --rate it is an open loop, and corrected for coordinated omission: each call's latency counts "
        "from\n"
        "when it was due, also when it could be sent only later because --concurrency calls were in flight.\n"
        "Ctrl-C ends it and prints what there is.",
    .examples = "  aegis bench order-service.get_order id=6f1c5a9e-0d0f-4c39-9a7b-2f6f0b0c8a11\n"
                "  aegis bench order-service.get_order --data @order.json --rate 5k --duration 1m --json\n",
    .failure = "no call succeeded",
    .options = options,
    .option_count = CLI_COUNT(options),
    .request_size = sizeof(request),
    .least = 1,
    .most = CLI_ANY,
    .on_missing = "which method? SERVICE.METHOD",
    .run = run,
};
