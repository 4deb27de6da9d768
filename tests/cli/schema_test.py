#!/usr/bin/python3
"""Holds the JSON Schema of hushrun.yaml and its parser together.

usage: schema_test.py CONFIG_VERDICT SCHEMA

Every row of the table is judged by both, and both must say what the row says. Where a schema cannot say it (a key twice, one field
against another) the row says so. And each section of the parser has the same keys as its definition in the schema.
"""

import json
import re
import subprocess
import sys

import jsonschema

ACCEPTED, REFUSED = True, False
PARSER_ONLY = "refused by the parser, and beyond a schema"
SCHEMA_ONLY = "accepted by the parser, and too wide for a schema"


def top(text):
    return "version: 1\n" + text


def env(value):
    return top("env: {X: %s}\n" % value)


def file(value, path="x"):
    return top("files: {%s: %s}\n" % (path, value))


def source(value):
    return top("sources: [%s]\n" % value)


def process(value):
    return top("process: {%s}\n" % value)


ROWS = [
    ("the least there can be", top(""), ACCEPTED),
    ("a comment only", "# version: 1\n", REFUSED),
    ("no version", "env: {X: a}\n", REFUSED),
    ("a later version", "version: 2\n", REFUSED),
    ("a version in quotes", "version: '1'\n", REFUSED),
    ("a version that is nearly a number", "version: 1.1\n", REFUSED),
    ("a second version", "version: 1\nversion: 1\n", PARSER_ONLY),
    ("a list instead of fields", "- version: 1\n", REFUSED),
    ("an unknown field", top("evn: {}\n"), REFUSED),
    ("an empty section", top("env:\n"), REFUSED),
    ("a section without entries", top("env: {}\nfiles: {}\nsources: []\nprofiles: {}\n"), ACCEPTED),
    ("automatic mapping", top("auto: true\n"), ACCEPTED),
    ("a boolean of YAML 1.1", top("auto: yes\n"), REFUSED),
    ("a boolean in quotes", top("auto: 'true'\n"), REFUSED),

    ("a reference", env("db_password"), ACCEPTED),
    ("a reference in quotes", env("'db_password'"), ACCEPTED),
    ("a pointer and filters", env("'rds#/a/~1b|trim|urlencode'"), ACCEPTED),
    ("a pointer without a slash", env("'rds#a'"), REFUSED),
    ("a pointer with half an escape", env("'rds#/a~'"), REFUSED),
    ("an unknown filter", env("'a|upper'"), REFUSED),
    ("blanks in a reference", env("'a |trim'"), REFUSED),
    ("a path as a name", env("/run/secrets/a"), REFUSED),
    ("a number as a name", env("1234"), REFUSED),
    ("the same in quotes", env("'1234'"), ACCEPTED),
    ("a boolean as a name", env("true"), REFUSED),
    ("an empty entry", env("~"), REFUSED),
    ("a list as an entry", env("[a]"), REFUSED),
    ("a variable no shell could name", top("env: {A-B: a}\n"), REFUSED),
    ("a variable that begins with a digit", top("env: {1A: a}\n"), REFUSED),
    ("a variable twice", top("env: {A: a, A: b}\n"), PARSER_ONLY),

    ("all fields of a variable", env("{secret: a, optional: true, allow_empty: true, newline: strip_all, keep_existing: true,"
                                     " expect: {prefix: hf_, min_length: 1, max_length: 2}}"), ACCEPTED),
    ("a template", env("{template: 'x${a#/b|json}$$'}"), ACCEPTED),
    ("a template without a reference", env("{template: 'x'}"), REFUSED),
    ("a lone dollar", env("{template: '5$ ${a}'}"), REFUSED),
    ("a reference that is not closed", env("{template: '${a'}"), REFUSED),
    ("a template from a file", env("{template_file: a.tmpl}"), ACCEPTED),
    ("nothing to make it of", env("{optional: true}"), REFUSED),
    ("two things to make it of", env("{secret: a, template: '${a}'}"), REFUSED),
    ("a field of files under env", env("{secret: a, mode: '0400'}"), REFUSED),
    ("a default that is a number", env("{secret: a, default: 8080}"), ACCEPTED),
    ("an empty default", env("{secret: a, default: ''}"), ACCEPTED),
    ("a default that is nothing", env("{secret: a, default: }"), REFUSED),
    ("a default that is a list", env("{secret: a, default: [a]}"), REFUSED),
    ("optional with default", env("{secret: a, default: x, optional: true}"), REFUSED),
    ("not optional with default", env("{secret: a, default: x, optional: false}"), ACCEPTED),
    ("an unknown word for newline", env("{secret: a, newline: cut}"), REFUSED),
    ("a length in quotes", env("{secret: a, expect: {min_length: '1'}}"), REFUSED),
    ("a length below nothing", env("{secret: a, expect: {min_length: -1}}"), REFUSED),
    ("a length above the largest secret", env("{secret: a, expect: {max_length: 1048577}}"), REFUSED),
    ("an unknown expectation", env("{secret: a, expect: {suffix: x}}"), REFUSED),
    ("an empty prefix", env("{secret: a, expect: {prefix: ''}}"), REFUSED),
    ("a least length above the largest", env("{secret: a, expect: {min_length: 2, max_length: 1}}"), PARSER_ONLY),

    ("a file", file("a"), ACCEPTED),
    ("all fields of a file", file("{secret: a, mode: '0440', owner: 'app:1000', as: file, env: X, disk: allowed, optional: true,"
                                  " allow_empty: true, newline: keep, expect: {}}", "/run/x/y.key"), ACCEPTED),
    ("a mode without quotes", file("{secret: a, mode: 0400}"), ACCEPTED),
    ("a mode of three digits", file("{secret: a, mode: '440'}"), ACCEPTED),
    ("a mode anybody may write", file("{secret: a, mode: '0666'}"), REFUSED),
    ("a mode with a setuid bit", file("{secret: a, mode: '4400'}"), REFUSED),
    ("a mode that is not octal", file("{secret: a, mode: '0480'}"), REFUSED),
    ("a mode that is not octal, without quotes", file("{secret: a, mode: 0480}"), PARSER_ONLY),
    ("a mode in words", file("{secret: a, mode: u=r}"), REFUSED),
    ("an owner that is a number", file("{secret: a, owner: 1000}"), ACCEPTED),
    ("an owner with a blank", file("{secret: a, owner: 'a b'}"), REFUSED),
    ("a memfd", file("{secret: a, as: memfd, env: X}"), ACCEPTED),
    ("a memfd nobody could find", file("{secret: a, as: memfd}"), REFUSED),
    ("a memfd on a disk", file("{secret: a, as: memfd, env: X, disk: allowed}"), REFUSED),
    ("a memfd at a path", file("{secret: a, as: memfd, env: X}", "/run/x"), PARSER_ONLY),
    ("another word for disk", file("{secret: a, disk: true}"), REFUSED),
    ("a path that leads out", file("a", "../x"), REFUSED),
    ("a path that leads out later", file("a", "x/../y"), REFUSED),
    ("a name with dots in it", file("a", "x..y"), ACCEPTED),
    ("a directory as a path", file("a", "x/"), REFUSED),
    ("the directory itself", file("a", "."), REFUSED),
    ("the root", file("a", "/"), REFUSED),
    ("no path", file("a", "''"), REFUSED),
    ("a path with a line break", file("a", '"x\\ny"'), REFUSED),

    ("each kind of source", top("sources:\n- dir: /run/secrets\n- {dotenv: .env, optional: true}\n- env: [A, B]\n"
                                "- {compose: compose.yaml, service: web}\n"
                                "- {command: [head, -n, 1, x], name: a, timeout: 1m30s}\n"), ACCEPTED),
    ("sealed sources", top("sources:\n- age: secrets.env.age\n- {age: a.age, identity: secret:age_identity, passphrase: env:A, optional: true}\n"
                           "- {age: a.age, identity: [a/b, env:A, fd:3, fd:10, 'secret:a.b']}\n"
                           "- ejson: secrets.ejson\n- {ejson: a.ejson, keydir: keys, identity: secret:a}\n"), ACCEPTED),
    ("an identity itself", source("{age: a, identity: AGE-SECRET-KEY-1QQ}"), REFUSED),
    ("no identity", source("{age: a, identity: []}"), REFUSED),
    ("an identity on standard input", source("{age: a, identity: fd:0}"), REFUSED),
    ("an identity on no descriptor", source("{age: a, identity: fd:x}"), REFUSED),
    ("an identity in no variable", source("{age: a, identity: 'env:A-B'}"), REFUSED),
    ("an identity of no name", source("{age: a, identity: 'secret:a/b'}"), REFUSED),
    ("two passphrases", source("{age: a, passphrase: [b, c]}"), REFUSED),
    ("a key directory for age", source("{age: a, keydir: b}"), REFUSED),
    ("a passphrase for ejson", source("{ejson: a, passphrase: b}"), REFUSED),
    ("a source that is a word", source("/run/secrets"), REFUSED),
    ("a source of no kind", source("{optional: true}"), REFUSED),
    ("a source of two kinds", source("{dir: a, dotenv: b}"), REFUSED),
    ("a field of another kind", source("{dir: a, service: b}"), REFUSED),
    ("compose without a service", source("{compose: compose.yaml}"), REFUSED),
    ("a command without a name", source("{command: [a]}"), REFUSED),
    ("a command that is a shell's line", source("{command: pass show a, name: a}"), REFUSED),
    ("no command", source("{command: [], name: a}"), REFUSED),
    ("an empty program", source("{command: [''], name: a}"), REFUSED),
    ("an empty argument", source("{command: [a, ''], name: a}"), ACCEPTED),
    ("a time without a unit", source("{command: [a], name: a, timeout: 10}"), REFUSED),
    ("no time at all", source("{command: [a], name: a, timeout: 0s}"), REFUSED),
    ("a time in the wrong order", source("{command: [a], name: a, timeout: 1s1m}"), REFUSED),
    ("milliseconds", source("{command: [a], name: a, timeout: 500ms}"), ACCEPTED),
    ("more than a day", source("{command: [a], name: a, timeout: 25h}"), PARSER_ONLY),
    ("no variables", source("{env: []}"), REFUSED),
    ("variables that are none", source("{env: [A-B]}"), REFUSED),
    ("no directory", source("{dir: ''}"), REFUSED),

    ("all fields of a process", process("user: 'app:app', no_new_privs: true, drop_capabilities: all, core_dumps: false,"
                                        " close_fds: true, env: {clear: true, keep: [PATH]}"), ACCEPTED),
    ("all fields of an init", process("mode: supervise, stop_timeout: 1m30s, group: true, rewrite: {TERM: QUIT, SIGUSR1: none, 15: 3, RTMIN+3: TERM},"
                                       " die_with_parent: true, shield: true"), ACCEPTED),
    ("paths to shield", process("shield: [/run/secrets, keys]"), ACCEPTED),
    ("nothing to shield", process("shield: []"), ACCEPTED),
    ("a path alone", process("shield: /run/secrets"), REFUSED),
    ("an unknown mode", process("mode: init"), REFUSED),
    ("a bare number as a time", process("stop_timeout: 10"), REFUSED),
    ("no time at all", process("stop_timeout: 0s"), ACCEPTED),
    ("a signal in small letters", process("rewrite: {term: QUIT}"), SCHEMA_ONLY),
    ("a signal nobody can catch", process("rewrite: {KILL: TERM}"), REFUSED),
    ("a signal that is ours", process("rewrite: {SIGCHLD: TERM}"), REFUSED),
    ("an unknown signal", process("rewrite: {TERM: QIUT}"), REFUSED),
    ("a signal beyond the last", process("rewrite: {TERM: 65}"), REFUSED),
    ("a real-time signal beyond the last", process("rewrite: {RTMIN+31: TERM}"), REFUSED),
    ("a list of rewrites", process("rewrite: [TERM]"), REFUSED),
    ("a list of capabilities", process("drop_capabilities: [NET_RAW, CAP_CHOWN, cap_kill]"), ACCEPTED),
    ("a capability in mixed case", process("drop_capabilities: [Net_Raw]"), SCHEMA_ONLY),
    ("an unknown capability", process("drop_capabilities: [NET_COOKED]"), REFUSED),
    ("all in a list", process("drop_capabilities: [all]"), REFUSED),
    ("a numeric user and group", process("user: 1000:1000"), ACCEPTED),
    ("a user below nothing", process("user: -1"), REFUSED),
    ("a user with nothing behind the colon", process("user: 'app:'"), REFUSED),
    ("no user", process("user: "), REFUSED),
    ("keep without clear", process("env: {keep: [PATH]}"), PARSER_ONLY),
    ("keep beside clear: false", process("env: {clear: false, keep: [PATH]}"), ACCEPTED),
    ("a pattern to keep", process("env: {clear: true, keep: [LC_*]}"), REFUSED),
    ("the log", top("log: {level: debug, format: json}\n"), ACCEPTED),
    ("an unknown level", top("log: {level: verbose}\n"), REFUSED),

    ("a profile of everything", top("profiles: {dev: {sources: [], env: {A: a, B: ~}, files: {x: ~, y: a}, auto: true,"
                                    " process: {user: a}, log: {level: info}}}\n"), ACCEPTED),
    ("a profile in a profile", top("profiles: {dev: {profiles: {}}}\n"), REFUSED),
    ("a version in a profile", top("profiles: {dev: {version: 1}}\n"), REFUSED),
    ("an empty profile", top("profiles: {dev: }\n"), REFUSED),
    ("a mistake in a profile", top("profiles: {dev: {env: {A: 'a b'}}}\n"), REFUSED),
    ("a section taken away by a profile", top("profiles: {dev: {env: ~}}\n"), REFUSED),
    ("a profile's name with a blank", top("profiles: {'a b': {}}\n"), REFUSED),

    ("an anchor", top("env: {A: &x a}\n"), PARSER_ONLY),
    ("a tag of the core schema", top("env: {A: !!str 1234}\n"), ACCEPTED),
]

# YAML 1.2 core schema, 10.3.2: what an editor takes a plain scalar for.
INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


def plain(text):
    if text in ("true", "True", "TRUE"):
        return True
    if text in ("false", "False", "FALSE"):
        return False
    if INTEGER.fullmatch(text):
        return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
    if FLOAT.fullmatch(text):
        return float(text.replace(".inf", "inf").replace(".nan", "nan"))
    return text


def value(tree):
    """The tree of config_verdict as an editor sees it."""
    if isinstance(tree, list):
        return [value(item) for item in tree]
    if isinstance(tree, dict) and len(tree) == 1:
        (kind, inner), = tree.items()
        if isinstance(inner, str):
            return plain(inner) if kind == "plain" else inner
    if isinstance(tree, dict):
        return {key: value(inner) for key, inner in tree.items()}
    return tree


def verdicts(program, texts):
    data = b"".join(b"%d\n%s" % (len(text.encode()), text.encode()) for text in texts)
    answer = subprocess.run([program], input=data, stdout=subprocess.PIPE, check=True).stdout.decode()
    return [json.loads(line) for line in answer.splitlines()]


def definition_keys(schema, name):
    definition = schema["definitions"][name]
    return {key: key in definition.get("required", []) for key in definition["properties"]}


def main(program, schema_path):
    with open(schema_path, encoding="utf-8") as source_file:
        schema = json.load(source_file)
    validator = jsonschema.Draft7Validator(schema)
    validator.check_schema(schema)
    failures = []

    for (sentence, text, expected), verdict in zip(ROWS, verdicts(program, [row[1] for row in ROWS]), strict=True):
        by_parser = verdict["accepted"]
        # A text the parser takes for no YAML at all is nothing a schema gets to see; an editor says so itself.
        by_schema = validator.is_valid(value(verdict["tree"])) if "tree" in verdict else None
        want_parser, want_schema = {PARSER_ONLY: (False, True), SCHEMA_ONLY: (True, False)}.get(expected, (expected, expected))
        if by_parser != want_parser:
            failures.append("%s: the parser says %s: %s" % (sentence, by_parser, verdict.get("problems")))
        if by_schema != want_schema and not (by_schema is None and expected == PARSER_ONLY):
            failures.append("%s: the schema says %s" % (sentence, by_schema))

    sections = json.loads(subprocess.run([program, "--keys"], stdout=subprocess.PIPE, check=True).stdout)
    for section, keys in sections.items():
        if keys != definition_keys(schema, section):
            failures.append("%s: the parser has %s, the schema %s" % (section, keys, definition_keys(schema, section)))
    for name, definition in schema["definitions"].items():
        if "properties" not in definition:
            continue
        if name not in sections:
            failures.append("%s: the parser has no such section" % name)
        if definition.get("additionalProperties") is not False:
            failures.append("%s: takes any key" % name)
        for key, inner in definition["properties"].items():
            target = schema["definitions"].get(inner.get("$ref", "").rpartition("/")[2], {})
            if not inner.get("description") and not target.get("description"):
                failures.append("%s.%s: has no description for editors" % (name, key))

    for failure in failures:
        print("FAILED " + failure)
    print("%d rows, %d sections, %d failures" % (len(ROWS), len(sections), len(failures)))
    return 1 if failures or len(ROWS) < 80 else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
