#!/usr/bin/env bash
# aegis send: a command from its submission to its outcome: progress in lines, as JSON and as a bar, Ctrl-C once and twice,
# detached ones waited for later, keys.
. "$(dirname "$0")/lib.sh"
send() { expect "$1" "$aegis" send -f "$depot" "${@:2}"; }

expect 2 "$aegis" send
complains 'which command?'
send 2 depot-service.echo text=x
complains "'aegis call' sends it"
send 2 depot-service.count
complains 'batch is missing'
send 2 --wait 12
complains 'no id of a command'
send 2 depot-service.tidy --priority huge
complains 'low|normal|high|critical'
send 2 depot-service.tidy --delay later
complains 'is no time'
send 0 depot-service.count --describe
says 'tells on the way'
says 'exactly once'
expect 3 "$aegis" send -f "$depot" depot-service.tidy -s nats://127.0.0.1:1 --timeout 200ms

server --no-jetstream
send 1 depot-service.tidy
complains 'was not sent'
stop nats

server
serve service
send 0 depot-service.count batch=a total=3 pause=1ms --json
holds .counted 3
must test "$(head -1 <<<"$err")" = '{"progress":{"done":1,"total":3,"note":"counting"}}'
send 0 depot-service.count batch=b total=3 pause=1ms
says '"counted": 3'
complains 'count  33 %  1/3'
complains '100 %'
send 0 depot-service.tidy deep=yes --priority high
send 1 depot-service.count batch=c fail_at=2 pause=1ms --json
holds .error.type Broken
holds .error.details.tries 1

# ---- sent once, whoever asks again
send 0 depot-service.count batch=d total=2 pause=1ms --detach
id=$out
must test ${#id} = 36
send 0 depot-service.count batch=d total=2 pause=1ms --detach --json
holds .id "$id"
complains '"record":{"id":"'"$id"
send 0 depot-service.count batch=b total=3 pause=1ms
says '"counted": 3'
complains 'sent before, with the same idempotency key: completed'
complains 'nothing runs again, this is its record'
must test -z "$(grep '%' <<<"$err")"
send 0 --wait "$id" --json
holds .counted 2
send 0 --wait "$id" depot-service.count --json
holds .counted 2
send 1 --wait 00000000-0000-4000-8000-000000000000
complains 'nothing is known'
send 0 depot-service.tidy --key same --detach
id=$out
send 0 depot-service.tidy --key same --detach
must test "$out" = "$id"
send 1 depot-service.count batch=e total=1 pause=5s --timeout 300ms
complains 'has not ended in time'

# ---- in a terminal: a bar, wiped away at the end
in_terminal 100 20 drawn "$aegis" send -f "$depot" depot-service.count batch=f total=20 pause=20ms -s "$AEGIS_URL"
left drawn
must test $code = 0
until_says drawn '█'
until_says drawn '100 %'
until_says drawn '20/20'
until_says drawn 'counted'
in_terminal 20 5 narrow "$aegis" send -f "$depot" depot-service.count batch=g total=5 -s "$AEGIS_URL"
left narrow
must test $code = 0
must test -z "$(tr '\r' '\n' <narrow.log | sed -E 's/\x1b\[[0-9;]*[mK]//g' | grep '%' | awk 'length > 20')"
LC_ALL=C in_terminal 100 20 ascii "$aegis" send -f "$depot" depot-service.count batch=h total=5 -s "$AEGIS_URL"
left ascii
until_says ascii '###'

# ---- the first Ctrl-C asks it to stop, the second leaves it running
in_terminal 100 20 stopped "$aegis" send -f "$depot" depot-service.count batch=i total=100000 pause=10ms -s "$AEGIS_URL"
until_says stopped counting
types stopped '\003'
left stopped
must test $code = 1
until_says stopped 'asked'
until_says stopped CANCELLED
in_terminal 100 20 gone "$aegis" send -f "$depot" depot-service.count batch=j total=2 pause=2s -s "$AEGIS_URL"
until_says gone ' s'
types gone '\003'
until_says gone 'again leaves it running'
types gone '\003'
left gone
must test $code = 1
until_says gone 'runs on'
id=$(grep -oE -- '--wait [0-9a-f-]{36}' gone.log | head -1 | cut -c8-)
send 1 --wait "$id"
complains CANCELLED
send 0 depot-service.count batch=k total=100000 pause=10ms --detach
id=$out
send 0 --cancel "$id"
complains "asked $id to stop"
send 1 --wait "$id"
complains CANCELLED

finish 'aegis send shows how far a command is, and what came of it'
