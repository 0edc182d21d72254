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
says '0 bad, 0 warnings'

# Nobody reads what waits.
stop service
expect 0 "$aegis" call depot-service.echo text=x -f "$depot" --timeout 300ms || true
bad=0
for i in 1 2 3; do
    port=${AEGIS_URL##*:}
    exec 3<>"/dev/tcp/127.0.0.1/$port"
    printf 'CONNECT {"verbose":false}\r\nPUB commands.depot-service.count 2\r\n{}\r\nPING\r\n' >&3
    until_true 'PONG of the server' grep -q PONG <(timeout 1 cat <&3)
    exec 3>&-
done
check 0
level 'consumer depot-service__count' warning
has 'consumer depot-service__count' '3 commands wait, and nobody reads'

# A stream that was altered.
printf 'CONNECT {"verbose":false}\r\nPUB $JS.API.STREAM.DELETE.EVENTS 0\r\n\r\nPING\r\n' >raw
exec 3<>"/dev/tcp/127.0.0.1/${AEGIS_URL##*:}"
cat raw >&3
until_true 'PONG of the server' grep -q PONG <(timeout 1 cat <&3)
config='{"name":"EVENTS","subjects":["events.>"],"retention":"limits","discard":"old","storage":"memory","num_replicas":1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_consumers":-1}'
printf 'PUB $JS.API.STREAM.CREATE.EVENTS %d\r\n%s\r\nPING\r\n' ${#config} "$config" >&3
until_true 'PONG of the server' grep -q PONG <(timeout 1 cat <&3)
exec 3>&-
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
