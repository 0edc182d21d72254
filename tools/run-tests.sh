#!/usr/bin/env bash
# Run test programs and checks; show what fails; end with one line, `N passed, N failed`. Exit 1 if anything failed.
#
#   tools/run-tests.sh PROGRAM...
#
# A cmocka program counts as many tests as it says it ran. A script counts as one, and so does a program that was not
# built, crashed or took longer than TEST_TIMEOUT seconds. All together may take TEST_TOTAL seconds. Lines of their output
# that match SHOW are shown also when all is well: the figures of the fault tests.
set -uo pipefail
cd "$(dirname "$0")/.."

each=${TEST_TIMEOUT:-400}
total=${TEST_TOTAL:-1800}
build=${BUILD:-build}
logs=$build/test-logs
mkdir -p "$logs"
export BUILD=$build AEGISC=${AEGISC:-$build/bin/aegisc}
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=0}
export TSAN_OPTIONS=${TSAN_OPTIONS:-halt_on_error=1}
passed=0 failed=0 failures=()

# Sum the N of cmocka's summary lines "[  PASSED  ] N test(s)."; failures are listed once more by name: not counted.
count() { sed -nE "s/.*\[ *$1 *\] ([0-9]+) test\(s\).*/\1/p" "$2" | awk '{ n += $1 } END { print n + 0 }'; }

for program in "$@"; do
    name=${program#"$build"/}
    log=$logs/$(echo "$name" | tr / _).log
    if [ ! -x "$program" ]; then
        echo "FAIL  $name: it was not built"
        failed=$((failed + 1)) failures+=("$name")
        continue
    fi
    left=$((total - SECONDS))
    if [ $left -le 0 ]; then
        echo "FAIL  $name: no time left of $total s"
        failed=$((failed + 1)) failures+=("$name")
        continue
    fi
    started=$(date +%s%N)
    timeout -k 5 $((left < each ? left : each)) "$program" >"$log" 2>&1 </dev/null
    code=$?
    took=$((($(date +%s%N) - started) / 1000000))
    good=$(count PASSED "$log")
    bad=$(count FAILED "$log")
    if [ "$good" = 0 ] && [ "$bad" = 0 ] && [ $code = 0 ]; then good=1; fi
    if [ $code != 0 ] && [ "$bad" = 0 ]; then bad=1; fi
    passed=$((passed + good)) failed=$((failed + bad))
    if [ "$bad" = 0 ]; then
        printf 'ok    %-40s %4d tests %6d ms\n' "$name" "$good" "$took"
        [ -z "${SHOW:-}" ] || grep -E "$SHOW" "$log" | sed 's/^/      /'
        continue
    fi
    failures+=("$name")
    case $code in
    124 | 137) why="it took longer than $((left < each ? left : each)) s" ;;
    *) why="exit code $code" ;;
    esac
    printf 'FAIL  %s: %d failed, %d passed, %s\n' "$name" "$bad" "$good" "$why"
    grep -vE '^\[ (RUN|      OK) ' "$log" | tail -60 | sed 's/^/      | /'
done

if [ ${#failures[@]} -gt 0 ]; then
    printf 'failed: %s\n' "${failures[*]}"
fi
echo "$passed passed, $failed failed"
[ $failed = 0 ]
