#!/usr/bin/python3
"""Runs one script of tests/cli/scripts: a behaviour of the command line, its inputs inline.

A script begins with a comment that states the promise. Then commands, a line each, then files (`-- NAME [MODE] [UID:GID] --`;
with the word `escaped` line breaks count nothing and \\r \\n \\x00 are what they say). In commands and files `$WORK` is the
directory of the script, `{{NAME}}` a canary, and in patterns `{{digest NAME}}` what the probe says of its value.

  secret FILE CANARY [TAIL]     a canary into a file, TAIL behind it (a newline if not said)    mkdir [-m MODE] [-o UID:GID] DIR
  canary NAME VALUE             a canary of this very value                                     symlink TARGET NAME
  chmod MODE FILE   chown UID:GID FILE   fill FILE SIZE   mkfifo FILE   rm FILE   cd DIR        rename FROM TO
  touch FILE                    an empty file; \\xff in its name is that byte
  runsecrets DIR                mounts DIR at /run/secrets                                      tmpfs DIR
  identity FILE CANARY          an age identity, the canary; its recipient in FILE.pub           descriptor N FILE
  ssh-key FILE CANARY OPTION... the same of ssh-keygen with these options
  seal FILE TO [OPTION...]      FILE, which is then removed, sealed by age with these options; -p takes a canary
  env K=V   unenv K             for what follows; only PATH is set before
  [!] [pid1] [as UID:GID] [without CAPS] [limit RESOURCE=N] hushrun ARG...     with ! it has to fail
  exit N   stdout PATTERN   stderr PATTERN   ! stdout [PATTERN]   ! stderr [PATTERN]      of the last hushrun
  exists PATH   missing PATH   cmp FILE FILE   mode FILE OCTAL
  delivered PATH                this file is there and may hold secrets
  container-ends                what is in /run and /dev/shm is gone, as it would be with the container
  no-debug                      the second pass is left out: the script itself is about the log

Every promise that is no single script's is looked after here, each time: a launcher that succeeds is silent unless the script
expects what it says; one that fails says so in four parts, starts nothing and leaves no file; no canary is in its output, in
/proc/PID/cmdline or in a file that was not meant to hold it, in any disguise. Then all of it again with a JSON log at level
debug, and each command with --dry-run and --check as well.
"""

import codecs
import hashlib
import json
import os
import pathlib
import re
import shlex
import shutil
import stat
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import canary  # pylint: disable=wrong-import-position
import sandbox  # pylint: disable=wrong-import-position
import sealing  # pylint: disable=wrong-import-position

ROOTS = ["/mnt/work", "/run", "/dev/shm", "/tmp", "/etc"]
LIMIT = 30  # seconds for one command; a bound, not a measurement
# A problem in its four parts; a mistake on the command line, which gets one line; a remark; what a source's program said.
PROBLEM = re.compile(r"hushrun: (error|warning): .+\n  where: .+\n  why:   .+\n  fix:   .+\n"
                     r"|hushrun: error: .+ \(.+\): .+; .+\n|hushrun: (info|debug): .+\n|hushrun: warning: command .+: .+\n")


class Said:
    """What one run of the launcher said."""

    def __init__(self, code, stdout, stderr):
        self.code, self.stdout, self.stderr = code, stdout, stderr
        self.heard = False  # its stderr was looked at


class Script:
    """A script, once through. `debug` is the second pass."""

    def __init__(self, text, debug):
        commands, self.files = _split(text)
        self.commands = commands
        self.debug = debug
        self.env = {"PATH": sandbox.PATH}
        self.cwd = sandbox.WORK
        self.canaries = {}
        self.typed = set()     # canaries that stand on a command line
        self.known = {}        # path → what a file of ours was when we made it
        self.delivered = set()
        self.descriptors = {}  # number → file, open for what follows
        self.last = None
        self.line = 0

    # ── canaries ─────────────────────────────────────────────────────────────────────────────────────────────────

    def value(self, name, make):
        if name not in self.canaries:
            self.canaries[name] = make(name)
        return self.canaries[name].value

    def expand(self, text):
        text = text.replace("$WORK", str(sandbox.WORK))
        text = re.sub(r"\{\{digest (\w+)\}\}", lambda m: self.digest(m.group(1)), text)
        return re.sub(r"\{\{(\w+)\}\}", lambda m: self.value(m.group(1), canary.plain), text)

    def digest(self, name):
        value = self.canaries[name].value.encode()
        return f"{hashlib.sha256(value).hexdigest()} {len(value)}"

    def search(self, where, data, leave_out=()):
        found = canary.search([c for n, c in self.canaries.items() if n not in leave_out], where, data)
        assert not found, "secret found in " + "; ".join(found)

    # ── files ────────────────────────────────────────────────────────────────────────────────────────────────────

    def path(self, name):
        return self.cwd / name

    def made(self, path):
        self.known[str(path)] = _identity(path)

    def write(self, name, data, mode=0o644, owner=None):
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        path.chmod(mode)
        if owner:
            os.chown(path, *_ids(owner))
        self.made(path)

    def unpack(self):
        for name, options, content in self.files:
            mode, owner, escaped = 0o644, None, False
            for option in options:
                if option == "escaped":
                    escaped = True
                elif ":" in option:
                    owner = option
                else:
                    mode = int(option, 8)
            content = self.expand(content)
            data = codecs.decode(content.replace("\n", ""), "unicode_escape").encode("latin-1") if escaped else content.encode()
            self.write(name, data, mode, owner)

    def strangers(self):
        """Regular files that nobody of us made."""
        identities = set(self.known.values())
        for root in ROOTS:
            for directory, _, names in os.walk(root):
                for name in names:
                    path = os.path.join(directory, name)
                    if not stat.S_ISREG(os.lstat(path).st_mode) or _identity(path) in identities or path in self.delivered:
                        continue
                    yield path

    def look_for_leftovers(self):
        for path in self.strangers():
            self.search(path, pathlib.Path(path).read_bytes())
            raise AssertionError(f"a file that nobody asked for: {path}")

    # ── the launcher ─────────────────────────────────────────────────────────────────────────────────────────────

    def launch(self, words, must_fail):
        surroundings = {}
        while words[0] != "hushrun":
            word = words.pop(0)
            if word == "pid1":
                surroundings["pid1"] = True
            elif word == "limit":
                surroundings.setdefault("limits", []).append(words.pop(0))
            else:
                surroundings[{"as": "user", "without": "without"}[word]] = words.pop(0)
        arguments = words[1:]
        if self.debug:
            options = arguments[:arguments.index("--")] if "--" in arguments else arguments
            if not {"-h", "--help", "-V", "--version", "--copy-to"} & set(options):
                self.plan_and_check(arguments, surroundings)
            arguments = ["--log-level", "debug", "--log-format", "json", *arguments]
        said = self.run(arguments, surroundings)
        if must_fail:
            assert said.code != 0, "it had to fail, and did not"
        else:
            assert said.code == 0, f"it failed with {said.code}:\n{said.stderr.decode(errors='replace')}"
        if said.code in (125, 126, 127) and b"hushrun: error" in said.stderr:
            self.look_for_leftovers()
        if self.debug or said.stderr.startswith(b"{"):
            for line in said.stderr.decode().splitlines():
                assert line.startswith("{"), f"not JSON: {line}"
                fields = set(json.loads(line))
                assert fields in ({"time", "level", "message"}, {"time", "level", "code", "what", "where", "why", "fix"}), line
        else:
            rest = PROBLEM.sub("", said.stderr.decode())
            assert not rest, f"not in four parts: {rest!r}"
        self.last = said

    def plan_and_check(self, arguments, surroundings):
        """The same command, not launched: neither the plan nor the doctor's report holds a value."""
        for action in ("--dry-run", "--check"):
            for form in ("text", "json"):
                said = self.run([action, "--log-level", "debug", "--log-format", form, *arguments], surroundings)
                assert said.code in (0, 125), f"{action} ended with {said.code}"
                assert said.code or said.stdout, f"{action} says nothing"
                if form == "json" and said.stdout:
                    json.loads(said.stdout)
                self.look_for_leftovers()

    def run(self, arguments, surroundings):
        argv = sandbox.inside([sandbox.BIN / "hushrun", *arguments], **surroundings)
        out, err = os.memfd_create("out"), os.memfd_create("err")
        seen = set()
        for number, path in self.descriptors.items():
            file = os.open(path, os.O_RDONLY)
            os.dup2(file, number)
            os.close(file)
        with subprocess.Popen(argv, env=self.env, cwd=self.cwd, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                              pass_fds=tuple(self.descriptors)) as process:
            deadline = time.monotonic() + LIMIT
            wait = 0.0002
            while process.poll() is None:
                seen |= _command_lines(process.pid)
                if time.monotonic() > deadline:
                    process.kill()
                    raise AssertionError(f"not done after {LIMIT} s")
                time.sleep(wait)
                wait = min(wait * 1.5, 0.02)
        said = Said(process.returncode, _drain(out), _drain(err))
        self.search("stdout", said.stdout)
        self.search("stderr", said.stderr)
        for line in seen:
            self.search("/proc/PID/cmdline", line, self.typed)
        return said

    # ── commands ─────────────────────────────────────────────────────────────────────────────────────────────────

    def go(self):
        self.unpack()
        for self.line, words, patterns in self.commands:
            negated = words[0] == "!"
            words = words[1:] if negated else words
            if "hushrun" in words:
                self.settle()
                self.typed |= set(re.findall(r"\{\{(\w+)\}\}", " ".join(words)))
                self.launch([self.expand(w) for w in words], negated)
            elif words[0] in ("stdout", "stderr"):
                self.expect(words[0], patterns[-1] if len(words) > 1 else None, negated)
            else:
                arguments = [self.expand(w) for w in words[1:]]
                assert not negated and hasattr(self, "do_" + words[0].replace("-", "_")), "no such command"
                getattr(self, "do_" + words[0].replace("-", "_"))(*arguments)
        self.settle()
        self.look_for_leftovers()

    def settle(self):
        """Before the next command: what the last one said on stderr was expected by somebody."""
        if self.last and not self.debug and self.last.stderr and not self.last.heard:
            raise AssertionError(f"unexpected on stderr:\n{self.last.stderr.decode(errors='replace')}")

    def expect(self, stream, pattern, negated):
        if self.debug:
            return  # another format
        if stream == "stderr":
            self.last.heard = True
        text = getattr(self.last, stream).decode(errors="replace")
        if pattern is None:
            assert negated == (not text), f"{stream} is {'not ' if negated else ''}empty:\n{text}"
            return
        found = re.search(self.expand(pattern), text, re.MULTILINE)
        assert bool(found) != negated, f"{stream} {'has' if negated else 'has not'} {pattern!r}:\n{text}"

    def do_exit(self, code):
        assert self.last.code == int(code), f"exit {self.last.code}, not {code}:\n{self.last.stderr.decode(errors='replace')}"

    def do_env(self, assignment):
        name, _, value = assignment.partition("=")
        self.env[name] = value

    def do_unenv(self, name):
        self.env.pop(name, None)

    def do_no_debug(self):
        """Read by main()."""

    def do_canary(self, name, value):
        self.canaries[name] = canary.Canary(name, codecs.decode(value, "unicode_escape"))

    def do_secret(self, name, label, tail="\\n"):
        self.write(name, self.value(label, canary.fresh).encode() + codecs.decode(tail, "unicode_escape").encode("latin-1"))

    def do_identity(self, name, label):
        text, key, recipient = sealing.new_identity()
        self.canaries[label] = canary.Canary(label, key)
        self.write(name, text.encode(), 0o600)
        self.write(name + ".pub", f"{recipient}\n".encode())

    def do_ssh_key(self, name, label, *options):
        passphrase = [] if "-N" in options else ["-N", ""]
        subprocess.run(["ssh-keygen", "-q", "-C", "", *passphrase, *options, "-f", self.path(name)], check=True)
        self.canaries[label] = canary.Canary(label, self.path(name).read_text(encoding="ascii").splitlines()[3])
        self.made(self.path(name))
        self.made(self.path(name + ".pub"))

    def do_seal(self, name, sealed, *options):
        argv = ["age", *options, "-o", str(self.path(sealed)), str(self.path(name))]
        if "-p" in options:
            sealing.with_passphrase([w for w in argv if w not in self.canaries], self.canaries[options[options.index("-p") + 1]].value)
        else:
            subprocess.run(argv, cwd=self.cwd, check=True)
        self.path(name).unlink()
        self.made(self.path(sealed))

    def do_descriptor(self, number, name):
        self.descriptors[int(number)] = self.path(name)

    def do_fill(self, name, size):
        self.write(name, (b"0123456789abcde\n" * (int(size) // 16 + 1))[:int(size) - 1] + b"x" if int(size) else b"")

    def do_mkdir(self, *words):
        words = list(words)
        mode, owner = 0o755, None
        while words[0].startswith("-"):
            if words.pop(0) == "-m":
                mode = int(words.pop(0), 8)
            else:
                owner = words.pop(0)
        path = self.path(words[0])
        path.mkdir(parents=True)
        path.chmod(mode)
        if owner:
            os.chown(path, *_ids(owner))

    def do_symlink(self, target, name):
        self.path(name).symlink_to(target)

    def do_chmod(self, mode, name):
        self.path(name).chmod(int(mode, 8))

    def do_chown(self, owner, name):
        os.chown(self.path(name), *_ids(owner))

    def do_touch(self, name):
        path = os.fsencode(self.cwd) + b"/" + codecs.decode(name, "unicode_escape").encode("latin-1")
        with open(path, "wb"):
            pass
        self.known[os.fsdecode(path)] = _identity(path)

    def do_mkfifo(self, name):
        os.mkfifo(self.path(name))

    def do_rm(self, name):
        self.path(name).unlink()

    def do_rename(self, old, new):
        self.path(old).rename(self.path(new))

    def do_cd(self, name):
        self.cwd = self.path(name)

    def do_runsecrets(self, name):
        pathlib.Path("/run/secrets").mkdir()
        sandbox.bind(self.path(name), "/run/secrets")

    def do_tmpfs(self, name):
        path = self.path(name)
        path.mkdir(parents=True, exist_ok=True)
        sandbox.tmpfs(path)

    def do_exists(self, name):
        assert os.path.lexists(self.path(name)), f"{name} is not there"

    def do_missing(self, name):
        assert not os.path.lexists(self.path(name)), f"{name} is there"

    def do_cmp(self, one, other):
        assert self.path(one).read_bytes() == self.path(other).read_bytes(), f"{one} and {other} differ"

    def do_mode(self, name, octal):
        mode = stat.S_IMODE(os.lstat(self.path(name)).st_mode)
        assert mode == int(octal, 8), f"mode of {name} is {mode:04o}"

    def do_container_ends(self):
        for root in ("/run", "/dev/shm"):
            for path in pathlib.Path(root).iterdir():
                shutil.rmtree(path)

    def do_delivered(self, name):
        path = self.path(name)
        assert path.is_file() and not path.is_symlink(), f"{name} was not delivered"
        self.delivered.add(str(path))


def _split(text):
    """Commands as (line, words, words as patterns), files as (name, options, content)."""
    head, *rest = re.split(r"^-- (.+) --\n", text, flags=re.MULTILINE)
    commands = []
    for number, line in enumerate(head.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        words = shlex.split(line)
        commands.append((number, words, words))
    files = []
    for header, content in zip(rest[::2], rest[1::2]):
        name, *options = header.split()
        files.append((name, options, content))
    return commands, files


def _ids(text):
    uid, _, gid = text.partition(":")
    return int(uid), int(gid)


def _identity(path):
    status = os.lstat(path)
    return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size


def _drain(fd):
    os.lseek(fd, 0, os.SEEK_SET)
    with os.fdopen(fd, "rb") as file:
        return file.read()


def _command_lines(pid):
    """/proc/PID/cmdline of a process and all below it, as far as they are still there."""
    lines = set()
    try:
        lines.add(pathlib.Path(f"/proc/{pid}/cmdline").read_bytes())
        for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split():
            lines |= _command_lines(int(child))
    except OSError:
        pass
    return lines


def once(path, debug):
    """One pass; says what went wrong where."""
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# "), f"{path.name}: the first line states the promise"

    def test():
        script = Script(text, debug)
        try:
            for name in ("passwd", "group"):
                script.made(f"/etc/{name}")
            script.go()
        except AssertionError as problem:
            raise AssertionError(f"{path.name}:{script.line}{' (with --log-level debug --log-format json)' if debug else ''}: "
                                 f"{problem}\n  {text.splitlines()[0]}") from None

    return sandbox.apart(test)


def main():
    sandbox.need_root("unshare", "setpriv", "prlimit")
    path = pathlib.Path(sys.argv[1]).resolve()
    good = once(path, False)
    if not re.search(r"^no-debug$", path.read_text(encoding="utf-8"), re.MULTILINE):
        good = once(path, True) and good
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
