#!/bin/sh
# npm.sh NAME MODULE: puts what scripts/NAME/package-lock.json lists (versions and checksums) into target/NAME, from
# the npm registry. Used by the tests alone. Done in a moment when node_modules/MODULE is there.
set -eu
cd "$(dirname "$0")/.."
name=$1
module=$2
place=${CARGO_TARGET_DIR:-target}/$name
if cmp -s "scripts/$name/package-lock.json" "$place/package-lock.json" && [ -d "$place/node_modules/$module" ]; then
    exit 0
fi
echo "Installing $module from npm into $place (used by tests only)." >&2
mkdir -p "$place"
cp "scripts/$name/package.json" "$place/"
cp "scripts/$name/package-lock.json" "$place/package-lock.json"
if ! npm ci --prefix "$place" --ignore-scripts --no-audit --no-fund --silent; then
    rm -f "$place/package-lock.json"
    echo "That did not work: is the npm registry reachable? The tests that need $module need it." >&2
    exit 1
fi
