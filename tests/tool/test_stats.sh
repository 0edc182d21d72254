#!/usr/bin/env bash
# aegis stats: counts, rates, latencies, callers, lag and dead letters, of whoever tells them.
. "$(dirname "$0")/lib.sh"
quick=(--interval 10ms)

expect 3 "$aegis" stats -s nats://127.0.0.1:1 --timeout 200ms
expect 2 "$aegis" stats --interval often
server --no-jetstream
expect 1 "$aegis" stats order-service
complains "no instance of 'order-service' runs"
pretend '$SRV.>'
cp "$top/tests/tool/fleet/info.json" 'pretend/$SRV.INFO'
cp "$top/tests/tool/fleet/stats.json" 'pretend/$SRV.STATS'
cp 'pretend/$SRV.INFO' 'pretend/$SRV.INFO.order-service'
cp 'pretend/$SRV.STATS' 'pretend/$SRV.STATS.order-service'
expect 0 "$aegis" stats "${quick[@]}"
printf '%s\n' "$out" >told
golden ../tool/stats.txt told
expect 0 "$aegis" stats order-service "${quick[@]}"
printf '%s\n' "$out" >told
golden ../tool/stats-one.txt told
must test -z "$(grep "$(printf '\033')" <<<"$out$err")"
expect 0 "$aegis" stats "${quick[@]}" --json
holds '.services[1].endpoints[0] | [.requests, .errors, .rate, .mean_ns, .p50_ns, .p99_ns]' '[1200,3,0,100000,114688,1048576]'
holds '.services[1].endpoints[0].callers | map([.source, .requests, .errors, .rate])' \
    '[["checkout-aaaaaaaa",1100,3,0],["order-service-33334444",100,0,0]]'
holds '[.consumers, .dead_letters]' '[null,null]'

# a rate is of the time between two looks; a restart does not make it negative
start watch "$aegis" stats --watch --json --interval 100ms
until_says watch '"rate":0'
sed -i 's/"num_requests":1200/"num_requests":5200/' 'pretend/$SRV.STATS'
more() { jq -e '.services[1].endpoints[0].rate > 1000' "$scratch/watch.log"; }
until_true 'the rate goes up' more
sed -i 's/"num_requests":5200/"num_requests":7/' 'pretend/$SRV.STATS'
less() { jq -e '.services[1].endpoints[0] | .requests == 7 and .rate > 0 and .rate < 1000' "$scratch/watch.log"; }
until_true 'the rate goes down' less
stop watch INT
must test "$code" = 0
in_terminal 60 8 drawn "$aegis" stats --watch --interval 100ms
until_shows drawn order-service
must test "$(the_frame drawn | wc -l)" -lt 8
types drawn '\003'
left drawn
must test "$code" = 0
stop pretend
stop nats

# what waits in JetStream
server
serve service
expect 0 "$aegis" stats "${quick[@]}" --json
holds '.consumers | map(select(.service == "courier-service"))[0] | [.stream, .subject, .lag]' '["EVENTS","events.thing.*",0]'
holds .dead_letters '[]'

finish 'aegis stats tells how endpoints do'
