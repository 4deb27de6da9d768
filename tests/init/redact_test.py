#!/usr/bin/python3
"""The application's output through us: what is masked, what comes out byte for byte, who waits for whom, what our memory holds."""

import base64
import fcntl
import hashlib
import os
import pathlib
import resource
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import urllib.parse

from harness import HUSHRUN, STATIC, Run, check, kill, main, memory_of, runs_found, state_of, status_field, until

VALUE = "s3cr3t/Pa55+word \"with\" edges"
MARK = b"[REDACTED:api_key]"
RANDOM_BYTES = int(os.environ.get("REDACT_RANDOM_MIB", "24")) << 20  # 1024 is the promise; a run of CI has less time


class Redacted(Run):
    """A program (and its arguments) whose output goes through us; `api_key` is delivered as API_KEY."""

    def __init__(self, *program, options=(), value=VALUE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more):
        self.directory = tempfile.mkdtemp()
        (pathlib.Path(self.directory) / "api_key").write_text(value)
        super().__init__(program=program, options=["-s", f"dir:{self.directory}", "-e", "API_KEY=api_key", "--redact", *options],
                         stdout=stdout, stderr=stderr, **more)

    def __exit__(self, *rest):
        super().__exit__(*rest)
        shutil.rmtree(self.directory)

    def all_output(self):
        return self.process.communicate(timeout=60)


def sh(script, **more):
    return Redacted("/bin/sh", "-c", script, **more)


def python(script, *words, **more):
    return Redacted("/usr/bin/python3", "-c", script, *words, **more)


def read_until(number, wanted, patience=20):
    """What comes until `wanted` has; no more is asked for."""
    got = b""
    while wanted not in got:
        ready, _, _ = select.select([number], [], [], patience)
        assert ready, f"nothing came after {got!r}"
        piece = os.read(number, 65536)
        assert piece, f"the end came after {got!r}"
        got += piece
    return got


@check
def both_outputs_are_masked():
    """Each stays what it is; the exit code too."""
    with sh('echo "out $API_KEY."; echo "err $API_KEY." >&2; exit 7') as run:
        assert run.all_output() == (b"out " + MARK + b".\n", b"err " + MARK + b".\n")
        assert run.process.returncode == 7


@check
def one_file_stays_one_stream():
    """Where stdout and stderr are the same file they are one pipe: in order, and a secret half on each is seen."""
    script = ("import os; v = os.environ['API_KEY'].encode(); same = os.fstat(1)[:2] == os.fstat(2)[:2]\n"
              "for i in range(50): os.write(1 + i % 2, b'%d ' % i)\n"
              "os.write(1, v[:9]); os.write(2, v[9:]); os.write(1, b' %d' % same)")
    with python(script, stderr=subprocess.STDOUT) as run:
        assert run.all_output()[0] == b"".join(b"%d " % i for i in range(50)) + MARK + b" 1"
    with python("import os; print(os.fstat(1)[:2] == os.fstat(2)[:2])") as run:
        assert run.all_output()[0] == b"False\n"


@check
def an_output_that_is_left_out_is_ours():
    """redact: {stderr: false}: that one is inherited as it is."""
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory)
        (path / "c.yaml").write_text("version: 1\nredact: {stderr: false}\nsources: [{dir: .}]\nenv: {API_KEY: api_key}\n")
        (path / "api_key").write_text(VALUE)
        script = "import os, sys; print(os.fstat(2).st_ino, os.environ['API_KEY']); print(os.environ['API_KEY'], file=sys.stderr)"
        with subprocess.Popen([HUSHRUN, "-c", path / "c.yaml", "--", "/usr/bin/python3", "-c", script], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as process:
            inode = os.fstat(process.stderr.fileno()).st_ino
            assert process.communicate(timeout=20) == (b"%d " % inode + MARK + b"\n", VALUE.encode() + b"\n")


@check
def policies_per_secret():
    """redact: never lets a value through, always masks one that is too short by itself; all else is automatic."""
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory)
        (path / "c.yaml").write_text("version: 1\nredact: true\nsources: [{dir: s}]\nenv:\n"
                                     "  A: {secret: a, redact: never}\n  B: {secret: b, redact: always}\n  C: c\n  D: {template: 'x-${d}', redact: never}\n")
        (path / "s").mkdir()
        for name, value in {"a": "public-identifier", "b": "9x", "c": "ordinary-secret", "d": "part-of-a-template"}.items():
            (path / "s" / name).write_text(value)
        done = subprocess.run([HUSHRUN, "-c", path / "c.yaml", "--", "sh", "-c", "echo $A; echo $B; echo $C; echo $D"], capture_output=True, check=True)
        assert done.stdout == b"public-identifier\n[REDACTED:b]\n[REDACTED:c]\nx-[REDACTED:d]\n", done
        assert done.stderr == b"", done


@check
def weak_values_are_named():
    """What is too short or too common is said once, by name, and comes out; nothing to look for needs nobody in between."""
    for value, words in (("abc", b"too short"), ("true", b"too common")):
        with sh("echo $API_KEY; readlink /proc/self/fd/1", value=value) as run:
            link = f"pipe:[{os.fstat(run.process.stdout.fileno()).st_ino}]".encode()
            out, err = run.all_output()
            assert out == value.encode() + b"\n" + link + b"\n" and words in err and b"api_key" in err and value.encode() not in err, (out, err)


@check
def every_byte_comes_out_as_it_was():
    """All 256, invalid UTF-8, no newline at the end, and much that is random: into a pipe, a file, a socket."""
    with python("import os; os.write(1, bytes(range(256)) * 3 + b'\\xff\\xfe\\x80')") as run:
        assert run.all_output()[0] == bytes(range(256)) * 3 + b"\xff\xfe\x80"
    script = ("import os, sys, hashlib, random; left = int(sys.argv[1]); h = hashlib.sha256()\n"
              "while left > 0:\n  b = random.randbytes(min(left, 999983)); left -= len(b); h.update(b)\n"
              "  while b: b = b[os.write(1, b):]\n"
              "sys.stderr.write(h.hexdigest())")

    def digest_of(read, close):
        found = hashlib.sha256()
        while piece := read():
            found.update(piece)
        close()
        return found.hexdigest()

    with python(script, str(RANDOM_BYTES)) as run:
        found = digest_of(lambda: os.read(run.process.stdout.fileno(), 1 << 20), lambda: None)
        assert run.process.stderr.read().decode() == found and run.wait() == 0
    with tempfile.TemporaryFile() as file, python(script, str(RANDOM_BYTES // 4), stdout=file) as run:
        assert run.wait() == 0
        file.seek(0)
        assert run.process.stderr.read().decode() == hashlib.sha256(file.read()).hexdigest()
    ours, theirs = socket.socketpair()
    with python(script, str(RANDOM_BYTES // 4), stdout=theirs.fileno()) as run:
        theirs.close()
        assert digest_of(lambda: ours.recv(1 << 20), ours.close) == run.process.stderr.read().decode() and run.wait() == 0


@check
def a_shared_description_keeps_its_flags():
    """O_NONBLOCK is never set on what others have as well, also while it is full and we wait for room."""
    reader, writer = os.pipe()
    ours, theirs = socket.socketpair()
    for out, empty in ((writer, reader), (theirs.fileno(), ours.fileno())):
        with python("import os; b = b'x' * 3000000\nwhile b: b = b[os.write(1, b):]", stdout=out) as run:
            size = 0
            until(lambda: state_of(run.app()) == "S", "it is stuck")
            while size < 3000000:
                assert not fcntl.fcntl(out, fcntl.F_GETFL) & os.O_NONBLOCK
                ready, _, _ = select.select([empty], [], [], 20)
                assert ready
                size += len(os.read(empty, 65536))
            assert run.wait() == 0
            assert not fcntl.fcntl(out, fcntl.F_GETFL) & os.O_NONBLOCK
    for number in (reader, writer):
        os.close(number)
    ours.close()
    theirs.close()


@check
def one_stream_never_stops_the_other():
    """Nobody reads stdout, which is full: stderr comes all the same, and signals do."""
    script = ("import os\nif os.fork() == 0:\n  b = b'x' * 2000000\n  while b: b = b[os.write(1, b):]\n  os._exit(0)\n"
              "for i in range(200): os.write(2, b'line %d\\n' % i)\n"
              "os.wait(); os._exit(5)")
    with python(script) as run:
        read_until(run.process.stderr.fileno(), b"line 199\n")
        size = 0
        while piece := os.read(run.process.stdout.fileno(), 65536):
            size += len(piece)
        assert size == 2000000 and run.wait() == 5
    with sh("exec yes", options=["--stop-timeout", "100ms"]) as run:  # and after a TERM nobody is waited for longer than that
        until(lambda: len(select.select([run.process.stdout], [], [], 0)[0]) == 1, "it writes")
        run.kill(signal.SIGTERM)
        assert run.wait() == 128 + signal.SIGTERM
    with sh("yes") as run:
        until(lambda: len(select.select([run.process.stdout], [], [], 0)[0]) == 1, "it writes")
        run.kill(signal.SIGTERM)
        run.process.stdout.read()
        assert run.wait() == 128 + signal.SIGTERM


@check
def a_dead_reader_ends_the_application():
    """By SIGPIPE, whose disposition is as it was; one that ignores it gets EPIPE."""
    with sh("exec yes") as run:
        os.read(run.process.stdout.fileno(), 10)
        run.process.stdout.close()
        assert run.wait() == 128 + signal.SIGPIPE
    script = ("import os, signal; signal.signal(signal.SIGPIPE, signal.SIG_IGN)\n"
              "try:\n  while True: os.write(1, b'x' * 100000)\nexcept BrokenPipeError: os._exit(9)")
    with python(script) as run:
        os.read(run.process.stdout.fileno(), 10)
        run.process.stdout.close()
        assert run.wait() == 9
    with sh("grep Sig /proc/self/status") as run:
        mine = subprocess.run([HUSHRUN, "--no-config", "-s", "env:INIT_TEST", "--supervise", "--", "grep", "Sig", "/proc/self/status"],
                              capture_output=True, check=True).stdout
        ignored = [line for line in mine.splitlines() if b"SigIgn" in line or b"SigBlk" in line]
        assert [line for line in run.all_output()[0].splitlines() if b"SigIgn" in line or b"SigBlk" in line] == ignored


@check
def an_end_that_is_closed_is_seen():
    """The application closes its output and goes on: our reader sees the end at once."""
    with python("import os, sys; os.write(1, b'last'); os.close(1); sys.stdin.read()", stdin=subprocess.PIPE) as run:
        assert run.process.stdout.read() == b"last"
        assert run.process.poll() is None
        run.process.stdin.close()
        run.process.stdin = None
        assert run.wait() == 0


@check
def nobody_waits_for_who_is_out_of_reach():
    """Somebody else holds the application's end open (here: we do): the end comes all the same, and nothing of before is lost."""
    for pid1 in (False, True):
        with python("import os, sys; os.write(1, b'ready'); sys.stdin.read(1); os.write(1, b'y' * 100000)", stdin=subprocess.PIPE, pid1=pid1) as run:
            read_until(run.process.stdout.fileno(), b"ready")
            held = os.open(f"/proc/{run.app()}/fd/1", os.O_WRONLY)
            run.process.stdin.write(b"\n")
            run.process.stdin.flush()
            assert run.process.stdout.read() == b"y" * 100000
            assert run.wait() == 0
            os.close(held)


@check
def a_daemon_that_keeps_the_output_is_ended_as_any():
    """What is left behind gets TERM, its last words come out, and then it is over."""
    script = ("import os, signal, sys, time\nr, w = os.pipe()\nif os.fork() == 0:\n  os.setsid()\n"
              "  def bye(*_): os.write(1, b'bye'); os._exit(0)\n  signal.signal(signal.SIGTERM, bye); os.write(w, b'x')\n  while True: signal.pause()\n"
              "os.read(r, 1); os.write(1, b'first '); os._exit(3)")
    for pid1 in (False, True):
        with python(script, pid1=pid1) as run:
            assert run.process.stdout.read() == b"first bye"
            assert run.wait() == 3


@check
def a_slow_reader_loses_nothing():
    """The application is long gone when its reader begins; more than we hold is still in its pipe."""
    with python("import os; b = bytes(range(250)) * 1600\nwhile b: b = b[os.write(1, b):]") as run:
        app = run.app()
        until(lambda: state_of(app) in (None, "Z"), "it has ended")
        select.select([], [], [], 0.4)  # longer than anything out of our reach is waited for
        assert run.process.stdout.read() == bytes(range(250)) * 1600
        assert run.wait() == 0
    for stop_timeout in ("100ms", "10m"):
        with sh("read go; exec head -c 400000 /dev/zero", options=["--stop-timeout", stop_timeout], stdin=subprocess.PIPE) as run:
            app = run.app()
            run.process.stdin.write(b"\n")
            run.process.stdin.flush()
            until(lambda: state_of(app) is None, "it has been reaped")
            if stop_timeout == "10m":
                select.select([], [], [], 0.4)  # now nothing but its reader is waited for, …
            run.kill(signal.SIGTERM)            # … and no longer
            assert run.wait() == 0


@check
def a_prompt_is_seen_at_once():
    """Without a newline, and also where its last bytes could begin the secret: the answer is only given to what is seen."""
    for tail in ("", VALUE[:1], VALUE[:3]):
        script = "import os, sys; os.write(1, b'Password: ' + sys.argv[1].encode()); print('', sys.stdin.readline())"
        with python(script, tail, stdin=subprocess.PIPE) as run:
            read_until(run.process.stdout.fileno(), b"Password: " + tail.encode())
            run.process.stdin.write(b"answer\n")
            run.process.stdin.flush()
            read_until(run.process.stdout.fileno(), b" answer\n")
            assert run.wait() == 0


@check
def pieces_and_pauses_hide_nothing():
    """A secret in pieces, each written when what became of the last one has been seen: only the first 3 bytes were let go."""
    script = ("import os, sys; v = os.environ['API_KEY'].encode()\n"
              "for a, b in ((0, 3), (3, 15), (15, 99)):\n  os.write(1, v[a:b]); sys.stdin.readline()\nos.write(1, b' end\\n')")
    with python(script, stdin=subprocess.PIPE) as run:
        def go_on():
            run.process.stdin.write(b"\n")
            run.process.stdin.flush()
        out = run.process.stdout.fileno()
        assert read_until(out, VALUE[:3].encode()) == VALUE[:3].encode()
        go_on()
        assert read_until(out, MARK) == MARK  # after 2 s of silence
        go_on()
        go_on()
        assert (rest := read_until(out, b"end\n")) == b" end\n", rest
        assert run.wait() == 0


@check
def nobody_is_woken_up_while_nothing_happens():
    """No timer when nothing is held, nor when what was held has gone out."""
    script = "import os, sys; os.write(1, b'x' + os.environ['API_KEY'][:2].encode()); sys.stdin.read()"
    with python(script, stdin=subprocess.PIPE) as run:
        read_until(run.process.stdout.fileno(), b"x" + VALUE[:2].encode())
        until(lambda: state_of(run.pid) == "S", "it waits")
        before = status_field(run.pid, "voluntary_ctxt_switches")
        select.select([], [], [], 2.3)  # more than any timer of ours
        assert status_field(run.pid, "voluntary_ctxt_switches") == before
        run.process.stdin.close()
        run.process.stdin = None
        assert run.wait() == 0


ENCODED = ("import base64, binascii, json, os, sys, urllib.parse\n"
           "v = os.environ['API_KEY'].encode()\n"
           "for i in range(3000): print(i, v.decode(), base64.b64encode(v).decode(), v.hex(), json.dumps(v.decode()), urllib.parse.quote(v))\n"
           "sys.stdout.flush(); sys.stderr.write(v.decode()); sys.stderr.flush(); os.write(2, b'done'); sys.stdin.read()")


@check
def our_memory_holds_no_value():
    """While the application runs and has printed it in many ways: no 8 bytes of it in plain, read buffers and command line included; locked."""
    if not STATIC:
        return  # a sanitizer has copies of its own, and mlock(2) does nothing in it
    value = base64.b64encode(os.urandom(30)).decode() + " <'&\" " + os.urandom(12).hex()
    encoded = {"base64": base64.b64encode(value.encode()).decode(), "hex": value.encode().hex(), "percent": urllib.parse.quote(value)}
    silent = {name: base64.b64encode(os.urandom(30)).decode() for name in ("delivered", "only_there", "variable")}
    for pid1 in (False, True):
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(f"delivered='{silent['delivered']}'\nonly_there='{silent['only_there']}'\n")
            file.flush()
            run = python(ENCODED, value=value, stdin=subprocess.PIPE, pid1=pid1, env=dict(os.environ, VISIBLE=value, VARIABLE=silent["variable"]),
                         options=["-s", f"dotenv:{file.name}", "-s", "env:VARIABLE", "-e", "OTHER=delivered", "-e", "THIRD=VARIABLE"])
            look_for_values(run, value, {**silent, **encoded})


def look_for_values(run, value, others):
    with run:
        reader = threading.Thread(target=run.process.stdout.read)
        reader.start()
        read_until(run.process.stderr.fileno(), b"done")
        until(lambda: state_of(run.pid) == "S", "it waits")
        assert runs_found({"value": value}, memory_of(run.app())), "the application has it, so this test would find it"
        assert runs_found({"value": value, **others}, memory_of(run.pid)) == []
        for name in ("cmdline", "environ"):
            assert runs_found({"value": value}, pathlib.Path(f"/proc/{run.pid}/{name}").read_bytes()) == []
        assert int(status_field(run.pid, "VmLck").split()[0]) >= 256, "what it reads and what it looks for is locked"
        assert int(status_field(run.pid, "VmRSS").split()[0]) <= 8192
        run.process.stdin.close()
        run.process.stdin = None
        reader.join()
        assert run.wait() == 0


@check
def no_core_and_no_look_into_it():
    """The redacting supervisor cannot be dumped, and another process of its user cannot read it."""
    with Run("look-into", "parent", init="supervise", options=["-e", "INIT_TEST=INIT_TEST", "--redact"], setup=lambda: (os.setgid(65534), os.setuid(65534))) as run:
        assert run.expect("look-into").endswith("granted=0 attached=0")
        assert run.wait() == 0

    def setup():
        hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
        resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))

    with tempfile.TemporaryDirectory() as directory, sh("exec sleep 1000", setup=setup, cwd=directory) as run:
        until(lambda: set(pathlib.Path(f"/proc/{run.pid}/environ").read_bytes()) <= {0}, "it has settled")
        app = run.app()
        # Blocked, sent by kill: forwarded, and no core of ours; a real fault would find us undumpable.
        kill(run.pid, signal.SIGSEGV)
        assert run.wait() == 128 + signal.SIGSEGV
        assert state_of(app) is None and os.listdir(directory) == []


@check
def without_locked_memory_it_works_all_the_same():
    """RLIMIT_MEMLOCK 0: values may be swapped out, which is said at level info, and are masked."""
    def setup():
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (0, 0))
        os.setgid(65534)
        os.setuid(65534)

    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        (pathlib.Path(directory) / "api_key").write_text(VALUE)
        with Run(program=["/bin/sh", "-c", 'echo "$API_KEY"'], options=["-s", f"dir:{directory}", "-e", "API_KEY=api_key", "--redact"],
                 stdout=subprocess.PIPE, setup=setup) as run:
            assert run.process.communicate(timeout=20)[0] == MARK + b"\n"


@check
def failures_are_told_before_anything_runs():
    """No descriptor for a pipe: 125, and nothing is started unredacted."""
    if not STATIC:
        return
    with Run("exit", "3", options=["-e", "INIT_TEST=INIT_TEST", "--redact"], before=["limit", "files", "4"]) as run:
        assert run.wait() == 125
        assert b"cannot redact" in run.process.stderr.read()


@check
def nothing_of_ours_is_left_to_the_application():
    """Three descriptors, as ever."""
    with python("import os; print(*sorted(os.listdir('/proc/self/fd'), key=int))", options=["--supervise"]) as run:
        given = run.all_output()[0].decode().split()
        assert given[:3] == ["0", "1", "2"] and len(given) <= 5, given  # where tests report, and the directory it looks at


main()
