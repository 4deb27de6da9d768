#!/usr/bin/python3
"""Files in memory: gone when the application ends, whatever way it ends; what a killed launcher left goes at the next start, and
nothing else does. Runs in a mount namespace of its own, with a /run and a /dev/shm that nobody else sees."""

import ctypes
import os
import pathlib
import signal
import subprocess
import sys
import time

from harness import HUSHRUN, INITS, Run, check, children, kill, main, second_image, state_of, status_field, until

if "--inside" not in sys.argv:
    os.execvp("unshare", ["unshare", "-m", sys.executable, "-B", __file__, "--inside", *sys.argv[1:]])
sys.argv.remove("--inside")
for place in ("/run", "/dev/shm"):
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=1777", "tmpfs", place], check=True)

RUN, SHM = pathlib.Path("/run"), pathlib.Path("/dev/shm")
SECRETS = RUN / "secrets"
FILES = ["-s", f"dir:{SECRETS}", "-f", "/run/app/tls.key=key", "-f", "below/private.key=key", "-f", "other.key=key"]
NOBODY = 65534


def secrets():
    SECRETS.mkdir(exist_ok=True)
    (SECRETS / "key").write_text("c4n4ry-of-a-file\n")


def ours():
    """What of ours lies in the two places: records, private directories, the absolute target."""
    found = [path for place in (RUN, SHM) for path in place.rglob("*") if "hushrun" in str(path.relative_to(place))]
    return found + [path for path in (RUN / "app", RUN / "app" / "tls.key") if path.exists()]


def mounts():
    """Ours; what this machine has below the /run that we cannot see any more is not."""
    return [line for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines() if "/hushrun-" in line]


BEFORE = mounts()


secrets()


@check
def files_are_there_while_it_runs_and_gone_afterwards():
    """An end of its own, by a signal, by KILL, by our stop_timeout: no file, no directory, no mount, no record is left."""
    ends = {"exit": (["exit", "3"], None, 3), "TERM": (["pause"], signal.SIGTERM, 143), "crash": (["die", "11"], None, 139),
            "stubborn": (["ignore", "15", ",", "ready", ",", "pause"], signal.SIGTERM, 137)}
    for pid1 in (False, True):
        for name, (words, number, code) in ends.items():
            with Run("read", "/run/app/tls.key", ",", "ready", ",", *words, options=[*FILES, "--stop-timeout", "100ms"], pid1=pid1) as run:
                assert "error=0" in run.expect("read /run/app/tls.key")
                run.expect("ready")
                if name == "stubborn":
                    run.expect("ready")
                assert not number or ours(), name
                if number:
                    run.kill(number)
                assert run.wait() == code, (name, pid1)
                assert ours() == [] and SECRETS.is_dir(), (name, pid1, ours())
    assert mounts() == BEFORE


@check
def files_outlive_the_application_as_long_as_its_orphans():
    """Taken away once nobody is left who could want them."""
    with Run("daemon", "willing", ",", "exit", "0", options=FILES) as run:
        run.expect("daemon")
        run.expect("daemon got TERM")
        assert run.wait() == 0
        assert ours() == []


@check
def a_file_somebody_put_in_its_place_stays():
    """Only what we wrote is ours to remove: another launcher may have written the same path meanwhile."""
    with Run("ready", ",", "pause", options=FILES) as run:
        run.expect("ready")
        (RUN / "app" / "new").write_text("theirs")
        (RUN / "app" / "new").rename(RUN / "app" / "tls.key")
        run.kill(signal.SIGTERM)
        assert run.wait() == 143
    assert (RUN / "app" / "tls.key").read_text() == "theirs"
    (RUN / "app" / "tls.key").unlink()
    (RUN / "app").rmdir()


@check
def a_symlink_leads_nowhere():
    """An application that owns the directory turns it into a link to another: nothing there is touched."""
    victim = RUN / "victim"
    victim.mkdir()
    (victim / "tls.key").write_text("theirs")
    with Run("ready", ",", "pause", options=FILES) as run:
        run.expect("ready")
        (RUN / "app").rename(RUN / "app-before")
        (RUN / "app").symlink_to("victim")
        run.kill(signal.SIGTERM)
        assert run.wait() == 143
    assert (victim / "tls.key").read_text() == "theirs"
    (RUN / "app").unlink()
    for path in (victim / "tls.key", RUN / "app-before" / "tls.key"):
        path.unlink()
    victim.rmdir()
    (RUN / "app-before").rmdir()


def killed_launcher():
    """Leaves what a launcher leaves that is killed; all its processes are gone."""
    with Run("ready", ",", "pause", options=FILES) as run:
        run.expect("ready")
        second_image(run.pid)
        run.kill(signal.SIGKILL)
        assert run.wait() == 137 and run.next_line() is None
    left = ours()
    assert RUN / "app" / "tls.key" in left and any(path.name == "private.key" for path in left), left


@check
def leftovers_go_at_the_next_start_and_nothing_else():
    """Files, private directory, mount and record of a killed launcher; not those of a living one, of another user, or look-alikes."""
    killed_launcher()
    with Run("ready", ",", "pause", options=["-s", f"dir:{SECRETS}", "-f", "living.key=key"]) as living:
        living.expect("ready")
        until(lambda: not (RUN / "app").exists(), "the start of the living one took the leftovers away")
        alive = ours()
        assert any(path.name == "living.key" for path in alive), alive

        # Look-alikes: a directory and a file with names of ours, a record of somebody else's, one with a second name, one we do not hold.
        trap = RUN / "trap"
        trap.write_text("not ours")
        forged = f"namespace={os.stat('/proc/self/ns/mnt').st_ino}\0temporary={trap}\0".encode()
        (RUN / ("hushrun-" + "0" * 16)).mkdir()
        (RUN / (".hushrun-" + "a" * 15)).write_bytes(forged)
        somebodys, linked = RUN / (".hushrun-" + "b" * 16), RUN / (".hushrun-" + "c" * 16)
        readable = RUN / (".hushrun-" + "d" * 16)
        for path in (somebodys, linked, readable):
            path.write_bytes(forged)
            path.chmod(0o600)
        readable.chmod(0o644)
        os.chown(somebodys, NOBODY, NOBODY)
        os.link(linked, RUN / "second-name")
        (RUN / (".hushrun-" + "e" * 16)).symlink_to(linked)

        killed_launcher()
        with Run("ready", options=FILES) as run:
            run.expect("ready")
            assert run.wait() == 0
        for path in alive:
            assert path.exists(), path
        for path in (trap, somebodys, linked, readable, RUN / ("hushrun-" + "0" * 16)):
            assert path.exists(), path
        assert not (RUN / "app").exists()
        living.kill(signal.SIGTERM)
        assert living.wait() == 143
    for path in (*RUN.glob(".hushrun-*"), RUN / "second-name", trap):
        path.unlink()
    (RUN / ("hushrun-" + "0" * 16)).rmdir()
    assert ours() == [], ours()


@check
def a_launcher_killed_anywhere_leaves_nothing_for_long():
    """KILL after each of its system calls in turn; the next start takes away whatever was there by then."""
    log = RUN / "calls"
    subprocess.run(["strace", "-qq", "-o", str(log), "-e", "trace=file,desc,mount,umount2", *INITS["supervise"], *FILES, "--", "/bin/true"], check=True)
    lines = log.read_text().splitlines()
    log.unlink()
    places = [n for n, line in enumerate(lines) if "/run" in line or "hushrun" in line]
    counts = {}
    targets = []
    for n, line in enumerate(lines):
        name = line.split("(", 1)[0]
        counts[name] = counts.get(name, 0) + 1
        if n in places and name not in ("execve", "readlink"):
            targets.append((name, counts[name]))
    assert len(targets) > 10, lines
    for name, count in targets:
        subprocess.run(["strace", "-qq", "-o", "/dev/null", "-e", f"inject={name}:signal=KILL:when={count}", *INITS["supervise"], *FILES, "--", "/bin/true"],
                       check=False, stderr=subprocess.DEVNULL)
        assert subprocess.run([*INITS["supervise"], *FILES, "--", "/bin/true"], check=False).returncode == 0, (name, count)
        assert ours() == [], (name, count, ours())


@check
def as_another_user():
    """The private directory is the application's user's; whatever it puts there goes as well."""
    with Run("ready", ",", "pause", options=[*FILES, "-u", f"{NOBODY}:{NOBODY}"]) as run:
        run.expect("ready")
        private = next(path for path in ours() if path.name == "private.key").parent.parent
        assert private.stat().st_uid == NOBODY and private.stat().st_mode & 0o777 == 0o700
        deep = private / "a" / "b"
        deep.mkdir(parents=True)
        (deep / "file").write_text("the application's own")
        run.kill(signal.SIGTERM)
        assert run.wait() == 143
    assert ours() == []


main()
