#!/usr/bin/python3
"""What cannot be looked at to its end is told, and the answer is never 0; what reads hostile files can open nothing."""

import gzip
import json
import os
import re
import shutil
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

    def test_usage(self):
        self.assertEqual(self.run_audit().returncode, 2)
        self.assertEqual(self.run_audit("--value", "pasted", "x").returncode, 2)
        self.assertEqual(self.run_audit("x", source="dir:nowhere").returncode, 3)


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
