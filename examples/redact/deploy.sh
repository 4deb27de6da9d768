#!/bin/sh
# A careless step of a deployment, as they are: it traces itself, dumps its environment, and prints what it sends.
set -ex
env | sort | grep '_\(TOKEN\|PASSWORD\)='
printf 'Authorization: Basic %s\n' "$(printf 'ci:%s' "$DEPLOY_TOKEN" | base64 -w0)"
python3 -c 'import json, os; print(json.dumps({"database": {"user": "app", "password": os.environ["DB_PASSWORD"]}}))'
printf 'Continue? '
echo yes
