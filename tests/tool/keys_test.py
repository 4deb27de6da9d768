#!/usr/bin/python3
"""keygen, the command line and the manual page."""

import os
import re
import stat
import subprocess
import unittest

from kit import CANARY, COMMANDS, HUSHKIT, ROOT, Case, needs


class Keygen(Case):
    def test_private_and_never_overwritten(self):
        done = self.run_kit("keygen", "-o", "key")
        self.assertEqual(stat.S_IMODE(os.stat(self.at / "key").st_mode), 0o600)
        before = (self.at / "key").read_bytes()
        recipient = re.search(r"public key: (age1\w+)", done.stderr.decode()).group(1)
        self.assertIn(f"# public key: {recipient}\n".encode(), before)
        self.assertIn("File exists", self.refused("keygen", "-o", "key"))
        self.assertEqual((self.at / "key").read_bytes(), before)
        self.assertNotIn("AGE-SECRET-KEY", done.stderr.decode())

    @needs("age-keygen")
    def test_same_recipient_as_age_keygen(self):
        theirs = subprocess.run(["age-keygen", "-y", self.identity], capture_output=True, check=True).stdout
        self.assertEqual(self.kit("keygen", "-y", self.identity), theirs)
        self.assertEqual(self.kit("keygen", "-y", stdin=self.identity.read_bytes()), theirs)

    def test_directory_of_the_usual_place_is_made(self):
        self.assertTrue(self.identity.is_file())
        self.assertEqual(stat.S_IMODE(self.identity.parent.stat().st_mode), 0o700)

    def test_warns_of_a_readable_standard_output(self):
        for mode, warned in ((0o644, True), (0o600, False)):
            path = self.at / f"out{mode}"
            with open(path, "wb") as out:
                os.fchmod(out.fileno(), mode)
                done = subprocess.run([HUSHKIT, "keygen"], stdout=out, stderr=subprocess.PIPE, check=True, env=self.environment)
            self.assertEqual(b"others can read" in done.stderr, warned)
            self.assertIn(b"AGE-SECRET-KEY-1", path.read_bytes())


class CommandLine(Case):
    def test_mistakes_exit_2_and_quote_nothing(self):
        for words in ([], ["frobnicate", CANARY], [CANARY], ["--" + CANARY], ["set", "f.env.age", "A", CANARY], ["set", "f.env.age", "A=" + CANARY],
                      ["set", "f.env.age"], ["seal", "--" + CANARY], ["open", "-i"], ["completion", CANARY], ["keygen", CANARY]):
            self.refused(*words, code=2)
        self.assertIn("did you mean inspect", self.refused("inspct", code=2))
        self.assertIn("standard input", self.refused("set", "f.env.age", "A", CANARY, code=2))

    def test_no_identity_says_where_it_was_looked_for(self):
        self.write("x", b"x")
        self.assertIn("home/.config/hushrun/identity", self.refused("seal", "-o", "x.age", "x"))
        self.assertFalse((self.at / "x.age").exists())

    def test_secrets_in_wrong_places_are_not_quoted(self):
        key = self.identity.read_text().splitlines()[-1]
        for words in (["seal", "-r", key], ["seal", "-r", CANARY], ["open", "-i", "env:" + key], ["open", "-i", "fd:" + key], ["open", "-i", key]):
            done = self.run_kit(*words)
            self.assertNotEqual(done.returncode, 0)
            self.assertNotIn(key.encode(), done.stderr + done.stdout)


class DefaultIdentity(Case):
    def test_one_that_others_can_read_is_told(self):
        """hushrun refuses it: hushkit is not to work on as if nothing was."""
        self.kit("seal", "-r", self.recipient(), "-o", "x.env.age", stdin="A=1\n")
        self.assertEqual(self.run_kit("list", "x.env.age").stderr, b"")
        self.identity.chmod(0o644)
        done = self.run_kit("list", "x.env.age")
        self.assertEqual(done.stdout, b"A\n")
        self.assertIn(b"warning: default identity is open to others, continuing\n", done.stderr)
        self.assertEqual(self.run_kit("list", "-i", self.identity, "x.env.age").stderr, b"")


class Documents(Case):
    def test_help_and_manual_name_every_command_and_option(self):
        page = (ROOT / "src/man/hushkit.1").read_text()
        top = self.kit("--help").decode()
        for command in COMMANDS:
            self.assertIn(command, top)
            self.assertRegex(page, rf"(?m)^\.It Cm {command}$")
            text = self.kit(command, "--help").decode()
            for option in re.findall(r"(?m)^ +(?:-\w,)?--([a-z-]+)", text):
                self.assertIn(f"Fl -{option}", page)

    @needs("git")
    def test_the_readme_of_a_team_can_be_followed(self):
        readme = (ROOT / "README.md").read_text()
        team = readme[readme.index("**A team**"):]
        joining, leaving = re.findall(r"```sh\n(.*?)```", team, re.S)[:2]
        self.kit("keygen", "-o", "bob")
        own = 'printf "# ada\\n%s\\n" "$(hushkit keygen -y ~/.config/hushrun/identity)" >>.age-recipients\n'
        lines = joining.replace("age1…", self.recipient("bob")).splitlines(keepends=True)
        script = "set -eu\ngit init -q .\n" + lines[0] + own + "".join(lines[1:3]) + "git add -A\n" + lines[3]
        environment = {"PATH": f"{os.path.dirname(HUSHKIT)}:{os.environ['PATH']}"}

        def follow(text, value):
            done = subprocess.run(["sh", "-c", text], input=value, cwd=self.at, env={**self.environment, **environment}, capture_output=True, check=False)
            self.assertEqual(done.returncode, 0, done.stderr.decode())
        follow(script, b"first")
        self.assertEqual(self.kit("open", "-i", "bob", "secrets.env.age"), b"db_password=first\n")
        recipients = self.at / ".age-recipients"
        recipients.write_text("".join(line for line in recipients.read_text().splitlines(keepends=True) if self.recipient("bob") not in line))
        follow("set -eu\n" + leaving, b"second")
        self.assertEqual(self.kit("open", "secrets.env.age"), b"db_password=second\n")
        self.refused("open", "-i", "bob", "secrets.env.age")
        # The diff that the README promises.
        setting = re.search(r"```sh\n(git config diff.age.textconv .*)\n```", readme).group(1)
        follow("git add -A; git -c user.name=a -c user.email=a@b commit -qm x; echo '*.age binary diff=age' >.gitattributes\n" + setting, b"")
        self.kit("set", "secrets.env.age", "other", stdin="third")
        shown = subprocess.run(["git", "diff"], cwd=self.at, env={**self.environment, **environment}, capture_output=True, check=True, text=True).stdout
        self.assertIn("\n+other=third\n", shown)
        # One that is not sealed to us, as an older commit's may be, does not end git's output.
        self.kit("seal", "-r", self.recipient("bob"), "-o", "bobs.age", stdin="name=value\n")
        shown = subprocess.run(["sh", "-c", "git add bobs.age; git diff --cached"], cwd=self.at, env={**self.environment, **environment}, capture_output=True,
                               check=True, text=True).stdout
        self.assertIn("\n+sealed:  to 1 age recipient", shown)

    @needs("mandoc")
    def test_manual_page_is_well_formed(self):
        done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", ROOT / "src/man/hushkit.1"], capture_output=True, text=True, check=False)
        self.assertEqual(done.stdout + done.stderr, "")


if __name__ == "__main__":
    unittest.main()
