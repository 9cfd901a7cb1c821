#!/bin/sh
# test-schema.sh: the Discord double, and the bot beside it, with every body held against Discord's own API description.
#
# DISCORD_OPENAPI names the description (discord/discord-api-spec, openapi.json). It is read where it is and
# never part of this project; without it this fails.
set -eu
if [ -z "${DISCORD_OPENAPI:-}" ]; then
    echo 'DISCORD_OPENAPI is not set: name the file with the API description of Discord.' >&2
    exit 1
fi
if [ ! -r "$DISCORD_OPENAPI" ]; then
    echo "$DISCORD_OPENAPI, which DISCORD_OPENAPI names, cannot be read." >&2
    exit 1
fi
# Tests run in the folder of their package.
DISCORD_OPENAPI=$(realpath "$DISCORD_OPENAPI")
export DISCORD_OPENAPI
cd "$(dirname "$0")/.."
scripts/install.sh test
export SQLX_OFFLINE=true
echo '== the double against the description'
cargo nextest run --locked --package countersign-sandbox --test discord --run-ignored all "$@"
echo '== the bot against the description'
cargo build --locked --quiet --workspace
cargo nextest run --locked --workspace --no-run
target/debug/countersign-sandbox with -- cargo nextest run --locked --workspace --test it -E 'test(scenarios::chat)'
