#!/usr/bin/python3
"""Sealed files in a scratch image: only the key is mounted, nothing is in the image, and no file gets the container killed."""

import subprocess
import tempfile

from scratch import assert_has, assert_has_no, canary, engine, make_context, shown

import sealing  # of tests/support, found by scratch.py

DOCKERFILE = """FROM scratch
COPY hushrun showenv secrets.env.age by-passphrase.env.age /
ENTRYPOINT ["/hushrun"]
"""
BY_IDENTITY = ["-s", "age:/secrets.env.age", "-i", "secret:age_identity", "--", "/showenv"]
BY_PASSPHRASE = ["-s", "age:/by-passphrase.env.age", "--passphrase", "secret:word", "--", "/showenv"]


def main():
    engine.need("age", "age-keygen")
    expected = {"API_KEY": canary.plain("api_key"), "DB_PASSWORD": canary.plain("db_password")}
    text, key, recipient = sealing.new_identity()
    word = canary.plain("word")
    everything = [*expected.values(), canary.Canary("age_identity", key), word]
    with engine.Docker() as docker:
        context = make_context(docker.dir / "context", DOCKERFILE)
        plain = "".join(f"{name}={value.value}\n" for name, value in expected.items())
        subprocess.run(["age", "-r", recipient, "-o", context / "secrets.env.age"], input=plain.encode(), check=True)
        with tempfile.NamedTemporaryFile(dir="/dev/shm") as file:
            file.write(plain.encode())
            file.flush()
            sealing.with_passphrase(["age", "-p", "-o", str(context / "by-passphrase.env.age"), file.name], word.value)
        secrets = docker.dir / "secrets"
        secrets.mkdir()
        (secrets / "age_identity").write_text(text, encoding="ascii")
        (secrets / "word").write_text(word.value + "\n", encoding="ascii")
        docker.build("sealed", context)

        def run(name, argv, *options, ok=True):
            docker.docker("run", "--name", name, "--network", "none", *options, "sealed", *argv, ok=ok)
            logs = docker.docker("logs", name)
            return logs.stdout, logs.stderr, docker.inspect(name)["State"]

        def opens():
            """The image holds the sealed file, one identity is mounted; the application has the values and not the identity."""
            out, err, _ = run("opens", BY_IDENTITY, "-v", f"{secrets}/age_identity:/run/secrets/age_identity:ro", "--memory", "64m")
            assert_has(out, expected)
            assert_has_no(out, "AGE_IDENTITY")
            assert err == b"", err.decode()
            canary.assert_absent(everything, docker.traces("sealed", "opens"))

        def variable():
            """The identity in a variable, for where nothing can be mounted: it does not reach the application."""
            argv = [w.replace("secret:age_identity", "env:AGE_KEY") for w in BY_IDENTITY]
            out, _, _ = run("variable", argv, "-e", f"AGE_KEY={key}")
            assert_has(out, expected)
            assert_has_no(out, "AGE_KEY")

        def stays_closed():
            """Without the identity nothing starts."""
            out, err, state = run("closed", BY_IDENTITY, ok=False)
            assert state["ExitCode"] == 125 and not shown(out) and b"key of a sealed file is missing" in err, err.decode()
            canary.assert_absent(everything, {"logs": out + err})

        def is_not_killed():
            """A default age -p file wants 256 MiB: in a container of 64 MiB an error that says so, and no OOM kill."""
            mount = ["-v", f"{secrets}/word:/run/secrets/word:ro"]
            out, err, state = run("small", BY_PASSPHRASE, *mount, "--memory", "64m", ok=False)
            assert state["ExitCode"] == 125 and state["OOMKilled"] is False and not shown(out), state
            assert b"its passphrase needs more memory than there is" in err and b"needs 256 MiB" in err, err.decode()
            assert b"the memory limit of the container (cgroup) is 64 MiB" in err and b"raise the memory limit" in err, err.decode()
            canary.assert_absent(everything, {"logs": out + err})
            out, err, _ = run("roomy", BY_PASSPHRASE, *mount, "--memory", "512m")
            assert_has(out, expected)
            assert_has_no(out, "WORD")

        engine.main(opens, variable, stays_closed, is_not_killed)


main()
