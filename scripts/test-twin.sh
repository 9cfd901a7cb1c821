#!/bin/sh
# test-twin.sh: the bot against a double of Discord that others wrote, from the npm registry.
set -eu
cd "$(dirname "$0")/.."
scripts/install.sh test
scripts/twin.sh
export SQLX_OFFLINE=true
echo '== the bot against the twin from npm'
cargo build --locked --quiet --package countersign-sandbox --bins
cargo nextest run --locked --package countersign --test twin --no-run
target/debug/countersign-sandbox with -- cargo nextest run --locked --package countersign --test twin "$@"
