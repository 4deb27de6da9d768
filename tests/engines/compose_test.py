#!/usr/bin/python3
"""docker-compose: file secrets arrive as the variables the application always wanted."""

from scratch import assert_has, assert_has_no, canary, engine, make_context, make_secrets

COMPOSE = """version: "3.8"
services:
  app:
    image: app
    network_mode: none
    secrets:
      - api_key
      - source: db-password
        target: renamed
    environment:
      ANTHROPIC_API_KEY_FILE: /run/secrets/api_key
  readonly:
    image: app
    network_mode: none
    read_only: true
    user: "65534:65534"
    cap_drop: [ALL]
    secrets: [api_key]
  unlucky:
    image: app
    network_mode: none
    secrets: [api_key]
    environment:
      API_KEY: already-here
      API_KEY_FILE: /run/secrets/api_key
secrets:
  api_key:
    file: ./secrets/api_key
  db-password:
    file: ./secrets/db-password
"""


def main():
    with engine.Docker() as docker:
        project = make_context(docker.dir / "project")
        _, expected = make_secrets(project / "secrets")
        (project / "docker-compose.yml").write_text(COMPOSE, encoding="ascii")
        docker.build("app", project)

        def brings_up():
            """docker-compose up: short and long secrets, _FILE, a read-only container of nobody's without capabilities."""
            up = docker.compose("up", "--no-color", "app", "readonly", cwd=project)
            app, readonly = (docker.docker("logs", f"project_{name}_1") for name in ("app", "readonly"))
            assert_has(app.stdout, {"ANTHROPIC_API_KEY": expected["API_KEY"], "RENAMED": expected["DB_PASSWORD"]})
            assert_has_no(app.stdout, "API_KEY", "ANTHROPIC_API_KEY_FILE", "DB_PASSWORD")
            assert_has(readonly.stdout, {"API_KEY": expected["API_KEY"]})
            assert b"uid 65534 gid 65534" in readonly.stdout
            assert app.stderr == readonly.stderr == b"", app.stderr + readonly.stderr
            traces = {f"docker-compose {' '.join(argv)}": docker.compose(*argv, cwd=project).stdout
                      for argv in (("logs", "--no-color"), ("config",), ("ps",))}
            traces.update(docker.traces("app", "project_app_1", "project_readonly_1"))
            canary.assert_absent(expected.values(), {"docker-compose up": up.stdout + up.stderr, **traces})

        def refuses_both():
            """X and X_FILE both set: 125, as the official images refuse it."""
            docker.compose("up", "--no-color", "unlucky", cwd=project, ok=False)
            assert docker.inspect("project_unlucky_1")["State"]["ExitCode"] == 125
            logs = docker.docker("logs", "project_unlucky_1")
            assert logs.stdout == b"" and b"API_KEY_FILE" in logs.stderr, logs.stderr.decode()
            canary.assert_absent(expected.values(), {"logs": logs.stderr})

        engine.main(brings_up, refuses_both)


main()
