#!/usr/bin/env bash
# aegis bench: closed and open loop, what failed, how it is ended, with little and with nothing to talk to.
. "$(dirname "$0")/lib.sh"
bench=("$aegis" bench -f "$depot" --warmup 0)

expect 2 "$aegis" bench
complains 'which method?'
expect 2 "${bench[@]}" depot-service.echo text=x --rate fast -s nats://127.0.0.1:1 --timeout 200ms
expect 3 "${bench[@]}" depot-service.echo text=x -s nats://127.0.0.1:1 --timeout 200ms
complains 'nats://127.0.0.1:1'

server --no-jetstream
expect 1 "${bench[@]}" depot-service.find code=AB-0001 --count 3 --timeout 2s --json
out=$(head -1 <<<"$out")
holds .outcomes.OK 0
holds .outcomes.UNAVAILABLE 3
for wrong_one in '--rate 0' '--rate 5x' '--concurrency 70000' '--concurrency 1.5' '--count -1' '--duration 10' '--warmup soon'; do
    # shellcheck disable=SC2086
    expect 2 "${bench[@]}" depot-service.echo text=x $wrong_one
    complains "${wrong_one#* }"
done
stop nats

server
serve service
expect 0 "${bench[@]}" depot-service.echo text=hello --count 200 --concurrency 8 --json
holds '[.loop, .concurrency, .calls, .not_ended]' '["closed",8,200,0]'
holds .outcomes '{"OK":200}'
holds '.latency_ns | .count == 200 and .min <= .p50 and .p50 <= .p90 and .p90 <= .p99 and .p99 <= .max and .min > 0' true

# how much is right does not depend on the warm-up, and time ends it too
expect 0 "$aegis" bench -f "$depot" depot-service.echo text=hello --count 50 --warmup 50ms --format json --json
holds .calls 50
expect 0 "${bench[@]}" depot-service.echo text=hello --duration 200ms --json
holds '.seconds >= 0.2 and .calls > 0 and .calls_per_second > 0' true

# what is declared by its name, what is not by its status; without a schema too
expect 1 "${bench[@]}" depot-service.find code=XX-0001 --count 20 --json
out=$(head -1 <<<"$out")
holds .outcomes '{"OK":0,"NotFound":20}'
holds .latency_ns_by_outcome.NotFound.count 20
expect 1 "${bench[@]}" depot-service.fail $'why=the lamp \e[31m is out' --count 20
says 'the lamp'
must test -z "$(grep "$(printf '\033')" <<<"$out")"
expect 0 "$aegis" bench -s "$AEGIS_URL" depot-service.echo --data '{"text":"x"}' --count 20 --warmup 0s --json
holds .outcomes.OK 20

# One at a time, each of 30 ms, due every 10 ms: the latency of the last counts from when it was due (20 * 20 ms late),
# though it took 30 ms from when it was sent.
expect 0 "${bench[@]}" depot-service.slow --data '{"takes":30000000}' --rate 100 --concurrency 1 --count 20 --json
holds '[.loop, .calls]' '["open",20]'
holds '.from_sending_ns.min >= 30000000 and .latency_ns.max >= 360000000' true

# No more a second than was asked for: each call has its share of time, the last one too.
expect 0 "${bench[@]}" depot-service.echo text=hello --rate 20 --count 10 --json
holds '.seconds >= 0.5 and .seconds < 0.6 and .calls_per_second <= 20' true
expect 0 "$aegis" bench -f "$depot" depot-service.echo text=hello --rate 100 --warmup 55ms --duration 300ms --json
holds .calls 30

expect 0 "${bench[@]}" depot-service.echo text=hello --count 300
sed -E 's/calls, [0-9,.]+[kM]?\/s$/calls, RATE/; s/[0-9]+([.,][0-9]+)? ?(ns|us|ms|s|k\/s)\b/TIME/g; s/, [0-9,.]+k?\/s$/, RATE/; s/^( +TIME ).*/\1 .../' <<<"$out" |
    awk '/^ +TIME/ {if (drawn++) next} {print}' | sed -E 's/ +TIME/ TIME/' >drawn
golden ../tool/bench.txt drawn

# Ctrl-C prints what there is
in_terminal 80 24 load "${bench[@]}" depot-service.echo text=hello --duration 60s
until_says load 'in flight'
types load '\003'
left load
must test "$code" = 0
until_says load 'p99.99'

# ... or that there is nothing yet
in_terminal 80 24 early "${bench[@]}" depot-service.echo text=hello --warmup 60s
until_says early 'warming up'
types early '\003'
left early
must test "$code" = 1
until_says early 'ended before a call counted'

finish 'aegis bench measures what it says'
