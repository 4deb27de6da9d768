#!/usr/bin/python3
"""shield: after delivery the application cannot open the sources, under no name, by no way; what it was given it still can. With and
without CAP_SYS_ADMIN, as root and as another user, in both modes. Runs in a mount namespace of its own."""

import errno
import itertools
import os
import pathlib
import subprocess
import sys

from harness import HUSHRUN, Run, check, main

if "--inside" not in sys.argv:
    os.execvp("unshare", ["unshare", "-m", sys.executable, "-B", __file__, "--inside", *sys.argv[1:]])
sys.argv.remove("--inside")
for place in ("/run", "/mnt"):
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", place], check=True)

RUN = pathlib.Path("/run")
SECRETS, ALIAS, PUBLIC = RUN / "secrets", pathlib.Path("/mnt/alias"), RUN / "public"
DOTENV, CONFIG = pathlib.Path("/mnt/keys.env"), pathlib.Path("/mnt/hushrun.yaml")
NOBODY = 65534

SECRETS.mkdir()
(SECRETS / "key").write_text("c4n4ry")
(SECRETS / "key").chmod(0o444)
(SECRETS / "own-mount").touch()
PUBLIC.mkdir()
(PUBLIC / "file").write_text("not hidden")
DOTENV.write_text("OTHER=c4n4ry-too\n")
DOTENV.chmod(0o444)
single = pathlib.Path("/mnt/single-file")  # as Compose mounts each secret by itself
single.write_text("c4n4ry-of-a-mount")
subprocess.run(["mount", "--bind", str(single), str(SECRETS / "own-mount")], check=True)
ALIAS.mkdir()
subprocess.run(["mount", "--bind", str(SECRETS), str(ALIAS)], check=True)
(RUN / "link").symlink_to("secrets")
CONFIG.write_text(f"""version: 1
sources: [{{dir: {SECRETS}}}, {{dotenv: {DOTENV}}}]
env: {{KEY: key, OTHER: OTHER}}
files: {{given.key: {{secret: key, as: memfd, env: GIVEN}}}}
process: {{shield: true}}
""")
CONFIG.chmod(0o644)

# Every name of what is hidden: symlink, other mount, the mounts inside it and where they come from, ways through /proc.
HIDDEN = [str(SECRETS / "key"), "/run/link/key", str(ALIAS / "key"), str(SECRETS / "own-mount"), str(single), str(DOTENV), "/proc/self/root/run/secrets/key",
          "secrets/key"]
KEPT = [str(PUBLIC / "file"), "/proc/self/fd/10", "/etc/passwd", "/proc/self/status", "/dev/null"]

NO_ADMIN = ["setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin"]
AS_NOBODY = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
WHO = {"root": ([], []), "root without CAP_SYS_ADMIN": (NO_ADMIN, []), "another user": ([], ["-u", f"{NOBODY}:{NOBODY}"]),
       "started as another user": (AS_NOBODY, [])}


def launch(words, mode, wrap=(), options=()):
    command = [*wrap, HUSHRUN, "-c", str(CONFIG), f"--{mode}", *options, "--"]
    return Run(*words, wrap=command[:-1], init="none", cwd="/run")


def look(mode, wrap, options, *more):
    words = [*itertools.chain.from_iterable(("read", path, ",") for path in (*HIDDEN, *KEPT)), *more, "exit", "0"]
    with launch(words, mode, wrap, options) as run:
        found = {}
        for path in (*HIDDEN, *KEPT):
            line = run.next_line()
            assert line and line.startswith("read"), (path, line, run.errors_now())
            found[path] = int(line.split("error=")[1].split()[0])
        rest = run.rest()
        assert run.wait() == 0, run.errors_now()
        return found, rest


@check
def sources_are_out_of_reach_and_what_was_given_is_not():
    """By covers where we may mount, else by Landlock."""
    for mode, (who, (wrap, options)) in itertools.product(("exec", "supervise"), WHO.items()):
        found, _ = look(mode, wrap, options)
        for path in HIDDEN:
            assert found[path] in (errno.EACCES, errno.ENOENT), (mode, who, path, found)
        for path in KEPT:
            assert found[path] == 0, (mode, who, path, found)


@check
def root_cannot_undo_it():
    """An application that keeps every capability: no unmounting, no way through the supervisor's root."""
    for mode in ("exec", "supervise"):
        _, rest = look(mode, [], [], "umount", str(SECRETS), ",", "umount", str(DOTENV), ",", "read-parent", str(SECRETS / "key"), ",")
        assert rest[:2] == [f"umount error={errno.EPERM}"] * 2, rest
        # In exec mode our parent is this test, outside the domain as well.
        assert rest[2] in (f"read-parent error={errno.EACCES}", f"read-parent error={errno.ENOENT}"), rest


@check
def renames_still_work():
    """Between directories too: package managers and atomic writes do it."""
    for mode, (who, (wrap, options)) in itertools.product(("exec", "supervise"), WHO.items()):
        for name in ("from", "to"):
            (PUBLIC / name).mkdir(exist_ok=True)
            (PUBLIC / name).chmod(0o777)
        (PUBLIC / "from" / "file").write_text("")
        _, rest = look(mode, wrap, options, "rename", str(PUBLIC / "from" / "file"), str(PUBLIC / "to" / "file"), ",")
        assert rest == ["rename error=0"], (mode, who, rest)


@check
def a_list_hides_what_it_names():
    """shield: [PATH]: that, and nothing else."""
    text = CONFIG.read_text()
    CONFIG.write_text(text.replace("shield: true", f"shield: [{DOTENV}]"))
    try:
        for mode in ("exec", "supervise"):
            found, _ = look(mode, [], [])
            assert found[str(DOTENV)] == errno.EACCES and found[str(SECRETS / "key")] == 0, found
    finally:
        CONFIG.write_text(text)


@check
def where_neither_works_it_is_an_error():
    """No CAP_SYS_ADMIN and no Landlock: 125, and the application does not start."""
    strace = ["strace", "-qq", "-f", "-o", "/dev/null", "-e", "inject=landlock_create_ruleset:error=EOPNOTSUPP"]
    for mode in ("exec", "supervise"):
        with launch(["ready"], mode, [*NO_ADMIN, *strace]) as run:
            assert run.wait() == 125
            assert b"Landlock" in run.process.stderr.read() and run.rest() == []


@check
def mounting_that_is_forbidden_is_no_error():
    """CAP_SYS_ADMIN is there, and mount(2) is not (AppArmor, seccomp): Landlock does it."""
    strace = ["strace", "-qq", "-f", "-o", "/dev/null", "-e", "inject=unshare:error=EPERM"]
    os.environ["ASAN_OPTIONS"] = "detect_leaks=0"  # a sanitizer's leak check does not work below strace
    for mode in ("exec", "supervise"):
        found, _ = look(mode, strace, [])
        assert all(found[path] == errno.EACCES for path in HIDDEN), (mode, found)


@check
def a_file_below_a_shielded_path_is_refused():
    """What is delivered where nothing can be opened any more was not meant so."""
    text = CONFIG.read_text()
    CONFIG.write_text(text.replace("given.key: {secret: key, as: memfd, env: GIVEN}", f"{SECRETS}/given.key: {{secret: key}}"))
    try:
        with launch(["ready"], "supervise") as run:
            assert run.wait() == 125
            assert b"below a shielded path" in run.process.stderr.read()
    finally:
        CONFIG.write_text(text)
    assert sorted(path.name for path in SECRETS.iterdir()) == ["key", "own-mount"]


main()
