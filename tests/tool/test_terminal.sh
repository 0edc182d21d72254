#!/usr/bin/env bash
# What a terminal cannot do is not asked of it: TERM=dumb, a locale without UTF-8, NO_COLOR, 40 columns.
. "$(dirname "$0")/lib.sh"

server
serve
# shown NAME COMMAND...: in a narrow terminal, to its end
shown() {
    local name=$1
    shift
    in_terminal 40 12 "$name" "$@"
    left "$name"
}

# A dumb one gets lines: no colour, no cursor that moves; `top` does not begin.
TERM=dumb shown dumb "$aegis" send -f "$depot" depot-service.count batch=dumb total=3 pause=1ms
must test "$code" = 0
must test -z "$(grep -a "$(printf '\033')" dumb.log)"
until_says dumb '1/3'
TERM=dumb shown top "$aegis" top
must test "$code" = 2
until_says top 'needs a terminal that can move its cursor'
TERM=dumb shown idl "$aegis" info depot-service --idl
must test "$code" = 0

# NO_COLOR draws without colours.
NO_COLOR=1 shown plain "$aegis" send -f "$depot" depot-service.count batch=plain total=3 pause=1ms
must test -z "$(grep -a "$(printf '\033\[[0-9]*m')" plain.log)"
must grep -qa "$(printf '\033\[K')" plain.log

# Without UTF-8 all is ASCII: bars, histograms, cuts, the marks of `top`.
export LC_ALL=C
shown ascii "$aegis" send -f "$depot" depot-service.count batch=ascii total=3 pause=20ms
must test -z "$(LC_ALL=C grep -aP '[\x80-\xff]' ascii.log)"
until_says ascii '#'
expect 0 "$aegis" bench -f "$depot" depot-service.echo text=x --count 50 --warmup 0
must test -z "$(LC_ALL=C grep -aP '[\x80-\xff]' <<<"$out")"
says '###'
expect 0 "$aegis" emit -f "$depot" thing.lost code="$(printf 'long%.0s' $(seq 40))"
shown cut "$aegis" watch --all --no-follow
must test -z "$(LC_ALL=C grep -aP '[\x80-\xff]' cut.log)"
until_says cut '~'
in_terminal 80 12 live "$aegis" top --interval 100ms
until_shows live '* connected'
until_shows live '> '
types live 'q'
left live
must test -z "$(LC_ALL=C grep -aP '[\x80-\xff]' live.log)"

finish 'aegis asks no more of a terminal than it can do'
