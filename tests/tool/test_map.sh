#!/usr/bin/env bash
# aegis map: what is declared and what was seen, in every format, with names that would be markup.
. "$(dirname "$0")/lib.sh"
quick=(--interval 10ms)

# what is declared needs no server
expect 0 "$aegis" map --declared -f "$depot"
printf '%s\n' "$out" >told
golden ../tool/map-declared.txt told
expect 0 "$aegis" map --declared -f "$depot" --format mermaid
printf '%s\n' "$out" >told
golden ../tool/map.mermaid told
expect 0 "$aegis" map --declared -f "$depot" --format dot
printf '%s\n' "$out" >told
golden ../tool/map.dot told
expect 2 "$aegis" map --declared -f "$depot" --format picture
expect 3 "$aegis" map -s nats://127.0.0.1:1 --timeout 200ms

server
expect 0 "$aegis" map "${quick[@]}"
complains 'nobody declares'
serve service
expect 0 "$aegis" call courier-service.relay text=hello
expect 0 "$aegis" call courier-service.relay text=again
expect 0 "$aegis" map "${quick[@]}" --json
edge() { jq -rc ".edges[] | select(.from == \"$1\" and .to == \"$2\" and .kind == \"$3\") | [.what, .declared, .seen, .requests, .errors, .remark]" <<<"$out"; }
must test "$(edge courier-service depot-service calls)" = '[["echo"],true,true,2,0,null]'
must test "$(edge aegis courier-service calls)" = '[["relay"],false,true,2,0,null]'
must test "$(edge depot-service courier-service events)" = '[["thing.stored","thing.lost"],true,false,0,0,"declared, not seen"]'
holds '.nodes | map([.name, .kind, .runs, .schema]) | sort' \
    '[["aegis","client",false,false],["courier-service","service",true,true],["depot-service","service",true,true]]'
stop service

# others' names, in what reads them; who calls beyond what it declares
pretend '$SRV.>' 'service.*.schema'
cat >'pretend/$SRV.INFO' <<'END'
{"type":"io.nats.micro.v1.info_response","name":"plain","id":"plain-1","version":"1.0.0","endpoints":[{"name":"get","subject":"rpc.plain.get","metadata":{"aegis.kind":"rpc"}}]}
{"type":"io.nats.micro.v1.info_response","name":"a\"]; n0 --> <script>|\\\u001b[31m\nend #quot;","id":"evil-1","version":"1.0.0","endpoints":[]}
END
cat >'pretend/$SRV.STATS' <<'END'
{"type":"io.nats.micro.v1.stats_response","name":"plain","id":"plain-1","version":"1.0.0","endpoints":[{"name":"get","subject":"rpc.plain.get","num_requests":9,"num_errors":4,"data":{"callers":[{"source":"evil-1","requests":5,"errors":4},{"source":"web-1a2b3c4d","requests":2,"errors":0},{"source":"web-99999999","requests":1,"errors":0},{"source":"","requests":1,"errors":0}]}}]}
END
expect 0 "$aegis" map "${quick[@]}"
printf '%s\n' "$out" >told
golden ../tool/map-evil.txt told
expect 0 "$aegis" map "${quick[@]}" --format mermaid
printf '%s\n' "$out" >told
golden ../tool/map-evil.mermaid told
must test -z "$(grep -E '<script>|"]; n0' told)"
expect 0 "$aegis" map "${quick[@]}" --format dot
printf '%s\n' "$out" >told
golden ../tool/map-evil.dot told
must test -z "$(grep "$(printf '\033')" told)"
if command -v dot >/dev/null; then
    must dot -Tsvg -o drawn.svg told
    expect 0 "$aegis" map "${quick[@]}" --format svg
    says '</svg>'
    if command -v xmllint >/dev/null; then must xmllint --noout .out; fi
    must test -z "$(grep '<script>' <<<"$out")"
fi
mkdir none
expect 3 env PATH="$scratch/none" "$aegis" map "${quick[@]}" --format svg
complains 'apt-get install graphviz'

finish 'aegis map shows who depends on whom'
