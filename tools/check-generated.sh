#!/usr/bin/env bash
# Generated code has no warning under the strict flags: the .c with gcc and clang as C11, C17 and C23, the header with g++
# and clang++ as C++17, optimized too, because some warnings only appear then. The public headers are checked alike.
# (What tests/breaking generates is many times the same, and built with these flags anyway.)
set -uo pipefail
cd "$(dirname "$0")/.."
build=${BUILD:-build}
both=(-Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wcast-qual -Wcast-align -Wundef
    -Wredundant-decls -Wwrite-strings -Werror)
only_c=(-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wc++-compat)
includes=(-Iruntime/include -I"$build/gen" -I"$build/gen/tests")
# What is compiled goes there, not to /dev/null: an assembler that runs as root may replace that.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0

compilers=() cxx=()
for c in gcc clang; do command -v $c >/dev/null && compilers+=("$c"); done
for c in g++ clang++; do command -v $c >/dev/null && cxx+=("$c"); done

# job COMMAND...: one of those that run side by side.
jobs=0
job() {
    jobs=$((jobs + 1))
    printf '%q ' "$@" >>"$work/jobs"
    printf '\n' >>"$work/jobs"
}

count=0
while IFS= read -r source; do
    count=$((count + 1))
    for c in "${compilers[@]}"; do
        job "$c" -std=c11 -O2 "${both[@]}" "${only_c[@]}" "${includes[@]}" -c "$source" -o "$work/$jobs.o"
        for std in c17 gnu2x; do
            job "$c" -std=$std -fsyntax-only "${both[@]}" "${only_c[@]}" "${includes[@]}" "$source"
        done
    done
    for c in "${cxx[@]}"; do
        job "$c" -std=c++17 -x c++ -fsyntax-only "${both[@]}" "${includes[@]}" -include "${source%.c}.h" /dev/null
    done
done < <(find "$build/gen/tests" "$build/gen/aegis" -path '*/breaking' -prune -o -name '*.c' -print 2>/dev/null | sort)

for header in runtime/include/aegis/*.h; do
    for c in "${compilers[@]}"; do
        job "$c" -std=c11 -x c -fsyntax-only "${both[@]}" "${only_c[@]}" "${includes[@]}" -include "$header" /dev/null
    done
    for c in "${cxx[@]}"; do
        job "$c" -std=c++17 -x c++ -fsyntax-only "${both[@]}" "${includes[@]}" -include "$header" /dev/null
    done
done
xargs -P "${CHECK_JOBS:-2}" -d '\n' -I COMMAND bash -c 'COMMAND || { echo "failed: $0"; exit 1; }' COMMAND <"$work/jobs" || bad=1

# What is deprecated in the IDL warns where it is used, each thing once, and nothing else does.
program=$(
    cat <<'END'
#include "documented.h"
void use(aegis_client *c, aegis_arena *a, aegis_publisher *p, aegis_bytes *b, documented_item *item,
         documented_choice *choice, documented_past *past, documented_things_act_request *request);
void use(aegis_client *c, aegis_arena *a, aegis_publisher *p, aegis_bytes *b, documented_item *item,
         documented_choice *choice, documented_past *past, documented_things_act_request *request)
{
    const documented_item fine = DOCUMENTED_ITEM_INIT;
    item->count = fine.count + DOCUMENTED_FEW + DOCUMENTED_STAGE_OPEN;
    (void)documented_item_encode(item, AEGIS_FORMAT_JSON, a, b, NULL);
    (void)documented_things_act(c, request, NULL, a);
    /* warned */
    item->count = DOCUMENTED_STAGE_CLOSED;
    item->weight.has = false;
    request->how = NULL;
    choice->past = *past;
    (void)documented_old_name(1);
    (void)documented_past_encode(past, AEGIS_FORMAT_JSON, a, b, NULL);
    (void)documented_empty_to_json(NULL, a);
    (void)documented_thing_happened_publish(p, NULL, NULL, NULL);
    (void)documented_things_perform(c, NULL, NULL, a);
    (void)documented_things_perform_async(c, NULL, NULL, NULL, NULL);
    (void)documented_things_labour_submit(c, NULL, NULL, NULL, NULL);
    (void)documented_things_labour_run(c, NULL, NULL, NULL, NULL, a);
    (void)documented_bygones_act(c, NULL, NULL, a);
}
END
)
first=$(grep -n '/\* warned' <<<"$program" | cut -d: -f1)
last=$(($(wc -l <<<"$program") - 1))
for c in "${compilers[@]}"; do
    warned=$($c -std=c11 "${includes[@]}" -fsyntax-only -x c - <<<"$program" 2>&1 | sed -nE 's/^<stdin>:([0-9]+):.*deprecated.*/\1/p' | sort -un | tr '\n' ' ')
    if [ "$warned" != "$(seq -s ' ' $((first + 1)) $last) " ]; then
        echo "$c: deprecated on lines $warned, not on $((first + 1)) to $last"
        bad=1
    fi
done

[ $count -gt 0 ] || { echo "no generated code found in $build/gen"; exit 1; }
[ $bad = 0 ] && echo "$count generated files and all public headers: no warning"
exit $bad
