#!/bin/sh
# Installs what the tests need besides node_modules, as root, or names it. Installs nothing when everything is there.
set -eu

# A real PgBouncer, for the tests that go through one; OpenSSL, to make certificates for a server with TLS; Prometheus (with
# promtool) and Alertmanager, for the alerts; a browser that looks at the dashboard.
missing=
for program in pgbouncer openssl prometheus prometheus-alertmanager chromium; do
  command -v "$program" >/dev/null || [ -x "/usr/sbin/$program" ] || missing="$missing $program"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "setup: apt-get installs$missing"
  export DEBIAN_FRONTEND=noninteractive
  # The packages are named as their programs.
  # shellcheck disable=SC2086
  { apt-get -qq update && apt-get -qq install --yes --no-install-recommends $missing; } </dev/null >/dev/null
else
  echo "setup: the tests need$missing: install it with your system's package manager" >&2
  exit 1
fi
