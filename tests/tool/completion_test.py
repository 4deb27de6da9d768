#!/usr/bin/python3
"""Completion in the shells themselves: keys are typed at a terminal, and what the shell then runs is looked at."""

import os
import pty
import re
import shutil
import subprocess
import unittest

from kit import COMMANDS, HUSHKIT, Case, needs

# What is typed, tab by tab, and what the command then gets. The directory holds "team file", "identity.txt" and a directory "seals".
TYPED = [
    ("rek\tx.age", "rekey|x.age"),
    ("seal --recipients-\t'team f\t", "seal|--recipients-file|team file"),
    ("open -i ident\t", "open|-i|identity.txt"),
    ("set --pass\tident\tN", "set|--passphrase|identity.txt|N"),
    ("completion z\t", "completion|zsh"),
    ("inspect ident\t", "inspect|identity.txt"),
    ("seal\t-a", "seal|-a"),  # a word, though a directory begins with it
]


class Completion(Case):
    def setUp(self):
        super().setUp()
        self.write("team file", "")
        self.write("identity.txt", "")
        (self.at / "seals").mkdir()

    def options(self, command):
        """All long options that --help tells."""
        return re.findall(r"(?m)^ +(?:-\w,)?--([a-z-]+)", self.kit(command, "--help").decode())

    def typed(self, shell, setup, lines):
        """What a shell at a terminal shows when these lines are typed."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(self.at)
            os.execve(shutil.which(shell[0]), shell, {**self.environment, "TERM": "dumb", "PS1": "$ "})
        function = "hushkit() { local IFS='|'; echo \"got:$*:\"; }"
        for line in [*setup, function, *lines, "exit"]:
            os.write(terminal, line.encode() + b"\n")
        shown = b""
        while True:
            try:
                piece = os.read(terminal, 65536)
            except OSError:  # EIO: the other side is gone
                break
            if not piece:
                break
            shown += piece
        os.close(terminal)
        os.waitpid(pid, 0)
        return shown.decode(errors="replace")

    def expect(self, shell, setup):
        shown = self.typed(shell, setup, ["hushkit " + keys for keys, _ in TYPED])
        self.assertEqual(re.findall(r"(?m)^got:(.*):\r?$", shown), [wanted for _, wanted in TYPED], shown)

    def test_bash(self):
        self.expect(["bash", "--norc", "--noprofile", "-i"], [f'eval "$({HUSHKIT} completion bash)"'])

    @needs("zsh")
    def test_zsh(self):
        (self.at / "functions").mkdir()
        self.write("functions/_hushkit", self.kit("completion", "zsh"))
        self.expect(["zsh", "-f", "-i"], ["fpath=(functions $fpath); autoload -U compinit; compinit -u -D"])
        self.expect(["zsh", "-f", "-i"], ["autoload -U compinit; compinit -u -D", f'eval "$({HUSHKIT} completion zsh)"'])

    @needs("fish")
    def test_fish(self):
        self.write("hushkit.fish", self.kit("completion", "fish"))

        def offered(line):
            script = "source hushkit.fish; complete -C $argv[1]"
            done = subprocess.run(["fish", "--no-config", "-c", script, line], cwd=self.at, env=self.environment, capture_output=True, text=True, check=True)
            self.assertEqual(done.stderr, "")
            return {one.split("\t")[0] for one in done.stdout.splitlines()}
        self.assertEqual(offered("hushkit rek"), {"rekey"})
        self.assertEqual(offered("hushkit "), set(COMMANDS))
        self.assertEqual(offered("hushkit completion "), {"bash", "zsh", "fish"})
        self.assertEqual(offered("hushkit open -i ident"), {"identity.txt"})
        self.assertEqual(offered("hushkit seal -r "), set())
        for command in COMMANDS:
            self.assertLessEqual({f"--{option}" for option in self.options(command)}, offered(f"hushkit {command} --"))

    def test_bash_and_zsh_know_every_command_and_option(self):
        for shell in ("bash", "zsh"):
            text = self.kit("completion", shell).decode()
            for command in COMMANDS:
                line = re.search(rf"(?m)^    {command}\) options=.*$", text).group()
                for option in self.options(command):
                    self.assertIn(f"--{option} ", line)


if __name__ == "__main__":
    unittest.main()
