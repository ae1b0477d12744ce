#!/bin/sh
# Runs a program in this process's place, and ends it when its owner is gone, however the owner ended.
# Arguments: a folder that goes with it, and the program with its arguments, which name the folder. Standard input is a pipe
# from the owner.
folder=$1
shift

exec 3<&0 </dev/null
(
  trap '' HUP INT TERM # meant for the tests, which stop it themselves if they live
  cat <&3 >/dev/null   # until the pipe closes, which even kill -9 of the owner does
  # The number of one that ended may belong to somebody else by now.
  if grep -qsF "$folder" "/proc/$$/cmdline"; then
    kill -KILL $$ && rm -rf "$folder"
  fi
) >/dev/null 2>&1 &
exec 3<&-
exec "$@"
