#!/bin/sh
# lint.sh: format and lints; changes nothing.
set -eu
cd "$(dirname "$0")/.."
export SQLX_OFFLINE=true
echo '== format'
cargo fmt --all --check
echo '== lints'
cargo clippy --locked --quiet --workspace --all-targets -- -D warnings
