#!/usr/bin/python3
"""Logs as drivers write them, build contexts, folders and values from elsewhere."""

import base64
import json
import unittest

from kit import OTHER, VALUE, Case


class Logs(Case):
    def test_a_value_that_the_driver_cut(self):
        half = len(VALUE) // 2
        records = [{"log": "a" * 100 + VALUE[:half], "stream": "stdout"}, {"log": "something else\n", "stream": "stderr"}, {"log": VALUE[half:] + " b\n", "stream": "stdout"}]
        self.write("c.log", "".join(json.dumps({**r, "time": "2026-01-01T00:00:00Z"}) + "\n" for r in records))
        self.assertEqual(self.places("--log", "c.log"), {("log", "api_key", "", 0, "stdout")})
        self.write("k.log", f"2026-01-01T00:00:00.000000000Z stdout P x{VALUE[:half]}\n2026-01-01T00:00:00.000000001Z stderr F y\n"
                            f"2026-01-01T00:00:00.000000002Z stdout F {VALUE[half:]}\n")
        self.assertEqual(self.places("--log", "k.log"), {("log", "api_key", "", 0, "stdout")})

    def test_split_records_of_other_streams_are_not_joined(self):
        half = len(VALUE) // 2
        self.write("c.log", "".join(json.dumps({"log": text, "stream": stream}) + "\n" for text, stream in ((VALUE[:half], "stdout"), (VALUE[half:], "stderr"))))
        self.audit("--log", "c.log", code=0)

    def test_plain_and_its_line_and_standard_input(self):
        self.write("app.log", "one\ntwo\nkey " + OTHER + "\n")
        [finding] = self.audit("--log", "app.log", code=1)["findings"]
        self.assertEqual((finding["rule"], finding["where"]["line"]), ("log", 3))
        self.assertEqual(self.places("--log", "-", stdin=VALUE.encode()), {("log", "api_key", "", 0, "")})

    def test_one_place_is_told_once(self):
        """However it can be read: base64 is found as such, and in what its digits mean."""
        for text in (VALUE, base64.b64encode(f'{{"name": "{VALUE}", "port": 80}}'.encode()).decode(), VALUE.encode().hex()):
            self.write("app.log", f"x: {text}\n")
            [finding] = self.audit("--log", "app.log", code=1)["findings"]
            self.assertEqual(finding["repeats"], 0, finding)
        twice = base64.b64encode(VALUE.encode()).decode()
        self.write("app.log", f"x: {twice}\ny: {twice}\n")
        [finding] = self.audit("--log", "app.log", code=1)["findings"]
        self.assertEqual(finding["repeats"], 1, finding)

    def test_many_records(self):
        """Behind the block that is joined at once, and a record that ends with the file."""
        filler = json.dumps({"log": "x" * 1000 + "\n", "stream": "stdout"}) + "\n"
        self.write("c.log", filler * 5000 + json.dumps({"log": VALUE, "stream": "stdout"}))
        self.assertIn(("log", "api_key"), {place[:2] for place in self.places("--log", "c.log")})


class Contexts(Case):
    def test_as_the_ignore_file_lets_it_through(self):
        self.write("ctx/.dockerignore", ".env\nbuild\n!build/keep\n")
        for name in (".env", "a/.env", "build/x", "build/keep", "src/ok"):
            self.write(f"ctx/{name}", VALUE if name != "src/ok" else "x")
        found = {place[4] for place in self.places("--context", "ctx")}
        self.assertEqual(found, {"a/.env", "build/keep"})

    def test_without_one_everything_goes(self):
        self.write("ctx/.env", f"A={VALUE}")
        self.assertEqual(self.places("--context", "ctx"), {("context-file", "api_key", "", 0, ".env")})


class Values(Case):
    def test_from_a_file_given_by_name_and_from_a_config(self):
        self.write("v", "another-Value-93xk")
        self.write("tree/a", "x another-Value-93xk")
        self.assertEqual({place[1] for place in self.places("--value", "extra=v", "tree")}, {"extra"})
        self.write("h.yaml", "version: 1\nsources: [{dotenv: .env}]\nenv:\n  TOKEN: token\n")
        self.write(".env", 'token="quoted-Value-93xk#1"\nother=not-Mapped-93xk-5\n')
        self.write("tree/b", "quoted-Value-93xk#1 not-Mapped-93xk-5")
        import subprocess
        from kit import HUSHKIT
        done = subprocess.run([HUSHKIT, "audit", "-c", "h.yaml", "--format", "json", "tree"], cwd=self.at, capture_output=True, check=False)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertEqual({f["secret"] for f in json.loads(done.stdout)["findings"]}, {"token", "other"})

    def test_a_pem_file_is_found_by_its_lines_too_and_others_pem_is_not(self):
        import base64, os
        body = base64.encodebytes(os.urandom(300)).decode().replace("\n", "")
        pem = "-----BEGIN PRIVATE KEY-----\n" + "\n".join(body[i:i + 64] for i in range(0, len(body), 64)) + "\n-----END PRIVATE KEY-----\n"
        self.write("secrets/tls_key", pem)
        self.write("tree/yaml", "key: |\n" + "".join("    " + line + "\n" for line in pem.splitlines()))
        self.write("tree/part", body[64:128])
        self.write("tree/others", "-----BEGIN PRIVATE KEY-----\n" + base64.encodebytes(os.urandom(300)).decode() + "-----END PRIVATE KEY-----\n")
        self.assertEqual({place[4] for place in self.places("tree")}, {"yaml", "part"})


if __name__ == "__main__":
    unittest.main()
