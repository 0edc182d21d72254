# What the tests of `aegis` share; each begins with `. "$(dirname "$0")/lib.sh"` and ends with `finish TEXT`.
#
# A test runs in an empty folder of its own, with what it started ended and the folder removed at its end. `server` starts
# a private nats-server on a free port of 127.0.0.1 and sets AEGIS_URL, `serve` the services of depot.aegis. It calls
# "$aegis" through `expect`, looks at what that said, and goes on after a failure, so that one run shows all of them.
# Nothing sleeps for a guessed time: `until_says` and `until_true` look again and again, 10 s at the most.
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../cli/lib.sh"
build=$(cd "$top" && realpath "${BUILD:-build}")
aegis=$build/bin/aegis
depot=$top/tests/tool/depot.aegis
declare -A pids=()
unset AEGIS_URL NATS_URL NO_COLOR
export LC_ALL=C.UTF-8 TERM=xterm

ended_all() {
    local name
    for name in "${!pids[@]}"; do stop "$name" KILL; done
    chmod -R u+w "$scratch"
    rm -rf "$scratch"
}
trap ended_all EXIT
trap 'exit 143' INT TERM

# start NAME COMMAND...: in the background, its output in NAME.log
start() {
    local name=$1
    shift
    "$@" >"$scratch/$name.log" 2>&1 </dev/null &
    pids[$name]=$!
}
# stop NAME [SIGNAL]: end it; its exit code is in `code`
stop() {
    code=0
    [ -n "${pids[$1]:-}" ] || return 0
    kill "-${2:-TERM}" "${pids[$1]}" 2>/dev/null
    wait "${pids[$1]}" 2>/dev/null || code=$?
    unset "pids[$1]"
}
# left NAME: wait until it ends by itself; its exit code is in `code`
left() {
    code=0
    until_true "end of $1" sh -c "! kill -0 ${pids[$1]} 2>/dev/null || grep -q ' [ZX] ' /proc/${pids[$1]}/stat"
    kill -KILL "${pids[$1]}" 2>/dev/null
    wait "${pids[$1]}" 2>/dev/null || code=$?
    unset "pids[$1]"
}
# until_true WHAT COMMAND...: until it succeeds
until_true() {
    local what=$1 i
    shift
    for i in $(seq 500); do
        "$@" >/dev/null 2>&1 && return 0
        sleep 0.02
    done
    wrong "in vain: $what"
    return 1
}
# until_says NAME TEXT: until the output of what was started so holds TEXT
until_says() {
    until_true "$1 says '$2'" grep -qF -- "$2" "$scratch/$1.log" || cat "$scratch/$1.log"
}

# server [--no-jetstream] [OPTION...]: a nats-server; its URL is in AEGIS_URL
server() {
    local nats ports=$scratch/ports jetstream="-js -sd $scratch/store"
    nats=$(command -v nats-server || echo /usr/sbin/nats-server)
    if [ "${1:-}" = --no-jetstream ]; then
        jetstream=
        shift
    fi
    mkdir -p "$ports"
    rm -f "$ports"/*
    # shellcheck disable=SC2086
    start nats "$nats" -a 127.0.0.1 -p -1 $jetstream --ports_file_dir "$ports" "$@"
    until_says nats 'Server is ready'
    until_true 'the port of the server' grep -rqs nats:// "$ports"
    AEGIS_URL=$(grep -ohE 'nats://127\.0\.0\.1:[0-9]+' "$ports"/*.ports | head -1)
    export AEGIS_URL
}
# serve [NAME] [ARGUMENT...]: the services of depot.aegis, as NAME (default: service)
serve() {
    local name=${1:-service}
    shift
    start "$name" "$build/tests/tool/service" "$@"
    until_says "$name" 'service: ready'
}

# in_terminal COLUMNS ROWS NAME COMMAND...: in the background on a pseudo-terminal; what it draws goes to NAME.log, and
# what is written to NAME.keys is typed.
in_terminal() {
    local columns=$1 rows=$2 name=$3
    shift 3
    mkfifo "$scratch/$name.keys"
    printf 'stty cols %s rows %s; exec %s\n' "$columns" "$rows" "$(printf '%q ' "$@")" >"$scratch/$name.sh"
    SHELL=/bin/bash script -qefc "bash $scratch/$name.sh" /dev/null >"$scratch/$name.log" 2>&1 <>"$scratch/$name.keys" &
    pids[$name]=$!
}
types() { # NAME TEXT (printf's escapes: '\003' is Ctrl-C)
    # shellcheck disable=SC2059
    printf "$2" >"$scratch/$1.keys"
}
# publish SUBJECT TEXT: a message, as any NATS client sends it; done when the server has it
publish() {
    local line
    exec 3<>"/dev/tcp/127.0.0.1/${AEGIS_URL##*:}"
    printf 'CONNECT {"verbose":false}\r\nPUB %s %d\r\n%s\r\nPING\r\n' "$1" "$(printf %s "$2" | wc -c)" "$2" >&3
    while IFS= read -r -t 10 line <&3 && [[ $line != PONG* ]]; do :; done
    exec 3>&-
    [[ ${line:-} == PONG* ]] || wrong "the server did not take a message for $1"
}
silent() { # nothing on standard output
    [ -z "$out" ] || wrong "it says" "$out"
}
# holds FILTER VALUE: in the JSON it said, by a filter of jq (".a.b[0]")
holds() {
    local found
    found=$(jq -rc "$1" <<<"$out" 2>&1)
    [ "$found" = "$2" ] || wrong "$1 is '$found', not '$2', in" "$out"
}
# pretend SUBJECT...: a peer that answers what comes there with the lines of the file pretend/SUBJECT, see pretend.sh
pretend() {
    local at=${AEGIS_URL##*//}
    mkdir -p "$scratch/pretend"
    start pretend "$top/tests/tool/pretend.sh" "${at%:*}" "${at##*:}" "$scratch/pretend" "$@"
    until_says pretend 'pretend: ready'
}

# the_frame NAME: what a program that redraws the whole terminal shows now, as text
the_frame() {
    tail -c 40000 "$scratch/$1.log" | awk 'BEGIN {RS = "\033\\[H"} {frame = $0} END {printf "%s", frame}' |
        sed -E 's/\x1b\[[0-9;?]*[A-Za-z]//g; s/\r//g'
}
# until_shows NAME TEXT, until_hides NAME TEXT: until the frame holds it, or no longer does
shows() { the_frame "$1" | grep -qF -- "$2"; }
hides() { ! shows "$1" "$2"; }
until_shows() {
    until_true "$1 shows '$2'" shows "$1" "$2" || the_frame "$1"
}
until_hides() {
    until_true "$1 hides '$2'" hides "$1" "$2" || the_frame "$1"
}
# child_of NAME: the process that runs in a terminal, below what `script` needs
child_of() {
    local process=${pids[$1]} child
    while read -r child _ <"/proc/$process/task/$process/children" || [ -n "$child" ]; do process=$child; done
    echo "$process"
}
# resize NAME COLUMNS ROWS
resize() {
    stty -F "$(readlink "/proc/$(child_of "$1")/fd/0")" cols "$2" rows "$3"
}
