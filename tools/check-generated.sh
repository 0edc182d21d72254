#!/usr/bin/env bash
# Generated code has no warning under the strict flags: the .c with gcc and clang as C11 and C17, the header with g++
# and clang++ as C++17, optimized too, because some warnings only appear then. The public headers are checked alike.
set -uo pipefail
cd "$(dirname "$0")/.."
build=${BUILD:-build}
both=(-Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wcast-qual -Wcast-align -Wundef
    -Wredundant-decls -Wwrite-strings -Werror)
only_c=(-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wc++-compat)
includes=(-Iruntime/include -I"$build/gen" -I"$build/gen/tests")
bad=0

check() {
    if ! "$@"; then
        echo "failed: $*"
        bad=1
    fi
}

compilers=() cxx=()
for c in gcc clang; do command -v $c >/dev/null && compilers+=("$c"); done
for c in g++ clang++; do command -v $c >/dev/null && cxx+=("$c"); done

count=0
while IFS= read -r source; do
    count=$((count + 1))
    for c in "${compilers[@]}"; do
        check "$c" -std=c11 -O2 "${both[@]}" "${only_c[@]}" "${includes[@]}" -c "$source" -o /dev/null
        check "$c" -std=c17 -fsyntax-only "${both[@]}" "${only_c[@]}" "${includes[@]}" "$source"
    done
    header=${source%.c}.h
    for c in "${cxx[@]}"; do
        check "$c" -std=c++17 -x c++ -fsyntax-only "${both[@]}" "${includes[@]}" -include "$header" /dev/null
    done
done < <(find "$build/gen/tests" "$build/gen/aegis" -name '*.c' 2>/dev/null | sort)

for header in runtime/include/aegis/*.h; do
    for c in "${compilers[@]}"; do
        check "$c" -std=c11 -x c -fsyntax-only "${both[@]}" "${only_c[@]}" "${includes[@]}" -include "$header" /dev/null
    done
    for c in "${cxx[@]}"; do
        check "$c" -std=c++17 -x c++ -fsyntax-only "${both[@]}" "${includes[@]}" -include "$header" /dev/null
    done
done
[ $count -gt 0 ] || { echo "no generated code found in $build/gen"; exit 1; }
[ $bad = 0 ] && echo "$count generated files and all public headers: no warning"
exit $bad
