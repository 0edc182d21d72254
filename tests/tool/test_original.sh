#!/usr/bin/env bash
# Services of the original SDK: they answer no $SRV and have no schema. What they send was recorded (tests/interop): a responder
# speaks it here, so that calls and what is watched are as with them. And accounts with few rights are told what they lack.
. "$(dirname "$0")/lib.sh"
recorded=$top/tests/interop
server

# connect: a bare connection to the server, as file 3
connect() {
    local at=${AEGIS_URL#nats://}
    exec 3<>"/dev/tcp/${at%:*}/${at#*:}"
    printf 'CONNECT {"verbose":false}\r\n' >&3
}
# publish NAME [SUBJECT]: a message as it was recorded, byte for byte
publish() {
    local hex subject
    hex=$(jq -r .payload_hex "$recorded/$1.json")
    subject=${2:-$(jq -r .subject "$recorded/$1.json")}
    printf 'PUB %s %d\r\n' "$subject" $((${#hex} / 2)) >&3
    # shellcheck disable=SC2059
    printf "$(sed 's/../\\x&/g' <<<"$hex")\r\n" >&3
}
# answer: to calls of rpc.peer-service.*, as recorded, with the id of the request
answer() {
    local verb subject rest size body id name
    connect
    printf 'SUB rpc.peer-service.* 1\r\nPING\r\n' >&3
    while read -r verb subject rest <&3; do
        case $verb in
        PING*) printf 'PONG\r\n' >&3 ;;
        PONG*) echo answering ;;
        MSG)
            rest=${rest%$'\r'}
            size=${rest##* }
            LC_ALL=C IFS= read -r -N "$size" body <&3
            id=$(jq -r .message_id <<<"$body")
            name=success
            [[ $subject == *.fail ]] && name=error
            body=$(jq -j .payload_text "$recorded/rpc_response_${name}_json.json" | sed "s/00000000-0000-4000-8000-00000000000[12]/$id/")
            printf 'PUB %s %d\r\n%s\r\n' "$(cut -d' ' -f2 <<<"$rest")" "$(LC_ALL=C wc -c <<<"$body" | awk '{ print $1 - 1 }')" "$body" >&3
            ;;
        esac
    done
}
answer >responder.log 2>&1 &
pids[responder]=$!
until_says responder answering

# ---- calls
expect 0 "$aegis" call peer-service.echo text=x 'n:=[1,2]' --json
holds .echo.l '[1,-1,300]'
holds .echo.s zażółć
expect 1 "$aegis" call peer-service.fail --json
holds .error.text 'boom: test'
holds .error.status UNKNOWN
expect 1 "$aegis" call peer-service.fail
complains 'boom: test'
expect 1 "$aegis" call peer-service.echo --describe
complains 'tells nothing'

# ---- all that asks services, where the registry alone knows one
value='{"serviceName":"peer-service","instanceId":"peer-1","version":"1.2.3","status":"ACTIVE","lastHeartbeat":"2026-11-23T07:49:07.362543+00:00","stickyActiveGroup":null,"metadata":{"start_time":"2026-11-23T07:49:07.362464+00:00"}}'
expect 0 "$aegis" apply --yes
connect
printf 'PUB $KV.service_registry.service-instances__peer-service__peer-1 %d\r\n%s\r\n' ${#value} "$value" >&3
until_true 'it is registered' sh -c "$aegis ls peer-service"
"$aegis" ls >both.txt 2>&1
must test "$(tail -1 both.txt | cut -d' ' -f1-4)" = '1 known only from'
expect 1 "$aegis" ls peer-servise
complains "did you mean 'peer-service'?"
expect 1 "$aegis" call peer-servise.echo text=x
complains "did you mean 'peer-service'?"
expect 0 "$aegis" info peer-service
says 'it tells no schema'
expect 1 "$aegis" info peer-service.echo
complains "'peer-service' runs and tells no schema; -f names one; 'aegis call' and 'aegis send' do without"
expect 1 "$aegis" info peer-service --idl
complains 'tells no schema'
expect 0 "$aegis" stats peer-service --interval 50ms
says 'answers no $SRV.STATS'
expect 0 "$aegis" map --interval 50ms
expect 0 "$aegis" plan --check
expect 0 "$aegis" check
expect 0 "$aegis" bench peer-service.echo text=x --count 3 --concurrency 1 --warmup 0 --format json --json
holds .outcomes.OK 3
expect 0 "$aegis" send peer-service.process_batch n=1 --detach
expect 0 "$aegis" record 'rpc.peer-service.>' -o calls.jsonl --for 50ms
expect 0 "$aegis" replay calls.jsonl --calls --dry-run

# ---- events, commands, progress, outcomes: in both formats
start seen "$aegis" watch '>' --commands --rpc --json
connect
until_true 'it listens' sh -c "$aegis call peer-service.echo text=ping; grep -q ping seen.log"
for format in json msgpack; do
    publish event_publish_$format
    publish command_publish_$format
    publish rpc_request_$format
    publish command_progress_$format
    publish command_completion_$format
    publish rpc_request_invalid_envelope_$format
done
printf 'PUB events.last.one 2\r\n{}\r\n' >&3
until_says seen last.one
of() { jq -r "select(.kind == \"$1\").$2" seen.log | paste -sd' '; }
must test "$(of event name)" = 'payment.received payment.received last.one'
must test "$(of event payload.amount | cut -c1-9)" = '12.5 12.5'
must test "$(of event source)" = 'peer-client peer-client null'
must test "$(of progress payload.status)" = 'half half'
must test "$(of ended status | cut -d' ' -f1)" = completed
must test "$(of command name | cut -d' ' -f1)" = peer-service.process_batch

# ---- an account that may do little is told so
cat >rights.conf <<'C'
authorization { users = [
  { user: service, password: s }
  { user: caller, password: c, permissions: { publish: ["rpc.>", "$SRV.>", "service.>", "_INBOX.>"], subscribe: ["_INBOX.>"] } }
] }
C
stop nats
stop responder KILL
rm -rf store
server -c "$scratch/rights.conf"
start service "$build/tests/tool/service" "nats://service:s@${AEGIS_URL#nats://}"
until_says service 'service: ready'
as_caller=(--user caller --password c)
expect 0 "$aegis" call depot-service.echo text=x "${as_caller[@]}"
expect 3 "$aegis" call depot-service.echo text=x
complains 'asks for credentials'
expect 3 "$aegis" call depot-service.echo text=x --user caller --password wrong
expect 0 "$aegis" watch "${as_caller[@]}" --timeout 200ms
complains 'Permissions Violation for Subscription to "events.>"'
expect 1 "$aegis" emit -f "$depot" thing.lost code=x "${as_caller[@]}" --timeout 300ms
complains 'Permissions Violation'
complains 'was not published'

finish 'aegis speaks with services of the original SDK, and says what an account may not do'
