#!/usr/bin/python3
"""Docker: FROM scratch, the launcher and a static program, as a stranger would use them."""

import os

from scratch import DOCKERFILE_BUILD_SECRET, assert_has, assert_has_no, canary, engine, make_context, make_secrets


def runs_with_mounted_secrets(docker, options=(), identity="uid 0 gid 0"):
    """Mounted files are the application's variables; nothing of them is in any trace."""
    name = "c" + os.urandom(4).hex()
    done = docker.docker("run", "--name", name, "-v", f"{docker.secrets}:/run/secrets:ro", *options, "app")
    assert_has(done.stdout, docker.expected)
    assert_has_no(done.stdout)
    assert f"pid 1 {identity}" in done.stdout.decode(), done.stdout.decode()
    assert done.stderr == b"", done.stderr.decode()  # silent when all is well
    canary.assert_absent(docker.expected.values(), docker.traces("app", name))


def refuses_a_directory_in_place_of_a_file(docker):
    """Compose and docker make a directory where a mounted file is missing: not a secret, and no crash."""
    done = docker.docker("run", "--rm", "-v", f"{docker.dir}/nothing-here:/run/secrets/api_key", "app")
    assert_has_no(done.stdout, "API_KEY")


def honours_the_file_convention(docker):
    """X_FILE and FILE__X name a path: X has the content, and neither variable is passed on."""
    done = docker.docker("run", "--rm", "-v", f"{docker.secrets}:/run/secrets:ro",
                         "-e", "ANTHROPIC_API_KEY_FILE=/run/secrets/api_key", "-e", "FILE__PGPASSWORD=/run/secrets/db-password",
                         "-e", "SSL_CERT_FILE=/etc/ssl/cert.pem", "app")
    assert_has(done.stdout, {"ANTHROPIC_API_KEY": docker.expected["API_KEY"], "PGPASSWORD": docker.expected["DB_PASSWORD"],
                             "TLS_CRT": docker.expected["TLS_CRT"]})
    assert_has_no(done.stdout, "ANTHROPIC_API_KEY_FILE", "FILE__PGPASSWORD", "API_KEY", "DB_PASSWORD")
    assert b"SSL_CERT_FILE" in done.stdout


def reads_the_layout_of_kubernetes(docker):
    """..data and its symlinks as the kubelet lays them: each file once, nothing of the machinery."""
    volume = docker.dir / "volume"
    (volume / "..2026_01_01_00_00_00.123456789").mkdir(parents=True)
    docker.expected["API_KEY"].write(volume / "..2026_01_01_00_00_00.123456789")
    (volume / "..data").symlink_to("..2026_01_01_00_00_00.123456789")
    (volume / "api_key").symlink_to("..data/api_key")
    done = docker.docker("run", "--rm", "-v", f"{volume}:/run/secrets:ro", "app")
    assert_has(done.stdout, {"API_KEY": docker.expected["API_KEY"]})
    assert done.stderr == b"", done.stderr.decode()


def serves_exec_and_healthcheck(docker):
    """`docker exec` with the launcher in front sees what the application sees; argv shows none of it."""
    docker.docker("run", "-d", "--name", "held", "-v", f"{docker.secrets}:/run/secrets:ro", "app", "/showenv", "--hold")
    done = docker.docker("exec", "held", "/hushrun", "--", "/showenv")
    assert_has(done.stdout, docker.expected)
    top = docker.docker("top", "held", "-o", "pid,args").stdout
    assert b"/showenv --hold" in top and b"hushrun" not in top, top.decode()  # exec: we have become the application
    canary.assert_absent(docker.expected.values(), {"docker top": top, **docker.traces("app", "held")})
    docker.docker("rm", "-f", "held")


def fails_closed(docker):
    """A secret that cannot be had: 125 and no application. Not found: 127. A status of its own: that one."""
    done = docker.docker("run", "--rm", "app", "-e", "API_KEY=no_such_secret", "/showenv", ok=False)
    assert done.returncode == 127 and done.stdout == b"", (done.returncode, done.stderr)  # the image's ENTRYPOINT ends in --
    done = docker.docker("run", "--rm", "--entrypoint", "/hushrun", "app", "-e", "API_KEY=no_such_secret", "/showenv", ok=False)
    assert done.returncode == 125 and done.stdout == b"", (done.returncode, done.stderr)
    for part in (b"where:", b"why:", b"fix:", b"no_such_secret"):
        assert part in done.stderr, done.stderr.decode()
    done = docker.docker("run", "--rm", "app", "/not-there", ok=False)
    assert done.returncode == 127, (done.returncode, done.stderr)


def gives_a_build_step_its_secret(docker):
    """RUN --mount=type=secret under the launcher: a variable for one step, and nothing of it in the image."""
    context = make_context(docker.dir / "build-secret", DOCKERFILE_BUILD_SECRET)
    done = docker.build("built", context, "--no-cache", "--secret", f"id=api_key,src={docker.secrets}/api_key")
    assert_has(done.stderr, {"API_KEY": docker.expected["API_KEY"]})
    docker.docker("create", "--name", "built", "built")
    canary.assert_absent(docker.expected.values(), {"build output": done.stdout + done.stderr, **docker.traces("built", "built")})


def finds_what_is_planted(docker):
    """The search itself: a secret that is baked in is found in the saved image, so its silence elsewhere means something."""
    context = docker.dir / "leaky"
    context.mkdir()
    docker.expected["API_KEY"].write(context)
    (context / "Dockerfile").write_text("FROM scratch\nCOPY api_key /api_key\n", encoding="ascii")
    docker.build("leaky", context)
    docker.docker("create", "--name", "leaky", "leaky", "/none")
    traces = docker.traces("leaky", "leaky")
    for place in ("docker save", "docker export leaky"):
        assert canary.search(docker.expected.values(), place, traces[place]), place


def main():
    with engine.Docker() as docker:
        docker.secrets, docker.expected = make_secrets(docker.dir / "secrets")
        docker.build("app", make_context(docker.dir / "context"))
        tests = []
        for label, options, identity in (
                ("plain", (), "uid 0 gid 0"),
                ("read_only", ("--read-only",), "uid 0 gid 0"),
                ("nobody", ("--user", "65534:65534"), "uid 65534 gid 65534"),
                ("no_capabilities", ("--cap-drop", "ALL"), "uid 0 gid 0"),
                ("all_at_once", ("--read-only", "--user", "65534:65534", "--cap-drop", "ALL",
                                 "--security-opt", "no-new-privileges", "--network", "none"), "uid 65534 gid 65534")):
            test = engine.bound(runs_with_mounted_secrets, docker, options, identity)
            test.__name__ = f"runs_{label}"
            tests.append(test)
        for function in (refuses_a_directory_in_place_of_a_file, honours_the_file_convention, reads_the_layout_of_kubernetes,
                         serves_exec_and_healthcheck, fails_closed, gives_a_build_step_its_secret, finds_what_is_planted):
            tests.append(engine.bound(function, docker))
        engine.main(*tests)


main()
