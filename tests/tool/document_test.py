#!/usr/bin/python3
"""set, unset and list: one secret at a time, every other line as it was."""

import json
import unittest

import yaml

from kit import CANARY, Case, needs

VALUES = ["plain", "p$x\"q's", "a b # c", "back\\slash", "é€", "tab\there", "-----BEGIN-----\nline\n-----END-----\n", "null", "123", "$(date)", "{a: 1}", "a: b", "''", " x "]
DOTENV = "# head\nA=1\n\nexport B='two\nlines'  # tail\nC=\"x\" # note\n"
JSON = '{\n    "A": "1",\n    "n": {"deep": [1, 2, "}"]},\n    "B": "two"\n}\n'
YAML = "# head\nA: one # note\nmap:\n  deep: 1\n\n  more: 2\nlist:\n- x\n- y\ntext: |\n  # no comment\n  line\n\n  end\n# tail\nB: 'it''s'\nquoted: \"two\n  lines\"\nflow: {a: 1,\n  b: 2}\n"


class Set(Case):
    def setUp(self):
        super().setUp()
        self.assertTrue(self.identity.exists())

    def seal(self, name, content):
        self.kit("seal", "-o", name, stdin=content)

    def content(self, name):
        return self.kit("open", name).decode()

    def test_values_read_back_the_same(self):
        for suffix, read in (("json", json.loads), ("yaml", yaml.safe_load)):
            for i, value in enumerate(VALUES):
                self.kit("set", f"x.{suffix}.age", f"name{i}", stdin=value)
            self.assertEqual(read(self.content(f"x.{suffix}.age")), {f"name{i}": value for i, value in enumerate(VALUES)})

    def test_dotenv_values(self):
        for value, line in (("plain", "N=plain"), ("a b", "N='a b'"), ("it's", 'N="it\'s"'), ("p$x'\\", 'N="p\\$x\'\\\\"'), ("a\nb", "N='a\nb'")):
            self.kit("set", "x.env.age", "N", stdin=value)
            self.assertEqual(self.content("x.env.age"), line + "\n")

    def test_line_end_of_one_line_is_cut(self):
        for given, kept in (("x\n", "x"), ("x\r\n", "x"), ("x", "x"), ("x\ny\n", "x\ny\n")):
            self.kit("set", "x.json.age", "a", stdin=given)
            self.assertEqual(json.loads(self.content("x.json.age")), {"a": kept})

    def test_a_twin_is_told(self):
        """A launcher that gets both would not start: the README's db_password beside an .env's DB_PASSWORD."""
        self.seal("x.env.age", "DB_PASSWORD=one\n")
        done = self.run_kit("set", "x.env.age", "db-password", stdin=CANARY)
        self.assertEqual(done.returncode, 0)
        self.assertIn(b"warning: two names fall on one variable, continuing\n  where: x.env.age\n"
                      b"  why:   beside the new name there is DB_PASSWORD\n", done.stderr)
        for name in ("DB_PASSWORD", "db-password", "OTHER"):
            self.assertNotIn(b"warning", self.run_kit("set", "x.env.age", name, stdin="new").stderr)

    def test_other_lines_stay(self):
        self.seal("x.env.age", DOTENV)
        self.kit("set", "x.env.age", "B", stdin="new")
        self.assertEqual(self.content("x.env.age"), "# head\nA=1\n\nB=new\nC=\"x\" # note\n")
        self.kit("set", "x.env.age", "D", stdin="new")
        self.kit("unset", "x.env.age", "A")
        self.assertEqual(self.content("x.env.age"), "# head\n\nB=new\nC=\"x\" # note\nD=new\n")

        self.seal("x.json.age", JSON)
        self.kit("set", "x.json.age", "A", stdin="new")
        self.kit("set", "x.json.age", "Z", stdin="9")
        self.kit("unset", "x.json.age", "n")
        self.assertEqual(self.content("x.json.age"), '{\n    "A": "new",\n    "B": "two",\n    "Z": "9"\n}\n')
        for name in ("A", "Z", "B"):
            self.kit("unset", "x.json.age", name)
        self.assertEqual(json.loads(self.content("x.json.age")), {})
        self.kit("set", "x.json.age", "A", stdin="again")
        self.assertEqual(json.loads(self.content("x.json.age")), {"A": "again"})

        self.seal("x.yaml.age", YAML)
        self.kit("set", "x.yaml.age", "B", stdin="new")
        self.kit("set", "x.yaml.age", "Z", stdin="9")
        self.assertEqual(self.content("x.yaml.age"), YAML.replace("'it''s'", '"new"') + 'Z: "9"\n')
        everything = yaml.safe_load(self.content("x.yaml.age"))
        for name in list(everything):
            self.kit("unset", "x.yaml.age", name)
            del everything[name]
            self.assertEqual(yaml.safe_load(self.content("x.yaml.age")) or {}, everything)
        self.assertEqual(self.content("x.yaml.age"), "# head\n# tail\n")

    def test_crlf_stays(self):
        self.seal("x.env.age", "A=1\r\nB=2\r\n")
        self.kit("set", "x.env.age", "C", stdin="3")
        self.assertEqual(self.kit("open", "x.env.age"), b"A=1\r\nB=2\r\nC=3\r\n")

    def test_every_one_of_equal_keys_goes(self):
        self.seal("x.env.age", f"A={CANARY}\nB=2\nA=3\n")
        self.kit("unset", "x.env.age", "A")
        self.assertEqual(self.content("x.env.age"), "B=2\n")

    def test_what_is_not_simple_is_refused(self):
        for name, text, key in (
            ("x.yaml.age", "A: &a " + CANARY + "\nB: *a\n", "A"),  # somebody refers to it
            ("x.yaml.age", "map:\n  deep: " + CANARY + "\n", "map"),
            ("x.yaml.age", "{A: " + CANARY + "}\n", "A"),
            ("x.yaml.age", "? A\n: " + CANARY + "\n", "A"),
            ("x.yaml.age", "A: 1\n---\nB: " + CANARY + "\n", "A"),
            ("x.yaml.age", "- " + CANARY + "\n", "A"),
            ("x.json.age", '{"A": {"b": "' + CANARY + '"}}', "A"),
            ("x.json.age", '{"A": "' + CANARY + '"', "A"),
            ("x.json.age", '{"A": 1, "A": "' + CANARY + '"}', "A"),
            ("x.env.age", "A='" + CANARY + "\n", "A"),
        ):
            with self.subTest(text=text):
                self.seal(name, text)
                before = (self.at / name).read_bytes()
                self.refused("set", name, key, stdin="new")
                self.assertEqual((self.at / name).read_bytes(), before)

    def test_format_by_looking(self):
        for text, names in (("A=1\n", "A\n"), ('{"A": 1}', "A\n"), ("A:\n  b: 1\nC: 2\n", "A\nC\n")):
            self.seal("x.age", text)
            self.assertEqual(self.kit("list", "x.age").decode(), names)

    def test_list_shows_names_only(self):
        self.seal("x.env.age", f"A={CANARY}\nB='{CANARY}\n{CANARY}'\n")
        self.assertEqual(self.kit("list", "x.env.age"), b"A\nB\n")

    def test_unset_of_nothing(self):
        self.seal("x.env.age", "A=1\n")
        before = (self.at / "x.env.age").read_bytes()
        self.assertIn("the name is not in it", self.refused("unset", "x.env.age", "B"))
        self.assertEqual((self.at / "x.env.age").read_bytes(), before)
        self.refused("unset", "none.env.age", "B")

    def test_empty_value_is_refused(self):
        self.refused("set", "x.env.age", "A", stdin="\n")
        self.refused("set", "x.env.age", "A", stdin="")
        self.assertFalse((self.at / "x.env.age").exists())

    def test_value_at_a_terminal_is_not_echoed(self):
        code, shown = self.at_terminal("set", "x.env.age", "db_password", answers=[CANARY + "\n"])
        self.assertEqual(code, 0, shown)
        self.assertIn("value of db_password: ", shown)
        self.assertNotIn(CANARY, shown)
        self.assertEqual(self.content("x.env.age"), f"db_password={CANARY}\n")

    def test_fewer_recipients_need_force(self):
        self.kit("keygen", "-o", "other")
        self.kit("seal", "-r", self.recipient(), "-r", self.recipient("other"), "-o", "x.env.age", stdin="A=1\n")
        self.assertIn("fewer recipients", self.refused("set", "x.env.age", "A", stdin="2"))
        self.kit("set", "--force", "x.env.age", "A", stdin="2")

    def test_a_passphrase_stays(self):
        phrase = {"P": "phrase"}
        self.kit("seal", "--passphrase", "env:P", "-o", "x.env.age", stdin="A=1\n", environment=phrase)
        self.kit("set", "x.env.age", "A", "--passphrase", "env:P", stdin="2", environment=phrase)
        self.assertEqual(self.kit("open", "x.env.age", "--passphrase", "env:P", environment=phrase), b"A=2\n")

    @needs("age")
    def test_age_opens_it(self):
        self.kit("set", "-a", "x.env.age", "A", stdin="2")
        self.assertEqual(self.age("-d", "-i", self.identity, "x.env.age"), b"A=2\n")


if __name__ == "__main__":
    unittest.main()
