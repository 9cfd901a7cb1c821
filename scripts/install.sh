#!/bin/sh
# install.sh GOAL: installs what GOAL (demo, test or bench) needs and this machine lacks.
#
# Says what and why before it does it, asks for root by sudo, and is done in a moment when nothing is
# missing. Installed are programs only: no server is started or set up (see packages.sh).
# Where it cannot install, it says the command that does, and ends with 1.
set -eu
cd "$(dirname "$0")/.."
goal=${1:-test}

say() { printf '%s\n' "$*" >&2; }

packages=
# need PACKAGE WHY: it is missing.
need() {
    packages="$packages $1"
    reasons="${reasons-}
  $1: $2"
}
has() { command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ] || [ -x "/sbin/$1" ]; }
has_postgres() {
    [ -n "${COUNTERSIGN_PG_BIN:-}" ] && [ -x "$COUNTERSIGN_PG_BIN/initdb" ] && return
    for initdb in /usr/lib/postgresql/*/bin/initdb; do [ -x "$initdb" ] && return; done
    has initdb && has postgres
}

has_postgres || need postgresql 'the private Postgres that requests are kept in'
has postfix || need postfix 'takes the mails, as your mail server would'
[ -x /usr/lib/dovecot/imap ] || need dovecot-imapd 'the mailboxes that people read and reply in'
[ -x /usr/lib/dovecot/lmtp ] || need dovecot-lmtpd 'puts mails into these mailboxes'
has openssl || need openssl "makes the mail servers' certificates"
has setpriv || need util-linux 'ends servers together with who started them'
has cc || need gcc "links Rust programs, and compiles ring's C"
[ -e /usr/include/stdio.h ] || need libc6-dev "the headers of ring's C"
if [ "$goal" = test ]; then
    has chromium || has chromium-browser || has google-chrome || need chromium 'looks at the page as people do'
    has node || need nodejs 'drives that browser'
    has npm || need npm 'fetches what finds barriers on the page'
fi
if [ "$(id -u)" != 0 ]; then
    has newuidmap || need uidmap 'Postfix without being root'
fi

if [ -n "$packages" ]; then
    # shellcheck disable=SC2086 # a list of words
    set -- $packages
    by_hand="sudo apt-get install --no-install-recommends $*"
    say "Installing from Debian:$reasons"
    if ! has apt-get; then
        say "There is no apt-get here. Install what provides these on your system, then run this again."
        exit 1
    elif [ "$(id -u)" = 0 ]; then
        as_root=
    elif ! has sudo; then
        say "That needs root, and there is no sudo here. Let root run, then run this again:"
        say "  apt-get install --no-install-recommends $*"
        exit 1
    elif [ -t 0 ] || sudo -n true 2>/dev/null; then
        as_root=sudo
    else
        say "That needs root, and sudo wants a password but nobody is there to type it. Run:"
        say "  $by_hand"
        exit 1
    fi
    if ! $as_root sh scripts/packages.sh "$@"; then
        say "The packages could not be installed; what apt-get said is above. Nothing is ever removed by"
        say "this script: if another mail server is in the way, decide yourself, and run:"
        say "  $by_hand"
        exit 1
    fi
fi

# Without root Postfix runs in a user namespace, which needs a range of user ids.
if [ "$(id -u)" != 0 ]; then
    me=$(id -un)
    for map in /etc/subuid /etc/subgid; do
        if ! grep -qs -e "^$me:" -e "^$(id -u):" "$map"; then
            say "$me has no line in $map, which Postfix needs when it is not run by root. Run:"
            say "  sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 $me"
            exit 1
        fi
    done
fi

if ! has cargo; then
    say "There is no cargo: install a Rust toolchain first, see https://rustup.rs"
    exit 1
fi
if [ "$goal" = test ]; then
    for component in fmt clippy; do
        cargo "$component" --version >/dev/null 2>&1 && continue
        [ "$component" = fmt ] && component=rustfmt
        say "Installing $component of the Rust toolchain."
        rustup component add "$component" || {
            say "That did not work. Install $component of your Rust toolchain, then run this again."
            exit 1
        }
    done
    if ! cargo nextest --version >/dev/null 2>&1; then
        say "Installing cargo-nextest, which runs the tests (compiled once, some minutes)."
        cargo install cargo-nextest --locked || {
            say "That did not work. Install it as https://nexte.st says, then run this again."
            exit 1
        }
    fi
    scripts/page.sh
fi
