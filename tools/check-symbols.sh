#!/usr/bin/env bash
# libaegis.so and libaegis-http.so export aegis_* and nothing else; the installed archives define no global name outside aegis_*
# either, so that a static link cannot collide with a user's own functions.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${BUILD:-build}
total=0

for library in libaegis libaegis-http; do
    shared=$build/$library.so
    foreign=$(nm -D --defined-only "$shared" | awk '{ print $NF }' | grep -vE '^aegis_' || true)
    if [ -n "$foreign" ]; then
        echo "$shared exports names that are not aegis_*:"
        echo "$foreign"
        exit 1
    fi
    count=$(nm -D --defined-only "$shared" | wc -l)
    if [ "$count" = 0 ]; then
        echo "$shared exports nothing: AEGIS_API is missing from the public headers"
        exit 1
    fi
    total=$((total + count))
    foreign=$(nm -g --defined-only "$build/static/$library.a" 2>/dev/null | awk 'NF == 3 { print $3 }' | grep -vE '^(aegis_|__asan|__odr|__tsan)' || true)
    if [ -n "$foreign" ]; then
        echo "$build/static/$library.a defines global names that are not aegis_*:"
        echo "$foreign"
        exit 1
    fi
done
if readelf -d "$build/libaegis.so" | grep -E 'NEEDED.*(microhttpd|curl)'; then
    echo "$build/libaegis.so needs what only libaegis-http may"
    exit 1
fi
echo "$total exported names, all aegis_*"
