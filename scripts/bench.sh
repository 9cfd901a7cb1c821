#!/bin/sh
# bench.sh [NAME]: runs one benchmark of benches/, or every one; each prints a last line NAME key=value ….
set -eu
cd "$(dirname "$0")/.."
scripts/install.sh bench
export SQLX_OFFLINE=true

if [ $# -gt 0 ]; then
    if [ ! -e "benches/$1.rs" ]; then
        echo "There is no benchmark \`$1\`; there are: $(ls benches | sed 's/\.rs$//' | tr '\n' ' ')" >&2
        exit 2
    fi
    names=$1
else
    names=$(ls benches/*.rs | sed 's,benches/\(.*\)\.rs,\1,')
fi
for name in $names; do
    echo "== $name"
    # Compiled before any server runs beside it.
    cargo bench --locked --quiet --no-run --bench "$name"
    if grep -q -e '^mod shared;' -e '^use countersign_sandbox::Stack' "benches/$name.rs"; then
        # In the profile of the benchmarks, so that both share what they compile.
        cargo build --locked --quiet --profile bench -p countersign-sandbox
        target/release/countersign-sandbox with --durable -- \
            cargo bench --locked --quiet --bench "$name"
    else
        cargo bench --locked --quiet --bench "$name"
    fi
done
