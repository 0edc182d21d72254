#!/usr/bin/env bash
# The command line of aegisc as a build sees it: exit codes, outputs that keep their time, dependency files, templates of
# one's own, and no half-written files.
set -uo pipefail
cd "$(dirname "$0")/.."
aegisc=$(realpath "${AEGISC:-build/bin/aegisc}")
idl=$PWD/examples/orders/shop.aegis
scratch=$(mktemp -d)
trap 'chmod -R u+w "$scratch"; rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
bad=0

# expect CODE COMMAND...: its exit code; what it said is in `said`
expect() {
    local wanted=$1 code=0
    shift
    said=$("$@" 2>&1) || code=$?
    [ $code = "$wanted" ] && return
    echo "exit code $code, not $wanted: ${*/#$scratch\//}"
    echo "$said" | head -5
    bad=1
}
says() {
    grep -qF -- "$1" <<<"$said" || { echo "it does not say '$1' but: $said"; bad=1; }
}
must() {
    "$@" || { echo "does not hold: $*"; bad=1; }
}

expect 0 "$aegisc" -o out "$idl"
must test -s out/shop.h -a -s out/shop.c
touch -d '2001-02-03' out/shop.h out/shop.c
expect 0 "$aegisc" -o out "$idl"
must test "$(date -r out/shop.h +%Y)" = 2001
expect 0 "$aegisc" generate --stdout "$idl"
must test "$said" = "$(cat out/shop.h out/shop.c)"
expect 0 "$aegisc" --list-outputs -o elsewhere "$idl"
must test "$said" = $'elsewhere/shop.h\nelsewhere/shop.c' -a ! -e elsewhere
expect 0 "$aegisc" -o out --depfile out/shop.d "$idl"
must grep -q "^out/shop.h out/shop.c:.*shop.aegis" out/shop.d
must test -z "$(grep -l "$scratch" out/shop.h out/shop.c)"

printf 'aegis 1;\npackage p;\nstruct A { x: Strng; }\n' >wrong.aegis
expect 1 "$aegisc" -o out wrong.aegis
says "wrong.aegis:3:15: error[AE0304]"
must test ! -e out/wrong.h
expect 1 "$aegisc" check wrong.aegis
expect 0 "$aegisc" check "$idl"
expect 2 "$aegisc"
expect 2 "$aegisc" --nonsense "$idl"
expect 2 "$aegisc" -o
expect 3 "$aegisc" check missing.aegis
says "missing.aegis"
expect 3 "$aegisc" check .
touch file
expect 3 "$aegisc" -o file/below "$idl"
says "cannot write"
must test -z "$(find . -name '*.tmp')"

expect 0 "$aegisc" explain AE0304
says "AE0304"
expect 2 "$aegisc" explain AE9999
expect 0 "$aegisc" --help
expect 0 "$aegisc" --version
for command in generate check explain; do
    expect 0 "$aegisc" $command --help
    says "usage: aegisc $command"
    must test "$said" = "$("$aegisc" help $command)"
done
expect 2 "$aegisc" chekc "$idl"
says "did you mean 'check'?"
expect 2 "$aegisc" check --depfile x "$idl"
says "unknown option '--depfile'"
expect 2 "$aegisc" --depfil x "$idl"
says "did you mean '--depfile'?"

mkdir -p mine/c
expect 3 "$aegisc" --templates nowhere -o out "$idl"
printf 'package {{name}}\n{{nmae}}\n' >mine/c/header.h.tmpl
expect 3 "$aegisc" --templates mine -o out "$idl"
says "mine/c/header.h.tmpl:2:"
says "unknown name 'nmae'"
must test "$(date -r out/shop.h +%Y)" = 2001
printf 'package {{name}}\n' >mine/c/header.h.tmpl
expect 0 "$aegisc" --templates mine -o out "$idl"
must test "$(cat out/shop.h)" = "package shop"

[ $bad = 0 ] && echo "the command line does what it says"
