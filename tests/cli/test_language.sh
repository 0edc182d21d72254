#!/usr/bin/env bash
# The reference of the language says what is so: its examples are one file that compiles without a word, their C is in what comes
# out, their JSON is what the values travel as, and its two tables are the ones in the code.
. "$(dirname "$0")/lib.sh"
page=$top/idl/LANGUAGE.md

# What stands behind a marker has to be what the command in it prints; AEGIS_GOLDEN=update puts it there.
section() {
    awk -v marker="<!-- $1 -->" '$0 == marker { on = 1; next } on && /^<!-- end -->$/ { exit } on' "$page"
}
replace() {
    awk -v marker="<!-- $1 -->" -v file="$2" '
        $0 == marker { print; while ((getline line < file) > 0) print line; skip = 1 }
        /^<!-- end -->$/ { skip = 0 }
        !skip' "$page" >page.new && cp page.new "$page"
}
"$aegisc" explain @ >annotations
{ echo '```'; awk -f "$top/tools/grammar.awk" "$top/compiler/grammar.y"; echo '```'; } >grammar
for part in 'aegisc explain @:annotations' 'awk -f tools/grammar.awk compiler/grammar.y:grammar'; do
    [ "${AEGIS_GOLDEN:-}" = update ] && replace "${part%:*}" "${part##*:}"
    section "${part%:*}" >found
    same found "${part##*:}"
done
must test "$(wc -l <annotations)" -ge 20
must test "$(wc -l <grammar)" -ge 50

expect 0 "$aegisc" explain @retry
says '@retry(max: 5, backoff: 200ms..30s)'
says 'Belongs on: rpc, command'
says 'Takes: max: a number, backoff: two durations'
expect 2 "$aegisc" explain @tmeout
complains "there is no annotation '@tmeout'; did you mean '@timeout'?"
expect 2 "$aegisc" explain @zzzzzzzzz
complains "there is no annotation '@zzzzzzzzz'"

# The examples are one file, and one it imports.
mkdir common
awk '/^```aegis/ { out = $2 == "" ? "shop.aegis" : $2; next } /^```/ { out = "" } out { print > out }' "$page"
expect 0 "$aegisc" -o gen shop.aegis common/pay.aegis
must test -z "$err"

# Each piece of C, up to a line of dots, is in the header, with whatever blanks and comments between.
plain() {
    sed -E 's#/\*\*<([^*]|\*[^/])*\*/##g' | tr -s ' \n' ' ' | sed -E 's/\( /(/g; s/^ //; s/ $//'
}
header=$(plain <gen/shop.h)
awk '/^```c$/ { on = 1; n++; next } /^```/ { on = 0 } on && /^\.\.\.$/ { n++; next } on { print > ("piece" n) }' "$page"
pieces=0
for piece in piece*; do
    pieces=$((pieces + 1))
    wanted=$(plain <"$piece")
    [[ -n $wanted && $header == *"$wanted"* ]] || wrong "this C is not in shop.h:" "$(cat "$piece")"
done
must test $pieces -ge 10

# Each JSON example is read as its type and written again.
{
    echo '#include "shop.h"'
    echo '#include <stdio.h>'
    echo '#include <string.h>'
    echo 'int main(void) { int bad = 0; aegis_error why = {0}; const char *text; aegis_arena *arena = aegis_arena_new(NULL);'
    awk '/^```json / { type = $2; next } /^```/ { type = "" }
         type { gsub(/["\\]/, "\\\\&")
                printf "{ static const char json[] = \"%s\"; %s value; aegis_bytes body = {(const uint8_t *)json, sizeof json - 1};\n", $0, type
                printf "if (%s_decode(body, AEGIS_FORMAT_JSON, arena, &value, &why) != AEGIS_OK) { puts(why.text); bad = 1; }\n", type
                printf "else if ((text = %s_to_json(&value, arena)) == NULL || strcmp(text, json) != 0) { printf(\"%%s\\n\", text); bad = 1; } }\n", type }' "$page"
    echo 'aegis_arena_free(arena); return bad; }'
} >json.c
must grep -q shop_order_decode json.c
libs=$(pkg-config --libs libnats "$(pkg-config --exists msgpack-c && echo msgpack-c || echo msgpack)")
expect 0 ${CC:-cc} -std=c11 -Igen -I"$top/runtime/include" json.c gen/shop.c gen/common/pay.c "$(dirname "$(dirname "$aegisc")")/libaegis.a" $libs -pthread -lm -o json
expect 0 ./json
finish "the reference of the language is true"
