#!/usr/bin/python3
"""The JSON report against its schema, the SARIF report against what SARIF 2.1.0 and code scanning services ask for; no value in any."""

import json
import os
import pathlib
import re
import subprocess
import unittest

import jsonschema
import yaml

SCHEMA = json.loads((pathlib.Path(__file__).resolve().parents[2] / "src/audit/report.schema.json").read_text())


def sample(form):
    done = subprocess.run([os.environ["REPORT_SAMPLE"], form], capture_output=True, check=False)
    assert done.returncode == 1, done
    assert b"canary-7f3a9c51e2" not in done.stdout
    return done.stdout.decode()


class Reports(unittest.TestCase):
    def test_json(self):
        """It has the shape that the schema promises, and the schema refuses what it has not."""
        jsonschema.Draft7Validator.check_schema(SCHEMA)
        report = json.loads(sample("json"))
        jsonschema.validate(report, SCHEMA)
        self.assertEqual(report["verdict"], "found")
        self.assertEqual({f["where"]["place"] for f in report["findings"]}, set(SCHEMA["definitions"]["where"]["properties"]["place"]["enum"]))
        self.assertEqual([g["kind"] for g in report["gaps"]], SCHEMA["definitions"]["gap"]["properties"]["kind"]["enum"])
        report["findings"][0]["value"] = "x"
        with self.assertRaises(jsonschema.ValidationError):
            jsonschema.validate(report, SCHEMA)

    def test_sarif(self):
        """Rules are declared, every result has a place and a fingerprint, repeats are one result, URIs are relative references."""
        log = json.loads(sample("sarif"))
        self.assertEqual(log["version"], "2.1.0")
        self.assertEqual(len(log["runs"]), 1)
        run = log["runs"][0]
        driver = run["tool"]["driver"]
        rules = [r["id"] for r in driver["rules"]]
        self.assertEqual(len(rules), len(set(rules)))
        for rule in driver["rules"]:
            self.assertTrue(rule["shortDescription"]["text"] and rule["help"]["text"])
        marks = []
        for result in run["results"]:
            self.assertIn(result["level"], ("note", "warning", "error"))
            self.assertTrue(result["message"]["text"])
            self.assertRegex(result["partialFingerprints"]["secretAndPlace/v1"], r"^[0-9a-f]{32}$")
            self.assertGreaterEqual(result["occurrenceCount"], 1)
            for place in result["locations"]:
                self.assertTrue({"physicalLocation", "logicalLocations"} & set(place))
                if "physicalLocation" in place:
                    self.assertRegex(place["physicalLocation"]["artifactLocation"]["uri"], r"^[A-Za-z0-9._~/%-]+$")
                    self.assertGreaterEqual(place["physicalLocation"].get("region", {}).get("startLine", 1), 1)
                for logical in place.get("logicalLocations", []):
                    self.assertTrue(logical["fullyQualifiedName"] and logical["kind"])
            if "suppressions" not in result:
                marks.append(result["partialFingerprints"]["secretAndPlace/v1"])
                self.assertIn(result["ruleId"], rules + ["secret-env"])
        self.assertEqual(len(marks), len(set(marks)))
        # The first finding is there twice, with no repeats of its own.
        self.assertEqual(run["results"][0]["occurrenceCount"], 2)
        self.assertEqual([r["suppressions"][0]["kind"] for r in run["results"] if "suppressions" in r], ["external"])
        (invocation,) = run["invocations"]
        self.assertFalse(invocation["executionSuccessful"])
        self.assertEqual(invocation["exitCode"], 1)
        self.assertEqual(sum("not searched" in n["message"]["text"] for n in invocation["toolExecutionNotifications"]), 6)

    def test_text(self):
        """Worst first, one line a place, then what was searched; the terminal gets no control character."""
        text = sample("text")
        self.assertRegex(text.splitlines()[0], r"^(api_key|db_password): found in \d+ places$")
        self.assertIn("layer 1 of registry:5000/app:1.0 linux/arm64: a/[REDACTED:canary]/b??.txt", text)
        self.assertIn("rotate it first", text)
        self.assertIn("searched: 1 image, 2 layers, 3,456 files, 7,890,123 objects, 5 logs (117,737 MiB); not searched: 5 things, see above, and 1 value that is no key", text)
        self.assertFalse(re.search(r"[\x00-\x09\x0b-\x1f\x7f]", text))

    def test_baseline(self):
        """What is written is YAML that others read, an entry for each place, and a comment says where."""
        text = sample("baseline")
        entries = yaml.safe_load(text)["accepted"]
        self.assertEqual(len(entries), len({e["locator"] for e in entries}))
        self.assertEqual({e["reason"] for e in entries}, {"", "seen by me, [REDACTED:canary]", "four digits"})
        self.assertEqual(sum(line.startswith("  # ") for line in text.splitlines()), len(entries))


if __name__ == "__main__":
    unittest.main()
