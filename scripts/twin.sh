#!/bin/sh
# twin.sh: the Discord double that others wrote (discord-digital-twin), from npm. Used by `make test-twin` alone.
set -eu
exec "$(dirname "$0")/npm.sh" twin discord-digital-twin
