#!/bin/sh
# Tells what it was given without giving it away, and what it was not.
for name in API_KEY DB_PASSWORD; do
  eval "value=\$$name"
  echo "$name has ${#value} characters, SHA-256 $(printf %s "$value" | sha256sum | cut -c 1-16)…"
done
cat /run/secrets/age_identity 2>/dev/null || echo "the identity is not mine to read, uid $(id -u)"
