#!/usr/bin/python3
"""The terminal: who has its foreground, ^C once, ^Z and fg, window size, hang-up; in a container, under a shell, under a script."""

import os
import pathlib
import shlex
import signal
import subprocess
import sys
import tempfile

from harness import APP, HUSHRUN, INITS, Run, Shell, Terminal, bash, check, children, kill, main, resize, state_of, status_field, until

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import sealing  # noqa: E402

SI_KERNEL = 128


@check
def a_container_gives_the_foreground():
    """PID 1 or the session's leader: the application's own group is in the foreground; ^C, ^\\ and the window's size come once."""
    for pid1 in (False, True):
        terminal = Terminal()
        with Run("watch", pid1=pid1, terminal=terminal) as run:
            found = run.fields("watching")
            assert found["pgrp"] == found["pid"] == found["foreground"], found
            terminal.type(b"\x03")
            assert run.expect("signal") == f"signal 2 code={SI_KERNEL} value=0"
            terminal.type(b"\x1c")
            assert run.expect("signal") == f"signal 3 code={SI_KERNEL} value=0"
            resize(terminal, 40)
            assert run.expect("signal") == f"signal 28 code={SI_KERNEL} value=0"
            run.kill(signal.SIGUSR1)
            assert run.expect("signal").split()[1] == "10"  # and nothing of it a second time
        terminal.close()


@check
def a_container_ignores_control_z():
    """Nobody could say fg there: the application goes on at once, and can still read."""
    for pid1 in (False, True):
        terminal = Terminal()
        with Run("handle", str(int(signal.SIGCONT)), ",", "ready", ",", "terminal-read", pid1=pid1, terminal=terminal) as run:
            run.expect("ready")
            terminal.type(b"\x1a")
            run.expect(f"handled {int(signal.SIGCONT)}")
            terminal.type(b"x\n")
            run.expect("terminal-read 2 x")
            assert run.wait() == 0
        terminal.close()


@check
def a_stop_that_is_meant_stays():
    """STOP is not ^Z: the application stays stopped until CONT comes through us."""
    terminal = Terminal()
    with Run("ready", ",", "pause", terminal=terminal) as run:
        run.expect("ready")
        app = run.app()
        kill(app, signal.SIGSTOP)
        until(lambda: state_of(app) == "T", "it stops")
        run.kill(signal.SIGUSR2)  # ends it, once it goes on: we have looked at its state by then
        run.kill(signal.SIGCONT)
        assert run.wait() == 128 + signal.SIGUSR2
    terminal.close()


@check
def a_hang_up_reaches_the_application():
    """The leader is told; it tells the application."""
    terminal = Terminal()
    with Run("ready", ",", "pause", terminal=terminal) as run:
        run.expect("ready")
        terminal.close()
        assert run.wait() == 128 + signal.SIGHUP


@check
def without_a_terminal_control_z_is_no_stop():
    """TSTP by kill, with nobody who could say fg: it goes on."""
    with Run("handle", str(int(signal.SIGCONT)), ",", "ready", ",", "pause") as run:
        run.expect("ready")
        run.kill(signal.SIGTSTP)
        run.expect(f"handled {int(signal.SIGCONT)}")
        run.kill(signal.SIGTERM)
        assert run.wait() == 143


@check
def under_a_shell_it_is_a_job_like_any_other():
    """^C once; ^Z stops the job, fg continues it; the shell has its terminal back."""
    with bash() as shell:
        shell.type(shell.line("watch").encode() + b"\n")
        found = shell.fields("watching")
        assert found["pgrp"] == found["ppid"] == found["foreground"], found  # in our group, which bash made
        shell.type(b"\x03")
        assert shell.expect("signal") == f"signal 2 code={SI_KERNEL} value=0"
        resize(shell.terminal, 40)
        assert shell.expect("signal") == f"signal 28 code={SI_KERNEL} value=0"
        kill(int(found["ppid"]), signal.SIGUSR1)
        assert shell.expect("signal").split()[1] == "10"
        kill(int(found["pid"]), signal.SIGKILL)
        shell.sees(b"$ ")

        shell.type(shell.line("handle", str(int(signal.SIGCONT)), ",", "ready", ",", "terminal-read").encode() + b"\n")
        found = shell.fields("ready")
        shell.type(b"\x1a")
        shell.sees(b"Stopped")
        assert state_of(int(found["pid"])) == "T" and state_of(int(found["ppid"])) == "T"
        until(lambda: shell.terminal.foreground() == shell.process.pid, "the shell has the terminal")
        shell.type(b"fg\n")
        shell.expect(f"handled {int(signal.SIGCONT)}")
        shell.type(b"y\n")
        shell.expect("terminal-read 2 y")
        shell.sees(b"$ ")
        shell.type(b"echo code $?\n")
        shell.sees(b"code 0")


@check
def a_key_pressed_before_the_application_is_there_counts():
    """^C and ^Z under a shell while secrets are still being read (a passphrase takes its time): the application gets them, which it could
    not from the terminal, and is not started as if nothing had been."""
    text, _, recipient = sealing.new_identity()
    with tempfile.TemporaryDirectory() as directory:
        sealed = pathlib.Path(directory) / "sealed.env.age"
        subprocess.run(["age", "-r", recipient, "-o", sealed], input=b"INIT_TEST=a-value\n", check=True)
        for redact in ([], ["--redact"]):
            for key, seen in ((b"\x03", b"code 130"), (b"\x1a", b"Stopped")):
                reader, writer = os.pipe()  # where the identity comes from, once the key was pressed
                with bash() as shell:
                    words = [HUSHRUN, "--no-config", "-s", f"age:{sealed}", "-i", "fd:99", "--supervise", *redact, "--", APP, str(shell.writer),
                             "ready", ",", "pause"]
                    tail = f" 99</proc/{os.getpid()}/fd/{reader}" + (" | cat" if redact else "") + "\n"
                    shell.type(shlex.join(words).encode() + tail.encode())

                    def waiting(shell=shell):
                        return [pid for pid in children(shell.process.pid) if status_field(pid, "Name") == "hushrun"
                                and int(status_field(pid, "SigBlk"), 16) & 1 << signal.SIGINT - 1]
                    pid = until(waiting, "all is blocked")[0]
                    if redact:  # the key is for the whole pipeline
                        until(lambda shell=shell: any(status_field(each, "Name") == "cat" for each in children(shell.process.pid)), "the reader is there")
                    shell.type(key)
                    until(lambda pid=pid: int(status_field(pid, "ShdPnd"), 16), "it is pending")
                    os.write(writer, text.encode())
                    os.close(writer)
                    if key == b"\x03":
                        shell.sees(b"$ ")
                        shell.type(b"echo co\"\"de ${PIPESTATUS[0]}\n")
                    shell.sees(seen)
                os.close(reader)


@check
def a_pipeline_keeps_its_terminal():
    """The rest of a pipeline is in the same group: a pager there can read the terminal."""
    with bash() as shell:
        shell.type(shell.line("watch", tail=f" | {APP} {shell.writer} ready , run /bin/sh -c 'read x </dev/tty; echo got $x'").encode() + b"\n")
        found = [dict(word.split("=") for word in shell.expect(("ready", "watching")).split()[1:]) for _ in range(2)]
        assert found[0]["pgrp"] == found[1]["pgrp"] == found[0]["foreground"] == found[1]["foreground"], found
        shell.type(b"line\n")
        shell.sees(b"got line")


@check
def a_background_job_takes_nothing():
    """Started with &: the foreground stays the shell's; one that reads is stopped, as any job."""
    with bash() as shell:
        shell.type(shell.line("ready", ",", "terminal-read", tail=" &").encode() + b"\n")
        found = shell.fields("ready")
        assert found["foreground"] == str(shell.process.pid), found
        until(lambda: state_of(int(found["pid"])) == "T" and state_of(int(found["ppid"])) == "T", "it is stopped, and so are we")
        shell.type(b"fg\n")
        until(lambda: shell.terminal.foreground() == int(found["pgrp"]), "fg")
        shell.type(b"z\n")
        shell.expect("terminal-read 2 z")


@check
def a_script_goes_on_afterwards():
    """A script without job control is in the same group: it gets ^C as well, and its terminal is left alone, or given back."""
    def script(shell):
        first = shell.line("handle", "2", ",", "ready", ",", "terminal-read")
        return ["/bin/sh", "-c", f"trap 'echo trapped' INT\n{first}\necho code $?\n{shell.line('ready', options=['--group'])}\nread x\necho end $x"]

    with Shell(script) as shell:
        found = shell.fields("ready")
        assert found["pgrp"] == found["foreground"] == str(shell.process.pid), found
        shell.type(b"\x03")
        shell.expect("handled 2")
        shell.type(b"a\n")
        shell.expect("terminal-read 2 a")
        shell.sees(b"trapped")
        shell.sees(b"code 0")
        found = shell.fields("ready")
        assert found["pgrp"] == found["pid"] == found["foreground"], found
        until(lambda: shell.terminal.foreground() == shell.process.pid, "the terminal is given back")
        shell.type(b"b\n")
        shell.sees(b"end b")


@check
def a_group_under_a_shell_stops_and_continues_with_us():
    """--group needs a group of its own: it gets the foreground, ^Z stops both, fg hands it over again."""
    with bash() as shell:
        shell.type(shell.line("handle", str(int(signal.SIGCONT)), ",", "ready", ",", "terminal-read", options=["--group"]).encode() + b"\n")
        found = shell.fields("ready")
        assert found["pgrp"] == found["pid"] == found["foreground"], found
        shell.type(b"\x1a")
        shell.sees(b"Stopped")
        until(lambda: shell.terminal.foreground() == shell.process.pid, "the shell has the terminal")
        shell.type(b"fg\n")
        shell.expect(f"handled {int(signal.SIGCONT)}")
        until(lambda: shell.terminal.foreground() == int(found["pgrp"]), "it is handed over again")
        shell.type(b"w\n")
        shell.expect("terminal-read 2 w")
        shell.sees(b"$ ")


@check
def exec_leaves_the_terminal_alone():
    """In exec mode there is nothing of us: the same group, the same foreground."""
    with bash() as shell:
        words = [*INITS["exec"], "--", APP, str(shell.writer), "ready", ",", "terminal-read"]
        shell.type(shlex.join(words).encode() + b"\n")
        found = shell.fields("ready")
        assert found["pgrp"] == found["pid"] == found["foreground"], found
        assert children(int(found["pid"])) == []
        shell.type(b"q\n")
        shell.expect("terminal-read 2 q")


main()
