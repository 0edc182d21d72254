#!/usr/bin/env bash
# Our services as NATS' own client for JavaScript sees them, and the other way round: see foreign.mjs. It needs npm and a
# registry to install from, so `make test` has no part in it; what it installs stays in the build folder.
. "$(cd "$(dirname "$0")" && pwd)/../../tool/lib.sh"
here=$top/tests/interop/npm
if ! command -v npm >/dev/null || ! command -v node >/dev/null; then
    echo "there is no npm here: what NATS' client for JavaScript sees was not tested (Debian packages nodejs, npm)"
    finish 'nothing without npm'
    exit 0
fi
modules=$build/interop-npm
mkdir -p "$modules"
if ! cmp -s "$here/package.json" "$modules/package.json" || [ ! -d "$modules/node_modules" ]; then
    cp "$here/package.json" "$modules/"
    if ! npm install --prefix "$modules" --no-audit --no-fund --no-package-lock --loglevel=error >npm.log 2>&1; then
        rm -f "$modules/package.json"
        echo "npm cannot install the client: what it sees was not tested"
        cat npm.log
        finish 'nothing without the client'
        exit 0
    fi
fi
cp "$here/foreign.mjs" "$modules/" # modules are looked for from where a program lies
server

# ---- ours, asked by it
serve
expect 0 node "$modules/foreign.mjs" ask "$AEGIS_URL"
stop service

# ---- its own, asked by ours: the courier's generated client, and the tool
start foreign node "$modules/foreign.mjs" serve "$AEGIS_URL"
until_says foreign 'foreign: ready'
serve service "$AEGIS_URL" courier --json
expect 0 node "$modules/foreign.mjs" relay "$AEGIS_URL"
expect 0 "$aegis" call -f "$depot" depot-service.echo text=ping times:=3 --json
holds .text 'foreign: ping'
holds .times 3
expect 1 "$aegis" call -f "$depot" depot-service.find code=XX-0001 --json
holds .error.type NotFound
expect 0 "$aegis" ls --json
must grep -q depot-service <<<"$out"
stop service
stop foreign
finish "NATS' client for JavaScript and Aegis understand each other"
