#!/usr/bin/python3
"""What cannot be looked at to its end is told, and the answer is never 0; what reads hostile files can open nothing."""

import gzip
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import unittest

from kit import HUSHKIT, VALUE, Case, Layout, config, tar


class Damaged(Case):
    def image(self, layer):
        return tar([("1/layer.tar", layer), ("c.json", config()), ("manifest.json", json.dumps([{"Config": "c.json", "RepoTags": ["a"], "Layers": ["1/layer.tar"]}]))])

    def test_cut_archives(self):
        whole = self.image(tar([("a", os.urandom(3000)), ("b", os.urandom(3000))]))
        for size in (600, 3000, 5000, 7000):
            self.assertTrue(self.gaps("-", stdin=whole[:size]), size)
        layer = gzip.compress(tar([("a", os.urandom(50000))]))
        for size in (20, 1000, len(layer) - 4):
            self.assertIn("corrupt", self.gaps("-", stdin=self.image(layer[:size])), size)

    def test_a_bit_that_fell_over(self):
        layer = bytearray(gzip.compress(tar([("a", os.urandom(50000))])))
        layer[30000] ^= 1
        self.assertIn("corrupt", self.gaps("-", stdin=self.image(bytes(layer))))

    def test_what_was_found_before_the_cut_is_told(self):
        whole = self.image(tar([("a", VALUE), ("b", os.urandom(9000))]))
        self.assertEqual(self.audit("-", stdin=whole[:6000], code=1)["verdict"], "found")

    def test_a_bomb(self):
        nothing = gzip.compress(gzip.compress(b"\0" * (1 << 20), 9) * 3000, 9)
        self.assertIn("limit", self.gaps("-", stdin=nothing))

    def test_archives_nested_too_deep(self):
        data = b"innermost"
        for i in range(12):
            data = tar([(f"n{i}", data)])
        self.assertIn("limit", self.gaps("-", stdin=data))

    def test_unreadable_and_missing(self):
        self.assertEqual(self.run_audit("nowhere.tar").returncode, 3)
        self.write("tree/a", "x")
        self.assertEqual(self.audit("tree", code=0)["totals"]["files"], 1)

    def test_a_value_too_short_is_named(self):
        self.write("secrets/pin", "4711x")
        self.write("tree/a", "x")
        report = self.audit("tree", code=3)
        self.assertEqual([(gap["kind"], gap["secret"]) for gap in report["gaps"]], [("weak", "pin")])

    def test_a_setting_is_no_key_and_no_gap_that_counts(self):
        """Blank, a word, a port, the name of a secret: named, in one line a reason, and the answer is clean."""
        self.write("values.env", f"API_KEY={VALUE}\nEMPTY=\nDEBUG=true\nHOST=localhost\nPORT=8080\nTRIES=3\nROLE=api-key\nPASSWORD=changeme\n")
        self.write("tree/a", "DEBUG=true localhost:8080")
        report = self.audit("tree", code=0, source="dotenv:values.env")
        self.assertEqual(report["verdict"], "clean")
        self.assertEqual({(gap["kind"], gap["secret"]) for gap in report["gaps"]},
                         {("setting", name) for name in ("EMPTY", "DEBUG", "HOST", "PORT", "TRIES", "ROLE", "PASSWORD")})
        text = self.run_audit("tree", source="dotenv:values.env").stdout.decode()
        self.assertIn("not searched: EMPTY: blank [setting]\n", text)
        self.assertIn("not searched: 7 values that are no keys\n", text)
        sarif = json.loads(self.run_audit("--format", "sarif", "tree", source="dotenv:values.env").stdout)
        self.assertTrue(sarif["runs"][0]["invocations"][0]["executionSuccessful"])

    def test_settings_alone_are_nothing_to_look_for(self):
        self.write("values.env", "PORT=8080\n")
        self.write("tree/a", "x")
        self.assertEqual(self.run_audit("tree", source="dotenv:values.env").returncode, 3)

    def test_a_baseline_accepts_what_is_too_short_and_needs_no_word_for_settings(self):
        self.write("values.env", f"API_KEY={VALUE}\nPIN=4711x\nPORT=8080\n")
        self.write("tree/a", "x")
        self.audit("--write-baseline", "base.yaml", "tree", code=3, source="dotenv:values.env")
        base = (self.at / "base.yaml").read_text()
        self.assertNotIn("PORT", base)
        self.write("accepted.yaml", base.replace('reason: ""', "reason: a door"))
        self.audit("--baseline", "accepted.yaml", "tree", code=0, source="dotenv:values.env")

    def test_usage(self):
        self.assertEqual(self.run_audit().returncode, 2)
        self.assertEqual(self.run_audit("--value", "pasted", "x").returncode, 2)
        self.assertEqual(self.run_audit("x", source="dir:nowhere").returncode, 3)


class Killed(Case):
    def test_a_reader_that_dies_is_a_gap(self):
        """Killed from outside while it reads: what it had at hand is named, another one goes on, and the answer is not 0."""
        self.write("tree/a", "x")
        for fifo in ("one", "two"):
            os.mkfifo(self.at / fifo)
        command = [HUSHKIT, "audit", "--no-config", "-s", "dir:secrets", "--format", "json", "one", "two", "tree"]
        with subprocess.Popen(command, cwd=self.at, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={"PATH": os.environ["PATH"]}) as process:
            # An archive that begins and does not end: opening waits for the reader, writing until it has read more than a pipe holds.
            with open(self.at / "one", "wb", buffering=0) as one:
                image = tar([("a", os.urandom(1 << 20))])
                one.write(image[: len(image) // 2])
                readers = (pathlib.Path("/proc") / str(process.pid) / "task" / str(process.pid) / "children").read_text().split()
                self.assertEqual(len(readers), 2)
                [busy] = [pid for pid in readers if self.reads(pid, self.at / "one")]
                os.kill(int(busy), signal.SIGKILL)
                with open(self.at / "two", "wb", buffering=0) as two:
                    two.write(tar([("b", b"nothing")]))
            out, err = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 3, err.decode())
        report = json.loads(out)
        lost = {(gap["kind"], gap["where"]["artifact"]) for gap in report["gaps"]}
        self.assertIn(("corrupt", "one"), lost)
        self.assertNotIn(("corrupt", "two"), lost)
        self.assertGreaterEqual(report["totals"]["files"], 1)

    @staticmethod
    def reads(pid, path):
        return any(os.readlink(fd) == str(path) for fd in (pathlib.Path("/proc") / pid / "fd").iterdir())


class Confined(Case):
    @unittest.skipUnless(shutil.which("strace"), "SKIPPED: missing strace")
    def test_after_the_first_job_nothing_is_opened_by_the_readers(self):
        """Nor is a socket made: seen from outside, on every system call of every process."""
        self.write("image.tar", tar([("a.tgz", tar([("b", VALUE)], "w:gz")), ("c.zip", b"PK\x03\x04broken")]))
        subprocess.run(["strace", "-f", "-o", "trace", HUSHKIT, "audit", "--no-config", "-s", "dir:secrets", "image.tar"], cwd=self.at, check=False,
                       capture_output=True, env={"PATH": os.environ["PATH"], "HOME": str(self.at)})
        confined, opened = set(), []
        for line in (self.at / "trace").read_text(errors="replace").splitlines():
            pid, call = line.split(None, 1)
            if re.match(r"(seccomp\(SECCOMP_SET_MODE_FILTER|prctl\(PR_SET_SECCOMP).*\{len=", call):
                confined.add(pid)
            elif pid in confined and re.match(r"(open|openat|openat2|creat|socket|connect|execve|clone|fork|vfork|clone3)\(", call) and "EPERM" not in call:
                opened.append(call)
        self.assertEqual(len(confined), 2, "the readers are confined")
        self.assertEqual(opened, [])


if __name__ == "__main__":
    unittest.main()
