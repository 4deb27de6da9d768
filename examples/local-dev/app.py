"""Connects to nothing; tells what it was given without giving it away."""

import hashlib
import os
from urllib.parse import unquote, urlsplit


def described(value):
    return f"{len(value)} characters, SHA-256 {hashlib.sha256(value.encode()).hexdigest()[:16]}…"


url = urlsplit(os.environ["DATABASE_URL"])
print("API_KEY:", described(os.environ["API_KEY"]))
print(f"DATABASE_URL: {url.scheme}://{url.username}:…@{url.hostname}{url.path}, password:", described(unquote(url.password)))
print("SENTRY_DSN:", described(os.environ["SENTRY_DSN"]) if "SENTRY_DSN" in os.environ else "not set")
