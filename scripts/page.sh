#!/bin/sh
# page.sh: what looks at the page in a real browser (axe-core, playwright-core), from npm. Used by the tests alone;
# no browser is downloaded: Debian's Chromium is used.
set -eu
exec "$(dirname "$0")/npm.sh" page axe-core
