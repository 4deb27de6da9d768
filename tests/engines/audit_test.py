#!/usr/bin/python3
"""The whole story: an image built the wrong way is found out in every place, by every builder; built with hushrun it is clean, from the
image to the log."""

import json
import os
import subprocess

from scratch import engine, make_context

API_KEY = "sk-Xk29tok/Qw84&zz17+p"
DB_PASSWORD = "Zp55 second\"Lm20aa93<x>"

def wrong_context(directory):
    """The example's, with a command line that has the key as well."""
    context = make_context(directory, (engine.examples() / "audit/wrong/Dockerfile").read_text() + f'CMD ["/app/showenv", "{API_KEY}"]\n')
    (context / ".env").write_text(f"DB_PASSWORD='{DB_PASSWORD}'\n", encoding="ascii")
    (context / "covered").write_text(API_KEY, encoding="ascii")
    (context / "empty").write_text("", encoding="ascii")
    return context


def make_secrets(directory):
    directory.mkdir()
    (directory / "api_key").write_text(API_KEY + "\n", encoding="ascii")
    (directory / "db_password").write_text(DB_PASSWORD, encoding="ascii")
    return directory


def audit(secrets, *words, code, stdin=None):
    done = subprocess.run([os.environ["HUSHKIT"], "audit", "--no-config", "-s", f"dir:{secrets}", "--format", "json", *map(str, words)], stdin=stdin,
                          capture_output=True, check=False, timeout=250)
    for value in (API_KEY, DB_PASSWORD, json.dumps(DB_PASSWORD)[1:-1]):
        assert value.encode() not in done.stdout + done.stderr, "a value came out"
    assert done.returncode == code, f"exit {done.returncode}, not {code}: {done.stderr.decode()}\n{done.stdout.decode()[-3000:]}"
    return json.loads(done.stdout)


def rules(report, secret):
    return {finding["rule"] for finding in report["findings"] if finding["secret"] == secret}


def assert_found_out(report):
    wanted = {"config-env", "config-label", "config-cmd", "history", "layer-file"}
    assert wanted <= rules(report, "api_key"), rules(report, "api_key")
    assert rules(report, "db_password") == {"layer-file"}, rules(report, "db_password")
    seen = {finding["where"]["path"]: finding["visibility"] for finding in report["findings"] if finding["rule"] == "layer-file"}
    assert seen["app/.env"] == "live" and seen["app/covered"] == "hidden", seen


def main():
    with engine.Docker() as docker, engine.Buildah() as buildah:
        secrets = make_secrets(docker.dir / "secrets")
        context = wrong_context(docker.dir / "wrong")
        good = make_context(docker.dir / "good")

        def docker_builds_it_wrong(builder):
            docker.docker("build", "--network", "none", "--build-arg", f"API_KEY={API_KEY}", "-t", f"wrong:{builder}", context,
                          env={**docker.env, "DOCKER_BUILDKIT": "1" if builder == "buildkit" else "0"})
            saved = docker.dir / f"{builder}.tar"
            docker.docker("save", "-o", saved, f"wrong:{builder}")
            report = audit(secrets, saved, code=1)
            assert_found_out(report)
            with open(saved, "rb") as file:
                assert len(audit(secrets, "-", code=1, stdin=file)["findings"]) == len(report["findings"])
            assert_found_out(audit(secrets, "--host", f"unix://{docker.socket}", "--image", f"wrong:{builder}", code=1))

        def buildah_builds_it_wrong():
            """Found in docker-archive, oci-archive and an OCI layout."""
            buildah.buildah("build", "--runtime", "runc", "--network", "none", "--layers", "--build-arg", f"API_KEY={API_KEY}", "-t", "wrong", context)
            for form, name in (("docker-archive", "d.tar"), ("oci-archive", "o.tar"), ("oci", "layout")):
                buildah.buildah("push", "wrong", f"{form}:{buildah.dir / name}")
                assert_found_out(audit(secrets, buildah.outside(buildah.dir / name) if not (buildah.dir / name).exists() else buildah.dir / name, code=1))

        def the_context_is_found_out_too():
            """Before anything is built."""
            paths = {finding["where"]["path"] for finding in audit(secrets, "--context", context, code=1)["findings"]}
            assert {".env", "covered", "Dockerfile"} <= paths, paths

        def with_hushrun_it_is_clean():
            """Image, context, container and log."""
            example = engine.examples() / "audit/right"
            right = make_context(docker.dir / "right", (example / "Dockerfile").read_text())
            (right / ".dockerignore").write_text((example / ".dockerignore").read_text(), encoding="ascii")
            (right / ".env").write_text(API_KEY, encoding="ascii")  # ignored
            for name, context in (("good", good), ("right", right)):
                docker.build(name, context)
                saved = docker.dir / f"{name}.tar"
                docker.docker("save", "-o", saved, name)
                report = audit(secrets, saved, "--context", context, code=0)
                assert report["totals"]["images"] == 1, report["totals"]

        def the_engine_as_a_whole():
            """Images of build stages, a container's variables and its log; the container under hushrun is clean in both."""
            docker.docker("run", "--name", "careful", "-v", f"{secrets}:/run/secrets:ro", "good")
            docker.docker("run", "--name", "careless", "-e", f"TOKEN={DB_PASSWORD}", "-e", "BIG=" + 60000 * "x" + API_KEY, "--entrypoint", "/hushrun", "good", "--", "/showenv")
            report = audit(secrets, "--host", f"unix://{docker.socket}", "--engine", code=1)
            inspected = {finding["where"]["artifact"] for finding in report["findings"] if finding["rule"] == "inspect"}
            assert inspected == {"container careless"}, inspected
            assert {"history", "inspect"} <= rules(report, "api_key"), rules(report, "api_key")
            assert "inspect" in rules(report, "db_password")

        def classic():
            """The classic builder: found by docker save, from a file, from standard input and by the engine's API."""
            docker_builds_it_wrong("classic")

        def buildkit():
            """BuildKit: the same."""
            docker_builds_it_wrong("buildkit")

        engine.main(classic, buildkit, buildah_builds_it_wrong, the_context_is_found_out_too, with_hushrun_it_is_clean, the_engine_as_a_whole)


main()
