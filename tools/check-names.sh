#!/usr/bin/env bash
# Any name compiles: each name of tests/names/names.txt as a field, a parameter, a member of a union, a value of an enum, a
# type, a constant, an error, an event, a method, a service and a package, behind the headers of C, POSIX and Linux; and each
# macro those headers define on this machine as a field.
set -uo pipefail
cd "$(dirname "$0")/.."
build=${BUILD:-build}
aegisc=${AEGISC:-$build/bin/aegisc}
out=$build/names
rm -rf "$out"
mkdir -p "$out"

# One .aegis file for each position. Names that become one in C (`eof`, `EOF`) go to declarations or files of their own.
grep -v '^#' tests/names/names.txt | tr -s ' ' '\n' | grep . | sort -u >"$out/names"
awk -v out="$out" -f tests/names/positions.awk "$out/names" || exit 1

# What the headers of this machine define, as fields.
while IFS= read -r header; do
    printf '#if __has_include(<%s>)\n#include <%s>\n#endif\n' "$header" "$header"
done < <(grep -v '^#' tests/names/headers.txt) >"$out/system.h"
for compiler in gcc clang; do
    $compiler -std=gnu11 -D_GNU_SOURCE -dM -E -x c "$out/system.h"
done | sed -nE 's/^#define ([A-Za-z][A-Za-z0-9_]*)( .*)?$/\1/p' | sort -u |
    awk 'BEGIN { print "aegis 1;\npackage macros;" }
         NR % 50 == 1 { if (NR > 1) print "}"; print "struct Macros" NR " {" }
         { print "  " $1 ": u32;" }
         END { print "}" }' >"$out/macros.aegis"

# A few at a time: what one run keeps in memory is bounded.
for kind in members struct union enum alias const error event rpc command service macros package; do
    "$aegisc" -o "$out" "$out/$kind"*.aegis || exit 1
done

# Compile. With the headers of the system first their macros are in force also inside the .c files.
strict="-Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wcast-qual -Wcast-align -Wundef
    -Wredundant-decls -Wwrite-strings -Werror -fsyntax-only -D_GNU_SOURCE -Iruntime/include -I$out -include $out/system.h"
only_c="-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wc++-compat"
# gcc looks at lines again and again for it, which takes most of the time in files of this size.
only_gcc=-Wno-misleading-indentation
{
    for kind in members struct union enum error event rpc service; do
        for source in "$out/$kind"*.c; do
            echo gcc -std=c11 $strict $only_c $only_gcc "$source"
            case $source in
            */members.c | */rpc1.c) echo clang -std=c17 $strict $only_c "$source" ;;
            esac
        done
    done
    cat "$out"/packages.h >"$out/headers.h"
    for header in "$out"/{members,struct,union,enum,alias,const,error,event,rpc,command,service,macros}*.h; do
        echo "#include \"${header##*/}\""
    done >>"$out/headers.h"
    sed 's/[.]h"/.c"/' "$out/packages.h" >"$out/packages.c"
    echo gcc -std=c11 $strict $only_c $only_gcc "$out/packages.c"
    for dialect in "gcc -std=gnu2x $only_c" "g++ -std=c++17" "clang++ -std=c++17"; do
        echo $dialect $strict -include "$out/headers.h" -x $([[ $dialect == *"++ -std"* ]] && echo c++ || echo c) /dev/null
    done
} >"$out/commands"
failed=0
xargs -P "$(nproc)" -d '\n' -I{} sh -c '{} >"$0/log.$$" 2>&1 || { echo "failed: {}"; head -20 "$0/log.$$"; exit 1; }' "$out" \
    <"$out/commands" || failed=1
[ $failed = 0 ] && echo "$(wc -l <"$out/names") names in every position, $(grep -c : "$out/macros.aegis") macros as fields: no warning"
exit $failed
