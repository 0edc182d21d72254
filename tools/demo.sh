#!/usr/bin/env bash
# `make demo`: build, install to $(BUILD)/prefix, build the order example against that, and watch it work: first inside
# one process, then as separate processes over a private nats-server on a free loopback port. Leaves nothing behind.
set -euo pipefail
cd "$(dirname "$0")/.."

MAKE=${MAKE:-make}
build=$(realpath -m "${BUILD:-build}")
scratch=$(mktemp -d "${TMPDIR:-/tmp}/aegis-demo.XXXXXX")
case $build in
*[[:space:]]*) # make knows no names with spaces: go by another one
    mkdir -p "$build" && ln -s "$build" "$scratch/build" && build=$scratch/build ;;
esac
prefix=$build/prefix
out=$build/orders
declare -A pids=()

if [ -t 1 ]; then bold=$'\e[1m' plain=$'\e[0m'; else bold='' plain=''; fi
say() { printf '\n%s== %s%s\n' "$bold" "$*" "$plain"; }
note() { printf '   %s\n' "$*"; }
show() { sed 's/^/   | /'; }

finish() {
    local code=$?
    trap - EXIT INT TERM
    for name in "${!pids[@]}"; do
        kill -KILL "${pids[$name]}" 2>/dev/null || true
        wait "${pids[$name]}" 2>/dev/null || true
    done
    rm -rf "$scratch"
    exit $code
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

fail() {
    printf '\ndemo: %s\n' "$*" >&2
    for log in "$scratch"/*.log; do
        [ -s "$log" ] && { echo "--- $(basename "$log")"; tail -15 "$log"; } >&2
    done
    exit 1
}

# start NAME COMMAND...: in the background, output to NAME.log
start() {
    local name=$1
    shift
    "$@" >>"$scratch/$name.log" 2>&1 </dev/null &
    pids[$name]=$!
}
# await NAME TEXT: until the log of NAME holds TEXT
await() {
    local i
    for i in $(seq 100); do
        grep -q -- "$2" "$scratch/$1.log" 2>/dev/null && return 0
        kill -0 "${pids[$1]}" 2>/dev/null || fail "$1 ended before it said '$2'"
        sleep 0.1
    done
    fail "$1 did not say '$2' within 10 s"
}
# ended NAME SIGNAL: send it, wait, and give its exit code
ended() {
    local code=0
    kill "-$2" "${pids[$1]}" 2>/dev/null || true
    wait "${pids[$1]}" 2>/dev/null || code=$?
    unset "pids[$1]"
    return $code
}
# trip ARGUMENT...: the client, with its output shown
trip() {
    local code=0
    timeout 60 "$out/client" "$@" >"$scratch/client.log" 2>&1 || code=$?
    show <"$scratch/client.log"
    [ $code = 0 ] || fail "the client ended with $code"
}
created() { grep -c '^monitor: order ' "$scratch/monitor.log" 2>/dev/null || true; }

say "Building aegisc and libaegis (a minute or two)"
$MAKE --no-print-directory -s all
$MAKE --no-print-directory -s install PREFIX="$prefix" DESTDIR= >/dev/null
note "installed to ${prefix#"$PWD"/}: $(du -sh "$prefix" | cut -f1)"

say "Building examples/orders against the installed package"
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig LD_LIBRARY_PATH=$prefix/lib
$MAKE --no-print-directory -s -C examples/orders OUT="$out"
note "shop.aegis became shop.h and shop.c: $(cat "$out"/shop.[ch] | wc -l) lines you do not write"

say "1. All in one process, on the in-process bus (mem:): no server needed"
timeout 60 "$out/inprocess" >"$scratch/inprocess.log" 2>&1 || fail "inprocess ended with $?"
show <"$scratch/inprocess.log"

say "2. The same over NATS, as separate processes"
note "First with no server: a program says what it tried and what to do, and exits 1."
code=0
timeout 10 "$out/client" nats://127.0.0.1:1 >"$scratch/nobody.log" 2>&1 || code=$?
show <"$scratch/nobody.log"
[ $code = 1 ] || fail "without a server the client ended with $code, not 1"

nats=$(command -v nats-server || echo /usr/sbin/nats-server)
[ -x "$nats" ] || fail "there is no nats-server"
mkdir "$scratch/ports"
start nats "$nats" -a 127.0.0.1 -p -1 -js -sd "$scratch/store" --ports_file_dir "$scratch/ports"
for _ in $(seq 100); do
    url=$(cat "$scratch"/ports/*.ports 2>/dev/null | grep -oE 'nats://127\.0\.0\.1:[0-9]+' | head -1 || true)
    [ -n "$url" ] && break
    sleep 0.1
done
[ -n "$url" ] || fail "nats-server did not start"
await nats "Server is ready"
note "a private nats-server with JetStream: $url"

start server1 "$out/server" "$url"
start server2 "$out/server" "$url" --metrics 0
start monitor "$out/monitor" "$url"
await server1 ready
await server2 ready
await monitor listens
note "two copies of the order service, and a monitor that listens to order.created"

say "A client: calls, a typed error, an undeclared failure, a command that is sent twice and runs once, a failing command"
trip "$url"

say "The same from the command line: aegis asks the running service for its schema"
export AEGIS_URL=$url
aegis=$prefix/bin/aegis
operator() {
    printf '   $ aegis %s\n' "$*"
    timeout 60 "$aegis" "$@" >"$scratch/operator.log" 2>&1 || true
    show <"$scratch/operator.log"
}
operator call order-service.create_order customer=ada 'items[0].sku=A-1' 'items[0].price=9.50'
grep -q '"customer": "ada"' "$scratch/operator.log" || fail "aegis call placed no order"
operator call order-service.create_order customer=ada 'items[0].sku=A-1' 'items[0].price=9.50' 'items[0].quantity=0'
grep -q 'least is 1' "$scratch/operator.log" || fail "aegis call took an order of nothing"
operator send order-service.process_batch batch_id=demo orders=new,new,new
grep -q '"processed": 3' "$scratch/operator.log" || fail "aegis send shipped nothing"

say "What the monitor received (durable: nothing published is lost)"
for _ in $(seq 50); do [ "$(created)" -gt 0 ] && break; sleep 0.1; done
[ "$(created)" -gt 0 ] || fail "the monitor saw no event"
show <"$scratch/monitor.log"

say "The monitor is stopped; the client places two more orders; the monitor comes back and receives them"
ended monitor TERM || fail "the monitor did not stop cleanly on SIGTERM"
before=$(created)
trip "$url" >/dev/null
start monitor "$out/monitor" "$url"
for _ in $(seq 100); do [ "$(created)" -ge $((before + 2)) ] && break; sleep 0.1; done
[ "$(created)" -eq $((before + 2)) ] || fail "the two events published meanwhile did not arrive once each"
tail -n 2 "$scratch/monitor.log" | show

say "The same client, now speaking JSON (a JSON caller gets a JSON answer)"
trip "$url" --json

say "One of the two servers is killed (SIGKILL); calls go on"
ended server1 KILL || true
trip "$url"

say "What Prometheus would be told of the remaining server, at /metrics"
port=$(sed -n 's|.*http://127.0.0.1:\([0-9]*\)/metrics.*|\1|p' "$scratch/server2.log")
exec 3<>"/dev/tcp/127.0.0.1/$port"
printf 'GET /metrics HTTP/1.0\r\n\r\n' >&3
cat <&3 >"$scratch/metrics"
exec 3>&-
grep -E '^aegis_(connection_up|server_calls_total|consumer_messages_total.*done)' "$scratch/metrics" | head -6 | show
grep -q '^aegis_server_calls_total{.*OK"} [1-9]' "$scratch/metrics" || fail "/metrics does not know of the calls"

say "SIGTERM: the remaining server finishes what runs, and stops"
ended server2 TERM || fail "the server did not stop cleanly on SIGTERM"
tail -n 1 "$scratch/server2.log" | show
ended monitor TERM || fail "the monitor did not stop cleanly on SIGTERM"

say "Done. Read on: examples/orders/ (the program you just saw), docs/GUIDE.md (your own project)"
