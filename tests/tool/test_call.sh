#!/usr/bin/env bash
# aegis call: parameters as people write them, results, typed errors, failures and their causes; of a service with a schema and
# of one without; descriptions and examples.
. "$(dirname "$0")/lib.sh"
call() { expect "$1" "$aegis" call -f "$depot" "${@:2}"; }

# ---- without a server
expect 2 "$aegis" call
complains 'which method?'
expect 3 "$aegis" call depot-service.echo text=x -s nats://127.0.0.1:1 --timeout 200ms
complains 'nats://127.0.0.1:1'
expect 2 "$aegis" call depot-service.echo --timeout soon
complains "'soon' is no time"
call 1 depot-servce.echo text=x
complains "did you mean 'depot-service'?"
call 1 depot-service.ecko text=x
complains "did you mean 'echo'?"
call 1 depot-service.nothing_like_it
complains 'it has echo, mirror, store'
call 2 depot-service.count batch=1
complains "'aegis send' sends it"
call 2 depot-service.store 'items[0].quantity=0' 'items[0].code=AB-0001'
complains 'items[0].quantity is 0, least is 1'
complains "--describe' shows what it takes"
call 2 depot-service.echo txt=x
complains "did you mean 'text'?"
call 3 depot-service.echo --data @missing.json
complains "cannot read 'missing.json'"
expect 1 "$aegis" call -f "$top/tests/cli/mistakes.aegis" Orders.get_order
complains 'error[AE'

# ---- descriptions, which need none
call 0 depot-service.store --describe
says 'Puts things into the depot'
says 'Who brings it.'
says '= "anybody"'
says 'red|green|blue'
says 'NotFound'
says "aegis call depot-service.store"
call 0 depot-service.store --describe --json
holds '.parameters[0].name' items
holds '.parameters[0].required' true
holds '.parameters[1].default' '"anybody"'
holds '.parameters[0].fields[0].name' code
holds '.errors[0].code' 404
call 0 depot-service.mirror --example
cp .out example.json

# ---- with one
server
serve service
call 0 depot-service.echo text=hello times=3 --json
holds .text hello
holds .times 3
call 0 Depot.echo text=hello
says '"text": "hello"'
call 0 depot-service.mirror --data @example.json --json
must test "$(jq -S 'del(.single)' <<<"$out")" = "$(jq -S '.value | del(.single)' example.json)"
call 0 depot-service.echo text@=example.json --json
must test "$(jq -r .text <<<"$out")" = "$(cat example.json)"
call 0 depot-service.slow takes=1ms --time --json
holds .took 1000000
complains ' ms'
call 0 depot-service.echo text=x --repeat 3 --json
must test "$(wc -l <<<"$out")" = 3
call 1 depot-service.slow takes=5s --timeout 100ms
complains DEADLINE_EXCEEDED

call 1 depot-service.find code=XX-0001 --json
holds .error.type NotFound
holds .error.details.code XX-0001
holds .error.code 404
call 1 depot-service.find code=XX-0001
complains 'NotFound (404): there is no such thing'
silent
call 1 depot-service.fail 'why=the lamp is out'
complains 'FAILED_PRECONDITION (412): the lamp is out'
silent

# ---- the schema that the service tells
expect 0 "$aegis" call depot-service.echo text=7 times=2 --json
holds .text 7
expect 2 "$aegis" call depot-service.find code=12
complains "does not match ^[A-Z]{2}-[0-9]{4}$"
expect 0 "$aegis" call Depot.store --describe
says 'Puts things into the depot'
expect 1 "$aegis" call depot-servic.find code=AB-0001
complains "did you mean 'depot-service'?"

# ---- no schema at all: what is sent is what was written
expect 1 "$aegis" call nobody.there text=x
complains 'nobody listens to rpc.nobody.there'
expect 1 "$aegis" call nobody.there --describe
complains 'tells nothing'

# ---- what others send cannot draw on the terminal
printf '{"text":"\\u001b[31mred\\u009b31m\\u202e"}' >evil.json
call 0 depot-service.echo --data @evil.json --color always
must test -z "$(tr -d '\n' <.out | sed -E 's/\x1b\[[0-9]*m//g' | grep -P '[\x00-\x1f]')"
must test -z "$(grep -aP '\xc2\x9b|\xe2\x80\xae' .out)"
call 0 depot-service.echo --data @evil.json --json
must test -z "$(grep -aP '\xc2\x9b' .out)"
call 1 depot-service.fail --data '{"why":"\u001b[2J\u009b2J"}'
must test -z "$(grep -aP '\x1b|\xc2\x9b' .err)"

# ---- numbers beyond what JSON readers hold keep all digits
expect 0 "$aegis" call depot-service.mirror --data @<(jq '.value.large = 1 | .value' example.json | sed 's/^/{"value":/;1!s/^{"value"://' | sed '$s/$/}/' | sed 's/"large": 1/"large": 18446744073709551615/') --json -f "$depot"
holds .large 18446744073709551615

# what is not quite a method, and where options stand
expect 2 "$aegis" call -f "$depot" depot-service text=a
complains "'depot-service' is a service; which rpc of it? it has echo, mirror, store, find, slow, fail"
expect 2 "$aegis" call depot-service --server "$AEGIS_URL"
complains 'which rpc of it?'
expect 2 "$aegis" -s "$AEGIS_URL" ls
complains "'-s' stands before the command; options stand behind it"
expect 2 "$aegis" ls -o json
complains "unknown option '-o'"
must test -z "$(grep 'did you mean' <<<"$err")"
expect 2 "$aegis" call -f "$depot" depot-service.store 'items[5].code=AB-0001'
complains 'the list has 0 items: [0] or [] is the next'

printf '\0\377' >binary
expect 2 "$aegis" call -f "$depot" depot-service.echo text@=binary
complains 'text: the file is no text in UTF-8'
expect 2 "$aegis" call -f "$depot" depot-service.echo "$(printf 'text=\377')"
complains 'text: this is no text in UTF-8'
expect 0 "$aegis" call -f "$depot" depot-service.mirror --example
set_labels=$(jq -c . <<<"$out")
expect 0 "$aegis" call -f "$depot" depot-service.mirror --data "$set_labels" 'value.labels={}' 'value.labels["a=b"]=x' 'value.labels["c.d"]=y=z' --json
holds .labels '{"a=b":"x","c.d":"y=z"}'

finish 'aegis call calls, and says what went wrong'
