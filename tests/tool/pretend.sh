#!/usr/bin/env bash
# A peer on the wire that is not ours: speaks NATS' protocol by itself and answers what comes on a subject with every line of
# the file of that name, so that a test can say what services of others, or wrong ones, would.
#
#     pretend.sh HOST PORT FOLDER SUBJECT...
#
# `pretend: ready` is said once the server has heard of the subscriptions. An asker may change the files meanwhile.
set -u
export LC_ALL=C
host=$1 port=$2 folder=$3
shift 3
exec 3<>"/dev/tcp/$host/$port" || exit 1
number=0
printf 'CONNECT {"verbose":false,"pedantic":false,"name":"pretend"}\r\n' >&3
for subject in "$@"; do
    number=$((number + 1))
    printf 'SUB %s %d\r\n' "$subject" $number >&3
done
printf 'PING\r\n' >&3
while IFS= read -r line <&3; do
    line=${line%$'\r'}
    case $line in
    PING) printf 'PONG\r\n' >&3 ;;
    PONG) echo 'pretend: ready' ;;
    MSG*)
        # MSG subject sid [reply] size
        read -r -a words <<<"$line"
        IFS= read -r -N $((words[${#words[@]} - 1] + 2)) body <&3
        [ ${#words[@]} = 5 ] && [ -f "$folder/${words[1]}" ] || continue
        while IFS= read -r answer; do
            printf 'PUB %s %d\r\n%s\r\n' "${words[3]}" ${#answer} "$answer" >&3
        done <"$folder/${words[1]}"
        ;;
    esac
done
