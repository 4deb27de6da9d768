#!/usr/bin/python3
"""Every signal that can be forwarded is: both modes, PID 1 and not, with a terminal and without."""

import itertools
import os
import signal

from harness import FORWARDABLE, Run, Terminal, check, children, end_all_below, kill, main, second_image, sigqueue, state_of, status_field, until

SI_USER, SI_QUEUE = 0, -1
LAYOUTS = list(itertools.product(("supervise", "exec"), (False, True), (False, True)))  # mode, PID 1, terminal


def each_layout():
    for init, pid1, with_terminal in LAYOUTS:
        terminal = Terminal() if with_terminal else None
        yield init, pid1, terminal
        if terminal:
            terminal.close()


def watching(init="supervise", **more):
    run = Run("watch", init=init, **more)
    run.expect("watching")
    return run


@check
def every_signal_arrives_once():
    """1 to 64 but for KILL, STOP and CHLD, by kill(2): 32 and 33, which belong to glibc's threads, and the synchronous ones too."""
    for init, pid1, terminal in each_layout():
        with watching(init, pid1=pid1, terminal=terminal) as run:
            for number in FORWARDABLE:
                run.kill(number)
                assert run.expect("signal").split()[1] == str(number), (init, pid1, number)


@check
def real_time_signals_are_counted():
    """Three of a kind are three, in their order; with sigqueue(3) each keeps its value."""
    for init, pid1, terminal in each_layout():
        with watching(init, pid1=pid1, terminal=terminal) as run:
            for number in range(32, 65):
                for value in (7, 8, 9):
                    sigqueue(run.pid, number, value)
                for value in (7, 8, 9):
                    assert run.expect("signal") == f"signal {number} code={SI_QUEUE} value={value}", (init, pid1, number)
            for _ in range(3):
                run.kill(40)
            for _ in range(3):
                assert run.expect("signal").split()[1] == "40"


@check
def standard_signals_keep_their_value():
    """sigqueue(3) of an ordinary signal."""
    with watching() as run:
        sigqueue(run.pid, signal.SIGUSR1, 4711)
        assert run.expect("signal") == f"signal {int(signal.SIGUSR1)} code={SI_QUEUE} value=4711"


@check
def the_application_dies_of_what_it_does_not_handle():
    """Each signal whose default is to end: 128 + n, whoever sent it."""
    ignored_by_default = {signal.SIGCHLD, signal.SIGCONT, signal.SIGURG, signal.SIGWINCH, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU}
    for pid1 in (False, True):
        for number in FORWARDABLE:
            if number in ignored_by_default or (pid1 and number > 34):
                continue
            with Run("ready", ",", "pause", pid1=pid1) as run:
                run.expect("ready")
                run.kill(number)
                assert run.wait() == 128 + number, (pid1, number)


@check
def what_we_cause_ourselves_is_not_forwarded():
    """A SIGCHLD is ours; neither it nor anything else of our own work reaches the application."""
    with watching() as run:
        run.kill(signal.SIGCHLD)
        run.kill(signal.SIGUSR1)
        assert run.expect("signal").split()[1] == str(int(signal.SIGUSR1))


@check
def a_signal_from_the_application_to_us_comes_back():
    """With a group of its own `kill $PPID` is a signal as any other."""
    reader, writer = os.pipe()
    with Run("handle", "10", ",", "signal-parent", "10", ",", "wait-for", "0", stdin=reader) as run:
        run.expect("handled 10")
        os.close(writer)
        assert run.wait() == 0
    os.close(reader)


@check
def kill_zero_does_not_hit_us():
    """The application signals its group: we are in another one, and it ends of it alone."""
    for pid1 in (False, True):
        with Run("ready", ",", "signal-group", "15", ",", "pause", pid1=pid1) as run:
            assert run.wait() == 128 + 15


@check
def the_group_gets_signals_when_asked():
    """--group: everybody in the application's process group; without it the application alone."""
    for options, handled in ((["--group"], 2), ([], 1)):
        with Run("handle", "10", ",", "both", ",", "ready", ",", "pause", options=options) as run:
            run.expect("ready")
            run.expect("ready")
            run.kill(signal.SIGUSR1)
            for _ in range(handled):
                run.expect("handled 10")
            run.kill(signal.SIGKILL)  # takes the application along, and we get what it left
            end_all_below(os.getpid())
            assert run.rest() == []


@check
def rewrites():
    """--rewrite TERM=QUIT: the application sees the other one."""
    with watching(options=["--rewrite", "TERM=QUIT", "--rewrite", "USR1=none"]) as run:
        run.kill(signal.SIGUSR1)
        run.kill(signal.SIGTERM)
        assert run.expect("signal").split()[1] == str(int(signal.SIGQUIT))
        run.kill(signal.SIGUSR2)
        assert run.expect("signal").split()[1] == str(int(signal.SIGUSR2))


@check
def a_stopped_application_still_ends():
    """TERM, INT, HUP and QUIT to a stopped one are followed by CONT."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        with Run("ready", ",", "stop", "19", ",", "pause") as run:
            run.expect("ready")
            app = run.app()
            until(lambda app=app: state_of(app) == "T", "the application stops")
            run.kill(number)
            assert run.wait() == 128 + number


@check
def dispositions_and_mask_are_as_they_were():
    """Ignored and blocked signals are the application's as they were ours; with SIGCHLD ignored its status still comes."""
    def setup():
        for number in (signal.SIGCHLD, signal.SIGUSR2, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_SETMASK, {signal.SIGUSR1, signal.SIGALRM})

    ignored = sum(1 << (n - 1) for n in (signal.SIGCHLD, signal.SIGUSR2, signal.SIGHUP))
    blocked = sum(1 << (n - 1) for n in (signal.SIGUSR1, signal.SIGALRM))
    for init in ("exec", "supervise"):
        with Run("state", ",", "exit", "42", init=init, setup=setup) as run:
            state = run.fields("state")
            # Python itself ignores PIPE and XFSZ; subprocess restores them.
            assert int(state["ignored"], 16) == ignored and int(state["blocked"], 16) == blocked, state
            assert state["handled"] == "0" and state["pending"] == "0", state
            assert run.wait() == 42


@check
def a_signal_before_the_application_is_there_is_kept():
    """What came while everything was blocked is delivered to it, and to nobody else."""
    def setup():
        # Pending for the launcher before its first instruction, and sent by somebody else.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        sender = os.fork()
        if sender == 0:
            os.kill(os.getppid(), signal.SIGTERM)
            os._exit(0)
        os.waitpid(sender, 0)

    with Run("watch", setup=setup) as run:
        run.expect("watching")
        assert run.expect("signal").split()[1] == str(int(signal.SIGTERM))


@check
def idle_is_idle():
    """While nothing happens we are never woken up."""
    with watching() as run:
        second_image(run.pid)
        until(lambda: state_of(run.pid) == "S", "the supervisor waits")
        before = status_field(run.pid, "voluntary_ctxt_switches")
        run.kill(signal.SIGUSR1)
        run.expect("signal")
        until(lambda: state_of(run.pid) == "S", "the supervisor waits again")
        after = status_field(run.pid, "voluntary_ctxt_switches")
        assert int(after) - int(before) <= 2
        assert not children(run.app())
        kill(run.app(), signal.SIGKILL)
        assert run.wait() == 137


main()
