#!/usr/bin/python3
"""Docker and redaction: docker run -it with a shell, colours, a pager and an editor; what the engine keeps of it; a container's end."""

import fcntl
import os
import pty
import select
import shutil
import struct
import subprocess
import termios
import time

from scratch import canary, engine, make_secrets

BUSYBOX = "/bin/busybox"
DOCKERFILE = """FROM scratch
COPY hushrun busybox /bin/
COPY linked /
ENV PATH=/bin TERM=xterm PS1="inside> " HUSHRUN_REDACT=true
ENTRYPOINT ["/bin/hushrun", "--"]
"""
APPLETS = ("sh", "cat", "less", "vi", "seq", "stty", "sleep", "yes", "head", "ps")
MARK = b"[REDACTED:api_key]"
PATIENCE = 60


class Interactive:
    """docker run -it, and its terminal."""

    def __init__(self, docker, *command, options=()):
        self.name = "r" + os.urandom(4).hex()
        self.shown = self.all = b""
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 80, 0, 0))
        argv = ["docker", "run", "-it", "--name", self.name, "-v", f"{docker.secrets}:/run/secrets:ro", *options, "app", *command]
        self.process = subprocess.Popen(docker.enter(argv), stdin=slave, stdout=slave, stderr=slave, env=docker.env, start_new_session=True)
        os.close(slave)

    def sees(self, text):
        deadline = time.monotonic() + PATIENCE
        while text not in self.shown:
            ready, _, _ = select.select([self.master], [], [], max(deadline - time.monotonic(), 0))
            assert ready, f"{text!r} does not come; there is {self.shown!r}"
            try:
                piece = os.read(self.master, 65536)
            except OSError:
                piece = b""
            assert piece, f"it ended before {text!r}; there is {self.shown!r}"
            self.shown += piece
            self.all += piece
        before, self.shown = self.shown.split(text, 1)
        return before

    def type(self, text):
        os.write(self.master, text)

    def ends(self):
        code = self.process.wait(PATIENCE)
        os.close(self.master)
        return code


def a_shell_is_a_shell(docker):
    """A prompt, masked answers, colours, ^C for what runs, job control, the exit code; the engine's log holds no value."""
    for options in ((), ("--user", "65534:65534")):
        run = Interactive(docker, "sh", options=options)
        run.sees(b"inside> ")
        run.type(b"echo \"$API_KEY\" | cat; echo en''d\r")
        assert MARK in run.sees(b"end\r\n")
        run.type(b"printf '\\033[31mred\\033[0m\\n'\r")
        run.sees(b"\x1b[31mred\x1b[0m\r\n")
        run.type(b"stty -a | head -n 1; echo st''ty\r")
        assert b"rows 30" in run.sees(b"stty\r\n")
        run.type(b"sleep 1000; echo c''ode $?\r")
        engine.wait_for("sleep runs", lambda run=run: b"sleep 1000" in docker.docker("top", run.name).stdout)
        run.type(b"\x03")
        run.sees(b"inside> ")
        run.type(b"sleep 1000\r")
        engine.wait_for("sleep runs", lambda run=run: b"sleep 1000" in docker.docker("top", run.name).stdout)
        run.type(b"\x1a")
        run.sees(b"Stopped")
        run.type(b"kill -9 %1; exit 5\r")
        run.type(b"exit 5\r")
        assert run.ends() == 5
        found = {"docker run -it": run.all, "docker logs": docker.docker("logs", run.name).stdout}
        canary.assert_absent(docker.expected.values(), {**found, **docker.traces("app", run.name)})
        docker.docker("rm", run.name)


def a_pager_and_an_editor_work(docker):
    """less shows a page of a full screen and leaves it; vi takes keys, and the secret on its screen is masked."""
    run = Interactive(docker, "sh")
    run.sees(b"inside> ")
    run.type(b"seq 1000 | less; echo le''ft\r")
    run.sees(b"28")
    run.type(b"G")
    run.sees(b"1000")
    run.type(b"q")
    run.sees(b"left\r\n")
    run.type(b"cat /run/secrets/api_key; vi /run/secrets/api_key; echo le''ft\r")
    run.sees(MARK)
    run.sees(MARK)  # the editor's: what is typed before it has its screen is dropped
    run.type(b":q!\r")
    run.sees(b"left\r\n")
    run.type(b"\x04")
    assert run.ends() == 0
    canary.assert_absent(docker.expected.values(), {"docker run -it": run.all})
    docker.docker("rm", run.name)


def a_detached_container_logs_marks(docker):
    """Without a terminal and with one: what is logged is masked, and docker stop ends it with the application's own code."""
    for options in ((), ("-t",)):
        name = "r" + os.urandom(4).hex()
        script = "trap 'echo bye $API_KEY; exit 7' TERM; echo out $API_KEY; echo err $DB_PASSWORD >&2; while :; do sleep 1000 & wait; done"
        docker.docker("run", "-d", *options, "--name", name, "-v", f"{docker.secrets}:/run/secrets:ro", "app", "sh", "-c", script)

        def said(name=name):
            done = docker.docker("logs", name)
            return done.stdout + done.stderr
        engine.wait_for("both lines", lambda said=said: b"out " + MARK in said() and b"err [REDACTED:db-password]" in said())
        docker.docker("stop", name)
        assert docker.inspect(name)["State"]["ExitCode"] == 7
        assert b"bye " + MARK in said(), said()
        canary.assert_absent(docker.expected.values(), {"docker logs": said(), **docker.traces("app", name)})
        docker.docker("rm", name)


def main():
    engine.need(BUSYBOX)
    with engine.Docker() as docker:
        docker.secrets, docker.expected = make_secrets(docker.dir / "secrets")
        for path in docker.secrets.iterdir():
            path.chmod(0o644)
        context = docker.dir / "context"
        (context / "linked/bin").mkdir(parents=True)
        shutil.copy(engine.hushrun(), context / "hushrun")
        shutil.copy(BUSYBOX, context / "busybox")
        for applet in APPLETS:
            (context / "linked/bin" / applet).symlink_to("busybox")
        (context / "Dockerfile").write_text(DOCKERFILE, encoding="ascii")
        docker.build("app", context)
        engine.main(*(engine.bound(test, docker) for test in (a_shell_is_a_shell, a_pager_and_an_editor_work, a_detached_container_logs_marks)))


main()
