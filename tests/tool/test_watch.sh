#!/usr/bin/env bash
# aegis emit and watch: events published as a service would, seen as they come and as they were; commands and calls; conditions;
# what others send cannot draw on the terminal; nothing is left behind in the server.
. "$(dirname "$0")/lib.sh"
emit() { expect "$1" "$aegis" emit -f "$depot" "${@:2}"; }
watch() { expect "$1" "$aegis" watch "${@:2}"; }

# ---- mistakes
expect 2 "$aegis" emit
complains 'which event?'
emit 1 thing.lots code=x
complains "did you mean 'thing.lost'?"
emit 2 thing.lost
complains 'code is missing'
emit 2 thing.lost code=x colour=purple
complains "is no Colour"
emit 2 thing.lost code=x --id 7
complains 'is no uuid'
emit 1 thing.stored --version 9.0 --describe
complains 'no version 9.0'
emit 0 thing.stored --describe
says 'event, version 1.1'
says 'A thing was stored.'
emit 0 thing.stored --example
cp .out stored.json
watch 2 'thing..x'
complains 'no pattern'
watch 2 --where colour
complains 'FIELD=VALUE'
watch 2 --since soon
complains "'soon' is no time"
watch 2 --since 1h --all
complains 'only one'
watch 2 --no-follow
complains '--no-follow is for'
watch 2 --count none
complains 'no number'
expect 3 "$aegis" watch -s nats://127.0.0.1:1 --timeout 200ms
expect 3 "$aegis" emit a.b -s nats://127.0.0.1:1 --timeout 200ms

# ---- without JetStream events cannot be stored, nor read; what travels can be seen
server --no-jetstream
emit 1 thing.lost code=x
complains 'was not published'
watch 1 --all --no-follow
complains 'cannot read what was published before'
stop nats

# ---- published and read
server
serve service
emit 0 thing.lost code=one
says 'stored'
emit 0 thing.lost code=two colour=red --id 11111111-2222-4333-8444-555555555555 --json
holds .id 11111111-2222-4333-8444-555555555555
holds .version 1.0
emit 0 thing.stored --data @stored.json --json
holds .version 1.1
# without -f the services that run are asked: what is nearly declared is held back, what is not is sent
serve depots depot
expect 1 "$aegis" emit thing.lots code=x
complains "no event 'thing.lots' of the services that run; did you mean 'thing.lost'?"
expect 1 "$aegis" emit thing.stored --version 7.0 a=1
complains "has no version 7.0 of the services that run; the highest is 1.1"
stop depots
expect 0 "$aegis" emit strange.thing a.b=1
complains "nobody declares 'strange.thing'"
watch 0 --all --no-follow --json
must test "$(jq -r .name <<<"$out" | paste -sd' ')" = 'thing.lost thing.lost thing.stored strange.thing'
must test "$(jq -r .sequence <<<"$out" | paste -sd' ')" = '1 2 3 4'
must test "$(jq -c 'select(.name == "thing.stored").payload' <<<"$out")" = "$(jq -c . stored.json)"
watch 0 --last 2 --no-follow --json
must test "$(jq -r .sequence <<<"$out" | paste -sd' ')" = '3 4'
watch 0 'thing.lost' --last 1 --no-follow --json
holds .payload.code two
watch 0 'thing.*' strange.thing 'thing.lost' --all --no-follow --json
must test "$(wc -l <<<"$out")" = 4
watch 0 --since 1h --no-follow --where colour=red --json
holds .id 11111111-2222-4333-8444-555555555555
watch 0 --all --no-follow --where 'code!=one' --where name=thing.lost
says 'thing.lost  1.0'
says '{"code": "two", "colour": "red"}'
watch 0 --all --no-follow --wide thing.stored
says '"item": {'

# ---- as they come
start live "$aegis" watch 'thing.*' --count 2 --last 1 --json -s "$AEGIS_URL"
until_says live thing.stored
emit 0 thing.lost code=three
left live
must test $code = 0
until_says live '"code":"three"'
watch 1 --count 1 --timeout 100ms
in_terminal 40 10 narrow "$aegis" watch --last 3 -s "$AEGIS_URL"
until_says narrow 'Ctrl-C'
until_says narrow '…'
must test -z "$(tr -d '\r' <narrow.log | sed -E 's/\x1b\[[0-9;]*m//g' | grep -v '^aegis:' | awk 'length > 42')"
types narrow '\003'
left narrow
must test $code = 0

# a line ends with a whole character, wherever it is cut
expect 0 "$aegis" emit strange.letters text=ąęłóżźćńśąęłóżźćńśąęłóżźćńśąęłóżźćńś
for columns in 70 71 72 73; do
    in_terminal $columns 10 whole$columns "$aegis" watch strange.letters --all --no-follow -s "$AEGIS_URL"
    left whole$columns
    must grep -q 'ą.*…' whole$columns.log
    must test -z "$(grep -aF '\x' whole$columns.log)"
done

# ---- commands and calls
start traffic "$aegis" watch --commands --rpc --json -s "$AEGIS_URL"
start plain "$aegis" watch --commands --rpc -s "$AEGIS_URL"
until_true 'both listen' sh -c "for i in 1 2 3; do $aegis call depot-service.echo text=ping >/dev/null; done; grep -q ping traffic.log && grep -q ping plain.log"
expect 0 "$aegis" send -f "$depot" depot-service.count batch=w total=2 pause=1ms
until_says traffic '"status":"completed"'
must test "$(jq -r 'select(.kind == "command").name' traffic.log)" = depot-service.count
must test "$(jq -r 'select(.kind == "ended").command' traffic.log)" = depot-service.count
must test "$(jq -r 'select(.kind == "progress").payload.total' traffic.log | head -1)" = 2
until_says plain 'completed'
stop traffic INT
must test $code = 0

# ---- hostile messages: shown as text, one line each
start hostile "$aegis" watch --color always -s "$AEGIS_URL"
until_true 'it listens' sh -c "$aegis emit a.ping x=1 2>/dev/null >&2; grep -q a.ping hostile.log"
publish events.evil.one "$(printf '\033[2J{not json')"
publish events.evil.two '{"message_id":"\u001b[2J","payload":{"x":"\u001b]0;title\u0007\u202e"},"version":"\u009b2J","source":"a\nb"}'
publish events.evil.three "$(printf '\xc1\xff\xfe')"
until_says hostile evil.three
must test -z "$(sed -E 's/\x1b\[[0-9]*m//g' hostile.log | tr -d '\n' | LC_ALL=C grep -aP '[\x00-\x1f]|\xc2[\x80-\x9f]|\xe2\x80\xae')"
must test "$(grep -c evil hostile.log)" = 3

# ---- what is misspelt would be waited for in vain; a word alone is a domain, what begins like a subject is one
watch 1 thing.lots --count 1 --timeout 100ms -f "$depot"
complains "nobody declares 'thing.lots'; did you mean 'thing.lost'?"
start domain "$aegis" watch thing 'rpc.depot-service.echo' --json
until_true 'it listens' sh -c "$aegis emit -f $depot thing.lost code=word; $aegis call depot-service.echo text=word; grep -q thing.lost domain.log && grep -q rpc.depot domain.log"

# ---- nothing stays behind
expect 0 "$aegis" watch --all --no-follow --json
must test "$("$aegis" watch --all --no-follow 2>/dev/null | wc -l)" -ge 5
must test -z "$(grep -l watch -r store 2>/dev/null)"

# whatever schemas say
expect 0 "$aegis" emit -f "$depot" thing.lots a=1 --force
complains "nobody declares 'thing.lots'"

finish 'aegis emit publishes; aegis watch shows what travels and what was'
