#!/bin/sh
# sqlx.sh write|check: what .sqlx says of each query, so that the project builds without a database.
#
# Starts a private Postgres of its own, in shell, since the sandbox compiles only when .sqlx is right;
# runs the migrations; compiles the library against it, where every `sqlx::query…!` writes its
# description into a directory. `write` makes that directory .sqlx, `check` compares the two.
# Only queries outside `#[cfg(test)]` are seen: tests use the unchecked functions.
set -eu
cd "$(dirname "$0")/.."
mode=${1:-check}

bin=${COUNTERSIGN_PG_BIN:-}
if [ -z "$bin" ]; then
    for initdb in $(ls -d /usr/lib/postgresql/*/bin/initdb 2>/dev/null | sort -V); do
        bin=$(dirname "$initdb")
    done
fi
if [ -z "$bin" ]; then
    command -v initdb >/dev/null || { echo 'There is no PostgreSQL here: run `make install`.' >&2; exit 1; }
    bin=$(dirname "$(command -v initdb)")
fi

work=$(mktemp -d /tmp/countersign-sqlx.XXXXXX)
# The server ends with this script, whatever ends the script.
as='setpriv --pdeathsig INT'
if [ "$(id -u)" = 0 ]; then
    # Postgres refuses to be root.
    user=postgres
    id "$user" >/dev/null 2>&1 || user=nobody
    chown "$user" "$work"
    as="$as --reuid $user --regid $(id -gn "$user") --clear-groups"
fi
server=
end() {
    if [ -n "$server" ]; then
        kill -INT "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    rm -rf "$work"
}
trap end EXIT
trap 'exit 1' HUP INT TERM

(
    cd "$work"
    $as -- "$bin/initdb" -D "$work/data" -U countersign -A trust -E UTF8 --locale=C.UTF-8 --no-sync \
        >"$work/initdb.log" 2>&1
) || { cat "$work/initdb.log" >&2; exit 1; }
(
    cd "$work"
    exec $as -- "$bin/postgres" -D "$work/data" -k "$work" -c listen_addresses= -c fsync=off
) >"$work/postgres.log" 2>&1 &
server=$!
psql() { "$bin/psql" -X -q -v ON_ERROR_STOP=1 -h "$work" -U countersign "$@"; }
left=300
until psql -d postgres -c 'select 1' >/dev/null 2>&1; do
    left=$((left - 1))
    if [ "$left" = 0 ] || ! kill -0 "$server" 2>/dev/null; then
        cat "$work/postgres.log" >&2
        exit 1
    fi
    sleep 0.1
done
psql -d postgres -c 'create database countersign'
for migration in migrations/*.sql; do
    psql -d countersign -1 -f "$migration" >/dev/null
done

mkdir "$work/described"
# The name of the `cfg` is another each time, so that cargo compiles however little has changed.
DATABASE_URL="postgres:///countersign?host=$work&user=countersign" SQLX_OFFLINE=false \
    SQLX_OFFLINE_DIR="$work/described" \
    cargo rustc --locked --quiet -p countersign --lib --profile check -- \
    --cfg "described=\"$(basename "$work")\""

count=$(find "$work/described" -name 'query-*.json' | wc -l)
case $mode in
write)
    rm -rf .sqlx
    cp -r "$work/described" .sqlx
    echo "$count queries described in .sqlx; commit it with what made it change."
    ;;
check)
    if ! diff -rq .sqlx "$work/described" >"$work/differences" 2>&1; then
        sed "s,$work/described,the queries," "$work/differences" | head -n 10 >&2
        echo '.sqlx does not describe the queries as they are: run `make sqlx` and commit it.' >&2
        exit 1
    fi
    echo "$count queries, all as .sqlx describes them"
    ;;
*)
    echo 'usage: sqlx.sh write|check' >&2
    exit 2
    ;;
esac
