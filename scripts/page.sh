#!/bin/sh
# page.sh: puts what looks at the page in a real browser (axe-core, playwright-core) into target/page, from the
# npm registry, at the versions and checksums of scripts/page/package-lock.json. Used by the tests alone; no
# browser is downloaded: Debian's Chromium is used. Done in a moment when it is there.
set -eu
cd "$(dirname "$0")/.."
place=${CARGO_TARGET_DIR:-target}/page
if cmp -s scripts/page/package-lock.json "$place/package-lock.json" && [ -d "$place/node_modules/axe-core" ]; then
    exit 0
fi
echo "Installing axe-core and playwright-core from npm into $place (used by tests only)." >&2
mkdir -p "$place"
cp scripts/page/package.json "$place/"
cp scripts/page/package-lock.json "$place/package-lock.json"
if ! npm ci --prefix "$place" --ignore-scripts --no-audit --no-fund --silent; then
    rm -f "$place/package-lock.json"
    echo "That did not work: is the npm registry reachable? The tests of the page need both." >&2
    exit 1
fi
