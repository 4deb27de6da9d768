#!/usr/bin/python3
"""What happens to people: a directory, a plain file, a full disk, Ctrl-C, a file that somebody else changes meanwhile."""

import os
import pty
import signal
import subprocess
import sys
import termios
import unittest

from edit_test import desks
from kit import CANARY, HUSHKIT, Case, needs

MIB = 1024 * 1024
root_only = unittest.skipUnless(os.geteuid() == 0, "SKIPPED: needs root")


class Places(Case):
    def setUp(self):
        super().setUp()
        self.kit("seal", "-r", self.recipient(), "-o", "x.env.age", stdin=f"A={CANARY}\n")

    def test_a_directory_where_a_file_belongs(self):
        (self.at / "folder").mkdir()
        for words in (["open", "folder"], ["inspect", "folder"], ["list", "folder"], ["set", "folder", "NAME"], ["unset", "folder", "NAME"], ["edit", "folder"],
                      ["rekey", "folder"], ["seal", "-o", "folder", "x.env.age"], ["open", "-o", "folder", "x.env.age"], ["open", "-i", "folder", "x.env.age"],
                      ["seal", "-R", "folder", "x.env.age"], ["rekey", "-o", "folder", "x.env.age"]):
            with self.subTest(words):
                said = self.refused(*words, stdin="value")
                self.assertIn("Is a directory", said)
                self.assertIn("where: folder\n", said)
                self.assertIn("fix:   name a file\n", said)
        self.assertEqual(os.listdir(self.at / "folder"), [])

    def test_a_directory_that_is_not_there(self):
        for words in (["open", "-o", "no/x", "x.env.age"], ["seal", "-o", "no/x.age", "x.env.age"], ["keygen", "-o", "no/key"], ["rekey", "-o", "no/x", "x.env.age"]):
            self.assertIn("make its directory first", self.refused(*words))

    def test_a_file_that_is_not_sealed(self):
        self.write("plain.env", f"A={CANARY}\n")
        for words in (["open", "plain.env"], ["set", "plain.env", "A"], ["edit", "plain.env"], ["rekey", "plain.env"], ["inspect", "plain.env"], ["list", "plain.env"]):
            said = self.refused(*words, stdin="value")
            self.assertIn("not a sealed file", said)
            self.assertIn("seal it first", said)
        self.assertEqual((self.at / "plain.env").read_text(), f"A={CANARY}\n")

    def test_input_and_output_are_one_file(self):
        before = (self.at / "x.env.age").read_bytes()
        os.symlink("x.env.age", self.at / "link")
        for words in (["open", "-o", "x.env.age", "x.env.age"], ["open", "-o", "link", "x.env.age"], ["seal", "-o", "x.env.age", "x.env.age"]):
            self.assertIn("one file", self.refused(*words, code=2))
        self.assertEqual((self.at / "x.env.age").read_bytes(), before)

    def test_standard_input_is_not_changed_in_its_place(self):
        for words in (["set", "-", "A"], ["unset", "-", "A"], ["edit", "-"], ["rekey", "-"]):
            self.assertIn("cannot be changed in its place", self.refused(*words, stdin=(self.at / "x.env.age").read_bytes(), code=2))
        self.assertEqual(self.kit("list", "-", stdin=(self.at / "x.env.age").read_bytes()), b"A\n")
        self.assertFalse((self.at / "-").exists())

    def test_a_mistyped_option(self):
        self.assertIn("did you mean --recipient?", self.refused("seal", "--recipeint", CANARY, code=2))
        self.assertIn("did you mean --identity?", self.refused("open", f"--idenity={CANARY}", code=2))
        self.assertIn("unknown option", self.refused("open", f"-k{CANARY}", code=2))
        self.assertIn("options come after the command", self.refused("-r", "x", code=2))

    @root_only
    def test_recipients_that_somebody_else_may_write(self):
        recipients = self.write(".age-recipients", self.recipient() + "\n")
        for owner, mode in ((12345, 0o644), (0, 0o666)):
            os.chown(recipients, owner, 0)
            os.chmod(recipients, mode)
            self.assertIn("recipients are not trusted", self.refused("rekey", "x.env.age"))
            self.kit("rekey", "-R", recipients, "x.env.age")
        os.chmod(recipients, 0o664)  # ours, and our own group's
        self.kit("rekey", "x.env.age")


class FullDisk(Case):
    def on_small_disk(self, script):
        """Runs it where `disk` is a file system of 512 KiB, which holds a sealed x.env.age."""
        setup = 'mount -t tmpfs -o size=512k none disk && cp x.env.age disk/ && umask 077 && '
        return subprocess.run(["unshare", "--mount", "sh", "-c", setup + script], cwd=self.at, env={**self.environment, "HUSHKIT": HUSHKIT}, capture_output=True,
                              check=False, timeout=60)

    @root_only
    def test_nothing_is_left_and_nothing_is_lost(self):
        (self.at / "disk").mkdir()
        self.kit("seal", "-r", self.recipient(), "-o", "x.env.age", stdin="A=1\n")
        self.kit("seal", "-o", "large.age", stdin=bytes(3 * MIB))
        for command in ('"$HUSHKIT" open -o disk/out large.age', '"$HUSHKIT" seal -o disk/out large.age', '"$HUSHKIT" rekey -o disk/out large.age',
                        'head -c 1000000 /dev/zero | tr "\\0" a | "$HUSHKIT" set disk/x.env.age B'):
            done = self.on_small_disk(command + '; echo "status $?"; ls -A disk; cmp x.env.age disk/x.env.age && echo whole')
            self.assertEqual(done.stdout.decode().split("\n"), ["status 1", "x.env.age", "whole", ""], done.stderr)
            self.assertIn(b"No space left on device", done.stderr)
            self.assertIn(b"where: disk/", done.stderr)

    def test_standard_output_is_full(self):
        self.kit("seal", "-r", self.recipient(), "-o", "x.age", stdin="text")
        self.kit("seal", "-o", "large.age", stdin=bytes(3 * MIB))
        for words in (["open", "x.age"], ["open", "large.age"], ["seal", "-r", self.recipient(), "large.age"], ["keygen"], ["--help"], ["inspect", "x.age"]):
            with open("/dev/full", "wb") as full:
                done = subprocess.run([HUSHKIT, *words], cwd=self.at, env=self.environment, stdout=full, stderr=subprocess.PIPE, check=False, timeout=60)
            self.assertEqual(done.returncode, 1, words)
            self.assertIn(b"No space left on device", done.stderr)
            self.assertIn(b"standard output", done.stderr)


class Meanwhile(Case):
    def setUp(self):
        super().setUp()
        self.before = desks()
        self.kit("seal", "-r", self.recipient(), "-o", "x.env.age", stdin="A=1\n")

    def tearDown(self):
        self.assertEqual(desks() - self.before, set())

    def editor(self, script):
        path = self.write("editor", "#!/bin/sh\nset -e\n" + script)
        path.chmod(0o700)
        return {"EDITOR": str(path)}

    def test_changed_while_it_was_edited(self):
        home = self.environment["HOME"]
        script = f'cd "{self.at}"; echo theirs | env -u XDG_CONFIG_HOME HOME="{home}" "{HUSHKIT}" set x.env.age B; echo C=ours >>"$1"'
        said = self.refused("edit", "x.env.age", environment=self.editor(script))
        self.assertIn("changed while it was edited", said)
        self.assertIn("x.env.age.edited", said)
        self.assertEqual(self.kit("open", "x.env.age"), b"A=1\nB=theirs\n")
        self.assertEqual(self.kit("open", "x.env.age.edited"), b"A=1\nC=ours\n")

    def test_made_while_it_was_edited(self):
        home = self.environment["HOME"]
        script = f'cd "{self.at}"; echo theirs | env -u XDG_CONFIG_HOME HOME="{home}" "{HUSHKIT}" set new.env.age B; echo C=ours >>"$1"'
        self.assertIn("changed while it was edited", self.refused("edit", "new.env.age", environment=self.editor(script)))
        self.assertEqual(self.kit("open", "new.env.age"), b"B=theirs\n")

    def test_changed_while_a_value_was_set(self):
        key = self.identity.read_bytes()
        os.mkfifo(self.at / "pipe")
        for words in (["set", "-i", "pipe", "x.env.age", "C"], ["unset", "-i", "pipe", "x.env.age", "A"]):
            with subprocess.Popen([HUSHKIT, *words], cwd=self.at, env=self.environment, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as tool:
                with open(self.at / "pipe", "wb") as pipe:  # opens when the file has been read: the key is asked for after that
                    self.kit("set", "x.env.age", "B", stdin="theirs")
                    pipe.write(key)
                _, said = tool.communicate(b"ours", timeout=60)
            self.assertEqual(tool.returncode, 1)
            self.assertIn(b"changed meanwhile", said)
            self.assertEqual(self.kit("open", "x.env.age"), b"A=1\nB=theirs\n")

    def test_changed_while_it_goes_out(self):
        """Nothing that was not verified: what goes out is a beginning of what was sealed, and the exit code tells."""
        content = os.urandom(8 * MIB)
        self.kit("seal", "-o", "large.age", stdin=content)
        with subprocess.Popen([HUSHKIT, "open", "large.age"], cwd=self.at, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0) as tool:
            shown = tool.stdout.read(1)  # verified to the end by now, and blocked at the pipe
            with open(self.at / "large.age", "r+b") as file:
                file.seek(-1000, os.SEEK_END)
                file.write(bytes(100))
            rest, said = tool.communicate(timeout=60)
        self.assertEqual(tool.returncode, 1)
        self.assertIn(b"was changed or cut off", said)
        shown += rest
        self.assertLess(len(shown), len(content))
        self.assertTrue(content.startswith(shown))

    def edit_at_terminal(self, script, keys, wanted):
        """An editor at a terminal says "started"; then keys are typed. The exit code, and the terminal's echo afterwards."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(self.at)
            os.execve(HUSHKIT, [HUSHKIT, "edit", "x.env.age"], {**self.environment, **self.editor(script)})
        shown, typed, echo = b"", False, None
        while True:
            try:
                piece = os.read(terminal, 65536)
            except OSError:  # EIO: the other side is gone
                break
            shown += piece
            if not typed and b"started" in shown:
                typed = True
                os.write(terminal, keys)
            if wanted in shown:
                echo = termios.tcgetattr(terminal)[3] & termios.ECHO
        os.close(terminal)
        _, status = os.waitpid(pid, 0)
        self.assertIn(wanted, shown)
        return os.waitstatus_to_exitcode(status), echo

    def test_interrupt_key_while_editing(self):
        before = (self.at / "x.env.age").read_bytes()
        script = 'stty -echo; echo B=2 >>"$1"; echo started; exec tail -f /dev/null'
        code, echo = self.edit_at_terminal(script, b"\x03", b"the editor failed")
        self.assertEqual(code, 1)
        self.assertTrue(echo, "the terminal was left without echo")
        self.assertEqual((self.at / "x.env.age").read_bytes(), before)

    def test_what_a_killed_edit_left_is_removed_by_the_next(self):
        environment = {**self.environment, **self.editor('echo $$; exec tail -f /dev/null')}
        with subprocess.Popen([HUSHKIT, "edit", "x.env.age"], cwd=self.at, env=environment, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL) as tool:
            editor = int(tool.stdout.readline())
            running = desks() - self.before
            self.assertEqual(len(running), 1)
            self.kit("edit", "x.env.age", environment={"EDITOR": "true"})
            self.assertEqual(desks() - self.before, running, "somebody's desk was taken away while it was used")
            tool.kill()
            tool.wait()
            os.kill(editor, signal.SIGKILL)
        self.assertEqual(desks() - self.before, running)
        self.kit("edit", "x.env.age", environment={"EDITOR": "true"})
        self.assertEqual(desks() - self.before, set())


class OnDisk(Case):
    @needs("strace")
    def test_what_is_piped_in_waits_sealed(self):
        self.kit("seal", "-r", self.recipient(), "-o", "x.age", stdin=CANARY.encode() * (3 * MIB // len(CANARY)))
        log = self.at / "trace"
        with open(self.at / "x.age", "rb") as sealed:
            shown = self.traced(["sh", "-c", 'cat | strace -f -y -s 100000 -e trace=write,pwrite64,writev,mmap -o "$1" "$2" open', "sh", log, HUSHKIT], stdin=sealed)
        self.assertEqual(len(shown), 3 * MIB // len(CANARY) * len(CANARY))
        held = [line for line in log.read_text(errors="replace").splitlines() if CANARY in line]
        self.assertGreater(len(held), 0)
        for line in held:
            self.assertRegex(line[:200], r"write\(\d+<pipe:")


if __name__ == "__main__":
    sys.exit(unittest.main())
