#!/usr/bin/python3
"""The examples that need no container engine: quickstart, and local-dev and redact by their READMEs' commands."""

import hashlib
import os
import pathlib
import re
import shutil
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import canary  # noqa: E402
import engine  # noqa: E402


def quickstart():
    """examples/quickstart.sh ends with the application's proof, and says nothing of the key."""
    build = engine.hushrun().resolve().parents[1]
    done = engine.run([engine.examples() / "quickstart.sh"], env={**os.environ, "BUILD_DIR": str(build)})
    said = done.stdout.decode()
    shown = re.findall(r"(\d+) characters, SHA-256 ([0-9a-f]{16})…", said)
    assert len(shown) == 2 and shown[0] == shown[1] and shown[0][0] == "51", said
    assert "not in the config, and not in the debug log" in said and "process " in said, said
    assert not re.search(r"sk-[0-9a-f]{8}", said + done.stderr.decode()), "the key was printed"


def local_dev():
    """The config of production with profile dev: Compose's files without Docker, then a .env in front."""
    with tempfile.TemporaryDirectory() as directory:
        copy = pathlib.Path(directory) / "local-dev"
        shutil.copytree(engine.examples() / "local-dev", copy, ignore=shutil.ignore_patterns("secrets", ".env"))
        blocks = [[line.strip() for line in b.splitlines()] for b in
                  re.findall(r"(?:^ {4}.*\n)+", (copy / "README.md").read_text(encoding="utf-8"), flags=re.MULTILINE)]
        assert blocks[0][0] == 'tests/run.sh --build && export PATH="$PWD/.build/bin:$PATH" && cd examples/local-dev', blocks[0][0]
        env = {"PATH": f"{engine.hushrun().parent}:{engine.PATH}", "HOME": directory}

        first = engine.run(["sh", "-ec", "\n".join(blocks[0][1:])], cwd=copy, env=env)
        secrets = {p.name: p.read_text().strip() for p in (copy / "secrets").iterdir()}
        for value in secrets.values():
            assert described(value) in first.stdout.decode(), first.stdout.decode()
        assert "SENTRY_DSN: not set" in first.stdout.decode()

        second = engine.run(["sh", "-ec", "\n".join(blocks[1])], cwd=copy, env=env)
        assert described("my-own-key") in second.stdout.decode() and described(secrets["db_password"]) in second.stdout.decode()
        canaries = [canary.Canary(*item) for item in secrets.items()]
        canary.assert_absent(canaries, {"output": first.stdout + first.stderr + second.stdout + second.stderr})

        missing = engine.run(["hushrun", "python3", "app.py"], cwd=copy, env=env, ok=False)
        if not os.path.exists("/run/secrets"):
            assert missing.returncode == 125 and b"/run/secrets" in missing.stderr, missing.stderr.decode()


def redact():
    """A careless step: nothing of a key comes out of it, and everything else does."""
    with tempfile.TemporaryDirectory() as directory:
        copy = pathlib.Path(directory) / "redact"
        shutil.copytree(engine.examples() / "redact", copy, ignore=shutil.ignore_patterns("secrets"))
        block = re.findall(r"(?:^ {4}.*\n)+", (copy / "README.md").read_text(encoding="utf-8"), flags=re.MULTILINE)[0].splitlines()
        env = {"PATH": f"{engine.hushrun().parent}:{engine.PATH}", "HOME": directory}
        done = engine.run(["sh", "-ec", "\n".join(line.strip() for line in block[1:])], cwd=copy, env=env)
        canary.assert_absent([canary.Canary(p.name, p.read_text().strip()) for p in (copy / "secrets").iterdir()],
                             {"output": done.stdout + done.stderr})
        said = done.stdout.decode()
        assert "DB_PASSWORD=[REDACTED:db_password]\nDEPLOY_TOKEN=[REDACTED:deploy_token]\n" in said, said
        assert '{"database": {"user": "app", "password": "[REDACTED:db_password]"}}\nContinue? yes\n' in said, said
        assert re.search(r"masked in the application's output: .*db_password \d+ times", done.stderr.decode()), done.stderr.decode()


def described(value):
    return f"{len(value)} characters, SHA-256 {hashlib.sha256(value.encode()).hexdigest()[:16]}…"


engine.main(quickstart, local_dev, redact)
