#!/bin/sh
# Brings up what .env and compose.yaml say: the database, then the migrations, then the web. A migration that fails ends
# the script with the runner's own exit code, and the web that runs goes on as it is.
set -eu
cd "$(dirname "$0")"

# With an image from a registry there is nothing to build: PULL=1 ./restart.sh
if [ "${PULL:-0}" = 1 ]; then docker compose pull migrate web; else docker compose build migrate web; fi

# The migrations need a database that answers. One that runs stays as it is.
docker compose up --detach --wait db
# In the foreground, and its exit code is the script's: what fails here leaves the web alone.
docker compose run --rm --no-deps migrate
# Without its dependencies: they have just been seen to.
docker compose up --detach --no-deps --wait web
