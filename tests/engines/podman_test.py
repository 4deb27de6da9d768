#!/usr/bin/python3
"""Podman: `podman run --secret`, and `podman kube play` with a Secret volume."""

import base64

from scratch import assert_has, assert_has_no, canary, engine, make_context, make_secrets

# `optional` is said because Podman 4.3 falls over where it is not.
KUBE = """apiVersion: v1
kind: Secret
metadata:
  name: app
data:
{data}
---
apiVersion: v1
kind: Pod
metadata:
  name: pod
spec:
  restartPolicy: Never
  containers:
    - name: app
      image: localhost/app
      imagePullPolicy: Never
      volumeMounts:
        - {{name: secrets, mountPath: /run/secrets, readOnly: true}}
  volumes:
    - name: secrets
      secret: {{secretName: app, optional: false}}
"""


def traces(podman, container):
    logs = podman.podman("logs", container)
    saved = podman.dir / "saved.tar"
    podman.podman("save", "-o", saved, "localhost/app")
    try:
        return {"podman logs": logs.stdout + logs.stderr, "podman inspect": podman.podman("inspect", container).stdout,
                "podman history": podman.podman("history", "--no-trunc", "localhost/app").stdout,
                "podman image inspect": podman.podman("image", "inspect", "localhost/app").stdout,
                "podman export": podman.podman("export", container).stdout, "podman save": saved.read_bytes()}
    finally:
        saved.unlink()


def main():
    with engine.Podman() as podman:
        secrets, expected = make_secrets(podman.dir / "secrets")
        podman.podman("build", "--network", "none", "-t", "app", make_context(podman.dir / "context"))

        def runs():
            """podman run --secret, also read-only as nobody without capabilities."""
            # --tmpfs: Podman 4.3 cannot make the mount points in a read-only root that has no /run (containers/podman#15541).
            for label in ("api_key", "db-password"):
                podman.podman("secret", "create", label, secrets / label)
            wanted = {"API_KEY": expected["API_KEY"], "DB_PASSWORD": expected["DB_PASSWORD"]}
            tight = ("--read-only", "--tmpfs", "/run/secrets", "--user", "65534:65534", "--cap-drop", "ALL")
            for name, options in (("plain", ()), ("tight", tight)):
                done = podman.podman("run", "--name", name, *podman.LIMITS, "--network", "none", "--secret", "api_key",
                                     "--secret", "db-password", *options, "localhost/app")
                assert_has(done.stdout, wanted)
                assert_has_no(done.stdout)
                assert done.stderr == b"", done.stderr.decode()
                canary.assert_absent(expected.values(), traces(podman, name))

        def plays_kube():
            """podman kube play: a Secret volume at /run/secrets, the image's own entrypoint, no config."""
            encoded = {c.label: base64.b64encode(c.value.encode()).decode() for c in expected.values()}
            manifest = podman.dir / "pod.yaml"
            manifest.write_text(KUBE.format(data="\n".join(f"  {k}: {v}" for k, v in encoded.items())), encoding="ascii")
            podman.podman("kube", "play", "--network", "none", manifest)
            engine.wait_for("the pod's application has ended", lambda: b"exited" in podman.podman(
                "inspect", "--format", "{{.State.Status}}", "pod-app").stdout)
            logs = podman.podman("logs", "pod-app")
            # Podman 4.3 puts the manifest's base64 into the file as it stands: the application gets the file's bytes.
            files = {p.name: p.read_text() for p in podman.outside(podman.store / "volumes/app/_data").iterdir()}
            assert_has(logs.stdout, {v: canary.Canary(c.label, files[c.label]) for v, c in expected.items()})
            assert all(files[c.label] in (c.value, encoded[c.label]) for c in expected.values())
            canary.assert_absent(expected.values(), traces(podman, "pod-app"))

        engine.main(runs, plays_kube)


main()
