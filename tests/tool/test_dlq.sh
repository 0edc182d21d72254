#!/usr/bin/env bash
# aegis dlq: dead letters are listed, shown, replayed and dropped.
. "$(dirname "$0")/lib.sh"

# lost CODE: an event that the courier's handler gives up
lost() {
    count=$((${count:-0} + 1))
    publish events.thing.lost "{\"message_id\":\"00000000-0000-4000-8000-$(printf %012d $count)\",\"trace_id\":\"t\",\"correlation_id\":null,\"timestamp\":\"2026-01-01T00:00:00+00:00\",\"source\":\"test\",\"target\":null,\"domain\":\"thing\",\"event_type\":\"lost\",\"payload\":{\"code\":\"$1\"},\"version\":\"1.0\"}"
}
letters() { # N: so many there are
    "$aegis" dlq ls --json | wc -l | grep -qx "$1"
}

expect 2 "$aegis" dlq
complains 'ls, show, replay or drop?'
expect 3 "$aegis" dlq ls -s nats://127.0.0.1:1 --timeout 300ms

server
expect 0 "$aegis" dlq ls
says 'no dead letters'
expect 2 "$aegis" dlq lst
complains "did you mean 'ls'?"
expect 2 "$aegis" dlq show
complains 'which one?'
expect 2 "$aegis" dlq show three
complains "'three' is no number of a dead letter"
expect 1 "$aegis" dlq show 3
complains 'there is no dead letter 3'
expect 2 "$aegis" dlq replay
complains 'replay which?'
expect 2 "$aegis" dlq drop 1 --all
complains 'drop which?'
expect 2 "$aegis" dlq ls --since yesterday
complains "'yesterday' is no time"

serve
lost dead
lost dead
lost "$(printf 'fine')"
until_true 'two dead letters' letters 2
expect 0 "$aegis" dlq ls
says 'courier-service'
says 'thing.lost'
expect 0 "$aegis" dlq ls --json
must test "$(jq -r .name <<<"$out" | sort -u)" = thing.lost
must test "$(jq -r .sequence <<<"$out" | paste -sd' ')" = '1 2'
expect 0 "$aegis" dlq ls --name 'order.*'
says 'no dead letters that fit'
expect 0 "$aegis" dlq ls --service courier-service --since 1h --limit 1
complains 'the first 1; --limit or --all shows more'
expect 0 "$aegis" dlq show 1
says 'events.thing.lost'
says '"dead"'
expect 0 "$aegis" dlq show 1 --json
holds .body.payload.code dead
holds .service courier-service

# Nobody can be asked here; a dry run changes nothing.
expect 2 "$aegis" dlq drop --all
complains 'say --yes'
expect 0 "$aegis" dlq replay --all --dry-run
says 'would replay 2 dead letters'

# Replayed, they are given up once more: new letters.
expect 0 "$aegis" dlq replay 1
says 'replayed 1 of 1'
until_true 'a new dead letter' letters 2
expect 0 "$aegis" dlq ls --json
must test "$(jq -r .sequence <<<"$out" | paste -sd' ')" = '2 3'
expect 1 "$aegis" dlq drop 2 17
says 'dropped 1 of 2'
complains 'cannot drop dead letter 17'
expect 0 "$aegis" dlq drop --all --service courier-service --yes --json
holds .done 1
expect 0 "$aegis" dlq ls
says 'no dead letters'

# A body that is nothing anybody can read, and a name with a control character in why.
publish dlq.x.y 'garbage'
expect 0 "$aegis" dlq ls --json
expect 0 "$aegis" dlq show "$(jq -r .sequence <<<"$out")"
says '7 bytes that cannot be read'

# No control character of a body gets through.
publish dlq.x.y "$(printf '\033]0;x\007')"
expect 0 "$aegis" dlq show "$("$aegis" dlq ls --json | jq -r .sequence | tail -1)"
says '\x1b'
must test "$(tr -d '\n' <<<"$out" | tr -dc '[:cntrl:]' | wc -c)" = 0

# On a terminal it asks.
in_terminal 100 30 asked "$aegis" dlq drop --all
until_says asked 'drop 2 dead letters? [y/N]'
types asked 'n\n'
left asked
must test "$code" = 1
until_says asked 'nothing was changed'
in_terminal 100 30 again "$aegis" dlq drop --all
until_says again 'drop 2 dead letters? [y/N]'
types again 'y\n'
left again
must test "$code" = 0
until_true 'no dead letter' letters 0

finish 'aegis dlq lists, shows, replays and drops'
