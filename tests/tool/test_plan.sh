#!/usr/bin/env bash
# aegis plan and apply: what is missing is made, what was asked for is changed, what could lose something is asked for twice.
. "$(dirname "$0")/lib.sh"

# plan [OPTION...]: its answer as JSON in `out`
plan() {
    expect 0 "$aegis" plan -f "$depot" --json "$@"
}
# acts FILTER VALUE: the acts of the steps that a filter of jq selects, in order
acts() {
    holds "[.[] | select($1) | .act] | join(\" \")" "$2"
}

expect 2 "$aegis" plan --replicas 7
complains "'--replicas' is one of 1|2|3|4|5, not '7'"
expect 2 "$aegis" plan --events-max-bytes much
complains "'much' is no size"
expect 2 "$aegis" apply --results-max-age soon
complains "'soon' is no time"

server
plan
acts '.kind == "stream"' 'create create create'
acts '.kind == "bucket"' 'create create create'
holds '[.[] | select(.kind == "consumer") | .name] | sort | join(" ")' \
    'courier-service__thing_any depot-service__count depot-service__tidy depot-service__tidy_critical depot-service__tidy_high depot-service__tidy_low'
expect 1 "$aegis" plan -f "$depot" --check
says '12 to create, 0 to change, 0 not needed, 0 refused, 0 as they should be'

# Nobody can be asked here.
expect 2 "$aegis" apply -f "$depot"
complains 'say --yes'
expect 0 "$aegis" apply -f "$depot" --yes
says 'created stream COMMANDS'
expect 0 "$aegis" plan -f "$depot" --check
says '0 to create, 0 to change, 0 not needed, 0 refused, 12 as they should be'
before=$(mktemp -p .)
"$aegis" plan -f "$depot" --json >"$before"
for _ in 1 2 3; do # again and again: there is nothing to do, and nothing is done
    expect 0 "$aegis" apply -f "$depot" --yes
    says '0 to create, 0 to change, 0 not needed, 0 refused, 12 as they should be'
    must test "$(tail -1 <<<"$out")" = 'nothing to do'
    expect 0 "$aegis" apply -f "$depot" # nor is anybody asked
    "$aegis" plan -f "$depot" --json | must cmp -s - "$before"
done

# What runs finds it as it wants it: nothing is said but that it is ready.
serve
stop service
[ "$(cat "$scratch/service.log")" = 'service: ready' ] || wrong 'the service says' "$(cat "$scratch/service.log")"

# Growing is done, shrinking asks for --force.
expect 0 "$aegis" apply -f "$depot" --events-max-bytes 2GiB --yes
says 'changed stream EVENTS'
expect 1 "$aegis" apply -f "$depot" --events-max-bytes 10MiB --yes
says 'max_bytes 2.0 GiB -> 10.0 MiB'
says '0 to create, 1 to change (1 with --force only), 0 not needed'
complains '1 change is left as it was; --force makes what can lose something'
# in a file both streams are in the order they were written
"$aegis" apply -f "$depot" --events-max-bytes 10MiB --yes >both.txt 2>&1
must test "$(tail -1 both.txt)" = 'aegis: 1 change is left as it was; --force makes what can lose something'
expect 0 "$aegis" apply -f "$depot" --events-max-bytes 10MiB --yes --force
plan
holds '.[] | select(.name == "EVENTS") | .note' 'keeps its max_bytes of 10.0 MiB (1.0 GiB is usual)'
expect 1 "$aegis" apply -f "$depot" --replicas 3 --yes
says 'this server is in no cluster'

# A consumer that an older schema had.
sed 's/command tidy(/command clean(/' "$depot" >older.aegis
expect 0 "$aegis" apply -f older.aegis --yes
plan
acts '.name == "depot-service__clean"' remove
acts '.name == "depot-service__tidy"' keep
expect 0 "$aegis" apply -f "$depot" --yes
plan
acts '.name == "depot-service__clean"' remove
expect 0 "$aegis" apply -f "$depot" --yes --prune
says 'removed consumer depot-service__clean'
plan
acts '.act != "keep"' ''

# Streams somebody else made, and one that cannot be mended.
stop nats
rm -rf store
server
publish '$JS.API.STREAM.CREATE.COMMANDS' \
    '{"name":"COMMANDS","subjects":["commands.>"],"retention":"workqueue","discard":"old","storage":"file","num_replicas":1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_consumers":-1}'
publish '$JS.API.STREAM.CREATE.EVENTS' \
    '{"name":"EVENTS","subjects":["events.>"],"retention":"limits","discard":"old","storage":"memory","num_replicas":1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_consumers":-1}'
plan
acts '.name == "COMMANDS"' change
holds '.[] | select(.name == "COMMANDS") | .about' 'discard old -> new'
acts '.name == "EVENTS"' refuse
holds '.[] | select(.name == "EVENTS") | .about' 'storage is memory, not file, which JetStream lets nobody change'
expect 1 "$aegis" apply -f "$depot" --yes
complains '1 change is left as it was; --force'
complains '1 could not be made as it should be; what is marked ! has to be changed by hand'
plan
acts '.name == "COMMANDS"' change
expect 1 "$aegis" apply -f "$depot" --yes --force
complains '1 could not be made as it should be'
plan
acts '.name == "COMMANDS"' keep

stop nats
expect 3 "$aegis" plan -f "$depot" --timeout 300ms
server --no-jetstream
expect 1 "$aegis" plan -f "$depot"
complains 'JetStream is not there'

finish 'aegis plan shows what services need, and apply makes it'
