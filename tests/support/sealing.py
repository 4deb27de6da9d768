"""Sealed files as people make them: by Debian's age."""

import os
import pty
import subprocess


def new_identity():
    """A fresh identity: the text of its file, the key alone, its recipient."""
    made = subprocess.run(["age-keygen"], capture_output=True, text=True, check=True).stdout
    recipient = subprocess.run(["age-keygen", "-y"], input=made, capture_output=True, text=True, check=True).stdout.strip()
    return made, made.splitlines()[-1], recipient


def with_passphrase(argv, passphrase):
    """Runs `age -p …`, which asks on its terminal, twice, and for nothing else."""
    child, terminal = pty.fork()
    if child == 0:
        os.execvp(argv[0], argv)
    answers = 2
    said = b""
    while True:
        try:
            said += os.read(terminal, 1024)
        except OSError:  # the other end is closed
            break
        if answers and said.rstrip().endswith(b":"):
            os.write(terminal, passphrase.encode() + b"\n")
            answers, said = answers - 1, b""
    os.close(terminal)
    _, status = os.waitpid(child, 0)
    assert status == 0, f"age -p failed: {said!r}"
