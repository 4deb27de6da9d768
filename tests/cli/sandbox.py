"""Surroundings that a test has for itself, as a container's: private /run, /dev/shm, /tmp and /etc, and a directory to work in.

`enter()` takes the calling process into a mount namespace of its own; all of it is gone when the process ends, however it
ends. Below /mnt lie bin/ (the launcher under test, and the probe) and work/, which is on a disk, for the tests of targets
that are none. The users are ours: app with two more groups, svc without a home.
"""

import ctypes
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback

BASE = pathlib.Path("/mnt")
BIN = BASE / "bin"
WORK = BASE / "work"
PATH = f"{BIN}:/usr/bin:/bin"
SKIP = 77

PASSWD = """root:x:0:0:root:/root:/bin/sh
app:x:1000:1001::/home/app:/bin/sh
svc:x:900:901:::/usr/sbin/nologin
1234:x:77:77::/nowhere:/bin/sh
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
"""
GROUP = """root:x:0:
app:x:1001:
backup:x:34:svc,app
video:x:44:app
svc:x:901:
nogroup:x:65534:
"""

_libc = ctypes.CDLL(None, use_errno=True)
_MS_BIND, _MS_REC, _MS_PRIVATE = 4096, 16384, 1 << 18
_CLONE_NEWNS = 0x20000


def skip(why):
    """Ends the test as skipped, loudly. Under CI a skip is a failure: there, everything is run."""
    if os.environ.get("CI") == "true":
        print(f"FAILED: would be skipped, and CI skips nothing: {why}", flush=True)
        sys.exit(1)
    print(f"SKIPPED: {why}", flush=True)
    sys.exit(SKIP)


def need_root(*commands):
    """We must be root, and the commands must be there; else the test is skipped."""
    missing = [c for c in commands if not shutil.which(c, path="/usr/sbin:/usr/bin:/sbin:/bin")]
    if missing:
        skip(f"{', '.join(missing)} not found: install the [test] section of tests/packages.txt")
    if os.geteuid() != 0:
        skip("private mounts need root: run tests/run.sh as root or with sudo")


def mount(source, target, kind, flags=0, data=""):
    """mount(2)."""
    if _libc.mount(os.fsencode(source), os.fsencode(target), kind.encode(), ctypes.c_ulong(flags), data.encode()) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"mount {kind} on {target}: {os.strerror(error)}")


def bind(source, target):
    mount(source, target, "", _MS_BIND | _MS_REC)


def tmpfs(target, mode="0755"):
    mount("tmpfs", target, "tmpfs", 0, f"mode={mode}")


def program(name):
    """A program under test, named by the variable of that name."""
    path = os.environ.get(name, "")
    if not os.access(path, os.X_OK):
        print(f"FAILED: {name} names no executable: run the tests by ctest or tests/run.sh", flush=True)
        sys.exit(1)
    return pathlib.Path(path).resolve()


def _on_disk():
    """A fresh directory that is not on a tmpfs: the build directory, if it is none."""
    for parent in (os.getcwd(), "/var/tmp", "/var/lib"):
        kind = subprocess.run(["stat", "-f", "-c", "%T", parent], capture_output=True, text=True, check=True).stdout.strip()
        if kind not in ("tmpfs", "ramfs"):
            return pathlib.Path(tempfile.mkdtemp(prefix="hushrun-test-", dir=parent))
    raise OSError("no directory on a disk")


def enter(directory):
    """From here on the process has its own surroundings; `directory`, on a disk, is its WORK."""
    launcher, probe = program("HUSHRUN"), program("PROBE")
    if _libc.unshare(_CLONE_NEWNS) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"unshare: {os.strerror(error)}")
    mount("none", "/", "", _MS_REC | _MS_PRIVATE)
    tmpfs(BASE)
    BIN.mkdir()
    WORK.mkdir()
    for name, source in (("hushrun", launcher), ("probe", probe)):
        (BIN / name).touch()
        bind(source, BIN / name)
    bind(directory, WORK)
    for target, mode in (("/run", "0755"), ("/dev/shm", "1777"), ("/tmp", "1777"), ("/etc", "0755")):
        tmpfs(target, mode)
    pathlib.Path("/etc/passwd").write_text(PASSWD, encoding="ascii")
    pathlib.Path("/etc/group").write_text(GROUP, encoding="ascii")
    os.chdir(WORK)
    os.umask(0o022)


def apart(test):
    """Runs `test()` in a process with its own surroundings; True if it returned without an exception and without saying False."""
    directory = _on_disk()
    directory.chmod(0o755)
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            enter(directory)
            status = 1 if test() is False else 0
        except AssertionError as problem:
            last = traceback.extract_tb(problem.__traceback__)[-1]
            print(f"FAIL {problem if str(problem) else f'{pathlib.Path(last.filename).name}:{last.lineno}'}")
        except BaseException:  # pylint: disable=broad-exception-caught; this process is ours to end
            traceback.print_exc(file=sys.stdout)
        sys.stdout.flush()
        os._exit(status)
    try:
        _, status = os.waitpid(child, 0)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    return os.waitstatus_to_exitcode(status) == 0


def inside(argv, *, pid1=False, user=None, without=None, limits=()):
    """The command line that runs `argv` as PID 1 of a namespace, as another user, without capabilities, under limits (prlimit's words)."""
    argv = [str(a) for a in argv]
    for limit in limits:
        argv = ["prlimit", f"--{limit}", "--", *argv]
    if user:
        uid, gid = user.split(":")
        argv = ["setpriv", "--reuid", uid, "--regid", gid, "--clear-groups", "--", *argv]
    if without:
        argv = ["setpriv", "--bounding-set", ",".join(f"-{c}" for c in without.split(",")), "--inh-caps=-all", "--", *argv]
    if pid1:
        argv = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--", *argv]
    return argv
