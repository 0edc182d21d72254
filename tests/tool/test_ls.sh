#!/usr/bin/env bash
# aegis ls: what runs, by its own word and by the registry's; others' words do no harm.
. "$(dirname "$0")/lib.sh"

expect 3 "$aegis" ls -s nats://127.0.0.1:1 --timeout 200ms
complains 'nats://127.0.0.1:1'
expect 2 "$aegis" ls one two

server --no-jetstream
expect 0 "$aegis" ls
complains 'no service runs'
must test "$(grep -c registry <<<"$err")" = 1
silent
expect 0 "$aegis" ls --json
holds . '{"services":[],"registry":false}'
expect 1 "$aegis" ls order-service
complains "no instance of 'order-service' runs"
expect 1 "$aegis" ls 'order.*'
complains 'is no name of a service'

pretend '$SRV.>'
cp "$top/tests/tool/fleet/info.json" 'pretend/$SRV.INFO'
cp "$top/tests/tool/fleet/stats.json" 'pretend/$SRV.STATS'
expect 0 "$aegis" ls
sed -E 's/[0-9]+ d [0-9]+ h/  AGE/' <<<"$out" >listed
golden ../tool/ls.txt listed
complains '! instances of order-service differ in their version and schema'
must test -z "$(grep "$(printf '\033')" <<<"$out$err")"
expect 0 "$aegis" ls --json
holds '[.services[].name]' '["evil\u001b[31m\nname","order-service"]'
holds '.services[1].instances | map([.id, .version, .state, .started, .schema, .answers, .registered])' \
    '[["order-service-11112222","1.2.0","active","2026-01-02T03:04:05+00:00","aaaa",true,false],["order-service-33334444","1.3.0","active",null,"bbbb",true,false]]'
holds '.services[1].instances[0].endpoints | map([.name, .kind, .requests, .errors, .retried, .dead])' \
    '[["create_order","rpc",1200,3,null,null],["order.paid","event",5,1,2,1]]'

# one service is asked by its name; a table is for a tiny terminal too
cp 'pretend/$SRV.INFO' 'pretend/$SRV.INFO.order-service'
expect 0 "$aegis" ls order-service --json
holds '[.services[].name]' '["order-service"]'
in_terminal 20 5 tiny "$aegis" ls
left tiny
must test "$code" = 0
until_says tiny order-service

# nor does one who calls itself by a very long name make all lines long
jq -c '.version = ("9" * 100000)' "$top/tests/tool/fleet/info.json" | head -1 >'pretend/$SRV.INFO.order-service'
expect 0 "$aegis" ls order-service
must test "$(wc -c <<<"$out")" -gt 300 -a "$(wc -c <<<"$out")" -lt 3000
says '999…'

stop pretend
stop nats

# The registry knows those that answer nothing: an instance of the original SDK, as it was recorded.
server
serve service
expect 0 "$aegis" ls
says 'depot-service    1.4.2'
expect 0 "$aegis" ls depot-service --json
holds '.registry' true
holds '.services[0].instances | map([.version, .state, .registered])' '[["1.4.2","active",true]]'
expect 1 "$aegis" ls depot-servise
complains "did you mean 'depot-service'?"
at=${AEGIS_URL##*//}
value='{"serviceName":"peer-service","instanceId":"peer-1","version":"1.2.3","status":"STANDBY","lastHeartbeat":"2026-11-23T07:49:07.362543+00:00","stickyActiveGroup":null,"metadata":{"start_time":"2026-11-23T07:49:07.362464+00:00"}}'
put() { # SUBJECT TEXT
    exec 4<>"/dev/tcp/${at%:*}/${at##*:}"
    printf 'CONNECT {"verbose":false}\r\nPUB %s %d\r\n%s\r\nPING\r\n' "$1" ${#2} "$2" >&4
    until_true 'the server has it' grep -q PONG <&4
    exec 4>&-
}
put '$KV.service_registry.service-instances__peer-service__peer-1' "$value"
expect 0 "$aegis" ls peer-service --json
holds '.services[0].instances | map([.id, .version, .state, .started, .answers, .registered])' \
    '[["peer-1","1.2.3","standby","2026-11-23T07:49:07.362464+00:00",false,true]]'
seen_later() { # how long ago the server took it, which grows
    "$aegis" ls peer-service --json | jq -e '.services[0].instances[0].seen_ns > 500000000'
}
until_true 'its heartbeat grows older' seen_later
expect 0 "$aegis" ls
complains 'known only from the registry'
expect 1 "$aegis" ls nobody-service

finish 'aegis ls lists what runs'
