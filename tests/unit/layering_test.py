#!/usr/bin/python3
"""Who may see whom: reads every #include of src/ against one table, and looks at what the linker put into the launcher.

  layering_test.py SRC                                     the includes
  layering_test.py SRC LAUNCHER UNSTRIPPED ARCHIVE...      and the binary: static, stripped, small, nothing of ARCHIVE in it

A new directory of src/ needs a line in MAY_SEE, a new foreign library one in FOREIGN.
"""

import pathlib
import re
import struct
import subprocess
import sys

# Arrows only point down; nothing that audits is in the launcher, and nothing of the launcher in the tool: options/ reads for both what was asked for.
MAY_SEE = {
    "core": set(),
    "age/open": {"core"},
    "age/seal": {"core", "age/open"},
    "init": {"core"},
    "leak": {"core"},
    "redact": {"core", "init", "leak"},
    "config": {"core"},
    "source": {"core", "config", "age/open"},
    "options": {"core", "config", "source"},
    "plan": {"core", "config", "source"},
    "launcher": {"core", "init", "leak", "redact", "config", "source", "options", "plan", "age/open"},
    "audit": {"core", "leak", "config"},
    "lint": {"core", "config", "source", "audit", "leak"},
    "tool": {"core", "leak", "config", "source", "options", "plan", "age/open", "age/seal", "audit", "lint"},
}
# Of src/age, what makes files and keys; all else of it opens them.
SEAL = {"armor_writer", "open_in_parallel", "recipient", "seal"}

# Foreign headers, and the files that may include them: types and exceptions stop there.
FOREIGN = {
    r"yaml-cpp/": r"config/document\.cc",
    r"rapidjson/": r"core/json\.cc",
    r"spdlog/": r"core/log\.cc",
    r"fmt/": r"core/log\.(h|cc)",
    r"sodium(\.h|/)": r"core/(secret|codec)\.cc|age/\w+\.cc",
    r"re2/": r"audit/ignore\.cc",
    r"archive(_entry)?\.h": r"audit/unpack\.cc",
    r"zlib\.h": r"audit/gunzip\.cc",
    r"seccomp\.h": r"audit/confine\.cc",
    r"CLI/": r"tool/\w+\.cc",
}
# errno is read where system calls are made, and nowhere else; log.cc writes its own lines.
ERRNO = re.compile(r"core/(sys_\w+|log)\.cc|init/\w+\.cc")

# Stripped, with everything linked in.
LARGEST = 2_000_000


def zone(path):
    """The part a file of src/ belongs to, by its path below it."""
    directory, _, name = path.rpartition("/")
    if directory == "age":
        return "age/seal" if name.rpartition(".")[0] in SEAL else "age/open"
    return directory


def includes(src):
    """Every #include as (file, what, is ours)."""
    for file in sorted([*src.rglob("*.h"), *src.rglob("*.cc")]):
        name = str(file.relative_to(src))
        for mark, what in re.findall(r'^\s*#\s*include\s*([<"])([^">]+)[">]', file.read_text(encoding="utf-8"), re.MULTILINE):
            yield name, what, mark == '"'


def wrong_includes(src):
    seen = 0
    for name, what, ours in includes(src):
        own = zone(name)
        if own not in MAY_SEE:
            yield f"{name}: {own}/ is not in the table of this test: say whom it may see"
            continue
        if ours:
            seen += 1
            other = zone(what)
            if not (src / what).is_file():
                yield f"{name}: includes \"{what}\", which is no path below src/"
            elif other != own and other not in MAY_SEE[own]:
                yield f"{name}: {own} may not see {other} ({what})"
            continue
        for foreign, files in FOREIGN.items():
            if re.match(foreign, what) and not re.fullmatch(files, name):
                yield f"{name}: includes <{what}>, which is for {files} alone"
    if seen < 100:
        yield f"only {seen} includes found: is {src} the right directory?"


def wrong_errno(src):
    for file in sorted([*src.rglob("*.h"), *src.rglob("*.cc")]):
        name = str(file.relative_to(src))
        code = re.sub(r"//.*", "", file.read_text(encoding="utf-8"))
        if re.search(r"\berrno\b", code) and not ERRNO.fullmatch(name):
            yield f"{name}: reads errno; let a function of core/sys_* do that"


def circles():
    """The table itself has none: every part sees only what is above it in some order."""
    left = dict(MAY_SEE)
    while left:
        free = [part for part, sees in left.items() if not sees & set(left)]
        if not free:
            yield f"the table goes round: {sorted(left)}"
            return
        for part in free:
            del left[part]


def sections_and_segments(path):
    """The names of an ELF file's sections, the types of its segments."""
    data = path.read_bytes()
    assert data[:5] == b"\x7fELF\x02", "not a 64-bit ELF file"
    segments_at, sections_at = struct.unpack_from("<QQ", data, 32)
    segment_size, segments, section_size, sections, names = struct.unpack_from("<HHHHH", data, 54)
    types = {struct.unpack_from("<I", data, segments_at + i * segment_size)[0] for i in range(segments)}
    headers = [struct.unpack_from("<IIQQQQ", data, sections_at + i * section_size) for i in range(sections)]
    table = headers[names][4] if sections else 0
    return {data[table + h[0]:data.index(b"\0", table + h[0])].decode() for h in headers}, types


def symbols(path, *options):
    """Defined functions and data, other than weak ones (templates and inline functions, which anybody may have)."""
    lines = subprocess.run(["nm", "--defined-only", "-C", *options, path], capture_output=True, text=True, check=True).stdout.splitlines()
    return {line.split(" ", 2)[2] for line in lines if re.match(r"[0-9a-f]+ [TDBR] ", line)}


def wrong_binary(launcher, unstripped, archives):
    sections, segments = sections_and_segments(launcher)
    interpreter, dynamic = 3, 2
    if {interpreter, dynamic} & segments or ".dynamic" in sections:
        yield f"{launcher.name} is not static"
    if {".symtab", ".debug_info"} & sections:
        yield f"{launcher.name} is not stripped"
    if launcher.stat().st_size > LARGEST:
        yield f"{launcher.name} has {launcher.stat().st_size} bytes, {LARGEST} are allowed"
    present = symbols(unstripped)
    if "main" not in present or not any(s.startswith("hushrun::deliver(") for s in present):
        yield f"{unstripped.name} has no symbols of ours to look at"
    for archive in archives:
        theirs = symbols(archive, "--extern-only")
        if not theirs:
            yield f"{archive.name} has no symbols to look for"
        for symbol in sorted(theirs & present):
            yield f"{launcher.name} has {symbol} of {archive.name}"


def main():
    src, *binary = map(pathlib.Path, sys.argv[1:])
    wrong = [*circles(), *wrong_includes(src), *wrong_errno(src)]
    if binary:
        wrong += wrong_binary(binary[0], binary[1], binary[2:])
    print("\n".join(wrong) or "ok")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
