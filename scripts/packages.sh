#!/bin/sh
# packages.sh PACKAGE…: installs Debian packages and starts nothing. Run as root, by install.sh.
#
# Only the programs are wanted: the sandbox runs its own servers, with its own directories and ports.
# So, while apt-get works, services are not started (policy-rc.d; where there is one already, it stays
# and decides) and no database cluster is made; afterwards both files are gone again. The services of
# servers that were installed here are disabled, so that the next boot does not start them either.
# Nothing is ever removed: where a package would push another out (another mail server), it ends with 1.
set -eu

policy=/usr/sbin/policy-rc.d
clusters=/etc/postgresql-common/createcluster.d
cluster=$clusters/countersign-sandbox.conf

clean() {
    [ -n "${made_policy:-}" ] && rm -f "$policy"
    if [ -n "${made_cluster:-}" ]; then
        rm -f "$cluster"
        rmdir "$clusters" 2>/dev/null || true
    fi
}
trap clean EXIT
trap 'exit 1' HUP INT TERM

if [ ! -e "$policy" ]; then
    made_policy=yes
    printf '#!/bin/sh\n# Put here by Countersign while it installs packages.\nexit 101\n' >"$policy"
    chmod 755 "$policy"
fi

services=
for package in "$@"; do
    case $package in
    postgresql)
        services="$services postgresql.service"
        made_cluster=yes
        mkdir -p "$clusters"
        echo 'create_main_cluster = false' >"$cluster"
        ;;
    postfix)
        services="$services postfix.service"
        echo 'postfix postfix/main_mailer_type select No configuration' | debconf-set-selections
        ;;
    dovecot-*)
        [ -x /usr/sbin/dovecot ] || services="$services dovecot.service dovecot.socket"
        ;;
    esac
done

export DEBIAN_FRONTEND=noninteractive
apt-get update -q || echo 'The package lists could not be renewed; trying with those that are here.' >&2
apt-get install -q -y --no-install-recommends --no-remove -o Dpkg::Options::=--force-confold "$@"

if [ -n "$services" ] && command -v systemctl >/dev/null 2>&1; then
    # shellcheck disable=SC2086 # a list of words
    systemctl --quiet disable $services 2>/dev/null || true
fi
