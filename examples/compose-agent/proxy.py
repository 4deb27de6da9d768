"""A small LLM proxy: checks the agent's key, puts the provider's in its place, and passes the request on."""

import hmac
import http.server
import os
import signal
import sys
import urllib.request


def load(path):
    """The config, with os.environ/NAME filled in. A variable that is not there ends the program."""
    config = {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            if line.strip() and not line.startswith("#"):
                key, value = line.strip().split(": ", 1)
                config[key] = os.environ[value.removeprefix("os.environ/")] if value.startswith("os.environ/") else value
    return config


CONFIG = load(sys.argv[1])


class Proxy(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(200, b'{"status": "ok"}')

    def do_POST(self):
        if not hmac.compare_digest(self.headers.get("Authorization", ""), "Bearer " + CONFIG["master_key"]):
            return self.answer(401, b'{"error": "not our key"}')
        body = self.rfile.read(int(self.headers["Content-Length"]))
        request = urllib.request.Request(CONFIG["api_base"] + "/v1/messages", data=body,
                                         headers={"x-api-key": CONFIG["api_key"], "Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as response:
            return self.answer(200, response.read())

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if sys.argv[2:] == ["--health"]:
    request = urllib.request.Request("http://127.0.0.1:4000/health", headers={"Authorization": "Bearer " + CONFIG["master_key"]})
    sys.exit(0 if urllib.request.urlopen(request, timeout=5).status == 200 else 1)
print("proxy: model", CONFIG["model"], "at", CONFIG["api_base"], flush=True)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # PID 1 dies of no signal that it does not handle
http.server.ThreadingHTTPServer(("", 4000), Proxy).serve_forever()
