#!/usr/bin/env bash
# aegis record and replay: what travelled is written down, and sent again.
. "$(dirname "$0")/lib.sh"

# event SUBJECT ID: an event as any client of the original SDK sends it
event() {
    local domain=${1%%.*} type=${1#*.}
    publish "events.$1" "{\"message_id\":\"$2\",\"trace_id\":\"t\",\"correlation_id\":null,\"timestamp\":\"2026-01-01T00:00:00+00:00\",\"source\":\"test\",\"target\":null,\"domain\":\"$domain\",\"event_type\":\"$type\",\"payload\":{\"n\":1},\"version\":\"1.0\"}"
}
lines() { wc -l <"$1"; }

expect 2 "$aegis" record
complains 'where to? -o FILE'
expect 2 "$aegis" record 'rpc.x.>' --all -o calls.jsonl
complains 'only events are kept'
expect 3 "$aegis" replay nothing.jsonl
complains "cannot read 'nothing.jsonl'"
printf '{"subject":"events.a.b"}\n' >broken.jsonl
expect 1 "$aegis" replay broken.jsonl --dry-run
complains 'broken.jsonl:1: no line of a recording: its time is none'
printf 'hello\n' >broken.jsonl
expect 1 "$aegis" replay broken.jsonl --dry-run
complains 'broken.jsonl:1: no line of a recording'
expect 2 "$aegis" replay broken.jsonl --speed fast
complains "'fast' is no speed"
expect 2 "$aegis" replay broken.jsonl --map events
complains "'events' is no --map"

server
expect 0 "$aegis" apply -f "$depot" --yes

# Live.
start live "$aegis" record 'thing.*' 'rpc.depot-service.>' -o live.jsonl --count 3
until_says live 'recording to live.jsonl'
event thing.lost 11111111-1111-4111-8111-111111111111
event other.happened 22222222-2222-4222-8222-222222222222
publish rpc.depot-service.echo '{}'
event thing.stored 33333333-3333-4333-8333-333333333333
left live
must test "$code" = 0
until_says live 'recorded 3 messages'
must test "$(lines live.jsonl)" = 3
must test "$(jq -r .subject live.jsonl | paste -sd' ')" = 'events.thing.lost rpc.depot-service.echo events.thing.stored'
must test "$(jq -r '.decoded.message_id' live.jsonl | head -1)" = 11111111-1111-4111-8111-111111111111

# From the stream, which has what nobody recorded; a file is not written over.
expect 3 "$aegis" record --all -o live.jsonl
complains '--force writes over it'
expect 0 "$aegis" record --all -o all.jsonl
complains 'recorded 3 messages'
must test "$(jq -r .subject all.jsonl | paste -sd' ')" = 'events.thing.lost events.other.happened events.thing.stored'
expect 0 "$aegis" record 'thing.lost' 'thing.*' --since 1h -o - --json
must test "$(jq -r .subject <<<"$out" | sort | paste -sd' ')" = 'events.thing.lost events.thing.stored'
expect 0 "$aegis" record --since 1ns -o none.jsonl
complains 'recorded 0 messages'

# What would be sent; calls only when asked for.
expect 0 "$aegis" replay live.jsonl --dry-run
says 'events.thing.lost -> events.thing.lost'
complains 'would send 2, passed over 1, failed 0'
expect 0 "$aegis" replay live.jsonl --dry-run --calls --map events.thing=events.test
says 'events.thing.lost -> events.test.lost'
complains 'would send 3, passed over 0, failed 0'
expect 0 "$aegis" replay live.jsonl --dry-run --only thing.lost
complains 'would send 1, passed over 2'

# Sent again, with new ids and what the new subject says; replays are not recorded.
expect 0 "$aegis" replay live.jsonl --speed max --map events.thing=events.test
complains 'sent 2, passed over 1, failed 0'
expect 0 "$aegis" record --all -o again.jsonl
complains 'recorded 3 messages; passed over what was replayed'
expect 0 "$aegis" record 'test.*' --all --replayed -o again.jsonl --force
must test "$(jq -r .subject again.jsonl | paste -sd' ')" = 'events.test.lost events.test.stored'
must test "$(jq -r '.decoded | .domain + " " + .event_type' again.jsonl | head -1)" = 'test lost'
must test "$(jq -r '.decoded.message_id' again.jsonl | grep -c 1111)" = 0

# With the ids it had, a stream drops what it knows: those of the first replay.
expect 0 "$aegis" replay again.jsonl --keep-ids --rate 1000
complains 'sent 2'
expect 0 "$aegis" record 'test.*' --all --replayed -o again.jsonl --force
must test "$(lines again.jsonl)" = 2

# Ctrl-C ends a recording, and what came is there.
start live "$aegis" record -o more.jsonl
until_says live 'recording to more.jsonl'
event thing.lost 44444444-4444-4444-8444-444444444444
until_true 'a line of the recording' test -s more.jsonl
stop live INT
must test "$code" = 0
must test "$(lines more.jsonl)" = 1

# A stream that is gone.
publish '$JS.API.STREAM.DELETE.EVENTS' ''
expect 1 "$aegis" replay more.jsonl
complains 'more.jsonl:1: cannot send it to events.thing.lost'
complains 'failed 1'

finish 'aegis record writes what travels, and replay sends it again'
