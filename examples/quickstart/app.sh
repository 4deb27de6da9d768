#!/bin/sh
# An application as it always was: it wants its key in a variable and knows of no launcher.
set -eu

sha256() { sha256sum | cut -c 1-16; }

echo "process $$: I was started as: $(tr '\0' ' ' </proc/$$/cmdline)"
echo "ANTHROPIC_API_KEY has ${#ANTHROPIC_API_KEY} characters, SHA-256 $(printf %s "$ANTHROPIC_API_KEY" | sha256)…"
echo "DATABASE_URL is ${DATABASE_URL%%:*}://app:[$(printf %s "$DATABASE_URL" | wc -c) characters in all]@${DATABASE_URL##*@}"
echo "DATABASE_CONFIG is $DATABASE_CONFIG, $(wc -c <"$DATABASE_CONFIG") bytes in memory"
case $(tr '\0' ' ' </proc/$$/cmdline) in *"$ANTHROPIC_API_KEY"*) echo "the key is in argv!" >&2; exit 1 ;; esac
