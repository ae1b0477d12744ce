#!/bin/sh
# Ends a test server whose owner is gone, however the owner ended, and removes its files.
# Arguments: the server's data folder, and the folder to remove with it. Standard input is a pipe from the owner.
data=$1 folder=$2

cat >/dev/null # until the pipe closes, which even kill -9 of the owner does

pid=$(head -n 1 "$data/postmaster.pid" 2>/dev/null)
# The number of a server that crashed may belong to somebody else by now; a server's current folder is its data.
if [ -n "$pid" ] && { [ ! -d /proc/self ] || [ "$(readlink "/proc/$pid/cwd")" = "$data" ]; }; then
  kill -QUIT "$pid"
  tries=0
  while kill -0 "$pid" 2>/dev/null && [ $tries -lt 100 ]; do
    sleep 0.1
    tries=$((tries + 1))
  done
fi
rm -rf "$data" "$folder"
