#!/usr/bin/python3
"""edit: no byte of content on a disk, nothing left in memory, unchanged is untouched."""

import os
import re
import signal
import subprocess
import time
import unittest

from kit import CANARY, HUSHKIT, Case, needs


def desks():
    """Directories of ours in memory."""
    places = ["/dev/shm", "/run", os.environ.get("XDG_RUNTIME_DIR", "/dev/shm")]
    return {f"{place}/{name}" for place in places if os.path.isdir(place) for name in os.listdir(place) if name.startswith("hushkit.")}


class Edit(Case):
    def setUp(self):
        super().setUp()
        self.before = desks()
        self.kit("seal", "-r", self.recipient(), "-o", "x.env.age", stdin=f"A={CANARY}\n")

    def tearDown(self):
        self.assertEqual(desks() - self.before, set())

    def editor(self, script):
        path = self.write("editor", "#!/bin/sh\nset -e\n" + script)
        path.chmod(0o700)
        return {"EDITOR": str(path)}

    def test_change_is_sealed(self):
        self.kit("edit", "x.env.age", environment=self.editor('echo B=2 >>"$1"'))
        self.assertEqual(self.kit("open", "x.env.age").decode(), f"A={CANARY}\nB=2\n")

    def test_editor_that_replaces_the_file(self):
        self.kit("edit", "x.env.age", environment=self.editor('echo B=2 >"$1.new"; mv "$1.new" "$1"'))
        self.assertEqual(self.kit("open", "x.env.age"), b"B=2\n")

    def test_unchanged_is_untouched(self):
        before = os.stat(self.at / "x.env.age")
        done = self.run_kit("edit", "x.env.age", environment=self.editor('touch "$1"'))
        self.assertEqual(done.returncode, 0)
        self.assertIn(b"unchanged", done.stderr)
        after = os.stat(self.at / "x.env.age")
        self.assertEqual((before.st_ino, before.st_mtime_ns), (after.st_ino, after.st_mtime_ns))

    def test_failing_editor_leaves_it_untouched(self):
        before = (self.at / "x.env.age").read_bytes()
        for script in ('echo B=2 >>"$1"; exit 1', 'kill -9 $$', 'rm "$1"', f'echo "{CANARY}" >>"$1"'):
            self.refused("edit", "x.env.age", environment=self.editor(script))
            self.assertEqual((self.at / "x.env.age").read_bytes(), before)

    def test_words_in_editor_and_visual_first(self):
        self.kit("edit", "x.env.age", environment={"EDITOR": "false", "VISUAL": "sed -i s/A=/B=/"})
        self.assertEqual(self.kit("list", "x.env.age"), b"B\n")

    def test_new_file(self):
        self.kit("edit", "new.yaml.age", environment=self.editor('echo "a: 1" >"$1"'))
        self.assertEqual(self.kit("list", "new.yaml.age"), b"a\n")

    def test_home_and_temporary_files_are_in_memory(self):
        script = 'for place in "$HOME" "$TMPDIR" "$XDG_STATE_HOME" .; do [ "$(stat -f -c %T "$place")" = tmpfs ]; echo "$(cd "$place"; pwd)" >"$place/swap"; done; echo B=2 >>"$1"'
        self.kit("edit", "x.env.age", environment=self.editor(script))
        self.assertEqual(self.kit("list", "x.env.age"), b"A\nB\n")
        self.assertEqual(os.listdir(self.at / "home"), [".config"])

    def test_editor_does_not_get_key_or_passphrase(self):
        key = self.identity.read_text()
        script = 'env >"$HOME/env"; ! grep -q AGE-SECRET-KEY "$HOME/env"; ls -l /proc/$$/fd >"$HOME/fd"; ! grep -q "identity" "$HOME/fd"; echo B=2 >>"$1"'
        self.kit("edit", "-i", "env:KEY", "x.env.age", environment={**self.editor(script), "KEY": key})
        self.assertEqual(self.kit("list", "x.env.age"), b"A\nB\n")

    def test_terminated_while_editing(self):
        environment = {**self.environment, **self.editor(f'touch {self.at}/started; exec sleep 100')}
        process = subprocess.Popen([HUSHKIT, "edit", "x.env.age"], cwd=self.at, env=environment, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while not (self.at / "started").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 1, said)

    @needs("strace")
    def test_no_byte_on_a_disk(self):
        script = f'sed -i "s/A=/B=/" "$1"; echo "C={CANARY}" >>"$1"'
        self.trace(self.editor(script))
        self.assertEqual(self.kit("list", "x.env.age"), b"B\nC\n")

    @needs("strace", "vim")
    def test_no_byte_on_a_disk_with_vim(self):
        self.trace({"EDITOR": f"vim -c 'normal yyp' -c 'normal oC={CANARY}' -c wq", "TERM": "dumb"})
        self.assertEqual(self.kit("list", "x.env.age"), b"A\nC\n")

    def trace(self, environment):
        """Every write of the tool, the shell and the editor: one that holds the value went to memory, and nowhere else."""
        log = self.at / "trace"
        calls = "trace=write,pwrite64,writev,pwritev,pwritev2,sendfile,copy_file_range,splice,mmap,openat"
        self.traced(["strace", "-f", "-y", "-s", "100000", "-e", calls, "-o", log, HUSHKIT, "edit", "x.env.age"], environment=environment, stdin=subprocess.DEVNULL)
        held = 0
        for line in log.read_text(errors="replace").splitlines():
            call = re.match(r"\d+ +(\w+)\((\d+)<([^>]*)>", line)
            if call is None:
                continue
            name, place = call.group(1), call.group(3)
            if CANARY in line:
                held += 1
                self.assertRegex(place, r"^(/dev/shm|/run|pipe:)", line)
            # What the kernel copies is not shown: it must not leave memory either.
            if name in ("sendfile", "copy_file_range", "splice"):
                self.assertRegex(place, r"^(/dev/shm|/run|pipe:)", line)
        self.assertGreater(held, 0)
        mapped = [line for line in log.read_text(errors="replace").splitlines() if "MAP_SHARED" in line and "PROT_WRITE" in line and re.search(r", \d+</(?!dev/shm|run)", line)]
        self.assertEqual(mapped, [])


if __name__ == "__main__":
    unittest.main()
