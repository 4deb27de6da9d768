"""Stands in for a model provider: answers with what it can tell about the key it was called with."""

import hashlib
import http.server
import json
import signal
import sys


class Provider(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        key = self.headers.get("x-api-key", "")
        text = f"you called me with a key of {len(key)} characters, SHA-256 {hashlib.sha256(key.encode()).hexdigest()[:16]}…"
        body = json.dumps({"choices": [{"message": {"role": "assistant", "content": text}}]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # PID 1 dies of no signal that it does not handle
http.server.ThreadingHTTPServer(("", 8080), Provider).serve_forever()
