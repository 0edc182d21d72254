#!/usr/bin/env bash
# aegis info: what a service, a method or an event is, from a file and from whoever runs.
. "$(dirname "$0")/lib.sh"

expect 2 "$aegis" info
expect 0 "$aegis" info depot-service -f "$depot"
printf '%s\n' "$out" >told
golden ../tool/info.txt told
expect 0 "$aegis" info Depot.store -f "$depot"
says 'Puts things into the depot'
says 'rpc.depot-service.store'
expect 0 "$aegis" info depot-service.tidy -f "$depot"
says '.low .high .critical'
expect 0 "$aegis" info depot-service.count -f "$depot"
says 'idempotency key: batch; a second one with the same batch is answered'
says 'total=5 pause=7s'
must test -z "$(grep ' $' <<<"$out")"
expect 0 "$aegis" info depot-service.count -f "$depot" --json
holds .idempotency_key '["batch"]'
expect 0 "$aegis" info thing.lost -f "$depot"
says 'A thing cannot be found.'
expect 1 "$aegis" info depot-service.stor -f "$depot"
complains "did you mean 'store'?"
expect 1 "$aegis" info thing.lots -f "$depot"
complains "did you mean 'thing.lost'?"
expect 1 "$aegis" info dept-service -f "$depot"
complains "did you mean 'depot-service'?"
expect 2 "$aegis" info depot-service --idl -f "$depot"
expect 3 "$aegis" info depot-service -s nats://127.0.0.1:1 --timeout 200ms

server
expect 1 "$aegis" info depot-service
complains "no instance of 'depot-service' runs"
serve service
serve second depot
expect 0 "$aegis" info depot-service
says 'rpc     echo(text: string(1..1000), times: u32(1..100) = 1) -> {text: string, times: u32}'
must test "$(grep -c '  depot-service-[0-9a-f]*  1.4.2    active' <<<"$out")" = 2
expect 0 "$aegis" info Courier --json
holds '[.service, .name, .version, .uses, .subscribes[0].pattern, .schemas_differ]' '["courier-service","Courier","0.9.0",["depot-service"],"thing.*",false]'
holds '.instances | length' 1
expect 0 "$aegis" info depot-service --idl
printf '%s\n' "$out" >told.aegis
must cmp -s told.aegis "$depot"
stop service
stop second

# one that tells no schema, and differs
pretend '$SRV.>'
cp "$top/tests/tool/fleet/info.json" 'pretend/$SRV.PING'
cp "$top/tests/tool/fleet/info.json" 'pretend/$SRV.INFO.order-service'
expect 0 "$aegis" info order-service
says 'it tells no schema'
says 'create_order  rpc'
says '! instances differ in their version and schema'
must test -z "$(grep "$(printf '\033')" <<<"$out$err")"
expect 1 "$aegis" info order-service --idl
expect 1 "$aegis" info order-service.create_order
complains "'order-service' runs and tells no schema"

# a schema that cannot be used is reported, without what its paths would do to a terminal
stop pretend
pretend '$SRV.>' 'service.order-service.schema'
printf '{"hash":"","files":[{"path":"\\u001b]0;x\\u0007\\u001b[2J.aegis","text":"aegis 1;\\npackage \\u202e;\\n"}]}\n' \
    >pretend/service.order-service.schema
cp "$top/tests/tool/fleet/info.json" 'pretend/$SRV.INFO.order-service'
expect 0 "$aegis" info order-service
complains 'cannot be used'
complains '\x1b]0;x\x07'
must test -z "$(grep -aP '\x1b|\x07|\xe2\x80\xae' <<<"$out$err")"

# what a schema says in its comments and texts does no harm
printf 'aegis 1;\npackage x;\n/// \033[31mred\n@deprecated("\\u{1b}[32mgreen") service S {\n /// \302\2331m\n @deprecated("\\u{1b}[1m") rpc a(\n/// \007\nq: string = "\\u{1b}[31m") -> {};\n}\n' >evil.aegis
for what in S S.a; do
    expect 0 "$aegis" info $what -f evil.aegis --color never
    must test -z "$(grep -aP '\x1b|\xc2\x9b|\x07' <<<"$out")"
done
says 'deprecated: \x1b[1m'

finish 'aegis info tells what there is'
