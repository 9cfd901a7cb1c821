#!/bin/sh
# deny.sh: licenses, sources and unwanted crates by cargo-deny, where that is installed.
set -eu
cd "$(dirname "$0")/.."
if ! cargo deny --version >/dev/null 2>&1; then
    echo 'cargo-deny is not installed: licenses, sources and bans were NOT checked.' >&2
    exit 0
fi
cargo deny --locked check bans licenses sources
