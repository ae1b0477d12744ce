#!/bin/sh
# Runs PgBouncer in this process's place, and ends it when its owner is gone, however the owner ended.
# Arguments: its configuration, in a folder that goes with it. Standard input is a pipe from the owner.
config=$1

exec 3<&0 </dev/null
(
  trap '' HUP INT TERM # meant for the tests, which stop it themselves if they live
  cat <&3 >/dev/null   # until the pipe closes, which even kill -9 of the owner does
  # The number of one that ended may belong to somebody else by now.
  if [ ! -d /proc/self ] || grep -qsF "$config" "/proc/$$/cmdline"; then
    kill -KILL $$ && rm -rf "$(dirname "$config")"
  fi
) >/dev/null 2>&1 &
exec 3<&-
exec pgbouncer -q "$config"
