#!/usr/bin/python3
"""A real swarm of one node: `docker service create --secret`."""

from scratch import assert_has, assert_has_no, canary, engine, make_context, make_secrets


def main():
    with engine.Docker() as docker:
        secrets, expected = make_secrets(docker.dir / "secrets")
        docker.build("app", make_context(docker.dir / "context"))
        docker.docker("swarm", "init", "--advertise-addr", "127.0.0.1")
        docker.docker("secret", "create", "api_key", secrets / "api_key")
        docker.docker("secret", "create", "db_v7", secrets / "db-password")

        def serves():
            """Secrets of the swarm, one under another name, in a read-only service of nobody's."""
            docker.docker("service", "create", "--detach", "--no-resolve-image", "--name", "app", "--restart-condition", "none",
                          "--read-only", "--user", "65534:65534", "--secret", "api_key",
                          "--secret", "source=db_v7,target=db-password,mode=0444", "app")
            engine.wait_for("the task is done", lambda: b"Complete" in docker.docker("service", "ps", "app").stdout)
            logs = docker.docker("service", "logs", "--raw", "app")
            assert_has(logs.stdout, {"API_KEY": expected["API_KEY"], "DB_PASSWORD": expected["DB_PASSWORD"]})
            assert_has_no(logs.stdout)
            assert b"uid 65534 gid 65534" in logs.stdout and logs.stderr == b"", logs.stderr.decode()
            task = docker.docker("ps", "-aq", "--filter", "label=com.docker.swarm.service.name=app").stdout.decode().split()[0]
            canary.assert_absent(expected.values(), {
                "docker service inspect": docker.docker("service", "inspect", "app").stdout,
                "docker service logs": logs.stdout,
                "docker secret inspect": docker.docker("secret", "inspect", "api_key", "db_v7").stdout,
                **docker.traces("app", task)})

        engine.main(serves)


main()
