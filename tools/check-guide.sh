#!/usr/bin/env bash
# The code in docs/GUIDE.md, RPC.md, EVENTS.md, COMMANDS.md, TOPOLOGY.md, DEADLETTERS.md, OPERATE.md and README.md is what it says it is: copied as it
# stands, it builds against an installed Aegis, with gcc and clang, and the guide's first program runs.
#
# In the guide the first line of a block says where it goes: a file, an addition to hello.aegis, or the main of a program
# that takes the rest from hello.c. C blocks without such a line, and those of the other pages, are compiled together.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d "${TMPDIR:-/tmp}/aegis-guide.XXXXXX")
trap 'rm -rf "$work"' EXIT
make=${MAKE:-make}

$make -s install BUILD="${BUILD:-build}" PREFIX="$work/prefix" DESTDIR= >/dev/null
export PKG_CONFIG_PATH=$work/prefix/lib/pkgconfig LD_LIBRARY_PATH=$work/prefix/lib
mkdir -p "$work/guide" "$work/rpc" "$work/events" "$work/commands" "$work/readme" "$work/pages/topology" "$work/pages/deadletters" "$work/pages/operate"

# blocks FILE FOLDER: each fenced block of FILE to FOLDER/NN.KIND
blocks() {
    awk -v folder="$2" '
        /^```/ { if (out) { close(out); out = "" }
                 else { kind = substr($0, 4); out = sprintf("%s/%02d.%s", folder, ++n, kind == "" ? "aegis" : kind); printf "" > out }
                 next }
        out { print > out }' "$1"
}
blocks docs/GUIDE.md "$work/guide"
blocks docs/RPC.md "$work/rpc"
blocks docs/EVENTS.md "$work/events"
blocks docs/COMMANDS.md "$work/commands"
blocks README.md "$work/readme"
blocks docs/TOPOLOGY.md "$work/pages/topology"
blocks docs/DEADLETTERS.md "$work/pages/deadletters"
blocks docs/OPERATE.md "$work/pages/operate"

cd "$work/guide"
{ echo '#include "hello.h"'; echo '#include <stdio.h>'; } >more
for block in [0-9]*.* ../rpc/[0-9]*.* ../events/[0-9]*.* ../commands/[0-9]*.*; do
    case $(head -1 "$block") in
    '// hello.aegis') cp "$block" hello.aegis ;;
    '// hello.aegis, added') cat "$block" >>added ;;
    '# Makefile') cp "$block" Makefile ;;
    '/* hello.c */') cp "$block" hello.c ;;
    '/* server.c main */') { sed '/^static void say_hello/,$d' hello.c; cat "$block"; } >server.c ;;
    '/* client.c main */') { sed -e '/^static aegis_reply greet/,/^static const/d' -e '/^int main/,$d' hello.c; cat "$block"; } >client.c ;;
    *) cat "$block" >>more ;;
    esac
done
for cc in gcc clang; do
    command -v $cc >/dev/null || continue
    $make -s -B CC=$cc CFLAGS=-Werror PROGRAMS='hello server client'
done
./hello >said 2>complained
printf 'Hello, Ada\nwho is there?\n' | diff - said
grep -q '^the request cannot be sent: name: ' complained
cat added >>hello.aegis
mv more more.c
$make -s hello_idl.o
cc -std=c11 -Wall -Wextra -Werror -Wno-unused -Igen -I"$work/prefix/include" -c more.c

# Pages without a schema of their own.
cd "$work/pages"
{
    printf '#include <aegis/aegis.h>\n#include <aegis/deadletter.h>\n#include <stdio.h>\n'
    cat ./*/[0-9]*.c
} >pages.c
cc -std=c11 -Wall -Wextra -Werror -Wno-unused -I"$work/prefix/include" -c pages.c

cd "$work/readme"
mv 01.aegis shop.aegis
{
    echo '#include "shop.h"'
    echo '#include <stdio.h>'
    echo 'uint32_t stock_of(void *user, const char *sku);'
    cat 02.c
    echo 'void call(aegis_client *client); void call(aegis_client *client) {'
    cat 03.c
    echo '}'
} >readme.c
"$work/prefix/bin/aegisc" shop.aegis
[ -z "$("$work/prefix/bin/aegisc" lint shop.aegis 2>&1)" ]
"$work/prefix/bin/aegisc" fmt --check shop.aegis
cc -std=c11 -Wall -Wextra -Werror -Wno-unused -I. -I"$work/prefix/include" -c readme.c
echo "the guide, the pages with code and the README build as they stand"
