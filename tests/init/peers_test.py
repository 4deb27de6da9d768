#!/usr/bin/python3
"""What an init has to do, asked of hushrun and of its peers in one run. A report: only hushrun has to pass it all.

usage: peers_test.py [--verbose] [INIT]...
"""

import os
import resource
import select
import shutil
import signal
import subprocess
import sys

import harness
from harness import APP, FORWARDABLE, INITS, SKIP, Run, Terminal, children, end_all_below, kill, second_image, sigqueue, state_of, status_field, until

harness.PATIENCE = 1.0  # for peers it runs out
LATE = 0.1               # until one signal counts as lost

ASKED = []


def ask(function):
    ASKED.append(function)
    return function


def arriving(init, pid1):
    """How many of the signals arrive, each at an init of its own."""
    missing = []
    for number in FORWARDABLE:
        with Run("watch", init=init, pid1=pid1) as run:
            run.expect("watching")
            until(lambda: state_of(run.pid) == "S", "it waits")
            run.kill(number)
            try:
                assert run.expect("signal", LATE).split()[1] == str(number)
            except AssertionError:
                missing.append(number)
    assert not missing, f"lost: {','.join(map(str, missing))}"


@ask
def forwards_every_signal(init):
    arriving(init, False)


@ask
def forwards_every_signal_as_pid_1(init):
    arriving(init, True)


@ask
def counts_real_time_signals_and_keeps_their_values(init):
    with Run("watch", init=init) as run:
        run.expect("watching")
        for value in (1, 2, 3):
            sigqueue(run.pid, 40, value)
        assert [run.expect("signal") for _ in range(3)] == [f"signal 40 code=-1 value={value}" for value in (1, 2, 3)]


@ask
def leaves_dispositions_and_mask_alone(init):
    def setup():
        for number in (signal.SIGUSR2, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_SETMASK, {signal.SIGUSR1})

    with Run("state", init=init, setup=setup) as run:
        state = run.fields("state")
        assert int(state["ignored"], 16) == 1 << 11 | 1, state["ignored"]
        assert int(state["blocked"], 16) == 1 << 9, state["blocked"]


@ask
def works_with_sigchld_ignored(init):
    with Run("exit", "5", init=init, setup=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN)) as run:
        assert run.wait() == 5


@ask
def works_with_stdin_closed(init):
    with Run("exit", "5", init=init, before=["close", "0"]) as run:
        assert run.wait() == 5


@ask
def works_with_three_descriptors(init):
    with Run("ready", ",", "pause", init=init, before=["limit", "files", "3"]) as run:
        run.expect("ready")
        run.kill(signal.SIGTERM)
        assert run.wait() == 143


@ask
def keeps_a_term_that_was_pending_at_the_start(init):
    def setup():
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        sender = os.fork()
        if sender == 0:
            os.kill(os.getppid(), signal.SIGTERM)
            os._exit(0)
        os.waitpid(sender, 0)

    with Run("watch", init=init, setup=setup) as run:
        run.expect("watching")
        assert run.expect("signal").split()[1] == "15"


@ask
def ends_a_stopped_application(init):
    with Run("ready", ",", "stop", "19", ",", "pause", init=init) as run:
        run.expect("ready")
        app = run.app()
        until(lambda: state_of(app) == "T", "it stops")
        run.kill(signal.SIGTERM)
        assert run.wait() == 143


@ask
def reaps_orphans_when_not_pid_1(init):
    with Run("storm", "50", ",", "ready", ",", "pause", init=init) as run:
        run.expect("storm over")
        run.expect("ready")
        until(lambda: len(children(run.pid)) == 1 and len(children(os.getpid())) == 1, "no orphan is left, or came to us")


@ask
def asks_orphans_to_end_and_waits(init):
    for pid1 in (False, True):
        with Run("daemon", "willing", ",", "exit", "6", init=init, pid1=pid1) as run:
            run.expect("daemon")
            run.expect("daemon got TERM")
            assert run.wait() == 6 and run.next_line() is None


@ask
def is_followed_by_the_application_when_killed(init):
    with Run("ready", ",", "pause", init=init) as run:
        run.expect("ready")
        run.kill(signal.SIGKILL)
        run.wait()
        assert run.next_line() is None


@ask
def says_126_and_127(init):
    for program, code in (("/no/such/program", 127), ("/", 126), ("/etc/passwd", 126)):
        with Run(program=[program], init=init) as run:
            assert run.wait() == code, (program, run.process.returncode)


@ask
def gives_a_container_its_terminal_back_from_control_z(init):
    terminal = Terminal()
    with Run("ready", ",", "terminal-read", init=init, pid1=True, terminal=terminal) as run:
        run.expect("ready")
        terminal.type(b"\x1a")
        terminal.type(b"x\n")
        run.expect("terminal-read 2 x")
    terminal.close()


@ask
def delivers_control_c_once(init):
    terminal = Terminal()
    with Run("watch", init=init, terminal=terminal) as run:
        run.expect("watching")
        terminal.type(b"\x03")
        assert run.expect("signal").startswith("signal 2 ")
        run.kill(signal.SIGUSR1)
        assert run.expect("signal").startswith("signal 10 ")
    terminal.close()


@ask
def leaves_a_pipeline_its_terminal(init):
    """Under a script: the application stays in its group, and the foreground with it."""
    terminal = Terminal()
    reader, writer = os.pipe()
    script = f"{' '.join([*INITS[init], '--', APP, str(writer), 'ready', ',', 'pause'])} | cat"
    process = subprocess.Popen(["/bin/sh", "-c", script], pass_fds=(writer,), preexec_fn=terminal.become_leader)
    try:
        ready, _, _ = select.select([reader], [], [], harness.PATIENCE)
        assert ready, "nothing came"
        found = dict(word.split("=") for word in os.read(reader, 4096).decode().split()[1:])
        assert found["pgrp"] == found["foreground"] == str(process.pid), found
    finally:
        end_all_below(os.getpid())
        process.returncode = -9
        os.close(reader)
        os.close(writer)
        terminal.close()


@ask
def lets_readers_see_the_end_of_output(init):
    with Run("close-output", ",", "ready", ",", "pause", init=init, stdout=subprocess.PIPE) as run:
        run.expect("ready")
        ready, _, _ = select.select([run.process.stdout], [], [], LATE)
        assert ready, "standard output is still open"


@ask
def pins_no_directory(init):
    with Run("ready", ",", "pause", init=init, cwd="/usr") as run:
        run.expect("ready")
        until(lambda: os.readlink(f"/proc/{run.pid}/cwd") == "/", "its directory is the root")


@ask
def is_idle_when_idle(init):
    with Run("ready", ",", "pause", init=init) as run:
        run.expect("ready")
        if init == "supervise":
            second_image(run.pid)
        until(lambda: state_of(run.pid) == "S", "it waits")
        before = status_field(run.pid, "voluntary_ctxt_switches")
        select.select([], [], [], 1.2)  # tini looks once a second
        assert status_field(run.pid, "voluntary_ctxt_switches") == before


def main():
    verbose = "--verbose" in sys.argv
    wanted = [word for word in sys.argv[1:] if word != "--verbose"] or ["supervise", "tini", "dumb-init", "catatonit"]
    wanted = [init for init in wanted if shutil.which(INITS[init][0])]
    answers = {}
    for init in wanted:
        for question in ASKED:
            try:
                question(init)
                answers[init, question] = "yes"
            except Exception as error:  # noqa: BLE001, pylint: disable=broad-except: whatever it is, it is a no
                answers[init, question] = "no"
                if init == "supervise" or verbose:
                    print(f"{init}, {question.__name__}: {error!r}")
    print(f"{'':54}" + "".join(f"{'hushrun' if init == 'supervise' else init:>11}" for init in wanted))
    for question in ASKED:
        print(f"{question.__name__.replace('_', ' '):54}" + "".join(f"{answers[init, question]:>11}" for init in wanted))
    print(f"{'of ' + str(len(ASKED)):54}" + "".join(f"{sum(answers[init, q] == 'yes' for q in ASKED):>11}" for init in wanted))
    if wanted == ["supervise"] and not sys.argv[1:]:
        print("none of tini, dumb-init, catatonit is installed")
        sys.exit(SKIP)
    sys.exit(any(answers.get(("supervise", question)) == "no" for question in ASKED))


main()
