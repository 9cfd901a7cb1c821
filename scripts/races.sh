#!/bin/sh
# races.sh [ROUNDS]: whatever is decided at the same instant, so often (1000 where nothing is said), on a Postgres of
# the sandbox: 64 votes on one request, by mail and by button, and every other race of the handler.
set -eu
cd "$(dirname "$0")/.."
scripts/install.sh test
export SQLX_OFFLINE=true COUNTERSIGN_RACE_ROUNDS="${1:-1000}"
cargo build --locked --quiet --workspace
cargo nextest run --locked --lib --no-run
target/debug/countersign-sandbox with -- cargo nextest run --locked --lib --profile races
