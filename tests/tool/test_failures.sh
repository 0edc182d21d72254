#!/usr/bin/env bash
# With --json every command that fails says so in one line of JSON on standard output, {"error":{status,text,hint}}, and
# nothing on standard error; and no complaint lets through what could move a cursor.
. "$(dirname "$0")/lib.sh"

# fails CODE STATUS TEXT COMMAND...: so, with --json
fails() {
    local code=$1 status=$2 text=$3
    shift 3
    expect "$code" "$aegis" "$@" --json
    must test -z "$(grep -v '^{"progress":' <<<"$err")"
    must test "$(tail -1 <<<"$out" | jq -rc '.error | has("status") and has("text") and has("hint")')" = true
    must test "$(tail -1 <<<"$out" | jq -r .error.status)" = "$status"
    tail -1 <<<"$out" | jq -r '.error.text + "|" + .error.hint' | grep -qF -- "$text" ||
        wrong "not '$text' but" "$out"
}

# The command line, of each command: an option that is not there, and no server.
for command in call send emit watch ls info stats map plan apply check dlq record replay bench mock; do
    fails 2 INVALID_ARGUMENT "|did you mean '--timeout'?" $command --timeot
done
fails 2 INVALID_ARGUMENT "top draws|'aegis stats" top
fails 2 INVALID_ARGUMENT "|'aegis call --help' shows" call
echo '{}' >empty.jsonl
nowhere="-s nats://127.0.0.1:1 --timeout 300ms"
for rest in 'call a.b' 'send a.b' 'emit a.b' 'watch' 'ls' 'info a' 'stats' 'map' 'plan' 'apply --yes' 'check' 'dlq ls' \
    'record -o x.jsonl' 'replay empty.jsonl' 'bench a.b' "mock $depot"; do
    # shellcheck disable=SC2086
    fails 3 UNAVAILABLE '|-s or AEGIS_URL names another' $rest $nowhere
done

server
serve
fails 1 NOT_FOUND "did you mean 'echo'?" call depot-service.ecko text=a
fails 2 INVALID_ARGUMENT "did you mean 'text'?" call depot-service.echo txt=a
fails 2 INVALID_ARGUMENT "did you mean 'green'?" call depot-service.mirror value.colour=gren
fails 1 FAILED_PRECONDITION 'there is no such thing' call depot-service.find code=XX-0001
holds .error.type NotFound
fails 1 UNAVAILABLE "'aegis ls' shows" call nobody-here.echo text=a
fails 1 DEADLINE_EXCEEDED '--timeout waits longer' call depot-service.slow takes=3s --timeout 100ms
fails 1 FAILED_PRECONDITION 'a thing fell down' send depot-service.count batch=f fail_at:=2
fails 1 DEADLINE_EXCEEDED "runs on|'aegis send --wait" send depot-service.count batch=long total=1000 --timeout 200ms
fails 1 NOT_FOUND "did you mean 'thing.lost'?" emit thing.lots code=a
fails 1 DEADLINE_EXCEEDED '0 of 2 came|--timeout' watch thing.none --count 2 --timeout 100ms
fails 1 NOT_FOUND "'aegis ls' lists" ls no-such
fails 1 NOT_FOUND "did you mean" info depot-servise
fails 1 NOT_FOUND "'aegis ls' lists" stats no-such
fails 2 INVALID_ARGUMENT 'is no time' map --interval soon
fails 2 INVALID_ARGUMENT 'is no size' plan --events-max-bytes much
fails 2 INVALID_ARGUMENT 'say --yes' apply --events-max-bytes 20GiB --force
fails 1 NOT_FOUND 'there is no dead letter 7' dlq show 7
fails 1 NOT_FOUND 'there is no dead letter 8' dlq replay 7 8
fails 3 ALREADY_EXISTS '|--force writes over it' record -o empty.jsonl
fails 3 UNAVAILABLE 'cannot read' replay none.jsonl
fails 1 FAILED_PRECONDITION 'no line of a recording' replay empty.jsonl
fails 1 UNAVAILABLE 'no call succeeded' bench nobody-here.echo --count 1 --warmup 0
fails 1 FAILED_PRECONDITION 'runs already' mock "$depot"
echo 'aegis 1; package x; struct A { b: C; }' >bad.aegis
fails 1 FAILED_PRECONDITION 'bad.aegis:1:' call x.y -f bad.aegis
# What goes well has no error; what others wrote is answered as it is.
expect 0 "$aegis" call depot-service.echo text=a --json
holds .error null

# In words, too, no name of others moves a cursor.
expect 1 "$aegis" call "$(printf 'depot-service.e\033[31mcho\r')" text=a
complains 'depot-service has no rpc '\''e\x1b[31mcho\x0d'\'
expect 2 "$aegis" dlq "$(printf 'l\033[2Jst')"
must test -z "$(grep "$(printf '\033')" <<<"$err")"
expect 1 "$aegis" ls "$(printf '\xff\xfe')" --json
holds '.error.text' "no instance of '\\xff\\xfe' runs"

finish "every failure is told to programs, too"
