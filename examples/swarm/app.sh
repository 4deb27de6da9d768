#!/bin/sh
# Tells what it was given without giving it away, then serves until it is stopped.
trap 'exit 0' TERM
echo "API_KEY has ${#API_KEY} characters, SHA-256 $(printf %s "$API_KEY" | sha256sum | cut -c 1-16)…, uid $(id -u)"
while :; do sleep 1 & wait $!; done
