#!/bin/sh
# From a clean Debian 12 to an application that got its key from a mounted file: installs what the build needs, builds,
# makes a directory of secrets as Docker would mount it, and runs examples/quickstart/app.sh. No container engine needed.
set -eu
cd "$(dirname "$0")/.."

build=${BUILD_DIR:-.build}
heading() { printf '\n== %s\n' "$*"; }
hushrun() { "$build/bin/hushrun" -c examples/quickstart/hushrun.yaml -s "dir:$secrets" "$@"; }

heading "1. build (the first time takes a minute or two)"
tests/run.sh --build
ls -l "$build/bin/hushrun" "$build/bin/hushkit"

heading "2. a random key, in a file, as a container engine would mount it in /run/secrets"
secrets=$(mktemp -d)
log=$(mktemp)
trap 'rm -rf "$secrets" "$log"' EXIT
umask 077
key=sk-$(od -An -N 24 -t x1 /dev/urandom | tr -d ' \n')
printf '%s\n' "$key" >"$secrets/anthropic_key"
printf '{"user": "app", "password": "p@ss/%s"}\n' "$(od -An -N 9 -t x1 /dev/urandom | tr -d ' \n')" >"$secrets/database"
ls -l "$secrets"

heading "3. the config says how: names and places, no values"
cat examples/quickstart/hushrun.yaml

heading "4. the plan, made without reading a secret"
hushrun --dry-run -- examples/quickstart/app.sh

heading "5. the application"
echo '$ hushrun -c examples/quickstart/hushrun.yaml -s dir:SECRETS -- examples/quickstart/app.sh'
hushrun --log-level debug -- examples/quickstart/app.sh 2>"$log"

heading "6. the proof"
fingerprint=$(printf %s "$key" | sha256sum | cut -c 1-16)
echo "the key we made: ${#key} characters, SHA-256 $fingerprint… : the same as the application's"
for place in "$log" examples/quickstart/hushrun.yaml; do
  # The key is given to grep on standard input: an argument could be read by anybody who may run ps.
  if printf '%s\n' "$key" | grep -qFf - "$place"; then echo "the key is in $place!" >&2; exit 1; fi
done
echo "not in the config, and not in the debug log of $(wc -l <"$log") lines; nor in argv (see above)"

heading "next: examples/README.md, or your own image: ENTRYPOINT [\"/hushrun\", \"--\"]"
