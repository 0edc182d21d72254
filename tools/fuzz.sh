#!/usr/bin/env bash
# Run libFuzzer programs one after the other; end with one line, `N passed, N failed`.
#
#   tools/fuzz.sh PROGRAM...
#
# All together take FUZZ_SECONDS (300). tests/fuzz/corpus/NAME is where fuzz_NAME begins.
# What is found on the way stays in BUILD; an input that ends in a failure is left there too, and named.
set -uo pipefail
cd "$(dirname "$0")/.."

build=${BUILD:-build}
export ASAN_OPTIONS=${ASAN_OPTIONS:-quarantine_size_mb=4}
each=$((${FUZZ_SECONDS:-300} / ($# > 0 ? $# : 1)))
passed=0 failed=0

# Files of other tests that are worth beginning with, beside the corpus.
seeds() {
    case $1 in
    frontend | fmt) echo tests/diag tests/diag/one tests/diag/strangers tests/gen tests/gen/parts tests/golden/fmt examples/orders idl/aegis ;;
    template) echo templates/c ;;
    esac
}

words() {
    case $1 in
    frontend | fmt | rules) echo tests/fuzz/aegis.dict ;;
    *) echo "tests/fuzz/$1.dict" ;;
    esac
}

for program in "$@"; do
    name=$(basename "$program")
    name=${name#fuzz_}
    found=$build/fuzz-corpus/$name
    log=$build/fuzz-corpus/$name.log
    mkdir -p "$found"
    options=(-max_total_time="$each" -timeout=10 -max_len=4096 -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="$found.")
    words=$(words "$name")
    [ -f "$words" ] && options+=(-dict="$words")
    folders=("$found")
    for folder in "tests/fuzz/corpus/$name" $(seeds "$name"); do
        [ -d "$folder" ] && folders+=("$folder")
    done
    if "$program" "${options[@]}" "${folders[@]}" >"$log" 2>&1; then
        passed=$((passed + 1))
        printf 'ok    %-40s %12s runs\n' "$name" "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")"
    else
        failed=$((failed + 1))
        printf 'FAIL  %s\n' "$name"
        tail -60 "$log" | sed 's/^/      | /'
    fi
done
echo "$passed passed, $failed failed"
[ $failed = 0 ]
