#!/bin/sh
# Installs what a fresh machine lacks, and says so. Installs nothing when everything is there.
set -eu
cd "$(dirname "$0")/.."

if ! command -v npm >/dev/null; then
  echo "Node.js with npm is missing. Any version that runs npm 10 or newer will do: install it from https://nodejs.org" >&2
  exit 1
fi

if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  echo "setup: npm ci installs Node.js 24, the tools and Postgres 14 and 18 into node_modules (about 500 MB)"
  npm ci --loglevel=error --no-progress </dev/null
fi

# A real PgBouncer, for the tests that go through one.
if ! command -v pgbouncer >/dev/null && [ ! -x /usr/sbin/pgbouncer ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "setup: apt-get installs pgbouncer"
    export DEBIAN_FRONTEND=noninteractive
    { apt-get -qq update && apt-get -qq install --yes --no-install-recommends pgbouncer; } </dev/null >/dev/null
  else
    echo "setup: pgbouncer is missing: install it with your system's package manager" >&2
    exit 1
  fi
fi
