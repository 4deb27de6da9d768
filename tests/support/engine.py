"""Private container engines for the tests: Docker (with Swarm and BuildKit), Compose, Podman, Buildah.

Each engine lives in a Cell: a mount, network and PID namespace of its own whose first process we hold. When that one
ends, the kernel ends everything in the cell and drops its mounts and networks, however this test ends: nothing is
looked up by name, nothing of the machine's own engines is seen or touched, and bridges and firewall rules stay inside.
A cell has no network but loopback and what its engine makes, so no test can depend on a registry.
"""

import atexit
import contextlib
import fcntl
import functools
import io
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time

# Debian's own clients; what a user put in front of them in PATH is not under test.
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
SKIP = 77
PREFIX = "hushrun-cell-"
STATIC = ["-static", "-Os", "-s", "-std=c11", "-Wall", "-Wextra", "-Werror"]


class Failed(Exception):
    """A command that should have worked did not; carries what it said."""


def skip(why):
    """Ends the test as skipped, loudly. Under CI a skip is a failure: there, everything is run."""
    if os.environ.get("CI") == "true":
        print(f"FAILED: would be skipped, and CI skips nothing: {why}", flush=True)
        os._exit(1)
    print(f"SKIPPED: {why}", flush=True)
    os._exit(SKIP)


def need(*commands):
    """Every command must be there, and we must be root, or the test is skipped with one line that says what is missing."""
    missing = [c for c in commands if not shutil.which(c, path=PATH)]
    if missing:
        skip(f"{', '.join(missing)} not found: install the [engines] of tests/packages.txt")
    if os.geteuid() != 0:
        skip("private container engines need root: run tests/run.sh as root or with sudo")


def hushrun():
    """The binary under test."""
    path = os.environ.get("HUSHRUN", "")
    if not os.access(path, os.X_OK):
        raise Failed(f"HUSHRUN={path!r} names no executable: run the tests by ctest or tests/run.sh")
    return pathlib.Path(path)


def examples():
    return pathlib.Path(__file__).resolve().parents[2] / "examples"


def cache():
    """Where what is slow to make is kept between runs: below the build directory."""
    path = pathlib.Path(os.environ.get("HUSHRUN_TEST_CACHE") or hushrun().resolve().parents[1] / "engines")
    path.mkdir(parents=True, exist_ok=True)
    return path


@contextlib.contextmanager
def locked(name):
    """One process at a time makes a thing of the cache."""
    with open(cache() / f"{name}.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def run(argv, *, env=None, cwd=None, input=None, ok=True, timeout=300):
    """Runs to the end. stdout and stderr are bytes, apart. `ok` False: the caller looks at returncode."""
    done = subprocess.run([str(a) for a in argv], env=env, cwd=cwd, input=input, capture_output=True, timeout=timeout,
                          stdin=None if input is not None else subprocess.DEVNULL, check=False)
    if ok and done.returncode != 0:
        raise Failed(f"{' '.join(map(str, argv))}\nexit {done.returncode}\n"
                     f"{done.stdout.decode(errors='replace')}{done.stderr.decode(errors='replace')}")
    return done


def wait_for(what, condition, timeout=60):
    """Polls until `condition()` is true; a bound, not a measurement."""
    deadline = time.monotonic() + timeout
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise Failed(f"{what}: not within {timeout} s")
        time.sleep(0.05)
    return answer


def compile_static(source, target):
    """A static C program from one file beside the tests."""
    need("gcc")
    run(["gcc", *STATIC, "-o", target, source])
    return pathlib.Path(target)


# ── the cell ─────────────────────────────────────────────────────────────────────────────────────────────────────

def _sweep():
    """Removes what a killed run left on disk: directories and cgroups named after a process that is gone."""
    for path in [*pathlib.Path(tempfile.gettempdir()).glob(PREFIX + "*"), *_cgroups(PREFIX + "*")]:
        pid = path.name[len(PREFIX):].split("-")[0]
        if pid.isdigit() and not os.path.exists(f"/proc/{pid}"):
            _remove(path)


def _cgroups(pattern):
    root = pathlib.Path("/sys/fs/cgroup")
    return [*root.glob(pattern), *root.glob("*/" + pattern)]


def _available_memory():
    lines = pathlib.Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable:"))


def _remove(path):
    if path.is_relative_to("/sys/fs/cgroup"):  # files there cannot be removed, and go with their directory
        for directory, _, _ in os.walk(path, topdown=False):
            with contextlib.suppress(OSError):
                os.rmdir(directory)
    else:
        shutil.rmtree(path, ignore_errors=True)


class Cell:
    """Namespaces with an init of their own, and a directory."""

    # The loopback comes up, and an interface that leads nowhere for engines that look for an address of their own. /run
    # is private. Images and containers lie in memory where there is enough: removing them from a disk can take longer
    # than all the rest. Then an init that reaps what engines leave behind by design (shims, conmon).
    _INIT = """
set -e
ip link set lo up
ip link add uplink type bridge
ip address add 192.0.2.1/24 dev uplink
ip link set uplink up
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/lock
[ "$1" = disk ] || mount -t tmpfs -o mode=755 tmpfs "$2"
echo up
exec docker-init -s -- sleep infinity
"""

    def __init__(self):
        need("unshare", "nsenter", "setpriv", "ip", "docker-init")
        _sweep()
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
        self.cgroup = self.dir.name
        self.env = {"PATH": PATH, "HOME": str(self.dir / "home"), "LC_ALL": "C.UTF-8", "TMPDIR": str(self.dir / "tmp"),
                    "XDG_RUNTIME_DIR": str(self.dir / "home")}
        self.store = self.dir / "store"
        for directory in ("home", "tmp", "store"):
            (self.dir / directory).mkdir()
        where = "memory" if _available_memory() > 4 << 30 else "disk"
        # Killed with us (setpriv), and its init with it (unshare): no path leaves a process behind.
        self._holder = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--net", "--pid", "--ipc", "--fork", "--mount-proc",
             "--kill-child=KILL", "sh", "-c", self._INIT, "cell", where, str(self.store)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=self.env)
        first = self._holder.stdout.readline()
        if first != b"up\n":
            said = (first + self._holder.stdout.read()).decode(errors="replace").strip()
            self.close()
            skip(f"this machine lets nobody make namespaces ({said})")
        children = pathlib.Path(f"/proc/{self._holder.pid}/task/{self._holder.pid}/children").read_text(encoding="ascii")
        self.pid = int(children.split()[0])

    def __enter__(self):
        atexit.register(self.close)
        return self

    def __exit__(self, *_):
        self.close()
        atexit.unregister(self.close)

    def close(self):
        if self._holder.poll() is None:
            self._holder.kill()
        self._holder.wait()
        self._holder.stdout.close()
        # The kernel has ended the rest by now or is about to; a cgroup empties a moment later.
        deadline = time.monotonic() + 10
        while True:
            for path in [self.dir, *_cgroups(self.cgroup)]:
                _remove(path)
            if not self.dir.exists() and not _cgroups(self.cgroup) or time.monotonic() > deadline:
                return
            time.sleep(0.05)

    def outside(self, path):
        """A path of the cell as it is reached from outside, mounts and all."""
        return pathlib.Path(f"/proc/{self.pid}/root{path}")

    def enter(self, argv, cwd=None):
        """The command line that runs `argv` inside, in `cwd` as the cell sees it."""
        return ["nsenter", "--target", str(self.pid), "--mount", "--net", "--pid", "--ipc", "--root", f"--wdns={cwd or self.dir}",
                *map(str, argv)]

    def run(self, argv, *, cwd=None, **options):
        options.setdefault("env", self.env)
        return run(self.enter(argv, cwd), **options)

    def start(self, argv, log):
        """Starts something that stays, its output into `log`; it ends with the cell."""
        with open(log, "ab") as out:
            return subprocess.Popen(self.enter(argv), stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=self.env)


# ── Docker ───────────────────────────────────────────────────────────────────────────────────────────────────────

class Docker(Cell):
    """A dockerd of our own, BuildKit on. `docker("run", …)` is the client; `compose(…)` is docker-compose."""

    def __init__(self):
        need("dockerd", "docker", "containerd", "runc", "iptables")
        super().__init__()
        self.socket = self.dir / "docker.sock"
        self.log = self.dir / "dockerd.log"
        self.env.update(DOCKER_HOST=f"unix://{self.socket}", DOCKER_CONFIG=str(self.dir / "home"), DOCKER_BUILDKIT="1",
                        COMPOSE_DOCKER_CLI_BUILD="1", BUILDKIT_PROGRESS="plain")
        # No default registry can be reached; names are resolved locally or not at all.
        self.daemon = self.start(
            ["dockerd", "--data-root", self.store, "--exec-root", self.dir / "exec", "--pidfile", self.dir / "dockerd.pid",
             "--host", f"unix://{self.socket}", "--exec-opt", "native.cgroupdriver=cgroupfs",
             "--cgroup-parent", f"/{self.cgroup}", "--log-level", "warn"], self.log)
        wait_for("dockerd answers", self._answers)

    def _answers(self):
        if self.daemon.poll() is not None:
            said = self.log.read_text(errors="replace")
            self.close()
            raise Failed(f"dockerd ended with {self.daemon.returncode}:\n{said[-3000:]}")
        return self.docker("version", ok=False).returncode == 0

    def close(self):
        super().close()
        self.daemon.wait()

    def docker(self, *argv, **options):
        options.setdefault("env", self.env)
        return run(["docker", *argv], **options)

    def compose(self, *argv, cwd, env=None, **options):
        """docker-compose in the example's or test's directory; the project is named by the directory."""
        return run(["docker-compose", *argv], cwd=cwd, env={**self.env, **(env or {})}, **options)

    def build(self, tag, context, *argv, **options):
        return self.docker("build", "--network", "none", "-t", tag, *argv, context, **options)

    def inspect(self, what):
        return json.loads(self.docker("inspect", what).stdout)[0]

    def traces(self, image, *containers, base_layers=0):
        """Everything the engine tells or keeps about an image and containers of it: place → bytes.
        The first `base_layers` of the image are somebody else's and left out."""
        found = {
            "docker history --no-trunc": self.docker("history", "--no-trunc", image).stdout,
            "docker history, whole": self.docker("history", "--no-trunc", "--format", "{{json .}}", image).stdout,
            "docker image inspect": self.docker("image", "inspect", image).stdout,
            "docker save": self._saved(image, base_layers),
            "dockerd's log": self.log.read_bytes(),
        }
        for container in containers:
            logs = self.docker("logs", container)
            found[f"docker container inspect {container}"] = self.docker("container", "inspect", container).stdout
            found[f"docker logs {container}"] = logs.stdout + logs.stderr
            found[f"docker export {container}"] = self._written(container) if base_layers else self.docker("export", container).stdout
        return found

    def _saved(self, image, base_layers):
        path = self.dir / "saved.tar"
        self.docker("save", "-o", path, image)
        try:
            if not base_layers:
                return path.read_bytes()
            own = io.BytesIO()
            with tarfile.open(path) as archive, tarfile.open(fileobj=own, mode="w") as kept:
                layers = json.load(archive.extractfile("manifest.json"))[0]["Layers"]
                assert len(layers) > base_layers, layers
                for member in archive:
                    if member.name not in layers[:base_layers]:
                        kept.addfile(member, archive.extractfile(member) if member.isfile() else None)
            return own.getvalue()
        finally:
            path.unlink()

    def _written(self, container):
        """What the container wrote to its own layer, as a tar."""
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            archive.add(self.outside(self.inspect(container)["GraphDriver"]["Data"]["UpperDir"]), arcname="layer")
        return packed.getvalue()

    def import_debian(self, tag):
        """The Debian root as an image of one layer. PostgreSQL's programs are in PATH as in the official image."""
        self.docker("import", "--change", f"ENV PATH=/usr/lib/postgresql/15/bin:/usr/local/sbin:/usr/local/bin:{PATH}",
                    "--change", "CMD [\"bash\"]", debian_root(), tag)

    def teach_compose(self):
        """`docker compose` as Compose 2 has it, answered by docker-compose 1, which is what Debian 12 ships."""
        plugin = self.dir / "home" / "cli-plugins" / "docker-compose"
        plugin.parent.mkdir()
        plugin.write_text("""#!/bin/sh
if [ "$1" = docker-cli-plugin-metadata ]; then
  echo '{"SchemaVersion": "0.1.0", "Vendor": "tests", "Version": "1", "ShortDescription": "docker-compose"}'
else
  shift
  exec docker-compose "$@"
fi
""", encoding="ascii")
        plugin.chmod(0o755)


# ── Podman and Buildah ───────────────────────────────────────────────────────────────────────────────────────────

def _configure(cell):
    """What Podman and Buildah read before they do anything: no systemd in the cell, events and logs in files.
    runc, because crun of Debian 12 refuses a machine with both versions of cgroups mounted."""
    config = cell.dir / "containers.conf"
    config.write_text(f"""[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
log_driver = "k8s-file"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
[network]
network_backend = "netavark"
network_config_dir = "{cell.dir}/networks"
""", encoding="ascii")
    policy = cell.dir / "home" / ".config" / "containers" / "policy.json"
    policy.parent.mkdir(parents=True)
    policy.write_text('{"default": [{"type": "insecureAcceptAnything"}]}', encoding="ascii")
    cell.env.update(CONTAINERS_CONF=str(config))


class Podman(Cell):
    """Podman with storage of its own. It has no daemon: each command runs in the cell."""

    # The machine's own limits may lie above what runc is allowed to set.
    LIMITS = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"]

    def __init__(self):
        need("podman", "conmon", "runc")
        super().__init__()
        _configure(self)

    def words(self, *argv):
        return ["podman", "--root", self.store, "--runroot", self.dir / "run", "--tmpdir", self.dir / "libpod", "--storage-driver", "overlay", *argv]

    def podman(self, *argv, **options):
        return self.run(self.words(*argv), **options)


class Buildah(Cell):
    """Buildah with storage of its own."""

    def __init__(self):
        need("buildah", "runc")
        super().__init__()
        _configure(self)

    def buildah(self, *argv, **options):
        return self.run(["buildah", "--root", self.store, "--runroot", self.dir / "run", "--storage-driver", "overlay",
                         *argv], **options)


# ── a Debian userland ────────────────────────────────────────────────────────────────────────────────────────────

PACKAGES = ["python3-minimal", "libpython3-stdlib", "postgresql-15", "nginx-light", "redis-server"]
# Left out: manuals, translations, and the compiler that PostgreSQL loads for very long queries only.
EXCLUDED = ["/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/lib/*/libLLVM*", "/usr/lib/*/libz3*",
            "/usr/lib/postgresql/15/lib/bitcode/*", "/usr/lib/*/perl/*/CORE/*"]


def debian_root():
    """A tarball of a small Debian 12 with the examples' servers, made once per build directory (half a minute)."""
    root = cache() / "debian-root.tar"
    with locked("debian-root"):
        if not root.exists():
            need("mmdebstrap")
            partial = root.with_suffix(".partial.tar")
            mirror = [os.environ["DEBIAN_MIRROR"]] if "DEBIAN_MIRROR" in os.environ else []  # else mmdebstrap's own
            run(["mmdebstrap", "--mode=root", "--variant=essential", "--include=" + ",".join(PACKAGES),
                 *[f"--dpkgopt=path-exclude={e}" for e in EXCLUDED],
                 "--customize-hook=rm -rf \"$1\"/var/lib/postgresql/15 \"$1\"/etc/postgresql/15 \"$1\"/var/cache/debconf/*-old",
                 "bookworm", partial, *mirror], timeout=900,
                env={**os.environ, "PATH": PATH, "LC_ALL": "C.UTF-8"})
            partial.rename(root)
    return root


# ── how a test file runs ─────────────────────────────────────────────────────────────────────────────────────────

def bound(test, *arguments):
    """A test function with its arguments, under its own name."""
    return functools.update_wrapper(functools.partial(test, *arguments), test)


def main(*tests):
    """Runs the functions in turn, one line each; a failure is told in full and does not stop the others."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # ctest's time-out: leave by way of the context managers
    failures = 0
    for test in tests:
        begun = time.monotonic()
        try:
            test()
        except (AssertionError, Failed, subprocess.TimeoutExpired) as problem:
            failures += 1
            print(f"FAIL {test.__name__}: {(test.__doc__ or '').splitlines()[0]}", flush=True)
            trace = problem.__traceback__
            while trace.tb_next:
                trace = trace.tb_next
            print(f"  {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}: {type(problem).__name__}: {problem}", flush=True)
        else:
            print(f"ok   {test.__name__} ({time.monotonic() - begun:.1f} s): {(test.__doc__ or '').splitlines()[0]}", flush=True)
    sys.exit(1 if failures else 0)
