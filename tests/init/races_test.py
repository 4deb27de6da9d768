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
# By their manual pages; and munmap(2), which has nothing to do with us.
NEVER_FAIL = ("exit_group", "getpid", "getppid", "geteuid", "getegid", "rt_sigprocmask", "munmap")
ERRORS = {"waitid": ["ECHILD", "EINTR"], "rt_sigtimedwait": ["EINVAL", "EINTR", "EAGAIN"], "execve": ["ENOENT", "ENOMEM"], "clone": ["EAGAIN", "ENOMEM"],
          "openat": ["EMFILE", "ENOENT"], "mmap": ["ENOMEM"], "brk": ["ENOMEM"]}


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


def counted_calls(words):
    """How often the launcher makes each system call in a good life: before its first own one, at the application's start, in all."""
    with tempfile.NamedTemporaryFile("r") as log:
        with Run(*words, wrap=["strace", "-qq", "-o", log.name]) as run:
            assert play(run) == 7
        counts, begun, started = collections.Counter(), None, None
        for line in log:
            if name := re.match(r"\w+", line):
                if name.group() == "execve" and begun is None:
                    continue  # strace's own, which no fault applies to
                counts[name.group()] += 1
                if "PR_SET_DUMPABLE" in line and begun is None:
                    begun = counts.copy()
                if name.group() in STARTS:
                    started = counts.copy()
    assert begun and started, "the application was started by none of the calls known here"
    return begun, started, counts


@check
def a_failure_before_the_start_is_a_failure_or_none():
    """Every system call of ours up to the application's start, failed in turn: either it lives as ever, or it was never there and we say why."""
    begun, started, _ = counted_calls(LIFE)
    for name, count in sorted(started.items()):
        if name in NEVER_FAIL:
            continue
        for n in range(begun[name] + 1, count + 1):
            for error in ERRORS.get(name, ["EPERM"]):
                fault = f"inject={name}:error={error}:when={n}"
                with Run(*LIFE, options=["--stop-timeout", "300ms"], wrap=["strace", "-qq", "-o", "/dev/null", "-e", fault]) as run:
                    line = run.next_line()
                    if line is None:
                        assert run.wait() == 125 and run.process.stderr.read().startswith(b"hushrun: error: "), fault
                        continue
                    try:
                        assert line.startswith("daemon")
                        os.kill(int(run.fields("ready")["ppid"]), signal.SIGUSR1)
                        run.expect("handled 10")
                        assert run.wait() == 7
                    except AssertionError as problem:
                        raise AssertionError(fault) from problem


@check
def nothing_of_ours_ends_a_running_application():
    """Every system call of the launcher after the application's start, failed in turn: the same life, the same code."""
    _, started, counts = counted_calls(LIFE)
    for name, count in sorted(counts.items()):
        # Where kill(2) fails the signal has not arrived.
        if name in (*NEVER_FAIL, "kill", *STARTS):
            continue
        for n in range(started[name] + 1, count + 1):
            for error in ERRORS.get(name, ["EPERM"]):
                fault = f"inject={name}:error={error}:when={n}"
                with Run(*LIFE, options=["--stop-timeout", "300ms"], wrap=["strace", "-qq", "-o", "/dev/null", "-e", fault]) as run:
                    try:
                        assert play(run) == 7
                    except AssertionError as problem:
                        raise AssertionError(fault) from problem


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
