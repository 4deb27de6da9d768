#!/usr/bin/python3
"""Buildah: RUN --mount=type=secret under the launcher."""

from scratch import DOCKERFILE_BUILD_SECRET, assert_has, canary, engine, make_context, make_secrets


def main():
    with engine.Buildah() as buildah:
        secrets, expected = make_secrets(buildah.dir / "secrets")
        context = make_context(buildah.dir / "context", DOCKERFILE_BUILD_SECRET)

        def builds():
            """The step has its variable; the image, its config and the build's output have nothing of it."""
            done = buildah.buildah("build", "--runtime", "runc", "--network", "none", "--layers", "-t", "app",
                                   "--secret", f"id=api_key,src={secrets}/api_key", context)
            assert_has(done.stdout + done.stderr, {"API_KEY": expected["API_KEY"]})
            saved = buildah.dir / "saved.tar"
            buildah.buildah("push", "app", f"docker-archive:{saved}")
            canary.assert_absent(expected.values(), {
                "build output": done.stdout + done.stderr,
                "buildah inspect": buildah.buildah("inspect", "--type", "image", "app").stdout,
                "image": saved.read_bytes()})

        engine.main(builds)


main()
