#!/usr/bin/env bash
# What shells complete: commands, options, values, files, and names from schemas of files and of services that run; in bash, and
# in zsh and fish where they are installed. Manual pages besides, which come from the same tables.
. "$(dirname "$0")/lib.sh"
PATH=$(dirname "$aegis"):$PATH

# offers WORD... -- CANDIDATE...: what the program says, without what each is
offers() {
    local words=()
    while [ "$1" != == ]; do
        words+=("$1")
        shift
    done
    shift
    expect 0 "$aegis" complete -- "${words[@]}"
    must test "$(cut -f1 <<<"$out" | paste -sd' ')" = "$*"
    must test -z "$err"
}
offers ca == call
offers wat == watch
offers dlq '' == ls show replay drop
offers dlq r == replay
offers help men ==
offers call --desc == --describe
offers call --color '' == auto always never
offers call --color=n == --color=never
offers call -f '' == :files
offers mock '' == :files
offers completion f == fish
offers nonsense '' ==
offers call -f "$depot" depot-service.s == depot-service.store depot-service.slow
offers call -f "$depot" Depot.ec == Depot.echo
offers send -f "$depot" depot == depot-service.count depot-service.tidy
offers call -f "$depot" depot-service.store '' == 'items[].' owner= note=
offers call -f "$depot" depot-service.store 'items[0].' == 'items[0].code=' 'items[0].quantity=' 'items[0].colour=' 'items[0].size.'
offers call -f "$depot" depot-service.store 'items[0].size.w' == 'items[0].size.width='
offers call -f "$depot" depot-service.store 'items[0].colour=' == 'items[0].colour=red' 'items[0].colour=green' 'items[0].colour=blue'
offers send -f "$depot" depot-service.tidy deep= == deep=true deep=false
offers emit -f "$depot" thing.l == thing.lost
offers emit -f "$depot" thing.lost col == colour=
offers watch -f "$depot" '' == thing.stored thing.lost
offers info -f "$depot" thing. == thing.stored thing.lost
offers call -s nats://127.0.0.1:1 depot ==
expect 0 "$aegis" complete
says call

server
serve service
offers call depot-service.mi == depot-service.mirror
offers call depot-service.echo te == text=
expect 0 "$aegis" complete -- call c
says 'courier-service.relay'

# ---- bash
expect 2 "$aegis" completion ksh
complains 'no shell'
expect 0 "$aegis" completion bash
cp .out aegis.bash
in_bash() { # LINE -- CANDIDATE...: the line up to the cursor
    local line=$1
    shift 2
    must test "$(bash --norc -c 'source aegis.bash; COMP_LINE=$1 COMP_POINT=${#1}; _aegis; printf "%s\n" "${COMPREPLY[@]}"' - "$line" |
        paste -sd' ')" = "$*"
}
must bash --norc -c 'source aegis.bash; complete -p aegis'
in_bash 'aegis ca' -- call
in_bash "aegis call -f $depot depot-service.s" -- depot-service.store depot-service.slow
in_bash "aegis call -f $depot depot-service.store 'items[0].col" -- 'items[0].colour='
in_bash "aegis call -f $depot depot-service.store items[0].colour=g" -- green
in_bash "aegis call --color=a" -- auto always
touch some.aegis
in_bash 'aegis mock some' -- some.aegis

# ---- zsh and fish, where they are
expect 0 "$aegis" completion zsh
cp .out _aegis
if command -v zsh >/dev/null; then
    must zsh -n _aegis
    zsh -fc 'compadd() { print -rl -- ${(P)@[-1]} }; source ./_aegis; words=(aegis call --color=a); CURRENT=3; _aegis' >zsh.out 2>&1
    must test "$(paste -sd' ' zsh.out)" = '--color=auto --color=always'
fi
expect 0 "$aegis" completion fish
cp .out aegis.fish
if command -v fish >/dev/null; then
    fish --no-config -c "source aegis.fish; complete -C 'aegis call --color=a'" >fish.out 2>&1
    must test "$(cut -f1 fish.out | sort | paste -sd' ')" = '--color=always --color=auto'
    fish --no-config -c "source aegis.fish; complete -C 'aegis wat'" >fish.out 2>&1
    must grep -q 'watch.*shows events' fish.out
fi

# ---- manual pages: one for each command, with what its help says
for tool in "$aegis" "$aegisc"; do
    expect 0 "$tool" help --man
    says '.TH AEGIS'
    expect 0 "$tool" help --names
    must test "$(wc -w <<<"$out")" -ge 7
    for command in $out; do
        expect 0 "$tool" help --man "$command"
        must test "$(grep -c '^\.SH' <<<"$out")" = 7
        says "\\-$command \\- "
        if command -v groff >/dev/null; then
            must test -z "$(groff -man -Tutf8 -ww -z 2>&1 <<<"$out")"
        fi
    done
done
expect 2 "$aegis" help --man cal
complains "did you mean 'call'?"

finish 'shells complete what aegis takes'
