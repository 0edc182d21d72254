#!/usr/bin/env bash
# Templates of one's own: exported, given back, replaced, wrong.
. "$(dirname "$0")/lib.sh"

expect 0 "$aegisc" -o out "$idl"
expect 0 "$aegisc" --export-templates mine
must test -z "$out$err"
must diff -r mine/c "$top/templates/c"
same mine/README.md "$top/templates/README.md"
must test ! -e mine/init
expect 0 "$aegisc" --templates mine -o same --depfile same/shop.d "$idl"
must diff -r out same --exclude shop.d
must grep -q "^same/shop.h same/shop.c: .*shop.aegis mine/c/header.h.tmpl mine/c/" same/shop.d
must test "$(grep -o 'mine/c/' same/shop.d | wc -l)" = "$(ls mine/c | wc -l)"

rm mine/c/*.tmpl
printf 'mine' >mine/c/struct.tmpl
expect 3 "$aegisc" generate --export-templates=mine
complains "'mine/c/struct.tmpl' is there already"
complains "nothing was written"
must test "$(ls mine/c)" = struct.tmpl
expect 0 "$aegisc" --export-templates new -o new "$idl"
must test -s new/shop.h -a -s new/c/header.h.tmpl
touch file
expect 3 "$aegisc" --export-templates file/below
complains "cannot write 'file/below/"

touch -d '2001-02-03' out/shop.h
rm mine/c/struct.tmpl
expect 3 "$aegisc" --templates nowhere -o out "$idl"
complains "cannot read the templates in 'nowhere'"
printf 'package {{name}}\n{{nmae}}\n' >mine/c/header.h.tmpl
expect 3 "$aegisc" --templates mine -o out "$idl"
complains "mine/c/header.h.tmpl:2:"
complains "unknown name 'nmae'"
must test "$(date -r out/shop.h +%Y)" = 2001
printf 'package {{name}}\n' >mine/c/header.h.tmpl
expect 0 "$aegisc" --templates mine -o out --depfile out/shop.d "$idl"
must test "$(cat out/shop.h)" = "package shop"
must test "$(cat out/shop.d)" = "out/shop.h out/shop.c: $idl mine/c/header.h.tmpl"
no_temporaries
finish "templates can be exported and replaced"
