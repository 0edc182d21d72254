#!/usr/bin/env bash
# aegis top: in a pseudo-terminal, with keys, another size, a server that goes and comes, and every way it can end.
. "$(dirname "$0")/lib.sh"
quick=(--interval 100ms)
# The terminal is as it was: what is done in it after `top` sees the shell's own settings and screen.
after() { in_terminal "$1" "$2" "$3" bash -c "stty -a >before; $aegis top ${quick[*]}; stty -a >after; echo it is over"; }
as_before() {
    until_says "$1" 'it is over'
    left "$1"
    must cmp -s before after
    must test "$(grep -c $'\e\[?1049h' "$scratch/$1.log")" = "$(grep -c $'\e\[?1049l' "$scratch/$1.log")"
    must test "$(tail -c 40 "$scratch/$1.log" | tr -d '\r\n' | tail -c 10)" = 'it is over'
}
fits() { # COLUMNS ROWS: no line is longer, no more lines
    the_frame view >frame
    [ "$(wc -L <frame)" -le "$1" ] && [ "$(wc -l <frame)" -le "$2" ]
}

expect 3 "$aegis" top -s nats://127.0.0.1:1 --timeout 200ms
expect 2 "$aegis" top --sort beauty
expect 2 "$aegis" top --json
server
expect 2 "$aegis" top
complains 'top needs a terminal that can move its cursor'

# a fleet of many, two of which are of note
pretend '$SRV.>'
cp "$top/tests/tool/fleet/info.json" 'pretend/$SRV.INFO'
cp "$top/tests/tool/fleet/stats.json" 'pretend/$SRV.STATS'
for i in $(seq 10 49); do
    echo '{"type":"io.nats.micro.v1.info_response","name":"service-'"$i"'","id":"service-'"$i"'-1","version":"1.0.0","endpoints":[]}'
done >>'pretend/$SRV.INFO'
after 120 20 view
until_shows view '42 services  43 instances'
until_shows view 'order-service'
until_shows view 'connected'
must fits 120 20
must shows view 'evil\x1b[31m\x0aname'
must hides view 'service-49'

# keys: sorting by name shows the others first, scrolling finds the last
types view 'SS'
until_shows view 'SERVICE▼'
types view 'r'
until_shows view 'SERVICE▲'
types view 'G'
until_shows view '▸ evil'
types view 'rG'
until_shows view '▸ service-49'
types view 'g'
until_hides view 'service-49'
types view '/ORDER'
until_hides view 'service-10'
until_shows view '/ORDER_'
types view '\r'
until_shows view '▸ order-service'
types view '\r'
until_shows view 'order-service-33334444'
until_shows view 'create_order'
until_shows view '409:OutOfStock: only \x1b[31m2 left'
must fits 120 20
types view '\033'
until_shows view 'SERVICE▼'
types view '?'
until_shows view 'any key goes back'
types view 'x'
until_hides view 'any key goes back'

# rates, and how they were; not while it is paused
types view 'p'
until_shows view 'paused'
sed -i 's/"num_requests":1200/"num_requests":5200/' 'pretend/$SRV.STATS'
types view 'p'
until_hides view 'paused'
until_shows view '█'

# what it is sorted by is seen, where columns have to go
types view 'SSSS'
until_shows view 'RUN▼'
resize view 40 12
until_true 'it fits' fits 40 12
until_shows view 'RUN▼'
resize view 120 20
types view 'ssss'
until_shows view 'SERVICE▼'

# another size, down to one that has room for nothing
for size in '50 10' '24 6' '12 3' '1 1' '200 50'; do
    # shellcheck disable=SC2086
    resize view $size
    types view 'j'
    # shellcheck disable=SC2086
    until_true "it fits $size" fits $size
done
until_shows view 'LAST 2 MINUTES'
types view '\033'
until_shows view 'service-49'

# the server goes and comes
port=${AEGIS_URL##*:}
stop nats KILL
until_shows view 'server away'
until_shows view 'order-service'
stop pretend
server --port "$port"
until_shows view 'connected again'
until_shows view '0 services'
resize view 120 20
types view 'q'
as_before view

# every other way to end
for signal in TERM INT HUP QUIT SEGV ABRT; do
    after 80 24 "by$signal"
    until_shows "by$signal" 'no service runs'
    kill "-$signal" "$(child_of "by$signal")"
    as_before "by$signal"
done
after 80 24 interrupted
until_shows interrupted 'no service runs'
types interrupted '\003'
as_before interrupted

finish 'aegis top shows, obeys and leaves no trace'
