#!/usr/bin/python3
"""Both ways with other implementations: interop_test.py AGE_TOOL MODULES

Debian's age and age-keygen, ssh-keygen, typage (npm age-encryption), and an ejson writer on tweetnacl; every kind of
recipient, every size around a chunk, armored and not. MODULES is the directory of fetch.mjs. What is missing is a loud skip;
with CI=true it is a failure.
"""

import hashlib
import json
import functools
import os
import pty
import random
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

TOOL, MODULES = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
HERE = Path(__file__).resolve().parent
KIB = 1024
SIZES = [0, 1, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1, 128 * KIB, 10 * KIB * KIB]
PASSPHRASE = "correct horse battery staple"


def run(*command, **options):
    """A command that has to succeed; its standard output."""
    done = subprocess.run([str(word) for word in command], capture_output=True, check=False, **options)
    if done.returncode != 0:
        raise AssertionError(f"{command[0]} {command[1]}: exit {done.returncode}: {done.stderr.decode(errors='replace')}")
    return done.stdout


def refused(*command, **options):
    """The stable word of a failure of ours."""
    done = subprocess.run([TOOL, *map(str, command)], capture_output=True, check=False, **options)
    if done.returncode != 1:
        raise AssertionError(f"exit {done.returncode}, expected a failure: {done.stderr.decode(errors='replace')}")
    return done.stderr.decode().splitlines()[0], done.stderr.decode()


def with_typed_passphrase(*command):
    """age asks for a passphrase on the terminal only: gives it one. It asks once to open, twice to seal."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvp(command[0], [str(word) for word in command])
    # Until the end, each prompt is answered: a prompt ends in a colon and a blank.
    output = b""
    answered = 0
    while True:
        try:
            piece = os.read(terminal, 4096)
        except OSError:  # EIO: the other side is gone
            break
        if not piece:
            break
        output += piece
        while output.count(b": ") > answered:
            answered += 1
            os.write(terminal, PASSPHRASE.encode() + b"\n")
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        raise AssertionError(f"{command}: {output.decode(errors='replace')}")


def needs(*programs):
    """Skips, loudly, without these programs."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing and os.environ.get("CI") == "true":
        raise AssertionError(f"missing: {', '.join(missing)}")
    return unittest.skipIf(missing, f"SKIPPED: missing {', '.join(missing)}")


@functools.cache
def recent_node():
    """A Node.js of version 20, which typage needs; Debian 12 has 18, and then npm brings one into the build directory."""
    if int(run("node", "--version").decode().lstrip("v").split(".")[0]) >= 20:
        return "node"
    package = "node-linux-" + {"x86_64": "x64", "aarch64": "arm64"}[os.uname().machine]
    prefix = Path(MODULES).parent / "node20"
    node = prefix / "node_modules" / package / "bin" / "node"
    if not node.exists():
        run("npm", "install", "--prefix", prefix, "--ignore-scripts", "--no-audit", "--no-fund", "--no-save", f"{package}@20.20.2")
    return str(node)


class Interop(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.dir = Path(cls.scratch.name)
        chance = random.Random(5)
        cls.contents = []
        for size in SIZES:
            path = cls.dir / f"content-{size}"
            path.write_bytes(chance.randbytes(size))
            cls.contents.append(path)
        cls.passphrase = cls.dir / "passphrase"
        cls.passphrase.write_text(PASSPHRASE + "\n")
        cls.identity = cls.dir / "identity"
        cls.recipients = cls.dir / "recipients"
        cls.recipients.write_bytes(run(TOOL, "keygen", cls.identity))

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def path(self, name):
        return self.dir / f"{self.id().split('.')[-1]}-{name}"

    def same(self, one, other):
        self.assertEqual(hashlib.sha256(Path(one).read_bytes()).digest(), hashlib.sha256(Path(other).read_bytes()).digest())

    def opens(self, sealed, content, *keys):
        """Ours opens it, as a stream and in memory."""
        for how in ([], ["--whole"]):
            out = self.path("opened")
            out.unlink(missing_ok=True)
            run(TOOL, "open", *keys, *how, sealed, out)
            self.same(out, content)

    def each(self):
        """Every size, armored and not."""
        return [(content, armor) for content in self.contents for armor in ([], ["-a"])]

    def age_opens(self, sealed, content, key):
        """Through its standard output: age 1.1.1 makes no file for empty content."""
        self.assertEqual(run("age", "-d", "-i", key, sealed), content.read_bytes())

    # ── Debian's age ───────────────────────────────────────────────────────────────────────────────────────────

    @needs("age", "age-keygen")
    def test_age_x25519(self):
        theirs = self.path("their-identity")
        run("age-keygen", "-o", theirs)
        their_recipient = self.path("their-recipient")
        their_recipient.write_bytes(run("age-keygen", "-y", theirs))
        self.assertEqual(run("age-keygen", "-y", self.identity), self.recipients.read_bytes())
        sealed, out = self.path("sealed"), self.path("out")
        for content, armor in self.each():
            with self.subTest(content=content.name, armor=armor):
                run("age", *armor, "-R", their_recipient, "-R", self.recipients, "-o", sealed, content)
                self.opens(sealed, content, "-i", theirs)
                self.opens(sealed, content, "-i", self.identity)
                run(TOOL, "seal", *armor, "-R", self.recipients, "-R", their_recipient, content, sealed)
                for key in (theirs, self.identity):
                    self.age_opens(sealed, content, key)

    @needs("age", "ssh-keygen")
    def test_age_ssh_ed25519(self):
        key = self.path("key")
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "somebody@example with a comment", "-f", key)
        public = Path(f"{key}.pub")
        sealed, out = self.path("sealed"), self.path("out")
        for content, armor in self.each():
            with self.subTest(content=content.name, armor=armor):
                run("age", *armor, "-R", public, "-o", sealed, content)
                self.opens(sealed, content, "-i", key)
                run(TOOL, "seal", *armor, "-R", public, content, sealed)
                self.age_opens(sealed, content, key)
        word, _ = refused("open", "-i", self.identity, sealed, out)
        self.assertEqual(word, "sealed-no-match")

    @needs("ssh-keygen")
    def test_openssh_keys_of_many_shapes(self):
        content, sealed = self.contents[1], self.path("sealed")
        for i in range(20):
            key = self.path(f"key-{i}")
            run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "c" * i, "-f", key)
            run(TOOL, "seal", "-R", f"{key}.pub", content, sealed)
            self.opens(sealed, content, "-i", key)

    @needs("ssh-keygen")
    def test_keys_that_cannot_be_used(self):
        content, sealed, out = self.contents[1], self.path("sealed"), self.path("out")
        run(TOOL, "seal", "-R", self.recipients, content, sealed)
        shapes = [("ed25519", PASSPHRASE, []), ("rsa", "", []), ("rsa", "", ["-m", "PEM"]), ("ecdsa", "", []), ("rsa", "", ["-m", "PKCS8"])]
        for i, (kind, passphrase, options) in enumerate(shapes):
            with self.subTest(kind=kind, options=options):
                key = self.path(f"key-{i}")
                run("ssh-keygen", "-q", "-t", kind, "-N", passphrase, *options, "-f", key)
                word, _ = refused("open", "-i", key, sealed, out)
                self.assertEqual(word, "sealed-no-match")
                # Beside a usable key it does no harm.
                self.opens(sealed, content, "-i", key, "-i", self.identity)
                if kind != "ed25519":
                    word, _ = refused("seal", "-R", f"{key}.pub", content, out)
                    self.assertEqual(word, "recipient-invalid")

    @needs("age")
    def test_age_passphrase(self):
        sealed, out = self.path("sealed"), self.path("out")
        for content, armor in self.each():
            with self.subTest(content=content.name, armor=armor):
                run(TOOL, "seal", *armor, "-p", self.passphrase, content, sealed)
                out.write_bytes(b"")  # age 1.1.1 makes no file for empty content
                with_typed_passphrase("age", "-d", "-o", out, sealed)
                self.same(out, content)
                word, _ = refused("open", "-i", self.identity, sealed, out)
                self.assertEqual(word, "sealed-no-match")
        # age's own work factor takes 256 MiB, so fewer sizes.
        for content in (self.contents[0], self.contents[4]):
            sealed.unlink(missing_ok=True)
            with_typed_passphrase("age", "-p", "-o", sealed, content)
            self.opens(sealed, content, "-p", self.passphrase)

    @needs("age")
    def test_identity_file_sealed_by_age(self):
        content, sealed, locked = self.contents[2], self.path("sealed"), self.path("locked")
        run("age", "-R", self.recipients, "-o", sealed, content)
        for armor in ([], ["-a"]):
            locked.unlink(missing_ok=True)
            with_typed_passphrase("age", "-p", *armor, "-o", locked, self.identity)
            self.opens(sealed, content, "-p", self.passphrase, "-i", locked)
        word, _ = refused("open", "-i", locked, sealed, self.path("out"))
        self.assertEqual(word, "identity-invalid")

    @needs("age", "age-keygen")
    def test_identity_file_of_several_keys(self):
        text = b""
        for i in range(3):
            text += b"# key %d\r\n" % i + run("age-keygen").replace(b"\n", b"\r\n") + b"\r\n"
        several, last, recipient = self.path("several"), self.path("last"), self.path("recipient")
        several.write_bytes(text)
        last.write_bytes(b"\n".join(text.splitlines()[-5:]) + b"\n")
        recipient.write_bytes(run("age-keygen", "-y", last).splitlines()[-1] + b"\n")
        content, sealed = self.contents[4], self.path("sealed")
        run("age", "-R", recipient, "-o", sealed, content)
        self.opens(sealed, content, "-i", several)

    # ── bounds ─────────────────────────────────────────────────────────────────────────────────────────────────

    @needs("age")
    def test_memory_that_is_not_there_is_named(self):
        sealed = self.path("sealed")
        with_typed_passphrase("age", "-p", "-o", sealed, self.contents[1])
        limited = f'ulimit -v {64 * KIB}; exec "$0" "$@"'
        done = subprocess.run(["sh", "-c", limited, TOOL, "open", "-p", self.passphrase, sealed, self.path("out")], capture_output=True, check=False)
        if b"AddressSanitizer" in done.stderr or b"Sanitizer" in done.stderr:
            self.skipTest("a sanitizer needs terabytes of address space")
        text = done.stderr.decode()
        self.assertEqual(done.returncode, 1, text)
        self.assertEqual(text.splitlines()[0], "sealed-memory")
        self.assertIn("256 MiB", text)
        self.assertIn("64 MiB", text)

    def test_nothing_appears_when_the_end_is_missing(self):
        content, sealed, out = self.contents[-1], self.path("sealed"), self.path("out")
        run(TOOL, "seal", "-R", self.recipients, content, sealed)
        whole = sealed.read_bytes()
        for cut in (len(whole) - 1, len(whole) // 2, 100):
            sealed.write_bytes(whole[:cut])
            for how in ([], ["--whole"]):
                word, _ = refused("open", "-i", self.identity, *how, sealed, out)
                self.assertEqual(word, "sealed-header" if cut == 100 else "sealed-payload")
                self.assertFalse(out.exists())
                self.assertFalse(Path(f"{out}.part").exists())

    # ── typage, ejson ──────────────────────────────────────────────────────────────────────────────────────────

    @needs("node", "npm")
    def test_typage(self):
        identity = self.identity.read_text().strip()
        recipient = self.recipients.read_text().strip()
        typage = [recent_node(), HERE / "typage.mjs", MODULES]
        sealed, out = self.path("sealed"), self.path("out")
        for content, armor in self.each():
            with self.subTest(content=content.name, armor=armor):
                run(*typage, "seal", *armor, "-r", recipient, content, sealed)
                self.opens(sealed, content, "-i", self.identity)
                run(TOOL, "seal", *armor, "-R", self.recipients, content, sealed)
                run(*typage, "open", "-i", identity, sealed, out)
                self.same(out, content)
                run(*typage, "seal", *armor, "-p", PASSPHRASE, content, sealed)
                self.opens(sealed, content, "-p", self.passphrase)
                run(TOOL, "seal", *armor, "-p", self.passphrase, content, sealed)
                run(*typage, "open", "-p", PASSPHRASE, sealed, out)
                self.same(out, content)

    @needs("node")
    def test_ejson_by_tweetnacl(self):
        ejson = ["node", HERE / "ejson.mjs", MODULES]
        public, private = run(*ejson, "keygen").decode().split()
        key, sealed, out = self.path("key"), self.path("sealed"), self.path("out")
        key.write_text(private + "\n")
        clear = (
            '{\n "_public_key": "%s",\n "environment": {"A": "one", "_B": "clear", "C": "zwei \\u00e4 \\ud83d\\udd11", "D": ""},\n'
            ' "list": ["x", {"_c": "clear"}, "clear too"], "n": [1, 2.50, true, null],\n "multi": "a\\nb\\n", "quote": "\\"\\\\/"\n}\n' % public
        )
        sealed.write_bytes(run(*ejson, "seal", input=clear.encode()))
        self.assertNotIn(b"one", sealed.read_bytes())
        run(TOOL, "ejson", key, sealed, out)
        # Strings may be spelled in another way; everything else is as it was.
        self.assertEqual(json.loads(out.read_text()), json.loads(clear))
        _, other = run(*ejson, "keygen").decode().split()
        key.write_text(other)
        word, _ = refused("ejson", key, sealed, out)
        self.assertEqual(word, "ejson-no-match")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v"])
