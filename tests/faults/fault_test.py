#!/usr/bin/python3
"""The n-th failure: every system call between the launcher's first own one and its exec fails once in turn (strace's inject=).

Each time one of two things has to come of it. Either the launch fails: exit 125 (126 or 127 for the exec itself), the four
parts on stderr, the application not started, no file left, no value in the output. Or it succeeds as if nothing had been,
because the failure is rightly tolerated: then it stands in TOLERATED, with the reason.

  fault_test.py SCENARIO      one of SCENARIOS
"""

import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "support"), str(HERE.parent / "cli")]
import canary  # pylint: disable=wrong-import-position
import sandbox  # pylint: disable=wrong-import-position

# Errors that a call could really give, the interesting ones; EPERM (a seccomp profile's answer) for all others.
ERRNOS = {
    "openat": ["EACCES", "EMFILE", "EIO"], "open": ["EACCES", "EMFILE", "EIO"],
    "openat2": ["ENOSYS", "EPERM", "EACCES", "EMFILE"],
    "read": ["EIO", "EINTR"], "pread64": ["EIO"], "write": ["ENOSPC", "EINTR", "EIO"], "getdents64": ["EIO", "ENOENT"],
    "fstat": ["EIO"], "newfstatat": ["EACCES", "EIO"], "stat": ["EACCES", "ENOENT"], "access": ["EACCES", "EIO"],
    "mmap": ["ENOMEM"], "brk": ["ENOMEM"], "mlock": ["EPERM", "ENOMEM"], "madvise": ["EINVAL"], "munmap": ["EINVAL"],
    "execve": ["EACCES", "ENOENT", "ENOEXEC", "ENOMEM", "E2BIG", "ETXTBSY", "EAGAIN"],
    "memfd_create": ["EINVAL", "EMFILE", "ENOSYS"], "mkdirat": ["ENOSPC", "EROFS", "EEXIST"], "mkdir": ["ENOSPC", "EROFS"],
    "mount": ["EPERM", "EINVAL"], "unshare": ["EPERM", "ENOMEM"], "renameat": ["ENOSPC", "EXDEV"], "renameat2": ["ENOSPC", "EEXIST"],
    "fchmod": ["EPERM", "EROFS"], "fchown": ["EPERM", "EROFS"], "setgroups": ["EPERM", "ENOMEM"], "setresgid": ["EPERM"],
    "setresuid": ["EAGAIN", "EPERM"], "setrlimit": ["EPERM"], "prlimit64": ["EPERM"],
    "fcntl": ["EMFILE", "EPERM"], "pipe2": ["EMFILE", "ENFILE"], "clone": ["EAGAIN", "ENOMEM"], "clone3": ["EAGAIN", "ENOSYS"],
    "vfork": ["EAGAIN", "ENOMEM"], "poll": ["EINTR", "ENOMEM"], "wait4": ["EINTR", "ECHILD"], "waitid": ["EINTR", "ECHILD"],
    "pidfd_open": ["ENOSYS", "EMFILE"], "getrandom": ["EINTR"], "fstatfs": ["EIO"],
}
# Calls whose failure is rightly no failure of the launch: how they stand in strace's log, the errors, why, and what may differ then.
TOLERATED = [
    (r"\w+\(", "EINTR", "asked again", None),
    (r"munmap\(", "*", "memory of a program that is about to be replaced", None),
    (r"(madvise|mlock)\(", "*", "values are delivered unlocked rather than not at all; level info says so", None),
    (r"prctl\(PR_SET_DUMPABLE", "*", "a profile that forbids it must not keep every application from starting", None),
    (r"prlimit64\(0, RLIMIT_CORE", "*", "the same; level info says so", r"4 "),
    (r"prlimit64\(0, RLIMIT_NOFILE", "*", "libc's own guess in posix_spawn(3)", None),
    (r"fcntl\([012], F_GETFD", "*", "taken for closed: a descriptor too many, close-on-exec", None),
    (r"access\(", "*", "taken for there: opening it tells", None),
    (r"openat2\(", "ENOSYS EPERM", "older kernels and profiles: each component is opened by itself", None),
    (r"(openat2|mkdirat|openat)\(.*\"(/run|hushrun(-\w+)?|/run/hushrun(-\w+)?)\"", "*", "the private directory is made elsewhere", None),
    (r"mount\(\"tmpfs\", \"/run/hushrun-", "*", "without the right to mount it is a directory of the container's own tmpfs", None),
    (r"mount\(\"tmpfs\"", "EINVAL", "a kernel without noswap for tmpfs", None),
    (r"memfd_create\(", "EINVAL", "a kernel that cannot make memfds that are never executable", None),
    (r"newfstatat\(\d+, \"tls.key\"", "*", "only for a better message: rename(2) follows no symlink and replaces no directory", None),
    (r"fchown\([012],", "EPERM EROFS", "as runc: a stream that may not be given away stays what it is", None),
    (r"(getresuid|getresgid|getgroups)\(", "*", "taken for another user: the change is made, and proves itself", None),
    (r"setresuid\(0, 0, 0\)", "*", "it has to fail: there is no way back", None),
    (r"prctl\(PR_CAPBSET_READ, 0x", "*", "a capability that the kernel does not know", None),
    (r"clone3\(", "ENOSYS", "libc goes on with clone(2)", None),
    (r"pidfd_open\(", "*", "older kernels: it is looked at now and then", None),
    (r"poll\(", "*", "asked again, until the time is over", None),
    (r"read\(\d+, .*, 4096\)", "*", "a pipe's: asked again, until the time is over", None),
    (r"waitid\(", "*", "looked at again", None),
    (r"wait4\(", "*", "its end is known by then", None),
    (r"rt_sigtimedwait\(", "*", "an unblocked SIGCHLD is ignored by default", None),
]
# What a killed launcher left behind is looked for at every start with files, and at the next one if it cannot be now.
LEFTOVERS = [(r"getdents64\(", "*", "leftovers are looked for again at the next start", None),
             (r"openat\(AT_FDCWD, \"/dev/shm\"", "*", "the same", None)]
# What cannot fail by its manual page; and close(2), which closes even where it fails, as an injected failure does not.
LEFT_OUT = {"exit_group", "close", "getpid", "getppid", "geteuid", "getegid", "rt_sigpending", "rt_sigprocmask", "rt_sigaction", "futex"}

PROBLEM = re.compile(r"(?:hushrun: (?:error|warning): .+\n  where: .+\n  why:   .+\n  fix:   .+\n)+")
OUT_OF_MEMORY = "hushrun: error: out of memory\n"

CONFIG = """version: 1
sources: [{dir: secrets}]
env:
  DB: db
  URL: {template: "postgres://app:${db|urlencode}@db/app"}
files:
  tls.key: {secret: tls, env: TLS_KEY}
  mem: {secret: tls, as: memfd, env: MEM}
process: {user: app, drop_capabilities: all}
"""
SCENARIOS = {
    "zero_config": {
        "words": ["hushrun", "--", "probe", "env", "A", "B", "C", "+", "fds", "+", "status", "SigBlk", "+", "limits"],
        "mounted": True,
    },
    "config": {
        "words": ["hushrun", "--", "probe", "env", "DB", "URL", "+", "cat", "env:TLS_KEY", "env:MEM", "+", "ids", "+", "stat", "dir:.",
                  "dir:tls.key", "+", "status", "CapEff", "CapBnd", "NoNewPrivs", "SigBlk", "+", "limits"],
        "config": CONFIG,
        "tolerated": LEFTOVERS,
    },
    "pid1": {
        "words": ["hushrun", "--", "probe", "env", "DB", "+", "cat", "env:TLS_KEY", "/run/app/made/tls.key", "+", "ids", "+", "stat", "dir:.",
                  "/run/app/made/tls.key"],
        "config": CONFIG.replace("all}", "all, no_new_privs: true}").replace("  mem:", "  /run/app/made/tls.key: {secret: tls, mode: \"0440\", owner: \"svc:app\"}\n  mem:"),
        "pid1": True,
        "tolerated": [*LEFTOVERS, (r"prctl\(PR_CAPBSET_(READ|DROP), CAP_", "*", "with no_new_privs nothing can be gained from the bounding set", None)],
    },
    "command": {
        "words": ["hushrun", "--", "probe", "env", "KEY", "+", "status", "SigBlk", "SigIgn", "ShdPnd", "+", "fds"],
        "config": "version: 1\nsources: [{command: [./give.sh], name: key, timeout: 20s}]\nenv: {KEY: key}\n",
    },
}


class Call:
    """One system call of the good run: its name, which one of that name, and how it stood in strace's log."""

    def __init__(self, name, number, text):
        self.name, self.number, self.text = name, number, text


class Scenario:
    """A launch that can be repeated."""

    def __init__(self, name):
        self.words, self.pid1 = SCENARIOS[name]["words"], SCENARIOS[name].get("pid1", False)
        self.tolerated = SCENARIOS[name].get("tolerated", [])
        self.secrets = [canary.fresh(label) for label in ("a", "b", "c", "db", "tls", "key")]
        directory = sandbox.WORK / "secrets"
        directory.mkdir()
        for secret in self.secrets[:3] if SCENARIOS[name].get("mounted") else self.secrets[3:]:
            secret.write(directory).chmod(0o400)
        if "mounted" in SCENARIOS[name]:
            pathlib.Path("/run/secrets").mkdir()
            sandbox.bind(directory, "/run/secrets")
        if "config" in SCENARIOS[name]:
            (sandbox.WORK / "hushrun.yaml").write_text(SCENARIOS[name]["config"], encoding="utf-8")
        give = sandbox.WORK / "give.sh"
        give.write_text("#!/bin/sh\ncat secrets/key\n", encoding="ascii")
        give.chmod(0o755)

    def run(self, *options):
        """Under strace, which is not the launcher's parent (-D): so it can be PID 1."""
        argv = ["strace", "-D", "-qqq", *options, "--", sandbox.BIN / self.words[0], *self.words[1:]]
        done = subprocess.run(sandbox.inside(argv, pid1=self.pid1), env={"PATH": sandbox.PATH}, stdin=subprocess.DEVNULL, capture_output=True,
                              check=False, timeout=60)
        done.stdout = re.sub(rb"pipe:\[\d+\]", b"pipe", done.stdout)
        return done

    def fail(self, call, errno):
        """A launch in which `call` fails; with it the call as it stood in the log, None if that was one of the application's."""
        log = pathlib.Path("/tmp/log")
        done = self.run("-o", str(log), "-e", f"trace={call.name},execve", "-e", f"inject={call.name}:error={errno}:when={call.number}")
        lines = log.read_text(encoding="utf-8").splitlines()
        log.unlink()
        started = False
        for line in lines[1:]:
            if line.endswith("(INJECTED)"):
                return done, None if started else line
            started = started or line.startswith("execve(")
        return done, None

    def calls(self):
        """The calls of the good run, from the first own one to the exec of the application."""
        log = pathlib.Path("/tmp/log")
        good = self.run("-o", str(log), "-s", "64")
        assert good.returncode == 0 and not good.stderr, good.stderr.decode()
        counts, calls, ours = {}, [], False
        for line in log.read_text(encoding="utf-8").splitlines():
            found = re.match(r"(\w+)\(", line)
            if not found:
                continue
            name = found.group(1)
            # The exec that starts the launcher is shown and not counted.
            counts[name] = counts.get(name, -1 if name == "execve" else 0) + 1
            ours = ours or "PR_SET_DUMPABLE" in line
            if ours and name not in LEFT_OUT:
                calls.append(Call(name, counts[name], line))
            if name == "execve" and counts[name] > 0:
                break
        log.unlink()
        assert len(calls) > 20 and calls[-1].name == "execve", len(calls)
        return calls, good.stdout


def trees():
    """What lies in the places where files are made. The empty directory that every launcher may mount on stays."""
    return sorted(str(p) for root in ("/run", "/dev/shm", "/tmp", sandbox.WORK) for p in pathlib.Path(root).rglob("*") if str(p) != "/run/hushrun")


def tolerance(text, errno, more):
    """Why this failure may be no failure, and what may differ then; None if it may not."""
    for pattern, errnos, why, differs in [*TOLERATED, *more]:
        if re.match(pattern, text) and (errnos == "*" or errno in errnos.split()):
            return why, differs
    return None


def outcome(text, errno, done, good, scenario, left):
    """What is wrong with the outcome of one failure; None if nothing is."""
    err = done.stderr.decode(errors="replace")
    found = canary.search(scenario.secrets, "output", done.stdout + done.stderr)
    if found:
        return "; ".join(found)
    if done.returncode == 0:
        tolerated = tolerance(text, errno, scenario.tolerated)
        if tolerated is None:
            return "it succeeded, and nobody said why that is right"
        changed = [f"{a} / {b}" for a, b in zip(good.decode().splitlines(), done.stdout.decode().splitlines()) if a != b]
        if any(not tolerated[1] or not re.match(tolerated[1], change) for change in changed) or done.stdout.count(b"\n") != good.count(b"\n"):
            return f"it started, and not as it should have (good / now): {changed}"
        return None
    if done.returncode not in ((126, 127) if text.startswith("execve") else (125,)):
        return f"exit {done.returncode}"
    if done.stdout:
        return "the application was started"
    if left:
        return f"left behind: {left}"
    spoken = PROBLEM.fullmatch(err) and "hushrun: error" in err or err == OUT_OF_MEMORY
    if not spoken:
        return "not told in four parts"
    return None


def clear(before):
    """Removes what a launch has left, as the end of its container would; says what it was."""
    left = sorted(set(trees()) - set(before))
    for path in reversed(left):
        if os.path.isdir(path) and not os.path.islink(path):
            os.rmdir(path)
        else:
            os.unlink(path)
    return left


def main():
    sandbox.need_root("strace", "unshare")
    name = sys.argv[1]

    def test():
        scenario = Scenario(name)
        before = trees()
        calls, good = scenario.calls()
        clear(before)
        flaws = runs = 0
        is_user_changed = False
        for call in calls:
            is_user_changed |= call.name == "setresuid"
            for errno in ERRNOS.get(call.name, ["EPERM"]):
                done, text = scenario.fail(call, errno)
                left = clear(before)
                if text is None:
                    continue
                # As PID 1, and once we are the application's user, what root wrote can no longer be removed: it dies with the
                # container's tmpfs, now.
                if scenario.pid1 and is_user_changed:
                    left = []
                runs += 1
                wrong = outcome(text, errno, done, good, scenario, left)
                flaws += bool(wrong)
                if wrong and flaws <= 20:
                    print(f"FAIL {errno} of {text}\n  {wrong}\n{done.stderr.decode(errors='replace')}", end="", flush=True)
        print(f"{len(calls)} calls, {runs} failures, {flaws} flaws")
        return flaws == 0 and runs >= len(calls)

    sys.exit(0 if sandbox.apart(test) else 1)


if __name__ == "__main__":
    main()
