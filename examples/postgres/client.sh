#!/bin/sh
set -eu
until pg_isready --quiet --host=db; do sleep 0.2; done
exec psql --host=db --username=postgres --dbname=postgres --no-password --no-psqlrc --tuples-only --no-align --command="
  select 'connected as ' || current_user || ' with a password of method ' || split_part(rolpassword, '\$', 1)
  from pg_authid where rolname = current_user"
