#!/usr/bin/python3
"""Nothing of the secrets is left in the supervisor, and nothing can be got out of it: memory, command line, cores."""

import os
import pathlib
import resource
import secrets
import signal
import subprocess
import tempfile

from harness import Run, check, children, kill, main, memory_of, runs_found, second_image, state_of, status_field, until

class Secrets:
    """Twenty values in a directory, one as a file in memory, one in the environment we are started with, and one mistyped as an argument."""

    def __init__(self):
        self.directory = tempfile.TemporaryDirectory()
        self.values = {f"secret_{number}": secrets.token_urlsafe(30) for number in range(20)}
        for name, value in self.values.items():
            (pathlib.Path(self.directory.name) / name).write_text(value + "\n")
        self.values["environment"] = secrets.token_urlsafe(30)
        self.env = {"VISIBLE": self.values["environment"], "PATH": os.environ["PATH"], "INIT_TEST": "1"}
        self.options = ["-s", f"dir:{self.directory.name}", "-f", "file.key=secret_1", *[f"--env=V{n}=secret_{n}" for n in range(20)]]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.directory.cleanup()


@check
def the_supervisor_knows_nothing():
    """No 8 bytes of any value in its memory, its command line or its environment, once the application runs."""
    for pid1 in (False, True):
        with Secrets() as given, Run("ready", ",", "pause", options=given.options, env=given.env, pid1=pid1) as run:
            run.expect("ready")
            second_image(run.pid)
            until(lambda run=run: state_of(run.pid) == "S", "it waits")
            assert runs_found(given.values, memory_of(children(run.pid)[0])), "the application has them, so this test would find them"
            assert runs_found(given.values, memory_of(run.pid)) == []
            for name in ("cmdline", "environ"):
                assert runs_found(given.values, pathlib.Path(f"/proc/{run.pid}/{name}").read_bytes()) == []
            run.kill(signal.SIGTERM)
            assert run.wait() == 143


@check
def the_second_image_is_small_and_bare():
    """No environment, a name of its own, and a few pages."""
    with Run("ready", ",", "pause", env={"CANARY": "c4n4ry-of-the-environment", "INIT_TEST": "1"}) as run:
        run.expect("ready")
        second_image(run.pid)
        assert pathlib.Path(f"/proc/{run.pid}/environ").read_bytes() == b""
        assert int(status_field(run.pid, "RssAnon").split()[0]) <= 60


@check
def the_first_image_wipes_what_it_knows():
    """Where there can be no second image, values and environment are at least overwritten."""
    strace = ["strace", "-qq", "-o", "/dev/null", "-e", "inject=execve:error=ENOENT", "-e", "inject=execveat:error=ENOSYS"]
    with Secrets() as given, Run("ready", ",", "pause", options=given.options, env=given.env, wrap=strace) as run:
        run.expect("ready")
        launcher = children(run.pid)[0]
        until(lambda: "rt_sigtimedwait" in pathlib.Path(f"/proc/{launcher}/wchan").read_text() or state_of(launcher) in "St", "it waits")
        run.process.stderr.readline()  # it says so, when it has gone on
        until(lambda: runs_found(given.values, memory_of(launcher)) == [], "nothing is left")
        kill(launcher, signal.SIGTERM)
        assert run.wait() == 143


@check
def no_core_of_the_application():
    """RLIMIT_CORE without limit, and a crash: no file, whoever sent the signal."""
    def setup():
        hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
        resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))

    with tempfile.TemporaryDirectory() as directory:
        for init in ("exec", "supervise"):
            with Run("die", str(int(signal.SIGSEGV)), init=init, setup=setup, cwd=directory) as run:
                assert run.wait() == 128 + signal.SIGSEGV
            assert os.listdir(directory) == [], init


@check
def no_core_of_the_supervisor():
    """It cannot be dumped: the kernel refuses, and what asks for a core by ptrace is refused as well (processes_test)."""
    with Run("ready", ",", "pause", init="supervise") as run:
        run.expect("ready")
        second_image(run.pid)
        until(lambda: state_of(run.pid) == "S", "it waits")
        # Undumpable shows in /proc: its files are root's, whoever runs it.
        assert pathlib.Path(f"/proc/{run.pid}/coredump_filter").stat().st_uid == 0
    with Run("ready", ",", "pause", before=["setuid", "65534"]) as run:
        run.expect("ready")
        second_image(run.pid)
        until(lambda: os.stat(f"/proc/{run.pid}/mem").st_uid == 0, "it is undumpable: its files in /proc are root's")


@check
def freestanding_means_freestanding():
    """What runs without libc calls nothing of it: no memcpy a compiler put in, no thread-local storage."""
    objects = [path for path in os.environ.get("INIT_OBJECTS", "").split(":") if path]
    assert objects, "INIT_OBJECTS names the object files"
    listing = subprocess.run(["nm", "-u", "-A", *objects], check=True, capture_output=True, text=True).stdout
    foreign = [line for line in listing.splitlines() if line.split()[-1] not in ("_start", "_GLOBAL_OFFSET_TABLE_") and "7hushrun" not in line and "hushrun_" not in line.split()[-1]]
    assert foreign == [], foreign


main()
