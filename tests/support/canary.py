"""Known values, and the search for them in whatever a run leaves behind: text, files, archives inside archives.

A value counts as found in any of the disguises it leaks in: raw, base64 (its three alignments, both alphabets), hex,
percent-encoded, JSON-escaped. Compressed and packed data is opened first. A report names the place, the canary and the
disguise; the value itself never gets into a message, so that a failing test does not leak either.
"""

import base64
import bz2
import gzip
import io
import json
import lzma
import pathlib
import secrets
import tarfile
import urllib.parse

_MAGIC = {b"\x1f\x8b": gzip.decompress, b"BZh": bz2.decompress, b"\xfd7zXZ\x00": lzma.decompress}


def fresh(label, size=24, alphabet="abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ23456789"):
    """A value nobody has seen, of `size` letters and a tail that every encoding has to change: / + and a quote."""
    return Canary(label, "".join(secrets.choice(alphabet) for _ in range(size)) + "/+\"%")


def plain(label, size=32):
    """A value of letters and digits only, for where a file format could not take anything else."""
    return Canary(label, secrets.token_hex(size // 2))


class Canary:
    """A known secret under a name."""

    def __init__(self, label, value):
        self.label = label
        self.value = value
        raw = value.encode()
        assert len(raw) >= 12, "too short to be told from chance"
        self.disguises = {"raw": raw, "JSON": json.dumps(value)[1:-1].encode(),
                          "percent": urllib.parse.quote(value, safe="").encode(),
                          "hex": raw.hex().encode(), "HEX": raw.hex().upper().encode()}
        for alignment in range(3):
            # What precedes the value fills the first group; letters that depend on the neighbours are cut off.
            encoded = base64.b64encode(b"\0" * alignment + raw)
            body = encoded[(0, 2, 3)[alignment]:].rstrip(b"=")
            if (len(raw) + alignment) % 3:
                body = body[:-1]
            self.disguises[f"base64 at {alignment}"] = body
            self.disguises[f"base64url at {alignment}"] = body.replace(b"+", b"-").replace(b"/", b"_")

    def __repr__(self):
        return f"Canary({self.label})"

    def write(self, directory, newline="\n"):
        """As a secret file named by the label, as people make it: with a newline at the end."""
        path = pathlib.Path(directory) / self.label
        path.write_text(self.value + newline, encoding="utf-8")
        return path


def search(canaries, where, data):
    """Every finding in `data`, as "where: label, disguise"."""
    found = []
    for canary in canaries:
        for disguise, needle in canary.disguises.items():
            if needle in data:
                found.append(f"{where}: {canary.label}, {disguise}")
    return found + _search_inside(canaries, where, data)


def _search_inside(canaries, where, data):
    for magic, unpack in _MAGIC.items():
        if data.startswith(magic):
            try:
                return search(canaries, where + " (unpacked)", unpack(data))
            except (OSError, EOFError, lzma.LZMAError):
                return []  # cut off, or only looks like it; the raw search has been done
    if data[257:262] != b"ustar":
        return []
    found = []
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in archive:
            inner = archive.extractfile(member).read() if member.isfile() else b""
            # A plain member was searched with the archive as a whole; what is packed again was not.
            found += search(canaries, f"{where}!{member.name}", member.name.encode() + b"\0" + member.linkname.encode())
            found += _search_inside(canaries, f"{where}!{member.name}", inner)
    return found


def search_tree(canaries, directory, skip=()):
    """Every regular file below `directory`, symlinks not followed; `skip` names paths that may hold the values."""
    skip = {pathlib.Path(s).resolve() for s in skip}
    found = []
    for path in sorted(pathlib.Path(directory).rglob("*")):
        if path.is_symlink() or not path.is_file() or any(path.resolve().is_relative_to(s) for s in skip):
            continue
        found += search(canaries, str(path), path.read_bytes())
    return found


def assert_absent(canaries, traces):
    """`traces`: place → bytes. Nothing to search is a failure too: an empty place proves nothing."""
    assert canaries and traces
    found = [f for where, data in traces.items() for f in search(canaries, where, data)]
    assert not found, "secret found in " + "; ".join(found)
