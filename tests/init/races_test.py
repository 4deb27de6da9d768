#!/usr/bin/python3
"""What happens in between, made wide: a signal between any two steps of the start, and a failure of any system call once the
application runs."""

import collections
import os
import pathlib
import re
import signal
import tempfile

from harness import APP, Run, check, children, main, status_field, until

ALL_BLOCKED = "fffffffffffbfeff"  # all but KILL and STOP
STARTS = ("clone", "clone3", "vfork")


def is_launcher(pid):
    words = pathlib.Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    return "\1supervise" in words or os.path.basename(words[0]) == "hushrun"


def launcher_below(pid):
    """The launcher that strace runs, once it has blocked everything; not its child, which looks the same until its own execve."""
    def found():
        below = children(pid)
        while below:
            one = below.pop()
            try:
                # A second image that waits for signals shows none of them as blocked.
                second = "\1supervise" in pathlib.Path(f"/proc/{one}/cmdline").read_text().split("\0")
                if is_launcher(one) and (second or status_field(one, "SigBlk") == ALL_BLOCKED) and not is_launcher(int(status_field(one, "PPid"))):
                    return one
            except (FileNotFoundError, ProcessLookupError):
                pass
            below += children(one)
        return None
    return until(found, "the launcher has begun")


@check
def no_signal_is_lost_at_the_start():
    """TERM while any step of the start takes its time: the application ends of it, as PID 1 and not."""
    windows = ("execve:delay_enter", "execve:delay_exit", "setpgid:delay_enter", "rt_sigprocmask:delay_exit", "prctl:delay_enter",
               "prlimit64:delay_exit", "getppid:delay_enter", "rt_sigtimedwait:delay_enter", "waitid:delay_exit")
    for pid1 in (False, True):
        for window in windows:
            for moment in ("begun", "forked"):
                strace = ["strace", "-qq", "-f", "-o", "/dev/null", "-e", f"inject={window}=40000:when=1..6"]
                if pid1:
                    strace += [APP, "-", "box", "--"]
                with Run("pause", wrap=strace) as run:
                    pid = launcher_below(run.pid)
                    if moment == "forked":
                        until(lambda pid=pid: children(pid), "it has a child")
                    os.kill(pid, signal.SIGTERM)
                    # strace ends as its tracee did: by the same code, or the same signal.
                    assert run.wait() == 143, (pid1, window, moment)


def play(run):
    """A whole life: an orphan, a signal that is handled, a stop, an end with a daemon left over. The code is the application's."""
    run.expect("daemon")
    os.kill(int(run.fields("ready")["ppid"]), signal.SIGUSR1)
    run.expect("handled 10")
    code = run.wait()
    # Asked to end, or, where even finding it failed, killed in time. Either way it is gone: the pipe has no writer left.
    assert run.rest() in (["daemon got TERM"], [])
    return code


LIFE = ["daemon", "willing", ",", "handle", "10", ",", "ready", ",", "wait-once", ",", "exit", "7"]


@check
def nothing_of_ours_ends_a_running_application():
    """Every system call of the launcher after the application's start, failed in turn: the same life, the same code."""
    with tempfile.NamedTemporaryFile("r") as log:
        with Run(*LIFE, wrap=["strace", "-qq", "-o", log.name]) as run:
            assert play(run) == 7
        counts, at_start = collections.Counter(), None
        for line in log:
            if name := re.match(r"\w+", line):
                if name.group() == "execve" and not counts["execve"] and "supervise" in line and "\\1" not in line:
                    continue  # strace's own, which no fault applies to
                counts[name.group()] += 1
                if name.group() in STARTS:
                    at_start = counts.copy()
    assert at_start, "the application was started by none of the calls known here"
    errors = {"waitid": "ECHILD", "rt_sigtimedwait": "EINVAL", "execve": "ENOENT"}
    for name, count in sorted(counts.items()):
        # getpid(2) is always successful; where kill(2) is not, the signal has not arrived.
        if name in ("exit_group", "getpid", "kill", *STARTS):
            continue
        for n in range(at_start[name] + 1, count + 1):
            fault = f"inject={name}:error={errors.get(name, 'EPERM')}:when={n}"
            with Run(*LIFE, options=["--stop-timeout", "300ms"], wrap=["strace", "-qq", "-o", "/dev/null", "-e", fault]) as run:
                try:
                    assert play(run) == 7
                except AssertionError as error:
                    raise AssertionError(fault) from error


@check
def without_a_second_image_we_carry_on():
    """Where we can execute ourselves in no way at all, the first image supervises, and says so once."""
    faults = ["-e", "inject=execve:error=ENOENT", "-e", "inject=execveat:error=ENOSYS"]
    with Run(*LIFE, wrap=["strace", "-qq", "-o", "/dev/null", *faults]) as run:
        assert play(run) == 7


@check
def a_second_image_by_another_way():
    """Without /proc/self/exe the program is found by the name it was started with."""
    with Run("ready", ",", "exit", "4", wrap=["strace", "-qq", "-o", "/dev/null", "-e", "inject=execve:error=ENOENT:when=1"]) as run:
        run.expect("ready")
        assert run.wait() == 4


main()
