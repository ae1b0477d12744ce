#!/bin/sh
# Installs what the tests need besides node_modules, as root, or names it. Installs nothing when everything is there.
set -eu

# A real PgBouncer, for the tests that go through one.
if ! command -v pgbouncer >/dev/null && [ ! -x /usr/sbin/pgbouncer ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "setup: apt-get installs pgbouncer"
    export DEBIAN_FRONTEND=noninteractive
    { apt-get -qq update && apt-get -qq install --yes --no-install-recommends pgbouncer; } </dev/null >/dev/null
  else
    echo "setup: the tests need pgbouncer: install it with your system's package manager" >&2
    exit 1
  fi
fi
