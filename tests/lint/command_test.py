#!/usr/bin/python3
"""hushkit lint from outside: exit codes, where the report goes, what a repository's own config may not do."""

import json
import os
import pathlib
import pty
import shutil
import stat
import subprocess
import tempfile
import unittest

HUSHKIT = os.environ["HUSHKIT"]
VALUE = "correct-horse-7-battery"


class Lint(unittest.TestCase):
    def setUp(self):
        self.at = pathlib.Path(tempfile.mkdtemp(prefix="hushkit-lint."))
        self.addCleanup(shutil.rmtree, self.at)

    def write(self, name, text):
        path = self.at / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def lint(self, *words, code, **options):
        done = subprocess.run([HUSHKIT, "lint", *words], cwd=self.at, capture_output=True, text=True, check=False, **options)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertNotIn(VALUE, done.stdout + done.stderr)
        return done

    def git(self, *words):
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.at), "GIT_CONFIG_NOSYSTEM": "1"}
        subprocess.run(["git", "-c", "init.defaultBranch=main", "-c", "user.name=x", "-c", "user.email=x@example.org", *words], cwd=self.at, check=True, env=environment,
                       capture_output=True)

    def test_exit_codes(self):
        """0 for nothing and for notes alone, 1 for a finding, 2 for a mistake, 3 for what could not be looked at."""
        self.assertIn("not searched: nothing was left out", self.lint(code=0).stdout)
        self.write("Dockerfile", "FROM x\nARG NPM_TOKEN\n")
        self.assertIn("Dockerfile:2: note: ", self.lint(code=0).stdout)
        self.write("Dockerfile", f"FROM x\nENV API_KEY={VALUE}\n")
        self.assertIn("Dockerfile:2: error: the value of API_KEY", self.lint(code=1).stdout)
        self.assertEqual(self.lint("--format", "xml", code=2).stdout, "")
        self.assertIn("hushkit: error: ", self.lint("nowhere", code=3).stderr)
        self.write("Dockerfile", "FROM x\n")
        self.write("compose.yaml", "services: [\n")
        self.assertIn("not searched: compose.yaml: ", self.lint(code=3).stdout)

    def test_files_and_folders(self):
        """A file alone, several at once; the place is what was named and what is below it."""
        self.write("a/Dockerfile.web", f"FROM x\nENV API_KEY={VALUE}\n")
        self.write("b/compose.yaml", f"services: {{x: {{environment: {{API_KEY: {VALUE}}}}}}}\n")
        text = self.lint("a/Dockerfile.web", "b", code=1).stdout
        self.assertIn("a/Dockerfile.web:2: error", text)
        self.assertIn("b/compose.yaml:1: error", text)

    def test_allow(self):
        """A comment above allows its rule, with a reason; another rule, and a reason left out, allow nothing."""
        line = f"ENV API_KEY={VALUE}\n"
        self.write("Dockerfile", "FROM x\n# audit: allow secret-env for the tests\n# and more\n" + line)
        self.lint(code=0)
        for comment in ("# audit: allow secret-env\n", "# audit: allow secret-arg for the tests\n", "# audit: allow secret-env for the tests\n\n", "# allow secret-env for the tests\n"):
            self.write("Dockerfile", "FROM x\n" + comment + line)
            self.lint(code=1)
        self.write("Dockerfile", f"FROM x\nENV A=1 \\\n# audit: allow secret-env for the tests\n  API_KEY={VALUE}\n")
        self.lint(code=0)

    def test_output(self):
        """The report in a file is for its owner alone, and a colour is for terminals alone."""
        self.write("Dockerfile", f"FROM x\nENV API_KEY={VALUE}\n")
        self.assertEqual(self.lint("--format", "json", "-o", "report.json", code=1).stdout, "")
        self.assertEqual(stat.S_IMODE((self.at / "report.json").stat().st_mode), 0o600)
        self.assertEqual(json.loads((self.at / "report.json").read_text())["verdict"], "found")
        self.assertNotIn("\x1b", self.lint(code=1).stdout)
        self.assertIn(b"\x1b[31merror\x1b[0m", self.at_terminal({}))
        self.assertNotIn(b"\x1b", self.at_terminal({"NO_COLOR": "1"}))

    def at_terminal(self, environment):
        """What a terminal is shown."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(self.at)
            os.execve(HUSHKIT, [HUSHKIT, "lint"], {**os.environ, "NO_COLOR": "", **environment})
        shown = b""
        try:
            while piece := os.read(terminal, 4096):
                shown += piece
        except OSError:  # EIO: the other side is gone
            pass
        os.close(terminal)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 1)
        return shown

    def test_baseline(self):
        """What a baseline accepts does not count; one without reasons is refused; what is new counts."""
        self.write("Dockerfile", f"FROM x\nENV API_KEY={VALUE}\n")
        self.lint("--write-baseline", "accepted.yaml", code=1)
        self.assertIn("no reason", self.lint("--baseline", "accepted.yaml", code=3).stderr)
        path = self.at / "accepted.yaml"
        path.write_text(path.read_text().replace('reason: ""', "reason: a key of the tests"))
        self.assertIn("accepted: Dockerfile:2, until 20", self.lint("--baseline", "accepted.yaml", code=0).stdout)
        self.write("Dockerfile.b", f"FROM x\nENV API_KEY={VALUE}\n")
        self.lint("--baseline", "accepted.yaml", code=1)
        path.write_text(path.read_text().replace("expires: \"20", "expires: \"19"))
        self.assertIn("entry 1 has expired", self.lint("--baseline", "accepted.yaml", code=1).stdout)

    def test_baseline_tells_variables_apart(self):
        """What was accepted for one variable of a file is not accepted for another; a line more changes nothing."""
        self.write("Dockerfile", f"FROM x\nENV API_KEY={VALUE}\n")
        self.lint("--write-baseline", "accepted.yaml", code=1)
        path = self.at / "accepted.yaml"
        path.write_text(path.read_text().replace('reason: ""', "reason: a key of the tests"))
        self.write("Dockerfile", f"FROM x\n\nENV API_KEY={VALUE}\n")
        self.lint("--baseline", "accepted.yaml", code=0)
        self.write("Dockerfile", f"FROM x\nENV API_KEY={VALUE} DB_PASSWORD={VALUE}\n")
        self.lint("--baseline", "accepted.yaml", code=1)

    def test_our_own_examples(self):
        """They leak nothing, but for the one that is there to be found out."""
        examples = pathlib.Path(__file__).resolve().parents[2] / "examples"
        good = [path for path in examples.iterdir() if path.is_dir() and path.name != "audit"] + [examples / "audit/right"]
        self.lint(*map(str, sorted(good)), code=0)
        self.lint(str(examples / "audit/wrong"), code=1)

    def test_unreadable(self):
        """A folder that cannot be listed is said, and is not clean."""
        self.write("a/Dockerfile", "FROM x\n")
        (self.at / "a").chmod(0)
        self.addCleanup((self.at / "a").chmod, 0o700)
        self.at.chmod(0o755)
        if os.geteuid() == 0:
            self.assertIn("not searched: a: cannot open the folder", self.lint(code=3, user=65534, group=65534, extra_groups=[]).stdout)
        else:
            self.assertIn("not searched: a: cannot open the folder", self.lint(code=3).stdout)

    def test_links(self):
        """No symbolic link is followed: what it leads to is somebody else's."""
        self.write("elsewhere/.env", f"DB_PASSWORD={VALUE}\n")
        self.write("project/Dockerfile", "FROM x\nCOPY src /x\n")
        (self.at / "project/.env").symlink_to("../elsewhere/.env")
        (self.at / "project/again").symlink_to(".")
        self.lint("project", code=0)

    def test_hostile_repository(self):
        """A repository's config names programs in every way it can, and none of them runs."""
        self.write(".env", f"DB_PASSWORD={VALUE}\n")
        self.git("init", "-q")
        self.git("add", "-f", ".env")
        program = self.write("program", f"#!/bin/sh\necho \"$0 $*\" >> {self.at}/ran\n")
        program.chmod(0o755)
        for key in ("core.fsmonitor", "core.pager", "core.sshCommand", "core.editor", "core.hooksPath", "diff.external", "filter.x.clean", "filter.x.smudge", "core.askPass", "alias.ls-files"):
            self.git("config", key, f"!{program}" if key.startswith("alias") else str(program))
        self.write(".gitattributes", "* filter=x\n")
        self.write(".gitignore", ".env\n")
        for hook in ("post-index-change", "fsmonitor-watchman"):
            self.write(f".git/hooks/{hook}", program.read_text()).chmod(0o755)
        self.assertIn(".env: error: it is in .gitignore, and committed all the same [gitignored-but-tracked]", self.lint(code=1).stdout)
        self.assertFalse((self.at / "ran").exists())
        # It is not even read: git would end at the first line that it does not understand.
        with open(self.at / ".git/config", "a", encoding="ascii") as config:
            config.write("[broken\n")
        self.lint(code=1)

    def test_repositories(self):
        """info/exclude, .gitignore below, a worktree, a subfolder and a SHA-256 repository are understood."""
        self.write("sub/a/.env", f"DB_PASSWORD={VALUE}\n")
        self.git("init", "-q", "--object-format=sha256")
        self.write("readme", "x")
        self.git("add", "readme")
        self.git("commit", "-qm", "x")
        self.assertIn("sub/a/.env: warning: it is not in .gitignore", self.lint(code=1).stdout)
        self.assertIn("sub/a/.env: warning: it is not in .gitignore", self.lint("sub", code=1).stdout)
        self.write("sub/.gitignore", ".env\n")
        self.lint("sub", code=0)
        (self.at / "sub/.gitignore").unlink()
        self.write(".git/info/exclude", ".env\n")
        self.lint(code=0)
        self.git("worktree", "add", "-q", "tree")
        self.write("tree/.env", f"DB_PASSWORD={VALUE}\n")
        self.lint("tree", code=0)
        self.git("-C", "tree", "add", "-f", ".env")
        self.assertIn("tree/.env: error: it is in .gitignore, and committed all the same", self.lint("tree", code=1).stdout)

    def test_nothing_left(self):
        """No folder of ours stays in /tmp."""
        self.write(".env", f"DB_PASSWORD={VALUE}\n")
        self.git("init", "-q")
        before = {p.name for p in pathlib.Path("/tmp").glob("hushkit-[0-9a-f]*")}
        self.lint(code=1)
        self.assertEqual({p.name for p in pathlib.Path("/tmp").glob("hushkit-[0-9a-f]*")} - before, set())


if __name__ == "__main__":
    unittest.main()
