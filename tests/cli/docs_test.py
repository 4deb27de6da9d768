#!/usr/bin/python3
"""Help, manual pages, schema, README and examples say the same as the code."""
import json
import os
import pathlib
import re
import subprocess
import sys
import unittest

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
HUSHRUN = os.environ["HUSHRUN"]
COMMAND_PAGE = (ROOT / "src/man/hushrun.1").read_text()
CONFIG_PAGE = (ROOT / "src/man/hushrun.yaml.5").read_text()
SCHEMA = json.loads((ROOT / "src/config/hushrun.schema.json").read_text())


def help_text():
    return subprocess.run([HUSHRUN, "--help"], capture_output=True, text=True, check=True).stdout


def schema_keys(node, keys):
    """Every property of the schema, at any depth."""
    if isinstance(node, dict):
        for name, value in node.get("properties", {}).items():
            keys.add(name)
            schema_keys(value, keys)
        for name, value in node.items():
            if name != "properties":
                schema_keys(value, keys)
    elif isinstance(node, list):
        for value in node:
            schema_keys(value, keys)
    return keys


class Documents(unittest.TestCase):
    def test_options_of_the_help_stand_in_the_manual_and_the_other_way_round(self):
        in_help = set(re.findall(r"--([a-z][a-z-]+)", help_text()))
        in_page = set(re.findall(r"Fl -([a-z][a-z-]+)", COMMAND_PAGE))
        self.assertEqual(in_help, in_page)

    def test_every_option_of_the_help_is_taken(self):
        for option in sorted(set(re.findall(r"--([a-z][a-z-]+)", help_text()))):
            answer = subprocess.run([HUSHRUN, "--" + option], capture_output=True, text=True, check=False, timeout=10)
            self.assertNotIn("unknown option", answer.stderr, option)

    def test_the_help_fits_a_screen(self):
        lines = help_text().splitlines()
        self.assertLessEqual(len(lines), 50)
        self.assertLessEqual(max(map(len, lines)), 100)

    def test_keys_of_the_schema_stand_in_the_manual(self):
        missing = [key for key in sorted(schema_keys(SCHEMA, set())) if not re.search(rf"(Cm|,|Brq Cm|Bq) {re.escape(key)}\b", CONFIG_PAGE)]
        self.assertEqual(missing, [])

    def test_manual_pages_are_well_formed(self):
        for page in sorted((ROOT / "src/man").glob("*.[1-8]")):
            said = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", page], capture_output=True, text=True, check=False)
            self.assertEqual(said.stdout, "", page.name)

    def test_configs_that_are_shown_are_good_ones(self):
        import jsonschema
        shown = {"hushrun.yaml.5": re.search(r"\.Sh EXAMPLES\n\.Bd -literal\n(.*?)\.Ed", CONFIG_PAGE, re.S).group(1)}
        for number, block in enumerate(re.findall(r"```yaml\n(version: 1\n.*?)```", (ROOT / "README.md").read_text(), re.S)):
            shown[f"README.md, block {number + 1}"] = block
        for path in sorted((ROOT / "examples").rglob("*.yaml")):
            text = path.read_text()
            if text.lstrip().startswith("version: 1\n") or "\nversion: 1\n" in text:
                shown[str(path.relative_to(ROOT))] = text
        self.assertGreater(len(shown), 3)
        for name, text in shown.items():
            with self.subTest(name):
                jsonschema.validate(yaml.safe_load(text), SCHEMA)

    def test_the_readme_names_the_two_commands_and_every_exit_code(self):
        readme = (ROOT / "README.md").read_text()
        for words in ("examples/quickstart.sh", "tests/run.sh", "125", "126", "127"):
            self.assertIn(words, readme)

    def test_links_of_the_readme_lead_somewhere(self):
        readme = (ROOT / "README.md").read_text()
        for target in re.findall(r"\]\(([^)#:]+)\)", readme):
            self.assertTrue((ROOT / target).exists(), target)


if __name__ == "__main__":
    sys.exit(unittest.main())
