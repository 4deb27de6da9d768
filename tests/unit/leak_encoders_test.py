#!/usr/bin/python3
"""What real encoders make of a value is masked, and log text that holds none comes out byte for byte.

    leak_encoders_test.py REDACT_FILTER [LOG_MIB]
    leak_encoders_test.py --launcher HUSHRUN          the same programs as its application, each printing by itself

The encoders are the programs themselves, not our idea of them. One that is not installed is named; with CI set that is a
failure. LOG_MIB is how much generated log text must pass untouched (default 4).
"""

import base64
import html
import json
import os
import random
import re
import shlex
import shutil
import string
import subprocess
import sys
import tempfile
import urllib.parse
import xml.sax.saxutils

LAUNCHER = sys.argv[2] if sys.argv[1] == "--launcher" else None
FILTER = sys.argv[1]
LOG_MIB = int(sys.argv[2]) if len(sys.argv) > 2 and not LAUNCHER else 4

_random = random.Random(20240601)
_b64 = string.ascii_letters + string.digits + "+/"


def _noise(size, alphabet=string.ascii_letters + string.digits):
    return "".join(_random.choice(alphabet) for _ in range(size))


VALUES = {
    "token": "ghp_" + _noise(36),
    "cloud key": _noise(20, _b64) + "/+" + _noise(18, _b64),
    "password": "p@ss w0rd/" + _noise(6) + "+%=?#[x]{y}(z)*!,;&<>|`$^\\'\"=~:~",
    "words": "correct horse, battery & staple: " + _noise(8),
    "letters beyond ASCII": "pässwörd-€-🔑-" + _noise(8),
    "DSN": f"postgres://app:{_noise(16)}@db.example:5432/app?sslmode=require",
    "JWT": "eyJhbGciOiJIUzI1NiJ9." + _noise(60) + "." + _noise(43),
    "PEM": "-----BEGIN PRIVATE KEY-----\n" + "\n".join(_noise(64, _b64) for _ in range(5)) + "\n" + _noise(20, _b64)
           + "==\n-----END PRIVATE KEY-----",
    "document": json.dumps({"type": "account", "id": _noise(32), "url": "https://x.example/<a>&'b'"}, indent=2),
}
UTF8 = {**os.environ, "LC_ALL": "C.UTF-8"}
C = {**os.environ, "LC_ALL": "C"}


_in_front = []  # of every encoder: the launcher


def run(command, value=None, env=UTF8, on=None):
    """The output of a program that gets the value as $V, or on its standard input."""
    env = {**env, "V": value} if value is not None else env
    command = [*_in_front, *command]
    done = subprocess.run(command, input=on, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.stdout


def stdin_of(*command):
    return lambda value: run(command, on=value.encode())


def shell(program, script, env=UTF8):
    return lambda value: run([program, "-c", script], value, env)


def node(expression):
    return lambda value: run(["node", "-e", f"const v = process.env.V; process.stdout.write({expression})"], value)


def jq(filter_):
    return lambda value: run(["jq", "-rRs", filter_], on=value.encode())


def python(encode):
    def encoded(value):
        text = encode(value)
        return text.encode() if isinstance(text, str) else text
    return encoded


# What each needs, its name, and how it prints the value.
ENCODERS = [
    ("cat", "as it is", stdin_of("cat")),
    ("cat", "inside a line", lambda v: b"key=" + v.encode() + b" ok"),
    ("base64", "base64", stdin_of("base64", "-w0")),
    ("base64", "base64 in lines", stdin_of("base64")),
    ("base64", "base64 in lines of 64", stdin_of("base64", "-w64")),
    ("base64", "base64 and a newline", lambda v: run(["base64", "-w0"], on=v.encode() + b"\n")),
    ("base64", "basic authorization", lambda v: run(["base64", "-w0"], on=b"x:" + v.encode())),
    ("base64", "base64 after one byte", lambda v: run(["base64", "-w0"], on=b":" + v.encode() + b":")),
    ("basenc", "base64url", stdin_of("basenc", "--base64url", "-w0")),
    ("openssl", "openssl base64", stdin_of("openssl", "base64")),
    ("xxd", "xxd -p", stdin_of("xxd", "-p")),
    ("xxd", "xxd -p -u", stdin_of("xxd", "-p", "-u", "-c", "4096")),
    ("python3", "encodebytes", python(lambda v: base64.encodebytes(v.encode()))),
    ("python3", "quote", python(urllib.parse.quote)),
    ("python3", "quote, nothing safe", python(lambda v: urllib.parse.quote(v, safe=""))),
    ("python3", "quote, lower case", python(lambda v: re.sub("%..", lambda m: m[0].lower(), urllib.parse.quote(v, safe="")))),
    ("python3", "urlencode", python(lambda v: urllib.parse.urlencode({"v": v}))),
    ("python3", "json", python(json.dumps)),
    ("python3", "json, UTF-8", python(lambda v: json.dumps(v, ensure_ascii=False))),
    ("python3", "json like PHP's", python(lambda v: json.dumps(v).replace("/", "\\/"))),
    ("python3", "json like Go's", python(
        lambda v: json.dumps(v, ensure_ascii=False).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))),
    ("python3", "repr", python(repr)),
    ("python3", "repr of bytes", python(lambda v: repr(v.encode()))),
    ("python3", "html", python(html.escape)),
    ("python3", "XML text", python(xml.sax.saxutils.escape)),
    ("python3", "XML attribute", python(lambda v: xml.sax.saxutils.escape(v, {'"': "&quot;"}))),
    ("python3", "shlex", python(shlex.quote)),
    ("python3", "CRLF", python(lambda v: v.replace("\n", "\r\n"))),
    ("node", "JSON.stringify", node("JSON.stringify(v)")),
    ("node", "encodeURIComponent", node("encodeURIComponent(v)")),
    ("node", "encodeURI", node("encodeURI(v)")),
    ("node", "URLSearchParams", node("new URLSearchParams({v}).toString()")),
    ("node", "Buffer, base64url", node("Buffer.from(v).toString('base64url')")),
    ("node", "Buffer, hex", node("Buffer.from(v).toString('hex')")),
    ("node", "util.inspect", node("require('util').inspect(v, {breakLength: Infinity})")),
    ("bash", "printf %q", shell("bash", 'printf %q "$V"')),
    ("bash", "printf %q in the C locale", shell("bash", 'printf %q "$V"', C)),
    ("bash", "@Q", shell("bash", 'printf %s "${V@Q}"')),
    ("bash", "set -x", shell("bash", 'set -x; : "$V"')),
    ("bash", "declare -p", shell("bash", "declare -p V")),
    ("bash", "unquoted echo", shell("bash", "set -f; echo $V")),
    ("dash", "dash, set -x", shell("dash", 'set -x; : "$V"')),
    ("jq", "jq @json", jq("@json")),
    ("jq", "jq @uri", jq("@uri")),
    ("jq", "jq @html", jq("@html")),
    ("jq", "jq @sh", jq("@sh")),
    ("jq", "jq @base64", jq("@base64")),
    ("curl", "curl --data-urlencode", lambda v: run(
        ["curl", "-s", "--max-time", "1", "-G", "--data-urlencode", "v@-", "-w", "%{url_effective}", "http://127.0.0.1:1/"],
        on=v.encode())),
]


def redact(data, values):
    with tempfile.NamedTemporaryFile("w", encoding="utf-8") as file:
        file.write("".join(v.replace("\n", "\\n") + "\n" for v in values))
        file.flush()
        return subprocess.run([FILTER, file.name], input=data, stdout=subprocess.PIPE, check=True).stdout


def leftover(encoded, masked):
    """The longest piece of what the encoder printed that came out."""
    clean = re.sub(rb"\[REDACTED:v1\]", b"\0", masked)
    return max((piece for piece in clean.split(b"\0")), key=len) if clean != masked else encoded


def check_leftover(name, label, encoded, masked):
    # Quotes, a variable's name, a URL in front, the PEM lines everybody knows, two characters of base64 and its padding.
    rest = re.sub(rb"-----(BEGIN|END) PRIVATE KEY-----", b"", leftover(encoded, masked))
    rest = re.sub(rb"^(\+\+? : |declare -x V=|http://127.0.0.1:1/\?v=|v=|key=)", b"", rest.strip())
    return [f"{name} of the {label}: {len(rest)} of {len(encoded)} bytes came out in one piece"] if len(rest) > 8 else []


def check_children():
    """Every encoder is the launcher's application; what is no program's work is printed by one."""
    missing = {program for program, _, _ in ENCODERS if program != "python3" and shutil.which(program) is None}
    failures = []
    for label in ("password", "cloud key", "letters beyond ASCII", "PEM"):
        value = VALUES[label]
        with tempfile.TemporaryDirectory() as directory:
            with open(os.path.join(directory, "v1"), "w", encoding="utf-8") as file:
                file.write(value)
            launcher = [LAUNCHER, "--no-config", "--log-level", "error", "-s", f"dir:{directory}", "-e", "V=v1", "--redact", "--"]
            for program, name, encode in ENCODERS:
                if program in missing:
                    continue
                _in_front[:] = []
                encoded = encode(value)
                _in_front[:] = launcher
                is_ours = program == "python3" or name == "inside a line"
                masked = run(["cat"], on=encoded) if is_ours else encode(value)
                failures += check_leftover(name, label, encoded, masked)
    return failures, missing


SEAM = b"\n~~~ the next encoder ~~~\n"


def check_encoders():
    missing = {program for program, _, _ in ENCODERS if program != "python3" and shutil.which(program) is None}
    encoders = [(name, encode) for program, name, encode in ENCODERS if program not in missing]
    failures = []
    for label, value in VALUES.items():
        printed = [encode(value) for _, encode in encoders]
        for (name, _), encoded, masked in zip(encoders, printed, redact(SEAM.join(printed), [value]).split(SEAM), strict=True):
            failures += check_leftover(name, label, encoded, masked)
    return failures, missing


def log_lines():
    def digits(n):
        return _random.randrange(10 ** n)

    while True:
        kind = _random.randrange(6)
        if kind == 0:
            yield (f'10.{digits(2)}.{digits(2)}.{digits(2)} - - [0{digits(1)}/Jan/2026:10:{digits(2)}:{digits(2)} +0000]'
                   f' "GET /api/v1/orders/{digits(6)} HTTP/1.1" 200 {digits(5)} "https://example.com/" "Mozilla/5.0 (X11; Linux x86_64)"\n')
        elif kind == 1:
            yield json.dumps({"level": "info", "msg": "request <handled>", "trace_id": "%032x" % _random.getrandbits(128),
                              "ms": _random.random()}) + "\n"
        elif kind == 2:
            yield f'I0{digits(3)} 10:00:00.{digits(6)}  1 controller.go:{digits(3)}] "Reconciled" name="pod-{_random.getrandbits(40):x}"\n'
        elif kind == 3:
            yield "java.lang.IllegalStateException: no\n" + f"\tat com.example.Handler.run(Handler.java:{digits(3)})\n" * 5
        elif kind == 4:
            body = base64.encodebytes(_random.randbytes(300)).decode()
            yield f"-----BEGIN PRIVATE KEY-----\n{body}-----END PRIVATE KEY-----\n"
        else:
            yield "connecting to postgres://app:***@db.example:5432/app and eyJhbGciOiJIUzI1NiJ9.%s\n" % _noise(40)


def check_log_text():
    pieces, size = [], 0
    for line in log_lines():
        pieces.append(line)
        size += len(line)
        if size > LOG_MIB << 20:
            break
    text = "".join(pieces).encode()
    return [] if redact(text, VALUES.values()) == text else ["log text without a value in it was changed"]


def main():
    failures, missing = check_children() if LAUNCHER else check_encoders()
    if not LAUNCHER:
        failures += check_log_text()
    if missing and os.environ.get("CI"):
        failures.append(f"CI skips nothing, and not installed: {', '.join(sorted(missing))}")
    elif missing:
        print(f"SKIPPED, for want of the program: {', '.join(sorted(missing))}")
    print("\n".join(f"FAILED: {failure}" for failure in failures) or "ok")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
