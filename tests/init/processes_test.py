#!/usr/bin/python3
"""Orphans, the end, exit codes, and what a launcher must live with: few descriptors, no /proc, closed streams, itself above itself."""

import os
import pathlib
import resource
import signal
import subprocess
import tempfile
import time

from harness import HUSHRUN, INITS, REDACT, STATIC, Run, check, children, main, second_image, state_of, until

NOBODY = 65534


@check
def exit_codes_are_the_applications_own():
    for init in ("supervise", "exec"):
        for code in (0, 1, 2, 3, 42, 99, 124, 125, 126, 127, 128, 137, 143, 200, 254, 255):
            with Run("exit", str(code), init=init) as run:
                assert run.wait() == code, (init, code)
    for pid1 in (False, True):
        for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT, signal.SIGUSR1, 34, 64):
            with Run("die", str(int(number)), pid1=pid1) as run:
                assert run.wait() == 128 + number, (pid1, number)


@check
def our_own_failures_are_125_126_127():
    """As env, timeout and docker run say them: not found, not executable, not started at all; the same in both modes."""
    def code(program, init, **more):
        with Run(program=[program], init=init, **more) as run:
            return run.wait()

    here = pathlib.Path(os.environ.get("TMPDIR", "/tmp")) / f"init-test-{os.getpid()}"
    here.mkdir()
    try:
        text, script, broken = here / "text", here / "script", here / "broken"
        for path, content in ((text, b"no program\n"), (script, b"#!/no/such/interpreter\n"), (broken, b"\x7fELF" + bytes(100))):
            path.write_bytes(content)
            path.chmod(0o755)
        (here / "plain").write_bytes(b"#!/bin/sh\n")
        for init in ("supervise", "exec"):
            assert code("no-such-program", init) == 127
            assert code(str(here / "nothing"), init) == 127
            assert code(str(script), init) == 127
            for path in (here, here / "plain", text, broken, here / "plain" / "x"):
                assert code(str(path), init) == 126, (path, init)
        # EACCES on the way outlives a later ENOENT.
        env = dict(os.environ, PATH=f"{here}:/no/such/directory")
        assert code("plain", "supervise", env=env) == 126
    finally:
        for path in here.iterdir():
            path.unlink()
        here.rmdir()


@check
def orphans_are_reaped():
    """Thousands at once, whose SIGCHLDs are one: no zombie is left, as PID 1 and as subreaper."""
    for pid1, count in ((True, 10_000), (False, 2_000)):
        with Run("storm", str(count), ",", "ready", ",", "pause", pid1=pid1) as run:
            run.expect("storm over")
            app = run.app() if not pid1 else None
            run.expect("ready")
            if app is None:
                app = next(child for child in children(run.pid) if state_of(child) != "Z")
            until(lambda app=app, run=run: children(run.pid) == [app], "all orphans are reaped")
            run.kill(signal.SIGTERM)
            assert run.wait() == 143


@check
def the_application_ends_before_its_orphans():
    """A daemon of its own session gets TERM, and we wait for it; one that is stopped is continued first."""
    for pid1 in (False, True):
        for kind in ("willing", "stopped"):
            reader, writer = os.pipe()
            with Run("daemon", kind, ",", "wait-for", "0", ",", "exit", "5", pid1=pid1, stdin=reader) as run:
                os.close(reader)
                run.expect("daemon")
                if kind == "stopped":
                    until(lambda run=run: "T" in map(state_of, children(run.pid)), "the daemon stops")
                os.close(writer)
                run.expect("daemon got TERM")
                assert run.wait() == 5, (pid1, kind)
                assert run.next_line() is None  # nobody is left


@check
def a_stubborn_orphan_is_killed():
    """Neither PID 1 nor anybody else waits for a daemon that will not go; the code is still the application's."""
    for pid1 in (False, True):
        with Run("daemon", "stubborn", ",", "exit", "6", pid1=pid1, options=["--stop-timeout", "100ms"]) as run:
            run.expect("daemon")
            run.expect("daemon got TERM")
            assert run.wait() == 6
            assert run.rest() in ([], ["daemon got TERM"])


@check
def nobody_left_means_at_once():
    """No orphans: no TERM, no grace, whatever it is set to."""
    began = time.monotonic()
    with Run("exit", "0", options=["--stop-timeout", "1h"]) as run:
        assert run.wait() == 0
    assert time.monotonic() - began < 10


@check
def stop_timeout_ends_a_stubborn_application():
    """TERM, then KILL: 137. One deadline for it and its orphans, not one each."""
    for pid1 in (False, True):
        with Run("ignore", "15", ",", "daemon", "stubborn", ",", "ready", ",", "pause", pid1=pid1, options=["--stop-timeout", "200ms"]) as run:
            run.expect("daemon")
            run.expect("ready")
            run.kill(signal.SIGTERM)
            assert run.wait() == 137
            assert "daemon got TERM" not in run.rest()  # its time was over as well


@check
def a_rewritten_term_counts_as_received():
    """TERM mapped to nothing still starts the clock."""
    with Run("ready", ",", "pause", options=["--stop-timeout", "100ms", "--rewrite", "TERM=none"]) as run:
        run.expect("ready")
        run.kill(signal.SIGTERM)
        assert run.wait() == 137


@check
def a_killed_launcher_takes_the_application_along():
    """Not PID 1: by PR_SET_PDEATHSIG. The application does not outlive a SIGKILL of ours."""
    with Run("ready", ",", "pause") as run:
        run.expect("ready")
        second_image(run.pid)
        run.kill(signal.SIGKILL)
        assert run.wait() == 137
        assert run.next_line() is None  # the pipe's last writer is gone


@check
def few_descriptors_suffice():
    """RLIMIT_NOFILE 3: orphans, signals and the end work all the same."""
    if not STATIC:
        print("       left out: the program under test needs a loader, which needs descriptors")
        return
    if REDACT:
        return  # pipes need descriptors, and it says so before anything is started
    for pid1 in (False, True):
        with Run("limit", "files", "100", ",", "daemon", "willing", ",", "ready", ",", "pause", pid1=pid1, before=["limit", "files", "3"]) as run:
            run.expect("daemon")
            run.expect("ready")
            run.kill(signal.SIGTERM)
            run.expect("daemon got TERM")
            assert run.wait() == 143


@check
def no_proc_is_needed():
    """As PID 1 without /proc: signals, orphans, the end."""
    with Run("daemon", "willing", ",", "ready", ",", "pause", pid1=True, with_proc=False) as run:
        run.expect("daemon")
        run.expect("ready")
        run.kill(signal.SIGTERM)
        run.expect("daemon got TERM")
        assert run.wait() == 143


@check
def closed_streams_stay_closed():
    """Whichever of 0, 1 and 2 was closed is closed for the application, and no file of ours slips into its place."""
    for closed in ((0,), (1,), (2,), (0, 1, 2)):
        for init in ("supervise", "exec"):
            with Run("state", init=init, before=["close", *map(str, closed)]) as run:
                state = run.fields("state")
                assert state["descriptors"] == ",".join(str(n) for n in range(3) if n not in closed), (closed, init, state)
                assert run.wait() == 0


@check
def the_application_inherits_what_we_did():
    """No descriptor, timer, limit, directory or flag of ours."""
    def setup():
        resource.setrlimit(resource.RLIMIT_NOFILE, (123, 456))
        signal.setitimer(signal.ITIMER_REAL, 1000)
        os.umask(0o027)

    for init in ("supervise", "exec"):
        for pid1 in (False, True):
            with Run("state", init=init, pid1=pid1, setup=setup, cwd="/usr") as run:
                state = run.fields("state")
                expected = {"descriptors": "0,1,2", "files": "123", "umask": "27", "cwd": "/usr", "subreaper": "0", "no_new_privs": "0", "core": "1",
                            "death": "9" if init == "supervise" and not pid1 else "0"}
                assert {key: state[key] for key in expected} == expected, (init, pid1, state)
                if init == "supervise":
                    assert state["own_group"] == "1"
                if init == "exec" and not pid1:
                    assert state["timer"] == "1", "a timer of whoever started us is the application's"


@check
def the_supervisor_holds_nothing():
    """Its directory is the root, its streams are /dev/null but for stderr; a reader sees the end of the application's output."""
    with Run("close-output", ",", "ready", ",", "pause", stdout=subprocess.PIPE, stdin=subprocess.PIPE, cwd="/usr") as run:
        run.expect("ready")
        assert run.process.stdout.read() == b""  # the end, while it still runs
        second_image(run.pid)
        held = {number: os.readlink(f"/proc/{run.pid}/fd/{number}") for number in os.listdir(f"/proc/{run.pid}/fd")}
        if REDACT:
            assert held.pop("3") == "anon_inode:[signalfd]", held
        assert held["0"] == held["1"] == "/dev/null" and set(held) == {"0", "1", "2"}, held
        until(lambda: os.readlink(f"/proc/{run.pid}/cwd") == "/", "its directory is the root")


@check
def pids_in_the_environment_are_the_applications():
    """LISTEN_PID and WATCHDOG_PID, where they mean us, mean the application; where they mean somebody else they stay."""
    names = ["LISTEN_PID", "LISTEN_FDS", "LISTEN_PIDFDID", "WATCHDOG_PID"]
    ours = ["/bin/sh", "-c", 'LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_PIDFDID=7 WATCHDOG_PID=$$ exec "$@"', "sh"]
    with Run("ready", ",", "environment", *names, wrap=ours) as run:
        pid = run.fields("ready")["pid"]
        assert run.rest() == [f"environment LISTEN_PID={pid}", "environment LISTEN_FDS=1", "environment LISTEN_PIDFDID=(none)", f"environment WATCHDOG_PID={pid}"]
    theirs = ["/usr/bin/env", "LISTEN_PID=1", "LISTEN_FDS=1", "LISTEN_PIDFDID=7", "WATCHDOG_PID=1"]
    for init, wrap in (("supervise", theirs), ("exec", theirs)):
        with Run("environment", *names, wrap=wrap, init=init) as run:
            assert run.rest() == ["environment LISTEN_PID=1", "environment LISTEN_FDS=1", "environment LISTEN_PIDFDID=7", "environment WATCHDOG_PID=1"], init
    with Run("ready", ",", "environment", *names, wrap=ours, init="exec") as run:
        pid = run.fields("ready")["pid"]
        assert run.rest()[0] == f"environment LISTEN_PID={pid}"  # we are it


@check
def it_ends_with_its_parent_when_asked():
    """die_with_parent: the application gets TERM and its time where we stay, KILL where we do not."""
    config = pathlib.Path(tempfile.mkdtemp()) / "hushrun.yaml"
    config.write_text("version: 1\nsources: [{env: [INIT_TEST]}]\nprocess: {die_with_parent: true}\n")
    config.chmod(0o600)
    try:
        for mode in ("supervise", "exec"):
            parent = ["/bin/sh", "-c", '"$@" & wait', "sh", HUSHRUN, "-c", str(config), f"--{mode}"]
            with Run("handle", "15", ",", "ready", ",", "wait-once", init="none", wrap=parent) as run:
                run.expect("ready")
                run.kill(signal.SIGKILL)
                assert run.wait() == 137
                assert run.rest() == (["handled 15"] if mode == "supervise" else []), mode
    finally:
        config.unlink()
        config.parent.rmdir()


@check
def settings_come_by_option_and_by_variable():
    """Option beats environment; what only an init can do is a mistake beside --exec."""
    plain = [HUSHRUN, "--no-config", "-s", "env:INIT_TEST"]
    def env(**more):
        return dict(os.environ, **more)

    for wrap, environment, group in ((plain, env(HUSHRUN_SUPERVISE="true"), "1"), ([*plain, "--exec"], env(HUSHRUN_SUPERVISE="true"), None),
                                     ([*plain, "--supervise"], env(HUSHRUN_EXEC="true"), "1"), (plain, env(HUSHRUN_SUPERVISE="false"), None),
                                     (plain, env(HUSHRUN_STOP_TIMEOUT="3s", HUSHRUN_GROUP="true"), None)):
        with Run("ready", init="none", wrap=wrap, env=environment) as run:
            found = run.fields("ready")
            assert (found["ppid"] == str(run.pid)) == (group == "1"), (wrap, found)
            assert run.wait() == 0
    with Run("ready", ",", "pause", init="none", wrap=plain, env=env(HUSHRUN_SUPERVISE="1", HUSHRUN_STOP_TIMEOUT="50ms", HUSHRUN_REWRITE="INT=none,TERM=none")) as run:
        run.expect("ready")
        run.kill(signal.SIGTERM)
        assert run.wait() == 137
    for mistake in (["--exec", "--stop-timeout", "1s"], ["--group"], ["--rewrite", "TERM=QUIT"], ["--supervise", "--stop-timeout", "10"],
                    ["--supervise", "--rewrite", "KILL=TERM"], ["--supervise", "--rewrite", "TERM"], ["--supervise", "--rewrite", "TERM=HUB"]):
        with Run("ready", init="none", wrap=[*plain, *mistake]) as run:
            assert run.wait() == 125 and run.rest() == [], mistake


@check
def nested():
    """Under itself, and under itself again: signals and codes pass through."""
    words = [*INITS["supervise"], "--", *INITS["supervise"], "--"]
    with Run("watch", wrap=words) as run:
        run.expect("watching")
        for number in (signal.SIGUSR1, signal.SIGTERM, 35):
            run.kill(number)
            assert run.expect("signal").split()[1] == str(int(number))
        run.kill(signal.SIGKILL)
        assert run.next_line() is None
    with Run("exit", "9", wrap=words) as run:
        assert run.wait() == 9


@check
def a_process_limit_is_said():
    """RLIMIT_NPROC of a fresh user: 125 where we cannot fork."""
    with Run("exit", "0", before=["limit", "processes", "1", ",", "setuid", str(40_000 + os.getpid() % 10_000)]) as run:
        assert run.wait() == 125
        assert b"process limit" in run.process.stderr.read()


@check
def others_cannot_look_into_us():
    """The same user's processes: no /proc/PID/mem, environ or root, no ptrace."""
    reader, writer = os.pipe()
    with Run("ready", ",", "wait-for", "0", ",", "look-into", "parent", before=["setuid", str(NOBODY)], stdin=reader) as run:
        os.close(reader)
        run.expect("ready")
        second_image(run.pid)
        # What is undumpable has its files in /proc owned by root.
        until(lambda: os.stat(f"/proc/{run.pid}/mem").st_uid == 0, "it is undumpable")
        os.close(writer)
        assert run.fields("look-into") == {"denied": "6", "granted": "0", "attached": "0"}


main()
