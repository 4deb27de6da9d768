"""What the tests of hushkit share: a place with an identity, runs of the tool, a person at a terminal."""

import os
import pathlib
import pty
import re
import shutil
import subprocess
import tempfile
import unittest

HUSHKIT = os.environ["HUSHKIT"]
ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMANDS = re.findall(r'\{"(\w+)", "', (ROOT / "src/tool/commands.cc").read_text())
CANARY = "canary-7f3a9c51e2"  # a value that must not show up where it does not belong


def needs(*programs):
    """Skips, loudly, without these programs; with CI=true that is a failure."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing and os.environ.get("CI") == "true":
        raise AssertionError(f"missing: {', '.join(missing)}")
    return unittest.skipIf(missing, f"SKIPPED: missing {', '.join(missing)}")


class Case(unittest.TestCase):
    def setUp(self):
        self.at = pathlib.Path(tempfile.mkdtemp(prefix="hushkit-test."))
        self.addCleanup(shutil.rmtree, self.at)
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(self.at / "home")}
        (self.at / "home").mkdir()
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "XDG_RUNTIME_DIR"):
            if name in os.environ:
                self.environment[name] = os.environ[name]

    @property
    def identity(self):
        """The default identity, made at first use."""
        path = self.at / "home/.config/hushrun/identity"
        if not path.exists():
            self.kit("keygen", "-o", path)
        return path

    def recipient(self, identity=None):
        return self.kit("keygen", "-y", identity or self.identity).decode().strip()

    def run_kit(self, *words, stdin=b"", environment=None, **options):
        if isinstance(stdin, str):
            stdin = stdin.encode()
        return subprocess.run([HUSHKIT, *map(str, words)], input=stdin, capture_output=True, check=False, cwd=self.at, timeout=120,
                              env={**self.environment, **(environment or {})}, start_new_session=True, **options)

    def kit(self, *words, **options):
        """A run that has to succeed; its standard output."""
        done = self.run_kit(*words, **options)
        self.assertEqual(done.returncode, 0, done.stderr.decode(errors="replace"))
        return done.stdout

    def refused(self, *words, code=1, **options):
        """A run that has to fail, with nothing on standard output; what it says."""
        done = self.run_kit(*words, **options)
        text = done.stderr.decode(errors="replace")
        self.assertEqual(done.returncode, code, text)
        self.assertEqual(done.stdout, b"")
        self.assertRegex(text, r"(?m)^hushkit: error: ")
        self.assertNotIn(CANARY, text)
        return text

    def traced(self, argv, **options):
        """A run under strace, which has to succeed."""
        environment = {**self.environment, **options.pop("environment", {}), "ASAN_OPTIONS": "detect_leaks=0"}  # leaks are looked for by ptrace, too
        done = subprocess.run(argv, cwd=self.at, env=environment, capture_output=True, check=False, timeout=300, **options)
        if done.returncode != 0 and b"ptrace" in done.stderr and os.environ.get("CI") != "true":
            self.skipTest("SKIPPED: ptrace is not allowed here")
        self.assertEqual(done.returncode, 0, done.stderr.decode(errors="replace"))
        return done.stdout

    def age(self, *words, stdin=b""):
        done = subprocess.run(["age", *map(str, words)], input=stdin, capture_output=True, check=False, cwd=self.at)
        self.assertEqual(done.returncode, 0, done.stderr.decode(errors="replace"))
        return done.stdout

    def write(self, name, content):
        path = self.at / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def at_terminal(self, *words, answers=(), program=HUSHKIT, stdout=None):
        """Runs at a terminal of its own and answers each prompt in turn; exit code and all that was shown."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(self.at)
            if stdout is not None:
                os.dup2(os.open(stdout, os.O_WRONLY | os.O_CREAT, 0o600), 1)
            os.execve(shutil.which(program), [program, *map(str, words)], self.environment)
        shown, left = b"", list(answers)
        seen = 0
        while True:
            try:
                piece = os.read(terminal, 65536)
            except OSError:  # EIO: the other side is gone
                break
            if not piece:
                break
            shown += piece
            if left and shown[seen:].endswith(b": "):
                seen = len(shown)
                os.write(terminal, left.pop(0).encode())
        os.close(terminal)
        _, status = os.waitpid(pid, 0)
        return os.waitstatus_to_exitcode(status), shown.decode(errors="replace")
