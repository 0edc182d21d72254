#!/usr/bin/env bash
# aegis check: what is well, what is not, and what to do.
. "$(dirname "$0")/lib.sh"

# check CODE [OPTION...]: its findings as JSON in `out`
check() {
    local wanted=$1
    shift
    expect "$wanted" "$aegis" check -f "$depot" --json "$@"
}
# level AREA VALUE: how grave what it says of an area is
level() {
    holds "[.[] | select(.area == \"$1\") | .level] | join(\" \")" "$2"
}
has() { # AREA TEXT
    holds "[.[] | select(.area == \"$1\") | .text | contains(\"$2\")] | any" true
}

expect 3 "$aegis" check -s nats://127.0.0.1:1 --timeout 300ms
complains 'nats://127.0.0.1:1'

# Nothing is there yet: that is no harm.
server
check 0
level 'stream EVENTS' warning
level 'stream COMMANDS' warning
level 'consumer depot-service__count' warning
level 'service depot-service' warning
level "server ${AEGIS_URL#nats://}" ok
expect 0 "$aegis" check -f "$depot"
says "nothing: whoever needs it first makes it; or 'aegis apply'"

# All of it runs.
expect 0 "$aegis" apply -f "$depot" --yes
serve service
check 0
level 'stream EVENTS' ok
level 'consumer depot-service__count' ok
level 'dead letters' ok
level 'service depot-service' ok
expect 0 "$aegis" check -f "$depot" --quiet
says '0 bad, 0 warnings, '
must test "$(grep -oE '[0-9]+ ok' <<<"$out" | cut -d' ' -f1)" -gt 5 # what is well is counted, though not shown

# Nobody reads what waits.
stop service
for i in 1 2 3; do publish commands.depot-service.count '{}'; done
check 1
level 'consumer depot-service__count' bad
has 'consumer depot-service__count' '3 commands wait, and nobody reads'

# Also when no schema says whose they are.
until_true 'an empty bus' sh -c "! '$aegis' ls --json | grep -q depot"
expect 1 "$aegis" check --json
level 'consumer depot-service__count' bad
level services warning

# A stream that was altered.
publish '$JS.API.STREAM.DELETE.EVENTS' ''
publish '$JS.API.STREAM.CREATE.EVENTS' \
    '{"name":"EVENTS","subjects":["events.>"],"retention":"limits","discard":"old","storage":"memory","num_replicas":1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_consumers":-1}'
check 1
level 'stream EVENTS' 'bad ok'
has 'stream EVENTS' 'storage is memory, not file'

# Without JetStream calls still work, and that is said.
stop nats
server --no-jetstream
check 1
level JetStream bad
has JetStream 'no events, no commands'

finish 'aegis check says what is wrong and what to do'
