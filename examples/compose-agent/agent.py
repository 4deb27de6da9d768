"""An agent: asks a model by way of the proxy. It knows the proxy's key and never sees the provider's."""

import hashlib
import json
import os
import sys
import urllib.request


def ask(question):
    request = urllib.request.Request(
        os.environ["OPENAI_BASE_URL"] + "/v1/chat/completions",
        data=json.dumps({"messages": [{"role": "user", "content": question}]}).encode(),
        headers={"Authorization": "Bearer " + os.environ["OPENAI_API_KEY"], "Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)["choices"][0]["message"]["content"]


key = os.environ["OPENAI_API_KEY"]
print(f"agent: my key for the proxy has {len(key)} characters, SHA-256 {hashlib.sha256(key.encode()).hexdigest()[:16]}…")
print(f"agent: ANTHROPIC_API_KEY is {'here' if 'ANTHROPIC_API_KEY' in os.environ else 'not in my environment'},",
      f"/run/secrets holds {sorted(os.listdir('/run/secrets'))}, I am uid {os.getuid()}")
print("agent: the model says:", ask(sys.argv[1]), flush=True)
