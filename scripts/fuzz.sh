#!/bin/sh
# fuzz.sh [SECONDS]: raw bytes to verdict, optimized, for so long (600 where nothing is said). A failure prints the
# input and BOLERO_RANDOM_SEED; a mail that is worth keeping goes to tests/reading/corpus.
set -eu
cd "$(dirname "$0")/.."
export SQLX_OFFLINE=true
export BOLERO_RANDOM_TEST_TIME_MS="${1:-600}000" BOLERO_RANDOM_ITERATIONS=1000000000000
cargo test --locked --release --test reading -- --nocapture --test-threads=1 fuzz
