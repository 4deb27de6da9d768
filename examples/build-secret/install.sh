#!/bin/sh
# Stands for `npm ci` or `pip install` from a private registry: it wants its token in a variable.
set -eu
: "${NPM_TOKEN:?a token for the registry}"
echo "installed with a token of ${#NPM_TOKEN} characters, SHA-256 $(printf %s "$NPM_TOKEN" | sha256sum | cut -c 1-16)…" >/installed
