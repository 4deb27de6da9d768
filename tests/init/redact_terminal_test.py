#!/usr/bin/python3
"""With redaction on a terminal the application has one of its own, and nobody notices: prompts, colours, job control, full screens; ours
is as it was afterwards, whatever happens."""

import os
import pathlib
import shutil
import signal
import tempfile
import termios

from harness import HUSHRUN, Run, Terminal, bash, check, children, kill, main, resize, state_of, until

VALUE = "typed/Pa55+word with blanks"
MARK = b"[REDACTED:api_key]"
ICANON_AND_ECHO = termios.ICANON | termios.ECHO | termios.ISIG


class OnTerminal(Run):
    """A program with a terminal, and `api_key` as API_KEY; `shown` is what was seen and not yet asked for."""

    def __init__(self, *program, options=(), **more):
        self.directory = tempfile.mkdtemp()
        (pathlib.Path(self.directory) / "api_key").write_text(VALUE)
        self.terminal = Terminal()
        resize(self.terminal, 33)
        self.before = termios.tcgetattr(self.terminal.slave)
        self.shown = b""
        super().__init__(program=program, options=["-s", f"dir:{self.directory}", "-e", "API_KEY=api_key", "--redact", *options],
                         terminal=self.terminal, **more)

    def __exit__(self, *rest):
        super().__exit__(*rest)
        self.terminal.close()
        shutil.rmtree(self.directory)

    def sees(self, text):
        def come():
            self.shown += self.terminal.read()
            return text in self.shown
        until(come, f"{text!r} on the terminal; there is {self.shown!r}")
        before, self.shown = self.shown.split(text, 1)
        return before

    def is_raw(self):
        return not termios.tcgetattr(self.terminal.slave)[3] & ICANON_AND_ECHO


def sh(script, **more):
    return OnTerminal("/bin/sh", "-c", script, **more)


@check
def a_terminal_stays_a_terminal():
    """All three streams are one, of the same size and with the same settings; /dev/tty is it; the secret is masked on each."""
    for pid1 in (False, True):
        with sh('test -t 0 && test -t 1 && test -t 2 && echo three; stty size; echo "$API_KEY"; echo "$API_KEY" >&2; echo "$API_KEY" >/dev/tty; '
                "stty -a | grep -o ' -echo '; exit 4", pid1=pid1) as run:
            run.sees(b"three\r\n33 80\r\n" + (MARK + b"\r\n") * 3 + b" -echo \r\n")
            assert run.wait() == 4
            assert termios.tcgetattr(run.terminal.slave) == run.before


@check
def what_is_typed_arrives():
    """A prompt without a newline, an answer with echo, an answer without, the end of the input (^D); a typed secret's echo is masked as well."""
    script = 'printf "name: "; read a; stty echo; printf "again: "; read b; stty -echo; echo "<$a> <$b>"; cat; echo over'
    with sh(script) as run:
        run.sees(b"name: ")
        run.terminal.type(b"first\r")
        run.sees(b"again: ")
        run.terminal.type(b"second " + VALUE.encode() + b"\r")
        run.sees(b"second " + MARK + b"\r\n<first> <second " + MARK + b">\r\n")
        run.terminal.type(b"one line\r")
        run.sees(b"one line\r\n")
        run.terminal.type(b"\x04")
        run.sees(b"over\r\n")
        assert run.wait() == 0


@check
def typed_ahead_is_kept():
    """What was typed before we were there, and much of it at once."""
    with sh("read a; read b; echo got $a $b; wc -c") as run:
        run.terminal.type(b"one\rtwo\r")
        run.sees(b"got one two\r\n")
        for _ in range(40):
            until(lambda: run.terminal_takes(b"0123456789" * 20 + b"\r"), "room")
        run.terminal.type(b"\x04")
        run.sees(str(40 * 201).encode() + b"\r\n")


def _takes(self, text):
    try:
        return os.write(self.terminal.master, text) == len(text)
    except BlockingIOError:
        return False


OnTerminal.terminal_takes = _takes


@check
def keys_are_signals_where_the_application_says_so():
    """^C and ^\\ reach the foreground of its terminal, once; where it made that raw they are bytes."""
    for pid1 in (False, True):
        for key, number in ((b"\x03", signal.SIGINT), (b"\x1c", signal.SIGQUIT)):
            with sh("echo ready; exec sleep 1000", pid1=pid1) as run:
                run.sees(b"ready\r\n")
                run.terminal.type(key)
                assert run.wait() == 128 + number, (pid1, number)
                assert termios.tcgetattr(run.terminal.slave) == run.before
    with sh("stty raw; echo ready; head -c 2 | od -An -tx1; stty -raw") as run:
        run.sees(b"ready\n")
        run.terminal.type(b"\x03\x1a")
        run.sees(b" 03 1a")
        assert run.wait() == 0


@check
def the_windows_size_follows():
    """A change is seen by the application as SIGWINCH, once, with the new size there already."""
    for pid1 in (False, True):
        script = ("import os, signal, sys; signal.signal(signal.SIGWINCH, lambda *_: os.write(1, b'now %d\\n' % os.get_terminal_size().lines))\n"
                  "os.write(1, b'ready\\n')\nwhile True: signal.pause()")
        with OnTerminal("/usr/bin/python3", "-c", script, pid1=pid1) as run:
            run.sees(b"ready\r\n")
            resize(run.terminal, 44)
            run.sees(b"now 44\r\n")
            resize(run.terminal, 55)
            assert (seen := run.sees(b"now 55\r\n")) == b"", f"{seen!r}: once"
            run.kill(signal.SIGTERM)
            assert run.wait() == 143


@check
def ours_is_restored_on_every_way_out():
    """The application exits, dies, is killed, and so is the one between; a signal ends us; the terminal is as it was."""
    for ending in ("exit", "SEGV", "KILL", "below", "TERM", "HUP", "INT"):
        with sh("stty raw -echo; echo ready; read x; exit 0") as run:
            run.sees(b"ready")
            assert run.is_raw()
            below = run.app()
            if ending == "exit":
                run.terminal.type(b"\n")
            elif ending in ("SEGV", "KILL"):
                kill(until(lambda below=below: children(below), "the application")[0], getattr(signal, "SIG" + ending))
            elif ending == "below":
                kill(below, signal.SIGKILL)
            else:
                run.kill(getattr(signal, "SIG" + ending))
            code = run.wait()
            assert code == (0 if ending == "exit" else 128 + getattr(signal, "SIG" + ending.replace("below", "KILL"))), (ending, code)
            assert termios.tcgetattr(run.terminal.slave) == run.before, ending
    with OnTerminal("no-such-program") as run:
        run.sees(b"command not found")
        assert run.wait() == 127
        assert termios.tcgetattr(run.terminal.slave) == run.before


@check
def a_hung_up_terminal_ends_it():
    """The other end of our terminal goes: the application gets SIGHUP as it would without us."""
    with sh("echo ready; exec sleep 1000") as run:
        run.sees(b"ready")
        os.close(run.terminal.slave)
        os.close(run.terminal.master)
        assert run.wait() == 128 + signal.SIGHUP


@check
def a_killed_supervisor_takes_the_application_along():
    """We are killed: the one below and the application end; nobody is left in the session."""
    with sh("echo ready; exec sleep 1000") as run:
        run.sees(b"ready")
        below = run.app()
        app = until(lambda: children(below), "the application")[0]
        run.kill(signal.SIGKILL)
        run.wait()
        until(lambda: state_of(app) in (None, "Z") and state_of(below) in (None, "Z"), "both are gone")


def command_of(pid):
    return pathlib.Path(f"/proc/{pid}/comm").read_text().strip()


def redacted_line(shell, script):
    shell.directory = tempfile.mkdtemp()
    (pathlib.Path(shell.directory) / "api_key").write_text(VALUE)
    return f"{HUSHRUN} --no-config -s dir:{shell.directory} -e API_KEY=api_key --redact -- /bin/sh -c '{script}'".encode()


@check
def control_z_and_fg_as_with_any_job():
    """Under a shell: ^Z stops it, the shell has a sane terminal, fg goes on where it was, with the terminal raw again."""
    with bash() as shell:
        shell.type(redacted_line(shell, 'echo rea""dy; read x; read y; echo "got <$x$y>"') + b"\n")
        try:
            shell.sees(b"ready\r\n")
            app = children(children(children(shell.process.pid)[0])[0])[0]
            for _ in range(3):
                shell.type(b"\x1a")
                shell.sees(b"Stopped")
                shell.sees(b"$ ")
                until(lambda: shell.terminal.foreground() == shell.process.pid, "the shell has the terminal")
                shell.type(b"stty -a | grep -o ' icrnl'; echo jo\"\"bs: $(jobs | wc -l)\n")
                shell.sees(b" icrnl\r\n")
                shell.sees(b"jobs: 1\r\n")
                shell.type(b"fg\n")
                until(lambda: not termios.tcgetattr(shell.terminal.slave)[3] & ICANON_AND_ECHO, "the terminal is raw again")
                until(lambda: state_of(app) == "S", "it goes on")
            shell.type(b"a\r")
            shell.type(b"b\r")
            shell.sees(b"got <ab>\r\n")
            shell.sees(b"$ ")
            shell.type(b"echo co\"\"de $?\n")
            shell.sees(b"code 0")
        finally:
            shutil.rmtree(shell.directory)


@check
def a_pipeline_has_its_terminal():
    """Not stdout but stdin is a terminal (`hushrun -- app | pager`): pipes, and the pager reads from the terminal."""
    with bash() as shell:
        line = redacted_line(shell, 'test -t 1 || echo "no terminal $API_KEY"')
        try:
            shell.type(line + b" | /bin/sh -c 'cat; read x </dev/tty; echo got $x'\n")
            shell.sees(b"no terminal " + MARK)
            shell.type(b"line\n")
            shell.sees(b"got line")
        finally:
            shutil.rmtree(shell.directory)


@check
def a_background_job_leaves_the_terminal_alone():
    """Started with &: its output comes, the shell keeps the terminal and what is typed."""
    with bash() as shell:
        line = redacted_line(shell, 'echo "in the background $API_KEY"; read x; echo "got $x"')
        try:
            shell.type(line + b" &\n")
            shell.sees(b"in the background " + MARK)
            shell.type(b"echo ty\"\"ped\n")
            shell.sees(b"typed\r\n")
            shell.type(b"kill %1; wait %1; echo co\"\"de $?\n")
            shell.sees(b"code 143")
        finally:
            shutil.rmtree(shell.directory)


@check
def a_background_job_comes_to_the_front():
    """fg, of a job that was started with & or went on with bg: the shell gives it the terminal and no signal, as it was running; from then
    on it has the keyboard."""
    for way in ("&", "bg"):
        with bash() as shell:
            line = redacted_line(shell, 'echo rea""dy; read x; echo "got $x"')
            try:
                shell.type(line + (b" &\n" if way == "&" else b"\n"))
                shell.sees(b"ready\r")
                if way == "bg":
                    shell.type(b"\x1a")
                    shell.sees(b"Stopped")
                    shell.type(b"bg\n")
                    shell.sees(b"&\r\n")
                until(lambda shell=shell: shell.terminal.foreground() == shell.process.pid, "the shell has the terminal")
                shell.type(b"fg\n")
                until(lambda shell=shell: not termios.tcgetattr(shell.terminal.slave)[3] & ICANON_AND_ECHO, "the terminal is raw")
                shell.type(b"a\r")
                shell.sees(b"got a\r\n")
                shell.sees(b"$ ")
            finally:
                shutil.rmtree(shell.directory)


@check
def full_screen_programs_work():
    """less shows a page and leaves, a shell has job control of its own: both on a terminal that is not ours."""
    if shutil.which("less"):
        with sh("seq 1000 | less") as run:
            run.sees(b"30")
            run.terminal.type(b"G")
            run.sees(b"1000")
            run.terminal.type(b"q")
            assert run.wait() == 0
    with OnTerminal("/bin/bash", "--norc", "--noprofile", "-i", env=dict(os.environ, PS1="inner> ", HISTFILE="/dev/null")) as run:
        run.sees(b"inner> ")
        run.terminal.type(b"sleep 1000\r")
        inner = children(run.app())[0]
        until(lambda: children(inner) and command_of(children(inner)[0]) == "sleep", "it runs")
        run.terminal.type(b"\x1a")
        run.sees(b"Stopped")
        run.terminal.type(b"echo $API_KEY; disown -a; exit 6\r")
        run.sees(MARK)
        assert run.wait() == 6


main()
