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

# Several inputs with imports: each output depends on what it is made from, and on nothing else.
mkdir -p idl/common 'idl/odd #$ name'
printf 'aegis 1;\npackage base;\nstruct Base { a: u32; }\n' >idl/common/base.aegis
printf 'aegis 1;\npackage pay;\nimport "base.aegis";\nstruct Card { b: base.Base; }\n' >idl/common/pay.aegis
printf 'aegis 1;\npackage one;\nimport "common/pay.aegis";\nstruct One { c: pay.Card; }\n' >one.aegis
printf 'aegis 1;\npackage two;\nstruct Two { d: u32; }\n' >'idl/odd #$ name/two.aegis'
expect 0 "$aegisc" -I idl -o 'o d' --depfile deps/all.d one.aegis 'idl/odd #$ name/two.aegis'
must test "$(cd 'o d' && find . -type f | sort | tr '\n' ' ')" = "./odd #$ name/two.c ./odd #$ name/two.h ./one.c ./one.h "
cat >wanted <<'END'
o\ d/one.h o\ d/one.c: one.aegis idl/common/base.aegis idl/common/pay.aegis
o\ d/odd\ \#$$\ name/two.h o\ d/odd\ \#$$\ name/two.c: idl/odd\ \#$$\ name/two.aegis
END
same deps/all.d wanted
printf 'all: %s\ninclude deps/all.d\n' 'o\ d/one.h o\ d/odd\ \#$$\ name/two.h' >rules.mk
expect 0 ${MAKE:-make} -f rules.mk -q all
touch -d '2030-01-01' idl/common/base.aegis
expect 0 ${MAKE:-make} -f rules.mk -n -W idl/common/base.aegis all
expect 0 "$aegisc" --list-outputs -I idl one.aegis 'idl/odd #$ name/two.aegis'
must test "$out" = $'one.h\none.c\nodd #$ name/two.h\nodd #$ name/two.c'
expect 0 "$aegisc" --list-outputs -I idl --depfile never.d one.aegis
must test ! -e never.d
expect 0 "$aegisc" --stdout -I idl one.aegis 'idl/odd #$ name/two.aegis'
must test "$out" = "$(cat 'o d'/one.h 'o d'/one.c 'o d/odd #$ name'/two.h 'o d/odd #$ name'/two.c)"
expect 1 "$aegisc" -o none one.aegis
complains "there is no file \"common/pay.aegis\""
complains "-I names more folders"
must test ! -e none

# The header of an import is where it is included from: by its place below -I, or by what the import says.
expect 0 "$aegisc" --list-outputs -I idl idl/common/pay.aegis
must test "$out" = $'common/pay.h\ncommon/pay.c'
expect 0 "$aegisc" --list-outputs -I ./idl/ "$PWD/idl/common/base.aegis"
must test "$out" = $'base.h\nbase.c'
expect 0 "$aegisc" -I idl -o tree one.aegis idl/common/pay.aegis idl/common/base.aegis
must test "$(cd tree && find . -name '*.h' | sort | tr '\n' ' ')" = "./common/base.h ./common/pay.h ./one.h "
must grep -q '#include "common/pay.h"' tree/one.h
must grep -q '#include "base.h"' tree/common/pay.h
for source in tree/one.c tree/common/pay.c tree/common/base.c; do
    must ${CC:-cc} -std=c11 -Itree -I"$top/runtime/include" -fsyntax-only $source
done
# Two that import a third by different paths mean the same header, in whatever order they come.
mkdir -p three/mid/leaf
printf 'aegis 1;\npackage leaf;\nstruct Leaf { x: u8; }\n' >three/mid/leaf/leaf.aegis
printf 'aegis 1;\npackage mid;\nimport "leaf/leaf.aegis";\nstruct Mid { l: leaf.Leaf; }\n' >three/mid/mid.aegis
printf 'aegis 1;\npackage top;\nimport "mid/mid.aegis";\nimport "mid/leaf/leaf.aegis";\nstruct Top { l: leaf.Leaf; m: mid.Mid; }\n' \
    >three/top.aegis
for order in 'top mid/mid mid/leaf/leaf' 'mid/leaf/leaf mid/mid top' 'mid/mid top mid/leaf/leaf'; do
    rm -rf placed
    # shellcheck disable=SC2046
    expect 0 "$aegisc" -o placed $(printf 'three/%s.aegis ' $order)
    must ${CC:-cc} -std=c11 -Iplaced -I"$top/runtime/include" -fsyntax-only placed/top.c
done
mkdir up
printf 'aegis 1;\npackage up;\nimport "../idl/common/base.aegis";\nstruct Up { b: base.Base; }\n' >up/up.aegis
expect 0 "$aegisc" -o flat up/up.aegis idl/common/base.aegis
must test "$(cd flat && find . -name '*.h' | sort | tr '\n' ' ')" = "./base.h ./up.h "
must ${CC:-cc} -std=c11 -Iflat -I"$top/runtime/include" -fsyntax-only flat/up.c

# A library with another ABI number says what to do.
cp -r "$top/runtime/include" other
sed -i 's/^#define AEGIS_ABI .*/#define AEGIS_ABI 999/' other/aegis/base.h
expect 1 ${CC:-cc} -std=c11 -Iflat -Iother -fsyntax-only flat/up.c
complains 'up.h was generated for Aegis ABI'
complains 'run its aegisc on up.aegis again'

# The same bytes wherever, and in whatever surroundings, they are made.
expect 0 "$aegisc" -o first one.aegis -I idl idl/common/pay.aegis
mkdir -p elsewhere/deep
(cd elsewhere/deep && umask 077 && LC_ALL=C.UTF-8 TZ=Asia/Tokyo "$aegisc" -I../../idl -o ../../second ../../one.aegis \
    "$scratch/idl/common/pay.aegis") || wrong "it cannot be made from another folder"
must diff -r first second
must test -z "$(grep -rl "$scratch" first second)"

# The text of the schema is in the .c, so a comment changes that and not the header; without it, neither. The hash stays.
printf 'aegis 1;\npackage told;\nservice Told { rpc ask() -> {}; }\n' >told.aegis
hash_of() { sed -n 's/^ *\.hash = "\([0-9a-f]\{64\}\)",$/\1/p' "$1"; }
for option in '' --no-schema; do
    # shellcheck disable=SC2086
    expect 0 "$aegisc" $option -o "told$option" told.aegis
    cp -r "told$option" "told$option.before"
done
must grep -q 'rpc ask() -> {};' told/told.c
must test -z "$(grep 'rpc ask() -> {};' told--no-schema/told.c)"
echo '// a comment' >>told.aegis
expect 0 "$aegisc" -o told told.aegis
expect 0 "$aegisc" --no-schema -o told--no-schema told.aegis
must cmp told/told.h told.before/told.h
must grep -q '"// a comment' told/told.c
must diff -r told--no-schema told--no-schema.before
must test "$(hash_of told/told.c)" = "$(hash_of told.before/told.c)"
must test "$(hash_of told/told.c)" = "$(hash_of told--no-schema/told.c)"
must test -n "$(hash_of told/told.c)"

# A failure at the last output leaves all others as they were.
expect 0 "$aegisc" -I idl -o all one.aegis
cp -r all before
mkdir all/two.h
sed -i 's/c: pay.Card/other: u32/; /^import/d' one.aegis
expect 3 "$aegisc" -o all one.aegis 'idl/odd #$ name/two.aegis'
complains "cannot write 'all/two.h': Is a directory"
rmdir all/two.h
must diff -r all before
mkdir all/d.d
expect 3 "$aegisc" -o all --depfile all/d.d one.aegis
complains "cannot write 'all/d.d'"
rmdir all/d.d
must diff -r all before
printf 'aegis 1;\npackage uno;\n' >idl/one.aegis
expect 3 "$aegisc" -o all one.aegis idl/one.aegis
complains "another input becomes this file too"
must diff -r all before
# Where a file cannot be made, whoever asks.
expect 3 "$aegisc" -o /proc/none "$idl"
complains "cannot make the folder '/proc/none'"
# Where a file may not become as large, as when a disk is full halfway.
mkdir limited
cp "$idl" limited/shop.aegis
echo 'struct Added { a: u32; }' >>limited/shop.aegis
expect 0 "$aegisc" -o limited "$idl"
cp -r limited limited.before
expect 3 bash -c "ulimit -f 4; '$aegisc' -o limited limited/shop.aegis"
complains "cannot write 'limited/shop.h': File too large"
must diff -r limited limited.before
no_temporaries
# What is no file is written to, not replaced.
expect 0 "$aegisc" -o all --depfile /dev/null one.aegis
must test -c /dev/null
expect 0 "$aegisc" -o all --depfile /dev/stdout one.aegis
must test "$out" = "all/one.h all/one.c: one.aegis"
expect 3 "$aegisc" -o all --depfile /dev/full one.aegis
complains "cannot write '/dev/full': No space left on device"
expect 3 sh -c "'$aegisc' --stdout '$idl' >/dev/full"
complains "cannot write the output"
mkfifo all/pipe
ln -s pipe all/link
ln -s nowhere all/dangling
exec 4<>all/pipe # somebody reads it, from before it is written to
expect 0 "$aegisc" -o all --depfile all/pipe one.aegis
IFS= read -r -t 10 piped <&4
must test -p all/pipe -a "$piped" = "all/one.h all/one.c: one.aegis"
expect 0 "$aegisc" -o all --depfile all/link one.aegis
IFS= read -r -t 10 piped <&4
must test -p all/pipe -a -L all/link -a "$piped" = "all/one.h all/one.c: one.aegis"
exec 4>&-
expect 3 "$aegisc" -o all --depfile all/link one.aegis # which nobody reads
complains "cannot write 'all/link': No such device or address"
must test -p all/pipe -a -L all/link
mkfifo fifo.h
printf 'aegis 1;\npackage f;\n' >fifo.aegis
expect 3 "$aegisc" fifo.aegis
complains "cannot write 'fifo.h'"
must test -p fifo.h -a ! -e fifo.c
expect 0 "$aegisc" -o all --depfile all/dangling one.aegis
must test -f all/dangling -a ! -e all/nowhere
: >one.h
ln -s "$scratch/one.h" all/far.h
cp one.aegis far.aegis
expect 0 "$aegisc" -o all far.aegis
must test -L all/far.h -a -s one.h
rm -f all/pipe all/link all/dangling all/far.* fifo.* one.h
# The umask counts for new files, the mode of those that are there is kept.
(umask 027 && "$aegisc" -o modes "$idl")
must test "$(stat -c %a modes/shop.h)" = 640
chmod 600 modes/shop.h
printf '\n' >>modes/shop.h
expect 0 "$aegisc" -o modes "$idl"
must test "$(stat -c %a modes/shop.h)" = 600
same modes/shop.h out/shop.h

expect 3 "$aegisc" check missing.aegis
complains "'missing.aegis' cannot be read: No such file"
expect 3 "$aegisc" check .
complains "'.' cannot be read: is a directory"
expect 3 "$aegisc" -o out missing.aegis "$idl"
truncate -s 100M large.aegis
expect 3 "$aegisc" -o out large.aegis
complains "'large.aegis' cannot be read: larger than 16 MiB"
expect 3 "$aegisc" fmt large.aegis
complains "cannot read 'large.aegis': larger than 16 MiB"
touch file
expect 3 "$aegisc" -o file/below "$idl"
complains "cannot write 'file/below/shop.h'"
no_temporaries
finish "generate writes whole files, and only those that change"
