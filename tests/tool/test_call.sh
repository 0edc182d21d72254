#!/usr/bin/env bash
# aegis call: results, typed errors, failures; of a service with a schema and of one without.
. "$(dirname "$0")/lib.sh"

expect 2 "$aegis" call
complains 'which method?'
expect 3 "$aegis" call depot-service.echo text=x -s nats://127.0.0.1:1 --timeout 200ms
complains 'nats://127.0.0.1:1'

server
serve service
expect 0 "$aegis" call depot-service.echo text=hello times=3 -f "$depot" --json
holds .text hello
holds .times 3
expect 1 "$aegis" call depot-service.find code=XX-0001 -f "$depot" --json
holds .error.type NotFound
holds .error.details.code XX-0001
holds .error.code 404
expect 1 "$aegis" call depot-service.fail 'why=the lamp is out' -f "$depot"
complains 'the lamp is out'
silent

finish 'aegis call calls, and says what went wrong'
