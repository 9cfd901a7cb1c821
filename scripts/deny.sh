#!/bin/sh
# deny.sh: licenses, sources, unwanted crates and known defects by cargo-deny, where that is installed.
set -eu
cd "$(dirname "$0")/.."
if ! cargo deny --version >/dev/null 2>&1; then
    echo 'cargo-deny is not installed: licenses, sources, bans and advisories were NOT checked.' >&2
    exit 0
fi
cargo deny --locked check bans licenses sources
if ! cargo deny --locked fetch db >/dev/null 2>&1; then
    echo 'the database of advisories cannot be fetched: known defects were NOT looked up.' >&2
    exit 0
fi
cargo deny --locked check advisories
