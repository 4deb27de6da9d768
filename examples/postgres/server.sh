#!/bin/sh
# The first start makes the cluster; every start becomes the server.
set -eu
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  initdb --pgdata="$PGDATA" --auth=scram-sha-256 --pwfile="$DB_PASSWORD_FILE" --no-instructions
  echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
fi
exec postgres -D "$PGDATA" -c listen_addresses='*' -c unix_socket_directories=/tmp
