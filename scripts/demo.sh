#!/bin/sh
# demo.sh [--once]: builds Countersign and its sandbox, and plays a story on them (sandbox/src/demo/story.rs).
set -eu
cd "$(dirname "$0")/.."
scripts/install.sh demo
export SQLX_OFFLINE=true
echo 'Building (the first time takes some minutes) …'
cargo build --locked --quiet --workspace
exec target/debug/countersign-sandbox demo "$@"
