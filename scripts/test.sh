#!/bin/sh
# test.sh [ARGUMENTS OF NEXTEST]: every check there is, on real servers. Ends with 0 only if all hold.
#
# The queries are compiled as .sqlx describes them (SQLX_OFFLINE), and DATABASE_URL is for the tests alone:
# the sandbox starts one Postgres, one Postfix and one Dovecot for the whole run and says where they are.
set -eu
cd "$(dirname "$0")/.."
scripts/install.sh test
scripts/lint.sh
echo '== queries'
scripts/sqlx.sh check
export SQLX_OFFLINE=true
echo '== build'
cargo build --locked --quiet --workspace
cargo nextest run --locked --workspace --no-run
echo '== tests'
target/debug/countersign-sandbox with -- cargo nextest run --locked --workspace "$@"
echo '== examples in the documentation'
cargo test --locked --quiet --workspace --doc
