"""Starting an init with an application of our own under it (app.cc), and talking to both without ever sleeping: the application says on
a pipe when it is where a test wants it."""

import ctypes
import fcntl
import os
import pathlib
import pty
import select
import shlex
import signal
import struct
import subprocess
import sys
import termios
import time
import traceback

HUSHRUN = os.environ["HUSHRUN"]
APP = os.environ["INIT_APP"]
PATIENCE = 20.0  # seconds until something that should have come counts as missing; never waited for when all is well
SKIP = 77
# A sanitized build is not static: its loader needs descriptors before we run.
STATIC = b"/ld-linux" not in pathlib.Path(HUSHRUN).read_bytes()[:4096]

KILL_AND_STOP = (signal.SIGKILL, signal.SIGSTOP)
FORWARDABLE = [n for n in range(1, 65) if n not in (*KILL_AND_STOP, signal.SIGCHLD)]

# A source of our own, so that nothing depends on what this machine has in /run/secrets.
os.environ["INIT_TEST"] = "a-value-nobody-prints-9Xq2"
# How each init is told to stay above a command, as a subreaper where it can.
INITS = {
    "supervise": [HUSHRUN, "--no-config", "-s", "env:INIT_TEST", "--supervise"],
    "exec": [HUSHRUN, "--no-config", "-s", "env:INIT_TEST", "--exec"],
    "tini": ["/usr/bin/tini-static", "-s"],
    "dumb-init": ["/usr/bin/dumb-init"],
    "catatonit": ["/usr/bin/catatonit"],
    "none": [],  # `wrap` is the whole of it
}

# Everything once more with the application's output going through the supervisor.
REDACT = "INIT_REDACT" in os.environ
if REDACT:
    INITS["supervise"] += ["-e", "INIT_TEST=INIT_TEST", "--redact"]

_libc = ctypes.CDLL(None, use_errno=True)
_PR_SET_CHILD_SUBREAPER = 36
_libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)  # whatever a failed test leaves behind comes to us, and is ended


class _Sigval(ctypes.Union):
    _fields_ = [("number", ctypes.c_int), ("pointer", ctypes.c_void_p)]


def sigqueue(pid, number, value):
    """sigqueue(3), also for 32 and 33, which glibc keeps for itself."""
    info = (ctypes.c_int * 32)(number, 0, -1, 0, os.getpid(), os.getuid(), value)
    if _libc.syscall(129 if os.uname().machine == "x86_64" else 138, pid, number, ctypes.byref(info)) != 0:
        raise OSError(ctypes.get_errno(), "rt_sigqueueinfo")


def kill(pid, number):
    """kill(2), also for 32 and 33."""
    if _libc.syscall(62 if os.uname().machine == "x86_64" else 129, pid, number) != 0:
        raise OSError(ctypes.get_errno(), f"kill {pid} {number}")


def children(pid):
    try:
        found = []
        for thread in os.listdir(f"/proc/{pid}/task"):
            found += [int(word) for word in pathlib.Path(f"/proc/{pid}/task/{thread}/children").read_text().split()]
        return found
    except (FileNotFoundError, ProcessLookupError):
        return []


def end_all_below(pid, spared=()):
    """Kills and reaps every descendant of ours, but for those that are spared and theirs."""
    for _ in range(200):
        below = [child for child in children(pid) if child not in spared]
        if not below:
            return
        stack = list(below)
        while stack:
            one = stack.pop()
            stack += children(one)
            try:
                os.kill(one, signal.SIGKILL)
            except ProcessLookupError:
                pass
        for one in below:
            try:
                os.waitpid(one, 0)
            except ChildProcessError:
                pass


def status_field(pid, name):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return line.split(":", 1)[1].strip()
    raise KeyError(name)


def state_of(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return None


def until(condition, what):
    """Looks until it holds. For what the kernel shows and nobody announces (a process that stops, a blocked call)."""
    deadline = time.monotonic() + PATIENCE
    while not (answer := condition()):
        assert time.monotonic() < deadline, f"never: {what}"
        os.sched_yield()
    return answer


RUN_LENGTH = 8  # no run of so many bytes of any value


def memory_of(pid):
    """Everything that can be read of a process."""
    found = b""
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines():
            if "r" not in line.split()[1] or line.endswith(("[vvar]", "[vsyscall]", "[vvar_vclock]")):
                continue
            begin, end = (int(number, 16) for number in line.split()[0].split("-"))
            memory.seek(begin)
            found += memory.read(end - begin)
    return found


def runs_found(values, memory):
    return [name for name, value in values.items()
            if any(value[at:at + RUN_LENGTH].encode() in memory for at in range(len(value) - RUN_LENGTH + 1))]


def second_image(pid):
    """Waits until the launcher has executed itself again, or, where it redacts, has made itself at home in its first image."""
    if REDACT:
        until(lambda: set(pathlib.Path(f"/proc/{pid}/environ").read_bytes()) <= {0} and state_of(pid) == "S", "a first image that stays")
        return
    until(lambda: b"\1supervise" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"), "the second image")


class Terminal:
    """A pseudo terminal; `slave` is for the one who is to have it."""

    def __init__(self):
        self.master, self.slave = pty.openpty()
        settings = termios.tcgetattr(self.slave)
        settings[3] &= ~termios.ECHO
        termios.tcsetattr(self.slave, termios.TCSANOW, settings)
        os.set_blocking(self.master, False)

    def type(self, text):
        os.write(self.master, text)

    def foreground(self):
        try:
            return os.tcgetpgrp(self.master)
        except OSError:
            return -1

    def become_leader(self):
        """In a child: a session of its own, with this as its terminal and its standard streams."""
        os.setsid()
        fcntl.ioctl(self.slave, termios.TIOCSCTTY, 1)
        for number in range(3):
            os.dup2(self.slave, number)

    def read(self):
        try:
            return os.read(self.master, 65536)
        except (BlockingIOError, OSError):
            return b""

    def close(self):
        for number in (self.master, self.slave):
            try:
                os.close(number)
            except OSError:
                pass


class Run:
    """An init with an application under it. `words` are app.cc's verbs; `run` names a program instead."""

    def __init__(self, *words, init="supervise", options=(), pid1=False, terminal=None, env=None, before=(), setup=None, program=None, with_proc=True,
                 stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=None, wrap=()):
        self.report, writer = os.pipe()
        self.fd = writer
        self.lines, self._rest = [], b""
        command = program if program is not None else [APP, str(writer), *words]
        command = [*INITS[init], *options, "--", *command]
        command = [*wrap, *command]
        if before:  # verbs that the init's own process does before it becomes the init
            command = [APP, str(writer), *before, ",", "run", *command]
        if pid1:
            flags = [*([] if with_proc else ["noproc"]), *(["terminal"] if terminal else [])]
            command = [APP, str(writer), "box", *flags, "--", *command]
        streams = {"stdin": stdin, "stdout": stdout, "stderr": stderr}
        if terminal:
            streams = {"stdin": terminal.slave, "stdout": terminal.slave, "stderr": terminal.slave}

        def prepare():
            if terminal and not pid1:
                terminal.become_leader()
            if setup:
                setup()

        self.process = subprocess.Popen(command, pass_fds=(writer,), env=env, preexec_fn=prepare, cwd=cwd, start_new_session=not terminal, **streams)
        os.close(writer)
        self.pid = int(self.expect("box").split()[1]) if pid1 else self.process.pid

    def __enter__(self):
        _running.append(self)
        return self

    def __exit__(self, *_):
        _running.remove(self)
        end_all_below(os.getpid(), [other.process.pid for other in _running])
        self.process.returncode = self.process.returncode if self.process.returncode is not None else -9
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream:
                stream.close()
        os.close(self.report)

    def next_line(self, patience=None):
        """The next line, or None at the end of all writers."""
        deadline = time.monotonic() + (PATIENCE if patience is None else patience)
        while b"\n" not in self._rest:
            ready, _, _ = select.select([self.report], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, f"nothing came; before: {self.lines}; {self.errors_now()!r}"
            piece = os.read(self.report, 65536)
            if not piece:
                return None
            self._rest += piece
        line, self._rest = self._rest.split(b"\n", 1)
        self.lines.append(line.decode())
        return self.lines[-1]

    def expect(self, beginning, patience=None):
        """The next line, which has to begin so."""
        line = self.next_line(patience)
        assert line is not None and line.startswith(beginning), f"wanted {beginning!r}, got {line!r}; all: {self.lines}; {self.errors_now()!r}"
        return line

    def fields(self, beginning):
        return dict(word.split("=", 1) for word in self.expect(beginning).split()[1:])

    def rest(self):
        """All lines until nobody is left who could write one."""
        found = []
        while (line := self.next_line()) is not None:
            found.append(line)
        return found

    def errors_now(self):
        if not self.process.stderr or self.process.poll() is None:
            return b""
        os.set_blocking(self.process.stderr.fileno(), False)  # somebody else may still hold it
        return self.process.stderr.read() or b""

    def app(self):
        """The application's pid as we see it."""
        return until(lambda: children(self.pid), "a child")[0]

    def kill(self, number):
        kill(self.pid, number)

    def wait(self):
        code = self.process.wait(PATIENCE)
        return code if code >= 0 else 128 - code


class Shell:
    """A shell on a terminal of its own, and a pipe on which the applications below it report."""

    def __init__(self, command):
        self.terminal = Terminal()
        self.report, self.writer = os.pipe()
        self.shown = b""
        self.process = subprocess.Popen(command(self), pass_fds=(self.writer,), preexec_fn=self.terminal.become_leader,
                                        env=dict(os.environ, PS1="$ ", HISTFILE="/dev/null"))
        self._run = Run.__new__(Run)  # its reader of lines
        self._run.report, self._run.lines, self._run._rest = self.report, [], b""
        self._run.errors_now = lambda: self.shown + self.terminal.read()
        self.expect, self.fields, self.next_line = self._run.expect, self._run.fields, self._run.next_line

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.writer)
        end_all_below(os.getpid())
        self.process.returncode = -9
        self.terminal.close()
        os.close(self.report)

    def type(self, text):
        self.terminal.type(text)

    def sees(self, text):
        def come():
            self.shown += self.terminal.read()
            return text in self.shown
        until(come, f"{text!r} on the terminal; there is {self.shown!r}")
        self.shown = self.shown.split(text, 1)[1]

    def line(self, *words, options=(), tail=""):
        """The command line that runs an application under the init."""
        return shlex.join([*INITS["supervise"], *options, "--", APP, str(self.writer), *words]) + tail


def bash():
    shell = Shell(lambda _: ["/bin/bash", "--norc", "--noprofile", "-i"])
    shell.sees(b"$ ")
    return shell


def resize(terminal, rows):
    fcntl.ioctl(terminal.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, 80, 0, 0))


_running = []
_checks = []


def check(function):
    """Registers a test; its docstring says what is promised."""
    _checks.append(function)
    return function


def main():
    """Runs all that are registered, or those named on the command line."""
    wanted = sys.argv[1:]
    failed = 0
    for function in _checks:
        if wanted and function.__name__ not in wanted:
            continue
        began = time.monotonic()
        try:
            function()
            verdict = "ok"
        except Exception:  # noqa: BLE001, pylint: disable=broad-except: every kind of failure is reported alike
            verdict = "FAILED"
            failed += 1
            traceback.print_exc()
        print(f"{verdict:7}{function.__name__} ({time.monotonic() - began:.2f} s)", flush=True)
    sys.exit(1 if failed else 0)
