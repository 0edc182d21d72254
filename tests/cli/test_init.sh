#!/usr/bin/env bash
# What init makes builds against an installed Aegis without a warning under the strict flags, passes its own test on mem:,
# and works over NATS. It never writes over anything.
. "$(dirname "$0")/lib.sh"
# The make that runs the tests has a job server, which the project's own make shall not look for.
unset MAKEFLAGS MFLAGS MAKELEVEL

build=$(dirname "$(dirname "$aegisc")")
${MAKE:-make} -s -C "$top" install BUILD="$build" PREFIX="$scratch/prefix" DESTDIR= >/dev/null 2>.err ||
    wrong "Aegis cannot be installed" "$(cat .err)"
export PKG_CONFIG_PATH=$scratch/prefix/lib/pkgconfig
strict="-Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wcast-qual -Wcast-align -Wstrict-prototypes -Wmissing-prototypes
-Wundef -Wold-style-definition -Wredundant-decls -Wwrite-strings -Wc++-compat -Werror"

expect 0 "$aegisc" init My-Shop
says "My-Shop/my_shop.aegis"
says "next: cd My-Shop && make test"
expect 0 "$aegisc" fmt --check My-Shop/my_shop.aegis
must test "$(ls -A My-Shop | LC_ALL=C sort | tr '\n' ' ')" = \
    ".gitignore Makefile README.md client.c handlers.c handlers.h my_shop.aegis server.c test.c "
cd My-Shop || exit 1
for cc in clang gcc; do
    command -v $cc >/dev/null || continue
    rm -rf build
    expect 0 ${MAKE:-make} CC=$cc CFLAGS="$(tr '\n' ' ' <<<"$strict")"
done
must test -z "$err"
expect 0 ${MAKE:-make} test
says "ok   somebody is greeted by name"
must test "$(grep -c '^ok' <<<"$out")" = 3
touch -d '2001-02-03' my_shop.aegis
expect 0 ${MAKE:-make}
says "Nothing to be done"
# Another library: all is made anew.
touch "$scratch/prefix/lib/libaegis.a"
expect 0 ${MAKE:-make} -n
says "aegisc -o build/gen"
says "-o build/server"
expect 0 ${MAKE:-make}
# Forgetting an outcome stops the build.
sed -i.orig '/GREET_NOBODY_THERE:/,/return 1/d' client.c
expect 2 ${MAKE:-make}
complains "NOBODY_THERE"
mv client.c.orig client.c

nats=$(command -v nats-server || echo /usr/sbin/nats-server)
mkdir ports
"$nats" -a 127.0.0.1 -p -1 --ports_file_dir "$PWD/ports" >nats.log 2>&1 &
nats_pid=$!
for _ in $(seq 100); do
    url=$(cat ports/*.ports 2>/dev/null | grep -oE 'nats://127\.0\.0\.1:[0-9]+' | head -1)
    [ -n "$url" ] && break
    sleep 0.1
done
expect 0 ${MAKE:-make}
build/server "$url" >server.log 2>&1 &
server_pid=$!
for _ in $(seq 100); do grep -q "^serving at" server.log && break; sleep 0.1; done
# Its second of time can be over on a machine that is busy: once is enough.
for _ in $(seq 10); do
    expect 1 timeout 20 build/client "$url" Ada '?'
    grep -q "DEADLINE\|deadline\|UNAVAILABLE" <<<"$err" || break
done
[ "$out" = $'Hello, Ada\nthere is no \'?\'' ] || wrong "the client says" "$out" "$err" "$(cat server.log nats.log)"
kill -TERM $server_pid
wait $server_pid || wrong "the server did not end well" "$(cat server.log)"
kill -TERM $nats_pid
wait $nats_pid

cd "$scratch" || exit 1
cp -r My-Shop before
expect 3 "$aegisc" init My-Shop
complains "'My-Shop/Makefile' is there already"
complains "nothing was written"
must diff -r My-Shop before
mkdir half
ln -s nowhere half/README.md
expect 3 "$aegisc" init half
must test "$(ls -A half)" = README.md

mkdir "plain folder"
cd "plain folder" || exit 1
expect 0 "$aegisc" init
must test -s plain_folder.aegis
cd .. || exit 1
for name in 9bad:bad "it's:it_s" '$HOME:home' __x:x class:class server:server; do
    expect 0 "$aegisc" init "${name%:*}"
    must test -s "${name%:*}/${name#*:}.aegis"
done
expect 0 ${MAKE:-make} -C server test # whose generated server.c is another file than its own
expect 0 "$aegisc" init --name shop other/deep/down
must grep -q "^package shop;" other/deep/down/shop.aegis
expect 2 "$aegisc" init 123
complains "the name of '123' has no letter to begin with; give one with --name"
expect 2 "$aegisc" init --name Shop x
expect 2 "$aegisc" init --name handlers x
expect 2 "$aegisc" init one two
complains "there is no use for 'two'"
must test ! -e x -a ! -e one -a ! -e 123
touch file
expect 3 "$aegisc" init --name a file
complains "cannot write 'file/a.aegis'"
no_temporaries
finish "a new project builds, is tested and runs"
