#!/bin/sh
# Installs node_modules where they are missing or old, and says so. Needs no root.
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
