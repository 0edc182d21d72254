#!/usr/bin/env bash
# aegis mock: a schema served with invented answers that fit it, the same for the same seed; scripted ones; failures; progress.
. "$(dirname "$0")/lib.sh"
mock() { start mock "$aegis" mock "$@"; until_says mock 'ready'; }
call() { expect "$1" "$aegis" call -f "$depot" "${@:2}"; }

expect 2 "$aegis" mock
complains 'which schema?'
expect 2 "$aegis" mock "$depot" --fail lots
complains 'no share'
expect 3 "$aegis" mock "$depot" --script missing.json
complains 'missing.json'
expect 3 "$aegis" mock missing.aegis
printf '{"depot-service.find": {"answer": {"code": "nope"}}}' >wrong.json
expect 1 "$aegis" mock "$depot" --script wrong.json
complains 'does not match'
printf '{"depot-service.find": [{"error": "Missing"}]}' >wrong.json
expect 1 "$aegis" mock "$depot" --script wrong.json
complains "does not raise 'Missing'"
printf '{"depot-service.fond": {"answer": {}}}' >wrong.json
expect 1 "$aegis" mock "$depot" --script wrong.json
complains 'no method'
expect 1 "$aegis" mock "$depot" --only depot-servic
complains "did you mean 'depot-service'?"
expect 3 "$aegis" mock "$depot" -s nats://127.0.0.1:1

server
# where the service runs it would take calls and commands from it
serve real
expect 1 "$aegis" mock "$depot" --only depot-service
complains 'depot-service runs already (1 instance)'
mock "$depot" --only depot-service --force
stop mock INT
stop real
mock "$depot" --seed 7 --only courier-service
call 1 depot-service.echo text=x
call 0 courier-service.relay text=x
stop mock INT
must test $code = 0

mock "$depot" --seed 7
call 0 depot-service.find code=AB-0001 --json
first=$out
call 0 depot-service.mirror --data "$("$aegis" call -f "$depot" depot-service.mirror --example)" --json
expect 0 "$aegis" send -f "$depot" depot-service.count batch=a --json
must test "$(grep -c progress <<<"$err")" -ge 2
must test "$(jq -c 'select(.progress.done == 10).progress.total' <<<"$err" | tail -1)" = 10
until_says mock 'depot-service.find  ok  {"code": "AB-0001"}'
stop mock
must test $code = 0
mock "$depot" --seed 7
call 0 depot-service.find code=AB-0001 --json
must test "$out" = "$first"
# what does not fit is refused, what is not known is passed over, as in a real service: a newer client asks
sed 's/rpc find(code: Code)/rpc find(code: string(1..16), more: u32?)/' "$depot" >newer.aegis
expect 1 "$aegis" call -f newer.aegis depot-service.find code=7
complains 'does not match ^[A-Z]{2}-[0-9]{4}$'
expect 0 "$aegis" call -f newer.aegis depot-service.find code=AB-0001 more=1
expect 0 "$aegis" call depot-service.find --describe # by the schema that the mock tells
says 'Finds a thing'
stop mock

cat >script.json <<'J'
{"depot-service.find": [{"answer": {"code": "AB-0007", "quantity": 7}},
                        {"error": "NotFound", "details": {"code": "AB-0008", "message": "gone"}, "delay": "1ms"}],
 "Depot.echo": {"fail": "UNAVAILABLE", "text": "the lamp is out"}}
J
start mock "$aegis" mock "$depot" --script script.json --json
until_true 'it serves' "$aegis" call -f "$depot" depot-service.slow takes=1ms
call 0 depot-service.find code=AB-0001 --json
holds .quantity 7
call 1 depot-service.find code=AB-0001 --json --once
holds .error.details.message gone
call 0 depot-service.find code=AB-0001 --json
holds .code AB-0007
call 1 depot-service.echo text=x --once
complains 'the lamp is out'
stop mock

mock "$depot" --fail 100% --seed 3
call 1 depot-service.slow takes=1ms --json
stop mock

finish 'aegis mock serves what nobody has written yet'
