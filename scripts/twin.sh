#!/bin/sh
# twin.sh: puts the Discord double that others wrote (discord-digital-twin) into target/twin, from the npm
# registry, at the versions and checksums of scripts/twin/package-lock.json. Used by `make test-twin` alone. Done
# in a moment when it is there.
set -eu
cd "$(dirname "$0")/.."
place=${CARGO_TARGET_DIR:-target}/twin
if cmp -s scripts/twin/package-lock.json "$place/package-lock.json" && [ -d "$place/node_modules/discord-digital-twin" ]; then
    exit 0
fi
echo "Installing discord-digital-twin from npm into $place (used by make test-twin only)." >&2
mkdir -p "$place"
cp scripts/twin/package.json "$place/"
cp scripts/twin/package-lock.json "$place/package-lock.json"
if ! npm ci --prefix "$place" --ignore-scripts --no-audit --no-fund --silent; then
    rm -f "$place/package-lock.json"
    echo "That did not work: is the npm registry reachable?" >&2
    exit 1
fi
