#!/usr/bin/python3
"""The whole story: an image built the wrong way is found out in every place, by every builder; built with hushrun it is clean, from the
image to the log."""

import json
import os
import pathlib
import re
import shutil
import subprocess

from scratch import DOCKERFILE, engine, make_context

API_KEY = "sk-Xk29tok/Qw84&zz17+p"
DB_PASSWORD = "Zp55 second\"Lm20aa93<x>"

# For images without a shell: `leaky rm FILE` removes it, `leaky say VARIABLE` prints what a careful program would not.
LEAKY = """#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
int main(int argc, char** argv) {
  if (argc != 3) return 2;
  if (argv[1][0] == 'r') return unlink(argv[2]);
  const char* value = getenv(argv[2]);
  return value == NULL || puts(value) < 0;
}
"""


def compile_leaky(directory):
    source = directory.parent / f"{directory.name}-leaky.c"
    source.write_text(LEAKY, encoding="ascii")
    engine.compile_static(source, directory / "leaky")


def wrong_context(directory):
    """The example's; with a file of a build stage that no image gets, one that is deleted, and a command line that has the key as well."""
    dockerfile = (engine.examples() / "audit/wrong/Dockerfile").read_text()
    for line, more in (("COPY hushrun /hushrun\n", "COPY staged /only-staged\n"), ("COPY . /app/\n", 'RUN ["/app/leaky", "rm", "/app/deleted"]\n')):
        assert dockerfile.count(line) == 1, dockerfile
        dockerfile = dockerfile.replace(line, line + more)
    context = make_context(directory, dockerfile + f'CMD ["/app/showenv", "{API_KEY}"]\n')
    compile_leaky(context)
    (context / ".env").write_text(f"DB_PASSWORD='{DB_PASSWORD}'\n", encoding="ascii")
    for name, content in (("covered", API_KEY), ("deleted", API_KEY), ("staged", DB_PASSWORD), ("empty", "")):
        (context / name).write_text(content, encoding="ascii")
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
    assert (seen["app/.env"], seen["app/covered"], seen["app/deleted"]) == ("live", "hidden", "hidden"), seen
    assert "only-staged" not in seen, seen
    # Each with its place: the image, of a file the layer too. (An older layout's description of a layer names no image.)
    placed = {f["rule"] for f in report["findings"] if f["where"].get("image") and f["where"]["path"]}
    assert wanted <= placed, placed
    assert all(f["where"]["layer"] >= 1 for f in report["findings"] if f["rule"] == "layer-file"), report["findings"]


def main():
    with engine.Docker() as docker, engine.Buildah() as buildah:
        secrets = make_secrets(docker.dir / "secrets")
        context = wrong_context(docker.dir / "wrong")
        good = make_context(docker.dir / "good", DOCKERFILE.replace("showenv", "showenv leaky", 1))
        compile_leaky(good)

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
            mounted = ("-v", f"{secrets}:/run/secrets:ro", "good")
            docker.docker("run", "--name", "careful", "-e", "HUSHRUN_REDACT=true", *mounted, "/leaky", "say", "API_KEY")
            assert b"[REDACTED:api_key]" in docker.docker("logs", "careful").stdout
            docker.docker("run", "--name", "chatty", *mounted, "/leaky", "say", "API_KEY")
            docker.docker("run", "--name", "careless", "-e", f"TOKEN={DB_PASSWORD}", "-e", "BIG=" + 60000 * "x" + API_KEY, "--entrypoint", "/hushrun", "good", "--", "/showenv")
            report = audit(secrets, "--host", f"unix://{docker.socket}", "--engine", code=1)
            def artifacts(rule):
                return {finding["where"]["artifact"] for finding in report["findings"] if finding["rule"] == rule}
            assert artifacts("inspect") == {"container careless"}, artifacts("inspect")
            assert artifacts("log") == {"container chatty"}, artifacts("log")
            assert {"history", "inspect"} <= rules(report, "api_key"), rules(report, "api_key")
            assert "inspect" in rules(report, "db_password")
            # The classic builder keeps its stages as images.
            assert "only-staged" in {finding["where"]["path"] for finding in report["findings"] if finding["rule"] == "layer-file"}

        def the_log_files_themselves():
            """As Docker's driver writes them, on the disk of the host."""
            for name, code in (("careful", 0), ("chatty", 1)):
                path = docker.outside(docker.docker("inspect", "--format", "{{.LogPath}}", name).stdout.decode().strip())
                report = audit(secrets, "--log", path, code=code)
                assert report["totals"]["logs"] == 1, report["totals"]
                assert {finding["secret"] for finding in report["findings"]} == set(code * ["api_key"]), report

        def the_example_as_its_readme_has_it():
            """Every command of examples/audit, in order, with the exit code that is promised there."""
            at = docker.dir / "example"
            shutil.copytree(engine.examples() / "audit", at)
            for name in ("wrong", "right"):
                shutil.copy(engine.hushrun(), at / name)
            first, *commands = [line.strip() for line in (at / "README.md").read_text().splitlines() if line.startswith("    ")]
            assert first.startswith("tests/run.sh") and len(commands) >= 7, commands
            for command in commands:
                promised = re.search(r"# exit (\d)$", command)
                path = f"{pathlib.Path(os.environ['HUSHKIT']).parent}:{docker.env['PATH']}"
                done = subprocess.run(["sh", "-c", command], cwd=at, env={**docker.env, "PATH": path}, capture_output=True, check=False, timeout=120)
                wanted = int(promised[1]) if promised else 1 if "audit" in command else 0
                assert done.returncode == wanted, f"{command}: {done.returncode}\n{(done.stdout + done.stderr).decode()[-2000:]}"

        def podman_is_an_engine_too():
            """Over the socket of podman system service: an image by name, then all there is, and a container's log."""
            with engine.Podman() as podman:
                socket = podman.dir / "podman.sock"
                podman.podman("build", "--runtime", "runc", "--network", "none", "--build-arg", f"API_KEY={API_KEY}", "-t", "wrong", context)
                podman.podman("build", "--runtime", "runc", "--network", "none", "-t", "good", good)
                podman.podman("run", "--name", "chatty", *podman.LIMITS, "--network", "none", "-v", f"{secrets}:/run/secrets:ro", "good", "/leaky", "say", "API_KEY")
                service = podman.start(podman.words("system", "service", "--time=0", f"unix://{socket}"), podman.dir / "service.log")
                engine.wait_for("Podman's service answers", lambda: socket.exists() or service.poll() is not None)
                host = f"unix://{socket}"
                assert_found_out(audit(secrets, "--host", host, "--image", "localhost/wrong", code=1))
                assert audit(secrets, "--host", host, "--image", "localhost/good", code=0)["totals"]["images"] == 1
                report = audit(secrets, "--host", host, "--engine", code=1)
                assert {"history", "layer-file", "log"} <= rules(report, "api_key"), rules(report, "api_key")
                assert {f["where"]["artifact"] for f in report["findings"] if f["rule"] == "log"} == {"container chatty"}
            service.wait()

        def classic():
            """The classic builder: found by docker save, from a file, from standard input and by the engine's API."""
            docker_builds_it_wrong("classic")

        def buildkit():
            """BuildKit: the same."""
            docker_builds_it_wrong("buildkit")

        engine.main(classic, buildkit, buildah_builds_it_wrong, the_context_is_found_out_too, with_hushrun_it_is_clean, the_engine_as_a_whole,
                    the_log_files_themselves, the_example_as_its_readme_has_it, podman_is_an_engine_too)


main()
