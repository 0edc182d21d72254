#!/usr/bin/env bash
# Install the Debian packages of tools/packages.txt, or of the files given, that are missing; say which. Elsewhere name
# them and stop.
#
# The nats-server package starts a service on an ordinary system. Nothing here uses it: tests and the demo start private
# servers on free loopback ports. So while we install, a policy file keeps packages from starting anything.
set -euo pipefail
cd "$(dirname "$0")/.."

[ $# -gt 0 ] || set -- tools/packages.txt
names() { sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$@"; }
installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null || true)" = installed ]; }
exists() { apt-cache show --no-all-versions "$1" >/dev/null 2>&1; }

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    # Not Debian: the tools may be there all the same.
    if command -v flex >/dev/null && command -v bison >/dev/null && command -v nats-server >/dev/null &&
        command -v pkg-config >/dev/null && pkg-config --exists libnats cmocka &&
        { pkg-config --exists msgpack-c || pkg-config --exists msgpack; }; then
        exit 0
    fi
    echo "setup: this is not a Debian system; install what these Debian packages hold, then try again:" >&2
    names "$@" >&2
    exit 1
fi

missing=()
while IFS= read -r line; do
    found=
    IFS='|' read -ra choices <<<"$line"
    for name in "${choices[@]}"; do
        if installed "$name"; then found=1; break; fi
    done
    [ -n "$found" ] || missing+=("$line")
done < <(names "$@")
[ ${#missing[@]} -gt 0 ] || exit 0

sudo=
if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "setup: these packages are missing, and there is neither root nor sudo to install them:" >&2
        printf '  %s\n' "${missing[@]}" >&2
        exit 1
    fi
    sudo=sudo
fi

echo "setup: refreshing the package list"
$sudo env DEBIAN_FRONTEND=noninteractive apt-get update -qq
wanted=()
for line in "${missing[@]}"; do
    choice=
    IFS='|' read -ra choices <<<"$line"
    for name in "${choices[@]}"; do
        if exists "$name"; then choice=$name; break; fi
    done
    if [ -z "$choice" ]; then
        echo "setup: this release has no package $line" >&2
        exit 1
    fi
    wanted+=("$choice")
done

policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' | $sudo tee $policy >/dev/null
    $sudo chmod 755 $policy
    trap '$sudo rm -f $policy' EXIT
fi
echo "setup: installing ${wanted[*]}"
log=$(mktemp)
if ! $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${wanted[@]}" >"$log" 2>&1; then
    tail -20 "$log" >&2
    rm -f "$log"
    echo "setup: apt-get could not install them" >&2
    exit 1
fi
rm -f "$log"
