#!/usr/bin/env bash
# libaegis.so exports aegis_* and nothing else; the installed libaegis.a defines no global name outside aegis_* either, so that a
# static link cannot collide with a user's own functions.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${BUILD:-build}
shared=$build/libaegis.so

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
foreign=$(nm -g --defined-only "$build/static/libaegis.a" 2>/dev/null | awk 'NF == 3 { print $3 }' | grep -vE '^(aegis_|__asan|__odr|__tsan)' || true)
if [ -n "$foreign" ]; then
    echo "$build/static/libaegis.a defines global names that are not aegis_*:"
    echo "$foreign"
    exit 1
fi
echo "$count exported names, all aegis_*"
