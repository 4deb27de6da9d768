#!/usr/bin/python3
"""What real encoders make of a value is found, also where two of them lie on top of each other, wherever it stands and however the
text is cut into chunks; what is almost the value is not.

    audit_encoders_test.py AUDIT_PROBE [LOG_MIB]

Encoders and values are those of leak_encoders_test.py: the redactor and the audit are asked the same.
"""

import base64
import html
import itertools
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import urllib.parse

import leak_encoders_test as leak

PROBE = sys.argv[1]
_random = random.Random(7)

OUTER = {
    "base64": base64.b64encode,
    "base64 in lines": base64.encodebytes,
    "base64url": base64.urlsafe_b64encode,
    "base64 behind a name": lambda data: base64.b64encode(b"user:" + data),
    "JSON": lambda data: json.dumps(data.decode(errors="replace")).encode(),
    "Go's JSON": lambda data: json.dumps(data.decode(errors="replace"), ensure_ascii=False).replace("<", "\\u003c").replace(
        ">", "\\u003e").replace("&", "\\u0026").encode(),
    "percent": lambda data: urllib.parse.quote(data, safe="").encode(),
    "HTML": lambda data: html.escape(data.decode(errors="replace")).encode(),
    "YAML, single quotes": lambda data: data.replace(b"'", b"''"),
    "UTF-16": lambda data: data.decode(errors="replace").encode("utf-16-le"),
    "hex": lambda data: data.hex().encode(),
}
# What digits of base64 or hexadecimal are in UTF-16 is not promised.
DIGITS = ("base64", "openssl", "xxd", "encodebytes", "hex", "authorization")


def search(fragments, values):
    """A line per (bytes, chunk size)."""
    with tempfile.NamedTemporaryFile("w", encoding="utf-8") as file:
        file.write("".join(v.replace("\r", "\\r").replace("\n", "\\n") + "\n" for v in values))
        file.flush()
        data = b"".join(b"%d %d\n" % (len(text), chunk) + text for text, chunk in fragments)
        out = subprocess.run([PROBE, file.name], input=data, stdout=subprocess.PIPE, check=True).stdout
    return out.decode().splitlines()


def embedded(text):
    """Between text that has nothing to do with it, at an offset nobody chose."""
    noise = " ".join(leak._noise(_random.randrange(1, 12)) for _ in range(_random.randrange(40))).encode()
    return noise + b' "' + text + b'" ' + noise


def encoders():
    missing = {program for program, _, _ in leak.ENCODERS if program != "python3" and shutil.which(program) is None}
    return [(name, encode) for program, name, encode in leak.ENCODERS if program not in missing], missing


def check_found(known):
    failures, shown = [], set()
    for label, value in leak.VALUES.items():
        cases = []
        for name, encode in known:
            text = encode(value)
            cases.append((name, text))
            for outer, wrap in OUTER.items():
                if outer != "UTF-16" or not any(word in name for word in DIGITS):
                    cases.append((f"{outer} of {name}", wrap(text)))
        fragments = []
        for _, text in cases:
            fragments += [(embedded(text), 1 << 20), (text, 4096)]
        lines = search(fragments, [value])
        for i, (name, text) in enumerate(cases):
            for where, line in (("in a text", lines[2 * i]), ("alone", lines[2 * i + 1])):
                if not line.startswith("v1 at"):
                    failures.append(f"{label}, {name}, {where}: not found")
                elif "a part of it" in line and " of " not in name:
                    failures.append(f"{label}, {name}, {where}: found as a part only")
        shown |= {line.split(": ", 1)[1] for line in lines if line.startswith("v1")}
    print(f"shapes told: {len(shown)}")
    return failures


def check_chunks(known):
    """The answer is the same at every border: behind 256 KiB, where the search moves its window, and in chunks of any size."""
    failures = []
    for label, value in leak.VALUES.items():
        texts = [encode(value) for name, encode in known if name in ("as it is", "base64", "json", "xxd -p", "quote", "base64 in lines")]
        texts.append(base64.b64encode(json.dumps({"auth": value}).encode()))
        for text in texts:
            fragments, want = [], []
            for front in sorted({0, 1, 7, 262144 - len(text), 262144 - len(text) // 2, 262143, 262144 - 1 - len(text),
                                 *(262144 - i for i in range(0, min(len(text), 40), 3))}):
                if front < 0:
                    continue
                whole = b"." * front + b" " + text + b" "
                fragments += [(whole, 1 << 20), (whole, 65536), (whole, 1000)]
            fragments += [(b" " + text + b" ", chunk) for chunk in (1, 2, 3, 5, 64)]
            lines = search(fragments, [value])
            failures += [f"{label}: lost in chunks of {fragments[i][1]}, {len(fragments[i][0])} bytes" for i, line in enumerate(lines) if "clean" in line]
    return failures


def near_misses(value):
    middle = len(value) // 2
    other = lambda c: "x" if c != "x" else "y"
    # The last or first byte of the trimmed value differs, by one bit too: base64 has it in a character of its own.
    yield "the last byte", value[:-1] + other(value[-1])
    yield "the last bit", value[:-1] + (chr(ord(value[-1]) ^ 1) if value[-1].isascii() else "x")
    yield "the first byte", other(value[0]) + value[1:]
    while not value[middle].isalnum():
        middle += 1
    yield "one in the middle", value[:middle] + other(value[middle]) + value[middle + 1:]
    yield "one less", value[:-1]
    if value.swapcase() != value:
        yield "the other case", value.swapcase()
    yield "one more in the middle", value[:middle] + "0" + value[middle:]


# A spelling each: programs that write the same need not be started for every miss.
ONCE = ("as it is", "base64", "base64 after one byte", "base64 in lines", "encodebytes", "quote", "urlencode", "json", "json like Go's", "repr",
        "html", "shlex")


def check_near_misses(known):
    failures = []
    for label, value in leak.VALUES.items():
        cases = []
        for what, wrong in near_misses(value):
            for name, encode in known:
                if name not in ONCE:
                    continue
                cases.append((f"{what}, {name}", encode(wrong)))
                cases.append((f"{what}, {name} in base64", base64.b64encode(encode(wrong))))
        lines = search([(embedded(text), 1 << 20) for _, text in cases], [value])
        failures += [f"{label}, near miss, {name}: {line}" for (name, _), line in zip(cases, lines, strict=True)
                     if line != "clean" and "a part of it" not in line]
    return failures


def check_two_values():
    """Each by its name, and how often it is there again."""
    a, b = "Xk29-first-Qw84zz17", "Zp55-second-Lm20aa93"
    lines = search([(f"{b}\n{a}\n{a}\n{b}{a}".encode(), 10), (b"nothing here", 3)], [a, b])
    return [] if lines[0] == "v1 at 21: ; v2 at 0: ; " and lines[1] == "clean" else [f"two values: {lines}"]


def main():
    known, missing = encoders()
    failures = [*check_found(known), *check_chunks(known), *check_near_misses(known), *check_two_values()]
    text = b"".join(line.encode() for line in itertools.islice(leak.log_lines(), 20000))
    failures += [f"log text without a value in it: {line}" for line in search([(text, 70000)], leak.VALUES.values()) if line != "clean"]
    if missing and os.environ.get("CI"):
        failures.append(f"CI skips nothing, and not installed: {', '.join(sorted(missing))}")
    elif missing:
        print(f"SKIPPED, for want of the program: {', '.join(sorted(missing))}")
    print("\n".join(f"FAILED: {failure}" for failure in failures[:60]) or "ok", f"{len(failures)} failures" if failures else "")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
