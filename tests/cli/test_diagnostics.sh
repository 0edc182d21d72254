#!/usr/bin/env bash
# The same mistakes as text, as JSON and as SARIF, word for word.
. "$(dirname "$0")/lib.sh"

cd "$top" || exit 1 # the paths are part of the texts
expect 1 "$aegisc" check tests/cli/mistakes.aegis tests/diag/unused_import.aegis
golden mistakes.txt "$scratch/.err"
must test -z "$out"
for form in json sarif; do
    expect 1 "$aegisc" check --diagnostics=$form tests/cli/mistakes.aegis tests/diag/unused_import.aegis
    golden mistakes.$form "$scratch/.out"
    must test -z "$err"
    expect 1 "$aegisc" generate -o "$scratch/gen" --diagnostics $form tests/cli/mistakes.aegis tests/diag/unused_import.aegis
    golden mistakes.$form "$scratch/.out"
done
must test ! -e "$scratch/gen"

expect 0 "$aegisc" check --diagnostics=json "$idl"
must test -z "$out$err"
expect 0 "$aegisc" check --diagnostics=sarif "$idl"
says '"results":[]'
expect 3 "$aegisc" check --diagnostics=json "$scratch/no such"
says "{\"code\":\"AE0901\",\"severity\":\"error\",\"message\":\"'$scratch/no such' cannot be read"
cd "$scratch" || exit 1
printf 'aegis 1;\npackage p;\nstruct A { x: Strng; }\n' >'a b%ä.aegis'
expect 1 "$aegisc" check --diagnostics=sarif "$PWD/a b%ä.aegis"
says "\"uri\":\"file://$PWD/a%20b%25%C3%A4.aegis\""
# What is no UTF-8 in a name, or an escape in a text, is no excuse for JSON that cannot be read.
printf 'aegis 1;\npackage p;\nstruct A { x: "\x1b[31m"; }\n' >$'\xff.aegis'
expect 1 "$aegisc" check --diagnostics=json $'\xff.aegis'
says $'{"file":"\xef\xbf\xbd.aegis","line":3'
must test -z "$(tr -d '\n' <.out | tr -dc '\000-\037')"
# However many there are, there is an end to what is said.
{
    printf 'aegis 1;\npackage p;\nstruct A {\n'
    for i in $(seq 1200); do printf 'f%d: Nowhere%d;\n' "$i" "$i"; done
    printf '}\n'
} >many.aegis
expect 1 "$aegisc" check many.aegis
must test "$(grep -c 'error\[' <<<"$err")" = 20
complains "1180 more errors are not shown"
expect 1 "$aegisc" check --diagnostics=json many.aegis
must test "$(wc -l <<<"$out")" = 1000
expect 1 "$aegisc" check --diagnostics=sarif many.aegis
must test "$(grep -o '"ruleId"' <<<"$out" | wc -l)" = 1000
finish "diagnostics are the same in every form"
