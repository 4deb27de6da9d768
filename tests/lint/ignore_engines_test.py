#!/usr/bin/python3
"""Our reading of .dockerignore against the builders': random pattern sets, `COPY . /` FROM scratch, and the image's files compared.

Debian's Docker has both builders in their older reading; Buildah reads much as they do. A client of Docker 23 or later, found in
PATH, is asked for the current reading of the classic builder as well.
"""

import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tarfile
import io

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import engine  # pylint: disable=wrong-import-position

VERDICT = os.environ.get("IGNORE_VERDICT", "")
SETS = int(os.environ.get("IGNORE_SETS", "12"))

FILES = [".env", ".env.local", ".env.example", "keep.env", "a/.env", "a/b/.env", "a/b/keep.env", "a/b/c/.env", "a/x.txt", "a/b/x.txt", "x.txt",
         "a/b/c/x.txt", "b/.env", "b/x.txt", "b/a/.env", "b/a/x.txt", "node_modules/p/.env", "node_modules/p/index.js", "id_rsa", "a/id_rsa",
         ".git/config", "a/.git/config", "[x].txt", "a+b.txt", "aab.txt", "a b/c d.txt", "ä.txt", "a/ä/é.txt", "!bang", "#hash", "a/b.d/e", "ab/.env",
         "abc/x.txt", "a.b", "axb", "Makefile", "src/main.c", "src/a/b/c/d/e.c", "*.star", "a/*.star"]
# What patterns are made of. No `! x` and no leading blanks: there Buildah differs, and the unit test says who does what.
PARTS = ["a", "b", "c", ".env", ".env*", "*.env", "x.txt", "*", "**", "?", "[ab]", "[^a]", "a*", "*b", "id_rsa", "node_modules", ".git", "src", "*.txt",
         "\\*.star", "a.b", "??", "[a-c]*", "**.env", "a**", ".", "..", "ab", "abc"]


def pattern(dice):
    text = "/".join(dice.choice(PARTS) for _ in range(dice.choice([1, 1, 2, 2, 3])))
    if dice.random() < 0.15:
        text += "/"
    if dice.random() < 0.1:
        text = "/" + text
    return ("!" if dice.random() < 0.35 else "") + text


def pattern_set(dice):
    lines = [pattern(dice) for _ in range(dice.randint(1, 6))]
    if dice.random() < 0.3:
        lines.insert(0, dice.choice(["*", "**", "a", "**/.env"]))
    if dice.random() < 0.2:
        lines.insert(dice.randrange(len(lines)), dice.choice(["", "# a", "  "]))
    return "\n".join(lines) + dice.choice(["\n", "", "\r\n"])


def context(directory):
    for name in FILES:
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    # Beside the context, for the builders would leave out neither if they were in it.
    (directory.parent / "Dockerfile").write_text("FROM scratch\nCOPY . /\n", encoding="ascii")


def ours(builder, directory):
    done = subprocess.run([VERDICT, builder, directory / ".dockerignore"], input="\n".join(FILES) + "\n", capture_output=True, text=True, check=False)
    return None if done.returncode == 2 else set(done.stdout.splitlines())


def in_tar(data):
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return {m.name.removeprefix("./") for m in archive if m.isfile()} - {".dockerignore"}


def compare(builder, directory, build, seed, buildah_s=False):
    """`build` gives the image's files, or nothing where the builder refused the file."""
    dice = random.Random(seed)
    shipped = 0
    for _ in range(SETS):
        # Buildah cleans the path with the `!` in front: `!a/../b` is no exception there.
        while "/.." in (text := pattern_set(dice)) and buildah_s:
            pass
        (directory / ".dockerignore").write_bytes(text.encode())
        mine, theirs = ours(builder, directory), build()
        if mine is not None and not mine:
            theirs = theirs or set()  # an older builder says "no files", or cannot read a pattern: nothing ships either way
        assert mine == theirs, (f"{text!r}\nwe ship and the builder does not: {sorted((mine or set()) - (theirs or set()))}\n"
                                f"the builder ships and we do not: {sorted((theirs or set()) - (mine or set()))}")
        shipped += len(mine or ())
    assert shipped > SETS, "the patterns let nothing through: they compare nothing"


def classic_build(docker, client, directory):
    env = {**docker.env, "DOCKER_BUILDKIT": "0"}
    done = engine.run([client, "build", "-q", "--no-cache", "-f", directory.parent / "Dockerfile", directory], env=env, ok=False)
    if done.returncode != 0:
        return None
    image = done.stdout.decode().split()[-1]
    layers = docker.inspect(image)["RootFS"].get("Layers") or []
    if not layers:
        return set()
    with tarfile.open(fileobj=io.BytesIO(docker.docker("save", image).stdout)) as saved:
        member = next(m for m in saved if m.name.endswith("layer.tar") or m.name.startswith("blobs/") and m.size > 9000)
        return in_tar(saved.extractfile(member).read())


def docker_classic(docker, directory):
    """Docker 20.10, classic builder: the files that we say."""
    compare("older", directory, lambda: classic_build(docker, "/usr/bin/docker", directory), 1)


def docker_buildkit(docker, directory):
    """Docker 20.10, BuildKit: the files that we say."""
    def build():
        done = docker.docker("build", "-q", "-o", "-", "-f", directory.parent / "Dockerfile", directory, ok=False)
        return in_tar(done.stdout) if done.returncode == 0 else None
    compare("older", directory, build, 2)


def docker_current(docker, directory):
    """A current client's classic builder, if there is one: the files that we say."""
    client = shutil.which("docker")
    version = re.search(rb"version (\d+)", engine.run([client, "--version"]).stdout)
    if int(version[1]) < 23:
        print("no client of Docker 23 or later in PATH: the current reading is left to the unit tests")
        return
    compare("classic", directory, lambda: classic_build(docker, client, directory), 3)


def buildah(directory):
    """Buildah: the files that we say."""
    with engine.Buildah() as cell:
        inside = cell.dir / "context"
        shutil.copytree(directory, inside)
        (cell.dir / "Dockerfile").write_text("FROM scratch\nCOPY . /\n", encoding="ascii")

        def build():
            out = cell.dir / "out"
            shutil.rmtree(out, ignore_errors=True)
            done = cell.buildah("bud", "-q", "--layers=false", "-f", cell.dir / "Dockerfile", "-o", f"type=local,dest={out}", inside, ok=False)
            if done.returncode != 0:
                return None
            return {str(p.relative_to(out)) for p in out.rglob("*") if p.is_file()} - {".dockerignore"}
        compare("older", inside, build, 4, buildah_s=True)


def main():
    engine.need("docker", "dockerd", "buildah")
    with engine.Docker() as docker:
        directory = docker.dir / "context"
        directory.mkdir()
        context(directory)
        engine.main(*[engine.bound(test, docker, directory) for test in (docker_classic, docker_buildkit, docker_current)],
                    engine.bound(buildah, directory))


if __name__ == "__main__":
    main()
