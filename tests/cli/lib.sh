# What the tests of the command line share; each begins with `. "$(dirname "$0")/lib.sh"` and ends with `finish TEXT`.
#
# A test runs in an empty folder of its own, which is removed. It calls "$aegisc" through `expect`, looks at what that
# said, and goes on after a failure, so that one run shows all of them.
set -uo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$top" || exit 1
aegisc=$(realpath "${AEGISC:-build/bin/aegisc}")
idl=$top/examples/orders/shop.aegis
scratch=$(mktemp -d "${TMPDIR:-/tmp}/aegis-cli.XXXXXX")
trap 'chmod -R u+w "$scratch"; rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
bad=0

# expect CODE COMMAND...: its exit code. What it wrote to standard output is then in `out`, to standard error in `err`.
expect() {
    local wanted=$1 code=0
    shift
    "$@" >"$scratch/.out" 2>"$scratch/.err" </dev/null || code=$?
    out=$(cat "$scratch/.out") err=$(cat "$scratch/.err")
    [ $code = "$wanted" ] && return
    wrong "exit code $code, not $wanted: ${*/#$scratch\//}" "$(head -5 "$scratch/.out" "$scratch/.err")"
}
# wrong TEXT...: the test has failed
wrong() {
    local from=$((${#BASH_SOURCE[@]} - 1)) # the test, whoever called
    echo "${BASH_SOURCE[from]##*/}:${BASH_LINENO[from - 1]}: $1"
    shift
    printf '    %s\n' "$@"
    bad=1
}
says() { # on standard output
    grep -qF -- "$1" <<<"$out" || wrong "it does not say '$1' but" "$out"
}
complains() { # on standard error
    grep -qF -- "$1" <<<"$err" || wrong "it does not complain '$1' but" "$err"
}
must() {
    "$@" || wrong "does not hold: $*"
}
# same FILE FILE: byte for byte
same() {
    cmp -s "$1" "$2" || wrong "$1 is not what it should be" "$(diff "$1" "$2" | head -20)"
}
# golden NAME FILE: FILE is tests/cli/NAME, which AEGIS_GOLDEN=update writes anew
golden() {
    if [ "${AEGIS_GOLDEN:-}" = update ]; then cp "$2" "$top/tests/cli/$1"; fi
    same "$2" "$top/tests/cli/$1"
}
no_temporaries() {
    must test -z "$(find . -name '*.tmp')"
}
finish() {
    [ $bad = 0 ] && echo "$1"
    exit $bad
}
