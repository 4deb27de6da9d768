#!/usr/bin/python3
"""run_script.py itself: launchers that break a promise, each in one place only, are found out; one that keeps them all is not."""

import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import sandbox  # pylint: disable=wrong-import-position

SCRIPT = """# The application gets its secret.
secret secrets/db db
hushrun -s dir:secrets -- probe env DB
stdout '^DB {{digest db}}$'
"""
FAILING = """# A missing secret stops the start.
secret secrets/db db
! hushrun -s dir:secrets -e A=absent -- probe names
exit 125
stderr 'absent'
"""

# A launcher in shell, good in every way; `%s` is where it is broken.
LAUNCHER = """#!/bin/bash
value=$(cat /mnt/work/secrets/db)
case "$*" in
  *--dry-run*) plan=yes ;;
  *--check*) check=yes ;;
  *debug*) debug=yes ;;
esac
problem() {
  if [ -n "$debug" ]; then
    echo '{"time":"","level":"error","code":"x","what":"absent","where":"x","why":"x","fix":"x"}' >&2
  else
    printf 'hushrun: error: absent\\n  where: x\\n  why:   x\\n  fix:   x\\n' >&2
  fi
}
%s
if [ -n "$plan$check" ]; then echo '{}'; exit 0; fi
case "$*" in *absent*) problem; exit 125 ;; esac
while [ "$1" != -- ]; do shift; done
shift
DB=$value exec "$@"
"""

# What is broken → (the script that notices, what it says).
BROKEN = {
    "[ -n \"$debug\" ] && echo \"{\\\"time\\\":\\\"\\\",\\\"level\\\":\\\"debug\\\",\\\"message\\\":\\\"$(echo -n x$value | base64 -w0)\\\"}\" >&2":
        (SCRIPT, "secret found in stderr: db, base64"),
    "[ -z \"$plan$check$debug\" ] && printf 'hushrun: info: %s\\n' \"$value\" >&2": (SCRIPT, "secret found in stderr: db, raw"),
    "[ -n \"$plan\" ] && echo -n \"$value\" | od -An -tx1 | tr -d ' \\n'": (SCRIPT, "secret found in stdout: db, hex"),
    "[ -n \"$check\" ] && echo \"\\\"${value//\\\"/\\\\\\\"}\\\"\"": (SCRIPT, "secret found in stdout: db, JSON"),
    "echo \"$value\" > /run/left": (SCRIPT, "secret found in /run/left: db, raw"),
    "touch /dev/shm/left": (SCRIPT, "a file that nobody asked for: /dev/shm/left"),
    "bash -c 'sleep 0.2; :' \"$value\"": (SCRIPT, "secret found in /proc/PID/cmdline: db, raw"),
    "printf 'hushrun: info: talk\\n' >&2": (SCRIPT, "unexpected on stderr"),
    "value=x$value": (SCRIPT, "stdout has not"),
    "case \"$*\" in *absent*) touch /run/left; problem; exit 125 ;; esac": (FAILING, "a file that nobody asked for: /run/left"),
    "case \"$*\" in *absent*) echo 'hushrun: error: absent' >&2; exit 125 ;; esac": (FAILING, "not in four parts"),
    "case \"$*\" in *absent*) problem; exit 1 ;; esac": (FAILING, "exit 1, not 125"),
    "case \"$*\" in *absent*) exit 0 ;; esac": (FAILING, "it had to fail, and did not"),
}


def outcome(directory, launcher, script):
    program, text = directory / "launcher", directory / "script.txt"
    program.write_text(launcher, encoding="utf-8")
    program.chmod(0o755)
    text.write_text(script, encoding="utf-8")
    return subprocess.run(["/usr/bin/python3", "-B", HERE / "run_script.py", text], env={**os.environ, "HUSHRUN": str(program)},
                          capture_output=True, text=True, check=False)


def main():
    sandbox.need_root("unshare", "setpriv", "prlimit")
    failures = []
    with tempfile.TemporaryDirectory(prefix="hushrun-test-") as name:
        directory = pathlib.Path(name)
        for script in (SCRIPT, FAILING):
            done = outcome(directory, LAUNCHER % "", script)
            if done.returncode != 0:
                failures.append(f"a good launcher is refused: {done.stdout}{done.stderr}")
        for broken, (script, says) in BROKEN.items():
            done = outcome(directory, LAUNCHER % broken, script)
            if done.returncode != 1 or says not in done.stdout:
                failures.append(f"not found out: {broken}\n  wanted: {says}\n  said: {done.stdout}{done.stderr}")
    print("\n".join(failures) or f"ok: {len(BROKEN)} broken launchers found out")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
