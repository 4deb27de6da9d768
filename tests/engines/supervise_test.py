#!/usr/bin/python3
"""Docker and the init: stopping, killing, orphans, what a shielded application can still open."""

import os
import shutil
import time

from scratch import HERE, canary, engine, make_secrets

DOCKERFILE = """FROM scratch
COPY hushrun service shield.yaml /
ENTRYPOINT ["/hushrun", "--supervise", "--"]
"""
SHIELD = "version: 1\nauto: true\nprocess: {mode: supervise, shield: true}\n"
# Far from the 10 s that Docker waits before it kills PID 1, and far from what a slow machine needs.
DOCKER_WAITS = 10


def container(docker, *command, options=(), entrypoint=()):
    name = "s" + os.urandom(4).hex()
    docker.docker("run", "-d", "--name", name, "-v", f"{docker.secrets}:/run/secrets:ro", *options, "app", *entrypoint, *command)
    return name


def wait_for_words(docker, name, words):
    engine.wait_for(f"{name} says {words!r}", lambda: words in docker.docker("logs", name).stdout)


def stopped(docker, name):
    """Seconds that `docker stop` takes, and the exit code."""
    begun = time.monotonic()
    docker.docker("stop", name)
    taken = time.monotonic() - begun
    code = docker.inspect(name)["State"]["ExitCode"]
    docker.docker("rm", name)
    return taken, code


def stops_with_the_applications_own_code(docker):
    """docker stop: TERM reaches the application, and its exit code comes back."""
    name = container(docker, "/service", "polite")
    wait_for_words(docker, name, b"ready")
    taken, code = stopped(docker, name)
    assert code == 7, code
    assert taken < DOCKER_WAITS / 2, taken


def ends_a_stubborn_one_after_stop_timeout(docker):
    """An application that ignores TERM is killed after our stop_timeout, not after Docker's 10 s."""
    name = container(docker, "/service", "stubborn", options=("-e", "HUSHRUN_STOP_TIMEOUT=200ms"))
    wait_for_words(docker, name, b"ready")
    taken, code = stopped(docker, name)
    assert code == 128 + 9, code
    assert taken < DOCKER_WAITS / 2, taken


def tells_orphans_too(docker):
    """What the application left behind gets TERM as well, and may say good-bye."""
    name = container(docker, "/service", "orphans")
    wait_for_words(docker, name, b"ready")
    docker.docker("stop", name)
    assert b"orphan ended" in docker.docker("logs", name).stdout, docker.docker("logs", name).stdout
    assert docker.inspect(name)["State"]["ExitCode"] == 0
    docker.docker("rm", name)


def is_pid_1_without_a_secret(docker):
    """docker top: our process above the application's; neither argv has a value; the container's traces have none."""
    name = container(docker, "/service", "polite")
    wait_for_words(docker, name, b"ready")
    top = docker.docker("top", name, "-o", "pid,ppid,args").stdout
    assert len(top.decode().strip().splitlines()) == 3, top.decode()
    canary.assert_absent(docker.expected.values(), {"docker top": top, **docker.traces("app", name)})
    docker.docker("rm", "-f", name)


def hides_the_sources(docker, options=()):
    """shield: true, in Docker's default profile: what values were read from cannot be opened; what was given is there."""
    paths = ["/run/secrets/api_key", "/run/../run/secrets/db-password", "/proc/self/root/run/secrets/api_key", "/proc/1/root/run/secrets/api_key"]
    done = docker.docker("run", "--rm", "-v", f"{docker.secrets}:/run/secrets:ro", *options, "--entrypoint", "/hushrun", "app",
                         "-c", "/shield.yaml", "--", "/service", "open", *paths, "/shield.yaml")
    lines = done.stdout.decode().splitlines()
    assert [line for line in lines if line.endswith(" hidden")] == [path + " hidden" for path in paths], lines
    assert "/shield.yaml readable" in lines, lines
    assert f"API_KEY {len(docker.expected['API_KEY'].value)} bytes" in lines, lines


def main():
    with engine.Docker() as docker:
        docker.secrets, docker.expected = make_secrets(docker.dir / "secrets")
        context = docker.dir / "context"
        context.mkdir()
        shutil.copy(engine.hushrun(), context / "hushrun")
        engine.compile_static(HERE / "service.c", context / "service")
        (context / "Dockerfile").write_text(DOCKERFILE, encoding="ascii")
        (context / "shield.yaml").write_text(SHIELD, encoding="ascii")
        (context / "shield.yaml").chmod(0o644)
        docker.build("app", context)
        tests = [engine.bound(function, docker) for function in (
            stops_with_the_applications_own_code, ends_a_stubborn_one_after_stop_timeout, tells_orphans_too, is_pid_1_without_a_secret)]
        for label, options in (("root", ()), ("another_user", ("--user", "65534:65534")), ("no_capabilities", ("--cap-drop", "ALL")),
                               ("with_sys_admin", ("--cap-add", "SYS_ADMIN"))):
            test = engine.bound(hides_the_sources, docker, options)
            test.__name__ = f"hides_the_sources_from_{label}"
            tests.append(test)
        engine.main(*tests)


main()
