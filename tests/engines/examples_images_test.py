#!/usr/bin/python3
"""The examples that need an engine, each by the commands of its own README, word for word.

The base images are a Debian root with the real servers: no registry is reached. A secret is whatever the commands made.
"""

import base64
import hashlib
import re
import shutil

from scratch import canary, engine

BASE = "debian-test:12"


def commands(readme, block=0):
    """The n-th indented block of a README, its comments and continued lines as they are."""
    blocks = re.findall(r"(?:^ {4}.*\n)+", readme, flags=re.MULTILINE)
    return [line.strip() for line in blocks[block].replace("\\\n", " ").splitlines()]


class Example:
    """A copy of one example's directory with the launcher beside its Dockerfile, as the README's first line makes it."""

    def __init__(self, cell, name):
        self.cell, self.name, self.dir = cell, name, cell.dir / name
        shutil.copytree(engine.examples() / name, self.dir, ignore=shutil.ignore_patterns("hushrun", "secrets", ".env"))
        shutil.copy(engine.hushrun(), self.dir / "hushrun")
        readme = (self.dir / "README.md").read_text(encoding="utf-8")
        self.commands = commands(readme)
        first = f"tests/run.sh --build && cp .build/bin/hushrun examples/{name}/ && cd examples/{name}"
        assert self.commands[0] == first, self.commands[0]
        self.said = b""

    def run(self, *lines):
        """Runs lines of shell in the cell and the example's directory; what they say is kept to be searched."""
        done = self.cell.run(["sh", "-ec", "umask 022\n" + "\n".join(lines)], cwd=self.dir, env={**self.cell.env, "BASE": BASE})
        self.said += done.stdout + done.stderr
        return (done.stdout + done.stderr).decode()

    def canaries(self):
        """A canary for each file below secrets/, and for each line of a key inside."""
        files = [p for p in sorted((self.dir / "secrets").iterdir()) if p.suffix != ".crt"]
        found = [canary.Canary(p.name, p.read_text().strip()) for p in files]
        for known in list(found):
            if known.label.endswith("_base64"):
                for line in base64.b64decode(known.value).decode().splitlines():
                    if len(line) > 40 and "-----" not in line:
                        found.append(canary.Canary(f"a line of {known.label}", line))
        return found

    def assert_clean(self, image, *containers):
        """Nothing of any secret in what the commands said, in the image, in the containers."""
        canary.assert_absent(self.canaries(), {"output": self.said, **self.cell.traces(image, *containers, base_layers=1)})


def sha(value):
    """As the examples show a value: the beginning of its SHA-256."""
    return hashlib.sha256(value.encode()).hexdigest()[:16]


def test_compose_agent(docker):
    """An agent and an LLM proxy: each key where it belongs and nowhere else."""
    example = Example(docker, "compose-agent")
    said = example.run(*example.commands[1:])
    keys = {c.label: c for c in example.canaries()}
    assert re.search(r"agent: my key for the proxy has 48 characters, SHA-256 " + sha(keys["proxy_key"].value), said), said
    assert "ANTHROPIC_API_KEY is not in my environment, /run/secrets holds ['proxy_key'], I am uid 65534" in said, said
    assert f"you called me with a key of 48 characters, SHA-256 {sha(keys['anthropic_key'].value)}" in said, said
    example.assert_clean("compose-agent", *(f"compose-agent_{s}_1" for s in ("agent", "proxy", "provider")))
    canary.assert_absent(keys.values(), {"docker compose config": example.run("docker compose config").encode()})


def test_postgres(docker):
    """A real PostgreSQL and its client; no variable, no disk, no process list with the password."""
    example = Example(docker, "postgres")
    said = example.run(*example.commands[1:])
    assert "connected as postgres with a password of method SCRAM-SHA-256" in said, said
    example.assert_clean("hushrun-postgres", "postgres_db_1", "postgres_client_1")
    volume = next(docker.outside(m["Source"]) for m in docker.inspect("postgres_db_1")["Mounts"] if m["Type"] == "volume")
    found = canary.search_tree(example.canaries(), volume)
    assert (volume / "PG_VERSION").exists() and not found, found


def test_postgres_again(docker):
    """The second start finds the cluster of the first, and the server is the container's first process."""
    example_dir = docker.dir / "postgres"
    docker.run(["docker", "compose", "up", "-d"], cwd=example_dir, env={**docker.env, "BASE": BASE})
    top = docker.docker("top", "postgres_db_1", "-o", "user,pid,args").stdout.decode()
    assert "postgres -D /var/lib/postgresql/data" in top and "hushrun" not in top, top
    engine.wait_for("the client connects again",
                    lambda: docker.docker("logs", "postgres_client_1").stdout.count(b"SCRAM-SHA-256") == 2)
    variables = docker.docker("exec", "--user", "postgres", "postgres_db_1", "sh", "-c", "tr '\\0' '\\n' </proc/1/environ").stdout
    assert b"DB_PASSWORD_FILE=/proc/self/fd/" in variables
    secret = canary.Canary("db_password", (example_dir / "secrets/db_password").read_text().strip())
    canary.assert_absent([secret], {"environ": variables, "docker top": top.encode()})


def test_nginx_tls(docker):
    """A real TLS handshake with a key that was only ever a file in memory; a reload finds it again."""
    example = Example(docker, "nginx-tls")
    assert example.commands[-1] == "curl --cacert secrets/tls.crt https://localhost:8443/"
    example.run(*example.commands[1:-1])
    answered = []
    engine.wait_for("nginx answers", lambda: (answered.append(docker.run(
        ["sh", "-c", example.commands[-1]], cwd=example.dir, ok=False)), answered[-1].returncode == 0)[1], 20)
    assert answered[-1].stdout == b"the key was a file in memory\n", answered[-1]
    docker.docker("exec", "nginx-tls_web_1", "nginx", "-s", "reload")
    said = example.run("curl --retry 5 --retry-connrefused " + example.commands[-1].removeprefix("curl "))
    assert "the key was a file in memory" in said, said
    listing = docker.docker("exec", "nginx-tls_web_1", "ls", "-ln", "/run/hushrun").stdout.decode()
    assert re.search(r"^-r-------- 1 0 0 \d+ .* tls.key$", listing, re.MULTILINE) and len(listing.splitlines()) == 2, listing
    example.assert_clean("hushrun-nginx", "nginx-tls_web_1")


def test_nginx_tls_on_disk(docker):
    """Without the tmpfs the launcher refuses to write the key to a disk, and nginx does not start."""
    secrets = docker.dir / "nginx-tls" / "secrets"
    done = docker.docker("run", "--name", "on-disk", "-v", f"{secrets}:/run/secrets:ro", "hushrun-nginx", ok=False)
    assert done.returncode == 125 and done.stdout == b"", done.returncode
    assert b"/run/hushrun/tls.key" in done.stderr and b"tmpfs" in done.stderr, done.stderr.decode()
    assert b"tls.key" not in docker.docker("diff", "on-disk").stdout


def test_redis(docker):
    """A real Redis with a rendered config: it asks for the password and gets it."""
    example = Example(docker, "redis")
    said = example.run(*example.commands[1:])
    assert "PONG" in said and "67108864" in said, said
    docker.docker("start", "redis_redis_1")
    refused = engine.wait_for("redis answers", lambda: docker.docker("exec", "redis_redis_1", "redis-cli", "ping").stdout)
    assert b"NOAUTH" in refused, refused
    example.assert_clean("hushrun-redis", "redis_redis_1", "redis_client_1")


def test_build_secret(docker):
    """One build step has its token; the image has neither token nor launcher. A missing secret fails the build."""
    example = Example(docker, "build-secret")
    said = example.run(*example.commands[1:])
    token = example.canaries()[0]
    assert f"installed with a token of 48 characters, SHA-256 {sha(token.value)}" in said, said
    docker.docker("create", "--name", "built", "build-secret")
    example.assert_clean("build-secret", "built")
    assert docker.docker("run", "--rm", "build-secret", "test", "-e", "/hushrun", ok=False).returncode == 1
    done = docker.docker("build", "--no-cache", "--build-arg", f"BASE={BASE}", example.dir, ok=False)
    assert done.returncode != 0 and b"npm_token" in done.stderr, done.stderr.decode()[-500:]


def test_swarm(docker):
    """A stack with a versioned secret, and its rotation by the README's second block."""
    example = Example(docker, "swarm")
    example.run(*example.commands[1:-1])

    def lengths():
        return docker.run(["sh", "-c", example.commands[-1]], cwd=example.dir, ok=False).stdout.decode()

    engine.wait_for("the service speaks", lambda: "API_KEY has 48 characters, SHA-256" in lengths())
    first = re.findall(r"SHA-256 (\w+)", lengths())
    example.run("openssl() { command openssl \"$@\" | tee v2; }", *commands((example.dir / "README.md").read_text(), 1))
    engine.wait_for("the rotated service speaks", lambda: len(set(re.findall(r"SHA-256 (\w+)", lengths()))) == 2)
    rotated = canary.Canary("api_key_v2", (example.dir / "v2").read_text().strip())
    assert sha(rotated.value) in lengths() and first[0] != sha(rotated.value)
    canary.assert_absent([rotated], {
        "docker service inspect": docker.docker("service", "inspect", "demo_app").stdout, "logs": lengths().encode(),
        "docker secret inspect": docker.docker("secret", "inspect", "api_key_v1", "api_key_v2").stdout,
        "docker image inspect": docker.docker("image", "inspect", "hushrun-swarm").stdout,
        "docker history": docker.docker("history", "--no-trunc", "hushrun-swarm").stdout})
    docker.docker("stack", "rm", "demo")


def test_sealed(docker):
    """All secrets in a sealed file in the image, only the identity mounted; neither is to be found in the image."""
    example = Example(docker, "sealed")
    said = example.run(*example.commands[1:])
    values = dict(line.split("=", 1) for line in (example.dir / "secrets/plain.env").read_text(encoding="ascii").splitlines())
    for name, value in values.items():
        assert f"{name} has 48 characters, SHA-256 {sha(value)}" in said, said
    assert len(values) == 2 and "the identity is not mine to read, uid 65534" in said, said
    identity = (example.dir / "secrets/age_identity").read_text(encoding="ascii").splitlines()[-1]
    canary.assert_absent([canary.Canary("age_identity", identity), *(canary.Canary(*each) for each in values.items())],
                         {"output": example.said, **docker.traces("hushrun-sealed", "sealed_app_1", base_layers=1)})


def test_kubernetes():
    """The pod of the README, played by Podman: an init container brings the launcher, a Secret volume the key."""
    with engine.Podman() as podman:
        podman.podman("import", engine.debian_root(), "docker.io/library/debian:12-slim")
        example = Example(podman, "kubernetes")
        secret = canary.plain("api_key", 48)
        encoded = base64.b64encode(secret.value.encode()).decode()
        (example.dir / "secret.yaml").write_text(
            f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: demo\ndata:\n  api_key: {encoded}\n", encoding="ascii")
        podman.podman("build", "--network", "none", "-t", "localhost/hushrun", example.dir)
        for manifest in ("secret.yaml", "pod.yaml"):
            podman.podman("kube", "play", "--network", "none", example.dir / manifest)
        logs = engine.wait_for("the application has spoken", lambda: podman.podman("logs", "demo-app").stdout).decode()
        # Podman 4.3 hands the manifest's base64 over as it stands, as the README says.
        assert f"SHA-256 {sha(secret.value)}" in logs or f"SHA-256 {sha(encoded)}" in logs, logs
        canary.assert_absent([secret], {
            "podman logs": logs.encode(), "podman inspect": podman.podman("inspect", "demo-app").stdout,
            "podman pod inspect": podman.podman("pod", "inspect", "demo").stdout})


def main():
    with engine.Docker() as docker:
        docker.teach_compose()
        docker.import_debian(BASE)
        docker.docker("tag", BASE, "debian:12-slim")
        tests = []
        for test in (test_compose_agent, test_postgres, test_postgres_again, test_nginx_tls, test_nginx_tls_on_disk, test_redis,
                     test_build_secret, test_sealed, test_swarm):
            tests.append(engine.bound(test, docker))
        engine.main(*tests, test_kubernetes)


main()
