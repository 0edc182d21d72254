#!/usr/bin/env bash
# Templates of one's own.
. "$(dirname "$0")/lib.sh"

expect 0 "$aegisc" -o out "$idl"
touch -d '2001-02-03' out/shop.h
mkdir -p mine/c
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
must grep -q "^out/shop.h out/shop.c: .*shop.aegis mine/c/header.h.tmpl$" out/shop.d
finish "templates can be replaced"
