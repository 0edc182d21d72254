#!/usr/bin/env bash
# fmt: in place, --check, --diff, standard input; whole files or none.
. "$(dirname "$0")/lib.sh"

printf 'aegis 1;\r\npackage  a;\n\n\n\nstruct A{x:u32;} // c' >a.aegis
cp a.aegis b.aegis
cp a.aegis original
printf 'aegis 1;\npackage a;\n\nstruct A { x: u32; } // c\n' >good

expect 1 "$aegisc" fmt --check a.aegis good b.aegis
must test "$out" = $'a.aegis\nb.aegis'
expect 1 "$aegisc" fmt --diff a.aegis good
says "--- a.aegis"
says "+struct A { x: u32; } // c"
says '\ No newline at end of file'
must test -z "$err"
same a.aegis original

# The diff is one that a program can apply.
"$aegisc" fmt --diff a.aegis >a.diff
(git init -q . && git apply -p0 a.diff) 2>.err || wrong "the diff cannot be applied" "$(cat .err)"
same a.aegis good

chmod 640 b.aegis
expect 0 "$aegisc" fmt b.aegis a.aegis
must test -z "$out$err"
same b.aegis good
must test "$(stat -c %a b.aegis)" = 640
expect 0 "$aegisc" fmt --check a.aegis b.aegis
expect 0 "$aegisc" fmt --diff a.aegis b.aegis
must test -z "$out"
touch -d '2001-02-03' a.aegis
expect 0 "$aegisc" fmt a.aegis
must test "$(date -r a.aegis +%Y)" = 2001

expect 0 sh -c "'$aegisc' fmt - <original"
same .out good
expect 1 sh -c "'$aegisc' fmt --check - <original"
must test "$out" = "<standard input>"
expect 0 sh -c "'$aegisc' fmt - </dev/null"
must test -z "$out"

# A link stays a link.
cp original linked.aegis
ln -s linked.aegis link.aegis
expect 0 "$aegisc" fmt link.aegis
must test -L link.aegis
same linked.aegis good

# What cannot be parsed is left alone, and the rest is done.
printf 'aegis 1;\npackage a;\nstruct A { x:u32 }\n' >wrong.aegis
cp wrong.aegis untouched
cp original c.aegis
expect 1 "$aegisc" fmt wrong.aegis c.aegis
complains "wrong.aegis:3:17: error[AE0202]: expected ';' after 'u32'"
same wrong.aegis untouched
same c.aegis good
expect 1 sh -c "'$aegisc' fmt - <wrong.aegis"
complains "<standard input>:3:17"
must test -z "$out"

expect 3 "$aegisc" fmt missing.aegis
complains "cannot read 'missing.aegis': No such file"
expect 3 "$aegisc" fmt .
complains "is a directory"
expect 2 "$aegisc" fmt
complains "which file? '-' is standard input"
expect 3 sh -c "'$aegisc' fmt - <original >/dev/full"
complains "cannot write the output"
mkfifo pipe.aegis # a pipe stays one
printf 'aegis 1;package  p;\n' >pipe.aegis &
expect 3 "$aegisc" fmt pipe.aegis
must test -p pipe.aegis
rm pipe.aegis
# What the repository shows to others is in the layout.
expect 0 "$aegisc" fmt --check "$top"/examples/*/*.aegis "$top"/idl/aegis/*.aegis
no_temporaries
finish "fmt changes what it should and nothing else"
