#!/usr/bin/python3
"""Repositories: what git itself would show nobody is found, whatever their config says; every object is looked at."""

import os
import shutil
import subprocess
import unittest

from kit import OTHER, VALUE, Case


class Repository(Case):
    def setUp(self):
        super().setUp()
        self.repo = self.at / "repo"
        self.repo.mkdir()
        self.git("init", "-q", "-b", "main")
        self.commit("a", "first")

    def git(self, *words, stdin=None, cwd=None):
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.at), "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@x",
                       "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@x"}
        done = subprocess.run(["git", *words], cwd=cwd or self.repo, env=environment, input=stdin, capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return done.stdout.decode().strip()

    def commit(self, name, content, message="m"):
        (self.repo / name).write_text(content)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)

    def found(self, *words, code=1):
        report = self.audit(*(words or ("--git", "repo")), code=code)
        return report, {(f["rule"], f["secret"]) for f in report["findings"]}

    def test_removed_unreachable_stashed_amended_merged_and_messages(self):
        self.commit("env", f"K={VALUE}\n")
        removed = self.git("rev-parse", "HEAD")
        (self.repo / "env").unlink()
        self.commit("b", "x")
        report, _ = self.found()
        [finding] = report["findings"]
        self.assertEqual((finding["rule"], finding["where"]["path"], finding["made_by"], finding["visibility"]),
                         ("git-blob", "env", f"commit {removed}", "hidden"))
        # An amended commit, nobody's any more.
        self.git("reset", "-q", "--hard", "HEAD~2")
        self.git("reflog", "expire", "--expire=now", "--all")
        report, _ = self.found()
        self.assertEqual(report["findings"][0]["made_by"], "no branch or tag leads to it")

    def test_a_stash(self):
        (self.repo / "new").write_text(OTHER)
        self.git("stash", "-q", "-u")
        self.assertEqual(self.found()[1], {("git-blob", "db_password")})

    def test_what_only_a_merge_has(self):
        self.git("checkout", "-q", "-b", "side", "HEAD")
        self.commit("s", "side")
        self.git("checkout", "-q", "main")
        self.commit("m", "main")
        self.git("merge", "-q", "--no-commit", "side")
        (self.repo / "evil").write_text(VALUE)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "merged")
        self.assertEqual(self.found()[1], {("git-blob", "api_key")})

    def test_commit_and_tag_messages_tree_names_config_hooks_reflog(self):
        self.commit("c", "x", f"use {VALUE} for now")
        self.git("tag", "-a", "-m", f"key {OTHER}", "v1")
        (self.repo / ".git/hooks/pre-push").write_text(f"#!/bin/sh\ncurl -u x:{VALUE} x\n")
        self.git("config", "remote.origin.url", f"https://u:{OTHER.replace(chr(34), '%22')}@x.example/r".replace("<", "%3C").replace(">", "%3E"))
        rules = self.found()[1]
        self.assertTrue({("git-commit", "api_key"), ("git-tag", "db_password"), ("git-config", "api_key"), ("git-config", "db_password"),
                         ("git-reflog", "api_key")} <= rules, rules)

    def test_packed_refs_packs_and_a_bare_clone(self):
        self.commit("env", VALUE)
        self.git("gc", "-q")
        self.git("clone", "-q", "--bare", "repo", "bare", cwd=self.at)
        for target in (["--git", "repo"], ["--git", "bare"], ["bare"], ["repo"]):
            self.assertIn(("git-blob", "api_key"), self.found(*target)[1])

    def test_published(self):
        self.commit("env", VALUE)
        self.git("clone", "-q", "repo", "clone", cwd=self.at)
        self.assertEqual([f["published"] for f in self.found("--git", "clone")[0]["findings"]], ["assume-public"])

    def test_alternates(self):
        """A clone that borrows another's objects shows them as its own, its refs or not."""
        self.commit("env", VALUE)
        self.git("clone", "-q", "--shared", "repo", "borrower", cwd=self.at)
        self.assertTrue((self.at / "borrower/.git/objects/info/alternates").read_text())
        self.assertEqual(self.git("count-objects", cwd=self.at / "borrower").split()[0], "0")
        self.assertIn(("git-blob", "api_key"), self.found("--git", "borrower")[1])
        # Gone from under it: not an answer of clean.
        shutil.rmtree(self.repo)
        self.assertEqual(self.gaps("--git", "borrower"), {"corrupt"})

    def test_submodules(self):
        """A gitlink's commit lies in .git/modules, named after the submodule, with slashes or not; also asked of the submodule itself."""
        for name, value in (("plain", VALUE), ("deep/er", OTHER)):
            other = self.at / "origin" / name
            other.mkdir(parents=True)
            self.git("init", "-q", "-b", "main", cwd=other)
            (other / "env").write_text(value)
            self.git("add", "-A", cwd=other)
            self.git("commit", "-q", "-m", "m", cwd=other)
            self.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "--name", name, str(other), f"sub/{name}")
        self.git("commit", "-q", "-m", "with submodules")
        report, found = self.found()
        self.assertEqual(found, {("git-blob", "api_key"), ("git-blob", "db_password")})
        objects = sum(len(self.git("cat-file", "--batch-all-objects", "--batch-check", cwd=where).splitlines())
                      for where in (self.repo, self.at / "origin/plain", self.at / "origin/deep/er"))
        self.assertEqual(report["totals"]["objects"], objects)
        self.assertEqual(self.found("--git", "repo/sub/plain")[1], {("git-blob", "api_key")})

    def test_sha256(self):
        shutil.rmtree(self.repo)
        self.repo.mkdir()
        self.git("init", "-q", "--object-format=sha256", "-b", "main")
        self.commit("env", VALUE)
        self.assertIn(("git-blob", "api_key"), self.found()[1])

    def test_a_hostile_config_runs_nothing(self):
        witness = self.at / "ran"
        self.commit("env", VALUE)
        for key in ("core.fsmonitor", "core.pager", "core.sshCommand", "core.hooksPath"):
            self.git("config", key, f"touch {witness}; true")
        self.assertIn(("git-blob", "api_key"), self.found()[1])
        self.assertFalse(witness.exists())

    def test_a_shallow_clone_and_a_broken_object_are_no_clean_answer(self):
        self.commit("b", "second")
        self.git("clone", "-q", "--depth=1", f"file://{self.repo}", "shallow", cwd=self.at)
        self.assertEqual(self.gaps("--git", "shallow"), {"missing"})
        blob = self.git("rev-parse", "HEAD:b")
        path = self.repo / ".git/objects" / blob[:2] / blob[2:]
        path.chmod(0o600)
        path.write_bytes(b"broken")
        self.assertTrue(self.gaps("--git", "repo") & {"corrupt", "missing"})

    def test_every_object_is_looked_at(self):
        """As many as git itself lists, packed and loose, with deltas."""
        text = ""
        for i in range(60):
            text += f"line {i}\n" * 20
            self.commit("grows", text)
        self.git("gc", "-q")
        for i in range(5):
            self.commit(f"loose{i}", f"{i}")
        listed = self.git("cat-file", "--batch-all-objects", "--batch-check").splitlines()
        self.assertEqual(self.found(code=0)[0]["totals"]["objects"], len(listed))


if __name__ == "__main__":
    if shutil.which("git") is None:
        raise SystemExit("SKIPPED: missing git" if os.environ.get("CI") != "true" else "FAILED: missing git")
    unittest.main()
