#!/usr/bin/python3
"""Every byte of a small sealed file flipped, every truncation, one byte more: the application is never started, the class is right, and no
file makes the launcher take much memory.

Which part of the file a byte stands in says what has to be answered: the header's own text, the stanza (header, or sealed to nobody here),
the MAC, the payload. Binary files byte by byte; armored ones too, where only the failure counts."""

import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile

HUSHRUN = os.environ["HUSHRUN"]
PLAIN = b"A=c4n4ry-of-this-test\n"
CANARY = b"c4n4ry"
STARTED = "the application was started"
MOST_MEMORY = 64 * 1024  # KiB; the launcher takes 2 MiB, Debian's age, whom we start as well, 15


def answer(directory, sealed):
    """The code of the one problem, or what else happened."""
    path = directory / "damaged.env.age"
    path.write_bytes(sealed)
    said = subprocess.run([HUSHRUN, "--no-config", "--log-format", "json", "-s", f"age:{path}", "-i", directory / "id", "-e", "A=A", "--",
                           "/bin/echo", STARTED], capture_output=True, check=False, timeout=30)
    assert CANARY not in said.stdout + said.stderr, "plaintext got out"
    if STARTED.encode() in said.stdout:
        return STARTED
    assert said.returncode == 125 and not said.stdout, said
    problems = [json.loads(line) for line in said.stderr.splitlines()]
    assert len(problems) == 1, problems
    return problems[0]["code"]


def parts(sealed):
    """Offsets: the first stanza, the MAC line, the MAC itself, the payload."""
    stanza = sealed.index(b"\n-> ") + 1
    mac_line = sealed.index(b"\n---") + 1
    return stanza, mac_line, mac_line + 4, sealed.index(b"\n", mac_line) + 1


def expected(position, stanza, mac_line, mac, payload):
    if position < stanza:
        return {"sealed-header", "sealed-armor"}  # a first byte that is a dash looks armored
    if position < mac_line:
        # A changed share, body or type is nobody's stanza; a changed letter may also be no base64, or a key of low order.
        return {"sealed-header", "sealed-no-match", "sealed-hmac"}
    if position < mac:
        return {"sealed-header"}
    return {"sealed-header", "sealed-hmac"} if position < payload else {"sealed-payload"}


def main():
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        subprocess.run(["age-keygen", "-o", directory / "id"], check=True, capture_output=True)
        recipient = subprocess.run(["age-keygen", "-y", directory / "id"], check=True, capture_output=True, text=True).stdout.strip()
        seal = ["age", "-r", recipient]
        binary = subprocess.run(seal, input=PLAIN, check=True, capture_output=True).stdout
        armored = subprocess.run([*seal, "-a"], input=PLAIN, check=True, capture_output=True).stdout
        assert answer(directory, binary) == STARTED and answer(directory, armored) == STARTED, "the whole file has to open"

        bounds = parts(binary)
        seen = set()
        for position in range(len(binary)):
            flipped = bytearray(binary)
            flipped[position] ^= 1 << position % 8
            code = answer(directory, flipped)
            assert code in expected(position, *bounds), f"byte {position} flipped: {code}"
            seen.add(code)
            code = answer(directory, binary[:position])
            # The payload's nonce counts as header where it is cut, as the format's own test vectors have it (C2SP/CCTV, stream_no_nonce).
            assert code == ("sealed-payload" if position >= bounds[3] + 16 else "sealed-header"), f"cut at {position}: {code}"
        assert seen >= {"sealed-header", "sealed-no-match", "sealed-hmac", "sealed-payload"}, seen
        assert answer(directory, binary + b"\0") == "sealed-payload", "a byte more"

        codes = {"sealed-armor", "sealed-header", "sealed-no-match", "sealed-hmac", "sealed-payload"}
        body = armored.rstrip(b"\n")
        for position in range(len(body)):
            flipped = bytearray(armored)
            flipped[position] ^= 1
            code = answer(directory, flipped)
            assert code in codes, f"armored, byte {position} flipped: {code}"
            code = answer(directory, body[:position])
            assert code in codes, f"armored, cut at {position}: {code}"
        most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        assert most < MOST_MEMORY, f"a damaged file made somebody take {most} KiB"
        print(f"{2 * (len(binary) + len(body)) + 1} damaged files, none opened")
    return 0


if __name__ == "__main__":
    sys.exit(main())
