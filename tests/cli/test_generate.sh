#!/usr/bin/env bash
# generate as a build sees it: outputs that keep their time, dependency files, and nothing half-written.
. "$(dirname "$0")/lib.sh"

expect 0 "$aegisc" -o out "$idl"
must test -s out/shop.h -a -s out/shop.c
must test -z "$out$err"
touch -d '2001-02-03' out/shop.h out/shop.c
expect 0 "$aegisc" generate -o out "$idl"
must test "$(date -r out/shop.h +%Y)" = 2001
must test -z "$(grep -l "$scratch" out/shop.h out/shop.c)"
expect 0 "$aegisc" generate --stdout "$idl"
must test "$out" = "$(cat out/shop.h out/shop.c)"
expect 0 "$aegisc" --list-outputs -o elsewhere "$idl"
must test "$out" = $'elsewhere/shop.h\nelsewhere/shop.c' -a ! -e elsewhere
expect 0 "$aegisc" --list-outputs "$idl"
must test "$out" = $'shop.h\nshop.c'
expect 0 "$aegisc" -oout --depfile=out/shop.d "$idl"
must test "$(cat out/shop.d)" = "out/shop.h out/shop.c: $idl"

printf 'aegis 1;\npackage p;\nstruct A { x: Strng; }\n' >wrong.aegis
expect 1 "$aegisc" -o out wrong.aegis "$idl"
complains "wrong.aegis:3:15: error[AE0304]"
must test ! -e out/wrong.h
must test "$(date -r out/shop.h +%Y)" = 2001
expect 1 "$aegisc" check wrong.aegis
expect 0 "$aegisc" check "$idl"
must test -z "$out$err"

expect 3 "$aegisc" check missing.aegis
complains "'missing.aegis' cannot be read: No such file"
expect 3 "$aegisc" check .
complains "is a directory"
touch file
expect 3 "$aegisc" -o file/below "$idl"
complains "cannot write 'file/below/shop.h'"
no_temporaries
finish "generate writes whole files, and only those that change"
