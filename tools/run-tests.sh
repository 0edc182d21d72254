#!/usr/bin/env bash
# Run test programs and checks; show what fails; end with one line, `N passed, N failed`. Exit 1 if anything failed.
#
#   tools/run-tests.sh PROGRAM...
#
# TEST_JOBS of them run at a time (2): most of their time they wait. A cmocka program counts as many tests as it says it
# ran. A script counts as one, and so does a program that was not built, crashed or took longer than TEST_TIMEOUT seconds.
# All together may take TEST_TOTAL seconds. Lines of their output that match SHOW are shown also when all is well: the
# figures of the fault tests.
set -uo pipefail
cd "$(dirname "$0")/.."

each=${TEST_TIMEOUT:-400}
total=${TEST_TOTAL:-1800}
jobs=${TEST_JOBS:-2}
build=${BUILD:-build}
logs=$build/test-logs
mkdir -p "$logs"
export BUILD=$build AEGISC=${AEGISC:-$build/bin/aegisc}
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=0}
export TSAN_OPTIONS=${TSAN_OPTIONS:-halt_on_error=1}
passed=0 failed=0 failures=()
declare -A running=()

# Sum the N of cmocka's summary lines "[  PASSED  ] N test(s)."; failures are listed once more by name: not counted.
count() { sed -nE "s/.*\[ *$1 *\] ([0-9]+) test\(s\).*/\1/p" "$2" | awk '{ n += $1 } END { print n + 0 }'; }

name_of() { echo "${1#"$build"/}"; }
log_of() { echo "$logs/$(name_of "$1" | tr / _).log"; }

# refuse PROGRAM WHY: it counts as one failure without having run
refuse() {
    printf 'FAIL  %s: %s\n' "$(name_of "$1")" "$2"
    failed=$((failed + 1)) failures+=("$(name_of "$1")")
}

# run PROGRAM SECONDS: its exit code and milliseconds go to LOG.end
run() {
    local log started code
    log=$(log_of "$1")
    started=$(date +%s%N)
    timeout -k 5 "$2" "$1" >"$log" 2>&1 </dev/null
    code=$?
    echo "$code $((($(date +%s%N) - started) / 1000000)) $2" >"$log.end"
}

# report PROGRAM: what came of it
report() {
    local name log good bad code took limit why
    name=$(name_of "$1") log=$(log_of "$1")
    read -r code took limit <"$log.end"
    good=$(count PASSED "$log")
    bad=$(count FAILED "$log")
    if [ "$good" = 0 ] && [ "$bad" = 0 ] && [ "$code" = 0 ]; then good=1; fi
    if [ "$code" != 0 ] && [ "$bad" = 0 ]; then bad=1; fi
    passed=$((passed + good)) failed=$((failed + bad))
    if [ "$bad" = 0 ]; then
        printf 'ok    %-40s %4d tests %6d ms\n' "$name" "$good" "$took"
        [ -z "${SHOW:-}" ] || grep -E "$SHOW" "$log" | sed 's/^/      /'
        return
    fi
    failures+=("$name")
    case $code in
    124 | 137) why="it took longer than $limit s" ;;
    *) why="exit code $code" ;;
    esac
    printf 'FAIL  %s: %d failed, %d passed, %s\n' "$name" "$bad" "$good" "$why"
    grep -vE '^\[ (RUN|      OK) ' "$log" | tail -60 | sed 's/^/      | /'
}

# one_ends: wait for one of those that run, and report it
one_ends() {
    local pid
    wait -n -p pid "${!running[@]}"
    report "${running[$pid]}"
    unset "running[$pid]"
}

for program in "$@"; do
    while [ ${#running[@]} -ge "$jobs" ]; do one_ends; done
    left=$((total - SECONDS))
    if [ ! -x "$program" ]; then
        refuse "$program" "it was not built"
    elif [ $left -le 0 ]; then
        refuse "$program" "no time left of $total s"
    else
        run "$program" $((left < each ? left : each)) &
        running[$!]=$program
    fi
done
while [ ${#running[@]} -gt 0 ]; do one_ends; done

if [ ${#failures[@]} -gt 0 ]; then
    printf 'failed: %s\n' "${failures[*]}"
fi
echo "$passed passed, $failed failed"
[ $failed = 0 ]
