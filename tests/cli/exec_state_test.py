#!/usr/bin/python3
"""Exec leaves nothing: an application cannot tell that hushrun ran before it.

The probe is started twice in the same odd state, once by itself and once through hushrun with secrets of every kind, and
has to report the same: process, descriptors, signals, limits, timers, environment and arguments byte for byte.
"""

import ctypes
import fcntl
import os
import pathlib
import pty
import resource
import select
import signal
import sys
import termios
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import canary  # pylint: disable=wrong-import-position
import sandbox  # pylint: disable=wrong-import-position

HUSHRUN = str(sandbox.BIN / "hushrun")
PROBE = str(sandbox.BIN / "probe")
CONFIG = sandbox.WORK / "hushrun.yaml"
STATE = ["pid", "+", "status", "SigBlk", "SigIgn", "SigCgt", "SigPnd", "ShdPnd", "NoNewPrivs", "Seccomp", "CapInh", "CapPrm", "CapEff",
         "CapBnd", "CapAmb", "Uid", "Gid", "Groups", "Threads", "Cpus_allowed", "+", "fds", "+", "umask", "+", "cwd", "+", "inherited",
         "+", "limits", "+", "cat", "/proc/self/coredump_filter", "/proc/self/oom_score_adj"]

_libc = ctypes.CDLL(None, use_errno=True)


def execve(argv, env):
    """execve(2) with any bytes for arguments and environment: Python's takes a mapping."""
    def block(items):
        items = [i if isinstance(i, bytes) else i.encode() for i in items]
        return (ctypes.c_char_p * (len(items) + 1))(*items, None)
    _libc.execve(os.fsencode(argv[0]), block(argv), block(env))
    os._exit(98)


class Ended:
    """How a process ended, and what it wrote."""

    def __init__(self, pid, code, out, err):
        self.pid, self.code, self.out, self.err = pid, code, out, err


def start(argv, env=("PATH=" + sandbox.PATH,), setup=lambda: None, closed=()):
    """Runs `argv` after `setup()` in the child. Output goes to files outside the sandbox's directories."""
    out, err = os.memfd_create("out"), os.memfd_create("err")
    pid = os.fork()
    if pid == 0:
        try:
            null = os.open("/dev/null", os.O_RDWR)
            for number, target in ((0, null), (1, out), (2, err)):
                os.dup2(target, number)
            os.closerange(3, 1024)
            entries = setup() or ()
            for number in closed:
                os.close(number)
            execve(argv, [*env, *entries])
        finally:
            os._exit(97)
    deadline = time.monotonic() + 30
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            break
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            raise AssertionError(f"not done: {argv}")
        time.sleep(0.002)
    texts = []
    for file in (out, err):
        os.lseek(file, 0, os.SEEK_SET)
        with os.fdopen(file, "rb") as opened:
            texts.append(opened.read())
    return Ended(pid, os.waitstatus_to_exitcode(status), *texts)


def same(setup=lambda: None, options=(), closed=(), state=tuple(STATE), but=lambda text: text):
    """The probe's report by itself and through hushrun, as far as `but` leaves it, has to be one."""
    report = sandbox.WORK / "report"
    reports = []
    for before in ([], [HUSHRUN, *options, "--"]):
        done = start([*before, PROBE, "to", str(report), "+", *state], setup=setup, closed=closed)
        assert done.code == 0, f"ended with {done.code}: {done.err.decode()}"
        assert not done.err, done.err.decode()
        lines = report.read_text(encoding="utf-8").replace(str(done.pid), "OWN")
        reports.append(but(lines))
        report.unlink()
    alone, through = reports
    assert alone == through, "\n".join(f"alone: {a}\nthrough hushrun: {b}" for a, b in zip(alone.splitlines(), through.splitlines()) if a != b)
    return through


def without_core(text):
    """RLIMIT_CORE (4) is what we do change."""
    return "\n".join(line for line in text.splitlines() if not line.startswith("4 "))


# ── the tests ────────────────────────────────────────────────────────────────────────────────────────────────────

def test_plain():
    """Nothing odd: the same process, the same everything but the core limit."""
    text = same(but=without_core)
    assert text.startswith("OWN "), "not the same process"


def test_core_dumps_allowed():
    """With core_dumps: true the core limit is the same as well."""
    CONFIG.write_text("version: 1\nsources: [{dir: secrets}]\nenv: {DB: db}\nprocess: {core_dumps: true}\n", encoding="ascii")
    same()


def test_signals():
    """Blocked, ignored and pending signals stay as they were, glibc's own two and real-time ones among them."""
    odd = {signal.SIGUSR1, signal.SIGTERM, signal.SIGPIPE, signal.SIGCHLD, 32, 33, 34, 63, 64}

    def setup():
        for number in (signal.SIGHUP, signal.SIGPIPE, signal.SIGCHLD, signal.SIGTTOU, signal.SIGQUIT, 40):
            signal.signal(number, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # a pending one would be dropped
        mask = sum(1 << (n - 1) for n in odd)
        _libc.syscall(14, 2, ctypes.byref(ctypes.c_uint64(mask)), None, 8)  # rt_sigprocmask: glibc's leaves out 32 and 33
        for number in (signal.SIGUSR1, signal.SIGTERM, signal.SIGCHLD, 34):
            os.kill(os.getpid(), number)

    text = same(setup, but=without_core)
    assert "SigBlk:\tc" in text and "ShdPnd:\t00000002" in text, text

    def everything():
        _libc.syscall(14, 2, ctypes.byref(ctypes.c_uint64(2**64 - 1)), None, 8)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)

    same(everything, but=without_core)


def test_command_source():
    """A source that runs a program leaves no trace either, even where SIGCHLD and SIGPIPE are ignored or blocked."""
    CONFIG.write_text("version: 1\nsources: [{command: [echo, from-a-command], name: key}]\nenv: {KEY: key}\n", encoding="ascii")

    def setup():
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)

    same(setup, but=without_core)

    def blocked():
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD, signal.SIGPIPE, signal.SIGALRM})

    same(blocked, but=without_core)


def test_inherited():
    """Timers, nice value, timer slack, subreaper, umask, working directory and limits are handed down."""
    def setup():
        signal.setitimer(signal.ITIMER_REAL, 600, 7)
        signal.setitimer(signal.ITIMER_PROF, 600, 5)
        os.nice(3)
        _libc.prctl(29, 123456, 0, 0, 0)  # PR_SET_TIMERSLACK
        _libc.prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
        os.umask(0o137)
        os.mkdir("/tmp/elsewhere") if not os.path.isdir("/tmp/elsewhere") else None
        os.chdir("/tmp/elsewhere")
        resource.setrlimit(resource.RLIMIT_NOFILE, (77, 88))
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (8192, 16384))
        resource.setrlimit(resource.RLIMIT_STACK, (4 << 20, 5 << 20))

    text = same(setup, ["-s", f"dir:{sandbox.WORK}/secrets"], but=without_core)
    assert "timer 7 runs" in text and "nice 3" in text and "0137" in text and "7 77 88" in text, text


def test_descriptors():
    """Descriptors are as they were: odd ones stay open, closed standard streams stay closed."""
    def setup():
        read, _ = os.pipe()
        for number in (5, 9, 10, 700):
            os.dup2(read, number)
        os.set_inheritable(4, False)

    def fds(text):
        return "\n".join(line.split("pipe:")[0] for line in text.splitlines())

    same(setup, state=("fds",), but=fds)
    for closed in ((0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)):
        text = same(closed=closed, state=("fds",))
        for number in closed:
            assert f"{number} /" not in text, text


def test_closed_streams_with_files():
    """With closed standard streams no secret's file becomes one of them; a memfd lies at 10 or higher."""
    CONFIG.write_text("version: 1\nsources: [{dir: secrets}]\nfiles: {a: {secret: db, as: memfd, env: A}, b: {secret: db, env: B}}\n",
                      encoding="ascii")
    report = sandbox.WORK / "report"
    done = start([HUSHRUN, "--", PROBE, "to", str(report), "+", "fds"], closed=(0, 1, 2))
    assert done.code == 0, done.code
    assert report.read_text(encoding="utf-8") == "10 /memfd:hushrun (deleted)\n", report.read_text(encoding="utf-8")
    report.unlink()


def test_close_fds():
    """close_fds closes what was inherited but for the standard streams, our memfds, and sockets that are meant for us."""
    CONFIG.write_text("version: 1\nsources: [{dir: secrets}]\nfiles: {a: {secret: db, as: memfd, env: A}}\nprocess: {close_fds: true}\n",
                      encoding="ascii")

    def setup(count, mine):
        for number in (*range(3, 3 + count), 50, 300):
            os.dup2(0, number)
        if mine is None:
            return ()
        return (f"LISTEN_PID={os.getpid() if mine else 1}", f"LISTEN_FDS={count}")

    def numbers(count, mine):
        done = start([HUSHRUN, "--", PROBE, "fds"], setup=lambda: setup(count, mine))
        assert done.code == 0, done.err.decode()
        return [int(line.split()[0]) for line in done.out.decode().splitlines()]

    assert numbers(2, True) == [0, 1, 2, 3, 4, 10]
    *inherited, memfd = numbers(12, True)
    assert inherited == [0, 1, 2, *range(3, 15)] and memfd > 14, (inherited, memfd)
    assert numbers(2, False) == [0, 1, 2, 10]
    assert numbers(2, None) == [0, 1, 2, 10]


def test_environment():
    """The environment passes byte for byte: order, duplicates, entries without `=`, bytes that are no UTF-8; less ours."""
    entries = [b"PATH=" + sandbox.PATH.encode(), b"A=1", b"A=2", b"no equals sign", b"", b"=", b"=x", b"B==", b"\xff\xfe=\x80\x81", b"C=a\nb",
               b"HUSHRUN_LOG_LEVEL=warn", b"HUSHRUN_", b"HUSHRUN=stays", b"hushrun_x=stays", b"DB", b"E=" + b"x" * 100000]
    done = start([HUSHRUN, "--no-config", "--", PROBE, "environ"], env=entries)
    assert done.code == 0 and not done.err, done.err.decode()
    left = [bytes.fromhex(line) for line in done.out.decode().splitlines()]
    assert left == [e for e in entries if not e.startswith(b"HUSHRUN_")], left
    # One that is delivered takes the place of all of its name, and what looks like it stays.
    done = start([HUSHRUN, "--", PROBE, "environ"], env=[*entries, b"DB=", b"DB=", b"DBX=1"])
    left = [bytes.fromhex(line) for line in done.out.decode().splitlines()]
    assert left[:-1] == [e for e in entries if not e.startswith(b"HUSHRUN_") and e != b"DB"] + [b"DBX=1"], left
    assert left[-1].startswith(b"DB=")


def test_arguments():
    """Arguments are bytes: empty ones, line breaks, no UTF-8; argv[0] is as it was typed."""
    words = [b"", b"a\nb", b"\xff\xfe", b"--help", b"-e", b"X=y", b"*", b"$HOME"]
    done = start([HUSHRUN, "--", "probe", "args", *words])
    assert done.out.decode().splitlines() == [f"[{w.hex()}]" for w in words], done.out
    done = start([HUSHRUN, "--", "sh", "-c", "tr '\\0' '\\n' < /proc/$$/cmdline | head -1"])
    assert done.out == b"sh\n", done.out


def test_alone():
    """As PID 1 the application is the only process there is."""
    argv = sandbox.inside([HUSHRUN, "--", PROBE, "processes"], pid1=True)
    done = start(["/usr/bin/unshare", *argv[1:]])
    assert done.out == b"1\n", done.out


def test_terminal():
    """Under a terminal the session and its foreground group stay what they were."""
    texts = []
    for before in ([], [HUSHRUN, "--"]):
        pid, terminal = pty.fork()
        if pid == 0:
            execve([*before, PROBE, "inherited", "+", "pid"], ["PATH=" + sandbox.PATH])
        text = b""
        while select.select([terminal], [], [], 30)[0]:
            try:
                got = os.read(terminal, 4096)
            except OSError:  # EIO: the other end is closed
                break
            if not got:
                break
            text += got
        os.close(terminal)
        _, status = os.waitpid(pid, 0)
        assert status == 0, text
        texts.append(text.decode().replace(str(pid), "OWN"))
    assert texts[0] == texts[1] and "group OWN, session OWN, foreground OWN" in texts[0], texts


def test_command_line():
    """While the application runs /proc/PID/cmdline and comm are its own, and it has no child of ours."""
    key = canary.fresh("db")
    key.write(sandbox.WORK / "secrets")
    os.mkfifo(sandbox.WORK / "fifo")
    pid = os.fork()
    if pid == 0:
        os.chdir(sandbox.WORK)
        execve([HUSHRUN, "--", "/bin/sh", "-c", f"read x < {sandbox.WORK}/fifo"], ["PATH=" + sandbox.PATH])
    with open(sandbox.WORK / "fifo", "w", encoding="ascii") as fifo:  # opens once the application does
        line = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
        environment = pathlib.Path(f"/proc/{pid}/environ").read_bytes()
        fifo.write("x\n")
    _, status = os.waitpid(pid, 0)
    assert status == 0
    assert line.startswith(b"/bin/sh\0-c\0") and not children, (line, children)
    canary.assert_absent([key], {"/proc/PID/cmdline": line})
    # It is where it was asked to be, and proc(5) says so to whoever may look: the README does, too.
    assert key.value.encode() in environment


TESTS = [value for name, value in list(globals().items()) if name.startswith("test_")]


def prepared(test):
    """A test in surroundings of its own, with two secrets and a config that delivers one."""
    def run():
        secrets = sandbox.WORK / "secrets"
        secrets.mkdir()
        canary.fresh("db").write(secrets)
        CONFIG.write_text("version: 1\nsources: [{dir: secrets}]\nenv: {DB: db}\n", encoding="ascii")
        if test is test_inherited:
            CONFIG.unlink()
        test()
    return run


def main():
    sandbox.need_root("unshare")
    failed = [test.__name__ for test in TESTS if not sandbox.apart(prepared(test))]
    print(f"failed: {', '.join(failed)}" if failed else f"ok: {len(TESTS)} tests")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
