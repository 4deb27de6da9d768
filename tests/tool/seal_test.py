#!/usr/bin/python3
"""seal, open, inspect and rekey, with Debian's age on the other side."""

import os
import pathlib
import random
import re
import signal
import stat
import subprocess
import unittest

from kit import CANARY, HUSHKIT, Case, needs

KIB = 1024
SIZES = [0, 1, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1, 128 * KIB, 3 * KIB * KIB]


@needs("age", "age-keygen", "ssh-keygen")
class BothWays(Case):
    def setUp(self):
        super().setUp()
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.at / "ssh"], check=True)

    def test_every_size_armored_and_not(self):
        for size in SIZES:
            content = self.write("content", random.Random(size).randbytes(size))
            for armor in ([], ["-a"]):
                with self.subTest(size=size, armor=armor):
                    self.kit("seal", *armor, "-r", self.recipient(), "-o", "ours.age", "content")
                    self.assertEqual(self.age("-d", "-i", self.identity, "ours.age"), content.read_bytes())
                    self.age(*armor, "-r", self.recipient(), "-o", "theirs.age", "content")
                    self.assertEqual(self.kit("open", "theirs.age"), content.read_bytes())
                    self.assertEqual(self.kit("open", stdin=(self.at / "theirs.age").read_bytes()), content.read_bytes())
                    self.kit("open", "-o", "again", "theirs.age")
                    self.assertEqual((self.at / "again").read_bytes(), content.read_bytes())
                    shown = self.kit("inspect", "theirs.age").decode()
                    self.assertIn(f"content: {size} bytes\n", shown)
                    self.assertIn("armored" if armor else "binary", shown)

    def test_ssh_keys(self):
        key = (self.at / "ssh.pub").read_text().strip()
        self.kit("seal", "-r", key, "-o", "x.age", stdin=b"text")
        self.assertEqual(self.age("-d", "-i", "ssh", "x.age"), b"text")
        self.age("-R", "ssh.pub", "-o", "y.age", stdin=b"text")
        self.assertEqual(self.kit("open", "-i", "ssh", "y.age"), b"text")
        self.assertRegex(self.kit("inspect", "y.age").decode(), r"ssh-ed25519, key tag [\w+/]{6}\n")

    def test_identities_from_everywhere(self):
        text = self.identity.read_bytes()
        self.age("-r", self.recipient(), "-o", "x.age", stdin=b"text")
        self.identity.rename(self.at / "moved")
        self.assertEqual(self.kit("open", "-i", "moved", "x.age"), b"text")
        self.assertEqual(self.kit("open", "-i", "env:KEY", "x.age", environment={"KEY": text.decode()}), b"text")
        self.assertEqual(self.kit("open", "-i", "-", "x.age", stdin=text), b"text")
        self.assertEqual(self.kit("open", "-i", "fd:0", "x.age", stdin=text), b"text")

    def test_a_fifo_is_waited_for(self):
        """An identity from a FIFO was empty if its writer came second."""
        text = self.identity.read_bytes()
        self.age("-r", self.recipient(), "-o", "x.age", stdin=b"text")
        os.mkfifo(self.at / "pipe")
        for words in (["open", "-i", "pipe", "x.age"], ["open", "pipe"]):
            tool = subprocess.Popen([HUSHKIT, *words], cwd=self.at, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            # Asleep or done: from here on the writer is the second. What it finds at the pipe does not depend on when it comes.
            while tool.poll() is None and "S (sleeping)" not in (pathlib.Path("/proc") / str(tool.pid) / "status").read_text():
                pass
            self.assertIsNone(tool.poll(), "it did not wait")
            (self.at / "pipe").write_bytes(text if "-i" in words else (self.at / "x.age").read_bytes())
            shown, said = tool.communicate(timeout=60)
            self.assertEqual((shown, said), (b"text", b""))

    def test_passphrase(self):
        secret = {"PHRASE": "correct horse"}
        self.kit("seal", "--passphrase", "env:PHRASE", "-o", "x.age", stdin=b"text", environment=secret)
        code, shown = self.at_terminal("-d", "-o", "out", "x.age", program="age", answers=["correct horse\n"])
        self.assertEqual(code, 0, shown)
        self.assertEqual((self.at / "out").read_bytes(), b"text")
        self.write("content", "text")
        code, shown = self.at_terminal("-p", "-o", "y.age", "content", program="age", answers=["correct horse\n"] * 2)
        self.assertEqual(code, 0, shown)
        self.write("phrase", "correct horse\n")
        self.assertEqual(self.kit("open", "--passphrase", "phrase", "y.age"), b"text")
        self.assertIn("256 MiB", self.kit("inspect", "y.age").decode())
        self.assertIn("--passphrase", self.refused("open", "y.age"))
        self.refused("open", "--passphrase", "env:PHRASE", "y.age", environment={"PHRASE": CANARY})

    def test_sealed_identity(self):
        self.kit("seal", "--passphrase", "env:PHRASE", "-a", "-o", "key.age", self.identity, environment={"PHRASE": "p"})
        self.age("-r", self.recipient(), "-o", "x.age", stdin=b"text")
        self.assertEqual(self.kit("open", "-i", "key.age", "--passphrase", "env:PHRASE", "x.age", environment={"PHRASE": "p"}), b"text")
        code, shown = self.at_terminal("open", "-i", "key.age", "x.age", answers=["p\n"])
        self.assertEqual(code, 0, shown)
        self.assertTrue(shown.endswith("text"), shown)


class AtTheTerminal(Case):
    def test_passphrase_is_asked_twice_and_not_echoed(self):
        code, shown = self.at_terminal("seal", "-p", "-o", "x.age", self.write("content", "text"), answers=[CANARY + "\n"] * 2)
        self.assertEqual(code, 0, shown)
        self.assertNotIn(CANARY, shown)
        code, shown = self.at_terminal("open", "x.age", answers=[CANARY + "\n"])
        self.assertEqual(code, 0, shown)
        self.assertNotIn(CANARY, shown)
        self.assertTrue(shown.endswith("text"), shown)

    def test_answers_that_differ(self):
        code, shown = self.at_terminal("seal", "-p", "-o", "x.age", self.write("content", "text"), answers=[CANARY + "\n", "other\n"])
        self.assertEqual(code, 1, shown)
        self.assertFalse((self.at / "x.age").exists())
        self.assertNotIn(CANARY, shown)

    def test_interrupt_key_ends_the_question(self):
        """And us by its signal, as ^C ends any program: a shell's loop around us ends with us."""
        for key, number in (("\x03", signal.SIGINT), ("\x1c", signal.SIGQUIT)):
            code, shown = self.at_terminal("seal", "-p", "-o", "x.age", self.write("content", "text"), answers=["half" + key])
            self.assertEqual((code, shown), (-number, "new passphrase: \r\n"))
            self.assertFalse((self.at / "x.age").exists())

    def test_binary_is_refused(self):
        text, binary = self.write("text", "text\n"), self.write("binary", b"\x1b[2J")
        code, shown = self.at_terminal("seal", "-r", self.recipient(), text)
        self.assertEqual(code, 2, shown)
        for path, wanted in ((text, 0), (binary, 1)):
            self.kit("seal", "-o", f"{path.name}.age", path)
            code, shown = self.at_terminal("open", f"{path.name}.age")
            self.assertEqual(code, wanted, shown)
            self.assertNotIn("\x1b", shown)
        code, shown = self.at_terminal("open", "-o", "-", "binary.age")
        self.assertEqual((code, shown), (0, "\x1b[2J"))

    def test_progress_of_a_large_file(self):
        self.kit("seal", "-r", self.recipient(), "-o", "x.age", stdin=bytes(20 * KIB * KIB))
        code, shown = self.at_terminal("open", "-o", "out", "x.age")
        self.assertEqual(code, 0, shown)
        self.assertIn("50 %", shown)


class AllOrNothing(Case):
    def test_no_byte_of_a_damaged_file(self):
        for size in (100, 3 * KIB * KIB):
            self.kit("seal", "-r", self.recipient(), "-o", "x.age", stdin=CANARY.encode() * (size // len(CANARY)))
            good = (self.at / "x.age").read_bytes()
            for name, bad in (("cut", good[:-20]), ("flipped", good[:-3] + bytes([good[-3] ^ 1]) + good[-2:]), ("longer", good + b"x")):
                with self.subTest(size=size, damage=name):
                    self.write("bad.age", bad)
                    self.write("old", "old")
                    self.assertIn("content was changed or cut off", self.refused("open", "bad.age"))
                    self.refused("open", stdin=bad)
                    self.refused("open", "-o", "old", "bad.age")
                    self.assertEqual((self.at / "old").read_text(), "old")
                    self.refused("rekey", "bad.age")
                    self.assertEqual((self.at / "bad.age").read_bytes(), bad)
                    self.assertEqual(sorted(os.listdir(self.at)), ["bad.age", "home", "old", "x.age"])

    def test_modes(self):
        os.umask(0o022)
        self.kit("seal", "-r", self.recipient(), "-o", "x.age", stdin=b"text")
        self.assertEqual(stat.S_IMODE(os.stat(self.at / "x.age").st_mode), 0o644)
        self.kit("open", "-o", "x", "x.age")
        self.assertEqual(stat.S_IMODE(os.stat(self.at / "x").st_mode), 0o600)
        os.chmod(self.at / "x.age", 0o640)
        self.kit("rekey", "x.age")
        self.assertEqual(stat.S_IMODE(os.stat(self.at / "x.age").st_mode), 0o640)

    def test_symbolic_links_and_devices_stay(self):
        self.kit("seal", "-r", self.recipient(), "-o", "real.age", stdin=b"text")
        os.symlink("real.age", self.at / "link.age")
        self.kit("rekey", "link.age")
        self.assertTrue((self.at / "link.age").is_symlink())
        self.kit("open", "-o", "/dev/null", "link.age")
        self.assertTrue(os.path.exists("/dev/null") and not os.path.isfile("/dev/null"))


@needs("age", "age-keygen")
class Recipients(Case):
    def setUp(self):
        super().setUp()
        self.kit("keygen", "-o", "other")
        self.both = f"# the team\n{self.recipient()}\n\n{self.recipient(self.at / 'other')}\n"

    def count(self, path):
        return len(re.findall(r"(?m)^ +X25519$", self.kit("inspect", path).decode()))

    def test_nearest_file_upward_then_the_identity(self):
        (self.at / "a/b").mkdir(parents=True)
        self.write("content", "text")
        said = self.run_kit("seal", "-o", "a/b/x.age", "content").stderr.decode()
        self.assertIn("the identity's own recipient", said)
        self.assertEqual(self.count("a/b/x.age"), 1)
        self.write(".age-recipients", self.both)
        said = self.run_kit("seal", "-o", "a/b/x.age", "content").stderr.decode()
        self.assertIn("2 recipients", said)
        self.assertIn(".age-recipients", said)
        self.assertEqual(self.age("-d", "-i", "other", "a/b/x.age"), b"text")
        self.write("a/.age-recipients", self.recipient() + "\n")
        self.assertIn("--force", self.refused("seal", "-o", "a/b/x.age", "content"))
        self.kit("seal", "--force", "-o", "a/b/x.age", "content")
        self.assertEqual(self.count("a/b/x.age"), 1)

    def test_rekey_adds_and_takes_out(self):
        self.write("secret", CANARY)
        self.kit("seal", "-a", "-o", "x.age", "secret")
        self.write(".age-recipients", self.both)
        done = self.run_kit("rekey", "x.age")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn(CANARY.encode(), done.stdout + done.stderr)
        self.assertEqual(self.age("-d", "-i", "other", "x.age"), CANARY.encode())
        self.assertIn("armored", self.kit("inspect", "x.age").decode())
        self.write(".age-recipients", self.recipient() + "\n")
        before = (self.at / "x.age").read_bytes()
        self.assertIn("fewer recipients", self.refused("rekey", "x.age"))
        self.assertEqual((self.at / "x.age").read_bytes(), before)
        self.kit("rekey", "--force", "x.age")
        self.assertIn("not sealed to any key", self.refused("open", "-i", "other", "x.age"))

    def test_rekey_to_and_from_a_passphrase(self):
        self.kit("seal", "-o", "x.age", stdin=b"text")
        code, shown = self.at_terminal("rekey", "-p", "x.age", answers=["phrase\n"] * 2)
        self.assertEqual(code, 0, shown)
        self.assertEqual(self.kit("open", "--passphrase", "env:P", "x.age", environment={"P": "phrase"}), b"text")
        self.kit("rekey", "--passphrase", "env:P", "x.age", environment={"P": "phrase"})
        self.assertEqual(self.age("-d", "-i", self.identity, "x.age"), b"text")

    def test_a_mistake_in_the_file_is_told_by_line_only(self):
        self.write(".age-recipients", f"{self.recipient()}\n{CANARY}\n")
        self.assertIn("line 2", self.refused("seal", "-o", "x.age", stdin=b"text"))


if __name__ == "__main__":
    unittest.main()
