#!/usr/bin/python3
"""Each rule of hushkit lint: what it must find, and what it must not. A rule without both fails this test."""

import json
import os
import pathlib
import subprocess
import tempfile

HUSHKIT = os.environ["HUSHKIT"]
KEY = "ghp_4f9aB7c2D8e1F6a3B5c9D0e7F2a8"          # has the shape of one, and is none
VALUE = "correct-horse-7-battery"                  # what nobody would take for a placeholder
PEM = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQ\n-----END EC PRIVATE KEY-----\n"
SECRET = "RUN --mount=type=secret,id=npm "


def docker(text, **files):
    return {"Dockerfile": text, **files}


def env(name, text=f"DB_PASSWORD={VALUE}\n"):
    return {name: text}


def compose(service, rest=""):
    return {"compose.yaml": f"services:\n  app:\n    image: x\n{service}{rest}"}


COPY_ALL = "FROM x\nCOPY . /app\n"

# RULE: (must, must not): trees, a file's name to its text; ".git" lists what is committed.
RULES = {
    "secret-arg": (
        [docker("FROM x\nARG NPM_TOKEN\n"), docker("ARG DB_PASSWORD\nFROM x\n"), docker("FROM x\nARG VERSION=1 \\\n    API_KEY\n")],
        [docker("FROM x\nARG NPM_TOKEN_FILE\nARG VERSION\nARG PUBLIC_KEY\n"), docker("FROM x\n# audit: allow secret-arg it is revoked after the build\nARG NPM_TOKEN\n")]),
    "secret-arg-default": (
        [docker(f"FROM x\nARG API_KEY={VALUE}\n"), docker(f"FROM x\nARG X={KEY}\n"), docker(f"FROM x\nARG A=1 \\\n  DB_PASSWORD='{VALUE}'\n"), docker("FROM x\nARG DB_PASSWORD=changeme\n")],
        [docker("FROM x\nARG API_KEY=\nARG TOKEN_URL=https://example.org/token\nARG MAX_TOKEN=4096\n"), docker("FROM x\nARG GPG_KEY=0D96DF4D4110E5C43FBFB17F2D347EA6AA65421D\n")]),
    "secret-arg-used-in-run": (
        [docker("FROM x\nARG NPM_TOKEN\nRUN echo //r/:_authToken=$NPM_TOKEN > .npmrc\n"), docker("FROM x\nARG NPM_TOKEN\nRUN <<EOF\nnpm login ${NPM_TOKEN}\nEOF\n")],
        [docker("FROM x\nARG NPM_TOKEN\nRUN npm ci\n"), docker("FROM x\nARG NPM_TOKEN\nRUN echo $NPM_TOKENS\n"), docker("FROM x AS a\nARG NPM_TOKEN\nFROM x\nRUN echo $NPM_TOKEN\n")]),
    "secret-env": (
        [docker(f"FROM x\nENV API_KEY={VALUE}\n"), docker(f"FROM x\nENV API_KEY {VALUE}\n"), docker(f"FROM x\nENV X={KEY}\n"), docker("FROM x\nARG NPM_TOKEN\nENV NPM_TOKEN=$NPM_TOKEN\n"),
         docker("FROM x\nENV TOKEN=changeme\n"), docker(f"FROM x\nONBUILD ENV API_KEY={VALUE}\n")],
        [docker("FROM x\nENV API_KEY_FILE=/run/secrets/api_key ALLOW_EMPTY_PASSWORD=yes MODE=production\nENV API_KEY=\nENV TOKEN=/run/secrets/x\n"),
         docker("FROM x\nENV GPG_KEY=0D96DF4D4110E5C43FBFB17F2D347EA6AA65421D SHA256=0123456789abcdef0123456789abcdef\n")]),
    "secret-run": (
        [docker(f"FROM x\nRUN curl -H 'Authorization: Bearer {KEY}' x\n"), docker(f"FROM x\nRUN export DB_PASSWORD={VALUE} && x\n"), docker(f"FROM x\nRUN login --password={VALUE}\n"),
         docker(f"FROM x\nCMD [\"x\", \"--api-key={VALUE}\"]\n"), docker(f"FROM x\nLABEL a={KEY}\n")],
        [docker("FROM x\nRUN DB_PASSWORD=$(cat /run/secrets/x) y && login --password-stdin --sort-key=name --password=$P\n"), docker("FROM x\nRUN echo sha256:0123456789abcdef0123456789abcdef\n")]),
    "secret-mount-persisted": (
        [docker(f"FROM x\n{SECRET}cat /run/secrets/npm > /root/.npmrc && npm ci\n"), docker(f"FROM x\n{SECRET}cp /run/secrets/npm .npmrc\n"),
         docker(f"FROM x\n{SECRET}\\\n  echo \"//r/:_authToken=$(cat /run/secrets/npm)\" >> .npmrc\n"), docker(f"FROM x\n{SECRET}cat /run/secrets/npm | base64 -d | tee /x\n"),
         docker(f"FROM x\n{SECRET}npm config set _auth $(cat /run/secrets/npm)\n"), docker(f"FROM x\n{SECRET}<<EOF\ncat /run/secrets/npm > /x\nEOF\n"),
         docker("FROM x\nRUN --mount=type=secret,id=k,env=K echo $K > /k\n"), docker("FROM x\nRUN --mount=type=secret,id=e,dst=/etc/e/.env cp /etc/e/.env .env && npm ci\n")],
        [docker(f"FROM x\n{SECRET}TOKEN=$(cat /run/secrets/npm) npm ci > /build.log\n"), docker(f"FROM x\n{SECRET}cat /run/secrets/npm > .npmrc && npm ci && rm -f .npmrc\n"),
         docker(f"FROM x\n{SECRET}curl -H \"A: $(cat /run/secrets/npm)\" https://example.org > /data.json\n"), docker("FROM x\nRUN --mount=type=secret,id=npmrc,target=/root/.npmrc npm ci\n"),
         docker(f"FROM x\n{SECRET}--mount=type=tmpfs,target=/t cp /run/secrets/npm /t/npmrc\n"), docker(f"FROM x\n{SECRET}cat /run/secrets/npm 2> /x\n"), docker(f"FROM x\n{SECRET}cat /run/secrets/npm > /dev/null\n")]),
    "url-credentials": (
        [docker(f"FROM x\nENV DATABASE_URL=postgres://app:{VALUE}@db/app\n"), docker(f"FROM x\nADD https://bob:{VALUE}@example.org/x /x\n"), docker(f"FROM x\nRUN git clone https://{KEY}@github.com/x/y\n"),
         docker(f"FROM x\nARG R=https://bob:{VALUE}@example.org\n"), compose(f"    environment: {{DATABASE_URL: 'postgres://app:{VALUE}@db/app'}}\n")],
        [docker("FROM x\nENV DATABASE_URL=postgres://app:$PASSWORD@db/app\nRUN git clone https://github.com/x/y@v1\n"), compose("    environment: {DATABASE_URL: 'postgres://app:${PW}@db/app'}\n")]),
    "heredoc-env-file": (
        [docker(f"FROM x\nCOPY <<EOF /app/.env\nMODE=1\nDB_PASSWORD={VALUE}\nEOF\n"), docker(f"FROM x\nRUN <<EOF\nexport API_KEY={VALUE}\nEOF\n"), docker(f"FROM x\nCOPY <<EOF /k\n{PEM}EOF\n")],
        [docker("FROM x\nCOPY <<EOF /app/.env\nMODE=1\nDB_PASSWORD=\nAPI_KEY=${API_KEY}\nEOF\n"), docker("FROM x\nRUN <<EOF\nfor key in a b; do echo $key; done\nEOF\n")]),
    "copy-ships-env": (
        [docker(COPY_ALL, **env(".env")), docker("FROM x\nCOPY .env* /app/\n", **env(".env.production")), docker(COPY_ALL, **env("a/.env"), **{".dockerignore": ".env\n"}),
         docker("FROM x\nADD [\".\", \"/app\"]\n", **env(".env")), docker("FROM x AS b\nCOPY . /app\nFROM b\n", **env(".env")), docker("FROM x\nCOPY conf /app\n", **env("conf/app.env"))],
        [docker(COPY_ALL, **env(".env"), **{".dockerignore": "**/.env*\n"}), docker("FROM x\nCOPY src /app\n", **env(".env")), docker(COPY_ALL, **env(".env.example")), docker(COPY_ALL, **env(".env", "# nothing\n")),
         docker("FROM x\nCOPY --from=b . /app\n", **env(".env")), docker(COPY_ALL, **env(".env"), **{".dockerignore": "x\n", "Dockerfile.dockerignore": ".env\n"}), docker(COPY_ALL, **env("secrets.env.age")),
         docker("FROM x\nCOPY --exclude=.env . /app\n", **env(".env"))]),
    "copy-ships-git": (
        [docker(COPY_ALL, **{".git": ["Dockerfile"]})],
        [docker(COPY_ALL, **{".git": ["Dockerfile"], ".dockerignore": "**/.git\n"}), docker("FROM x\nCOPY src /app\n", **{".git": ["Dockerfile"]})]),
    "copy-ships-credential-file": (
        [docker(COPY_ALL, **{"id_ed25519": PEM}), docker(COPY_ALL, **{"a/.npmrc": f"//r/:_authToken={KEY}\n"}), docker("FROM x\nCOPY *.key /\n", **{"tls.key": PEM}), docker(COPY_ALL, **{"store.p12": "x"})],
        [docker(COPY_ALL, **{"ca.pem": "-----BEGIN CERTIFICATE-----\n"}), docker(COPY_ALL, **{".npmrc": "save-exact=true\n"}), docker(COPY_ALL, **{"tls.key": PEM, ".dockerignore": "**/*.key\n"})]),
    "dockerignore-missing": (
        [docker(COPY_ALL), docker("FROM x\nCOPY ./ /app\n"), docker("FROM x\nCOPY .e?v /app\n")],
        [docker(COPY_ALL, **{".dockerignore": "x\n"}), docker("FROM x\nCOPY package.json src /app/\n"), docker("FROM x\nCOPY --from=b / /app\n")]),
    "dockerignore-lacks-env": (
        [docker(COPY_ALL, **{".dockerignore": "node_modules\n"})],
        [docker(COPY_ALL, **{".dockerignore": ".env\n"}), docker("FROM x\nCOPY src /app\n", **{".dockerignore": "x\n"}), docker(COPY_ALL)]),
    "dockerignore-root-only": (
        [docker(COPY_ALL, **env("a/.env"), **{".dockerignore": ".env\n"}), docker(COPY_ALL, **{".dockerignore": "*.key\n", "a/tls.key": PEM})],
        [docker(COPY_ALL, **env("a/.env"), **{".dockerignore": "**/.env\n"}), docker(COPY_ALL, **{".dockerignore": ".env\n"})]),
    "dockerignore-inline-comment": (
        [docker(COPY_ALL, **{".dockerignore": ".env # secrets\n"})], [docker(COPY_ALL, **{".dockerignore": "# secrets\n.env\nx#y\n"})]),
    "dockerignore-negation": (
        [docker(COPY_ALL, **{".dockerignore": "*\n!*/\n"})], [docker(COPY_ALL, **{".dockerignore": "*\n!src\n"}), docker(COPY_ALL, **{".dockerignore": ".env*\n!.env.example\n"})]),
    "dockerignore-overridden": (
        [docker(COPY_ALL, **{".dockerignore": "!.env.example\n.env*\n"})], [docker(COPY_ALL, **{".dockerignore": ".env*\n!.env.example\n"})]),
    "dockerignore-no-effect": (
        [docker(COPY_ALL, **{".dockerignore": "../app/.env\n"})], [docker(COPY_ALL, **{".dockerignore": "a/../.env\n..x\n"})]),
    "dockerignore-builders-differ": (
        [docker(COPY_ALL, **{".dockerignore": "  /.env\n"}), docker(COPY_ALL, **{".dockerignore": ".env*\n! .env.example\n"}), docker(COPY_ALL, **env("prod.env"), **{".dockerignore": "**.env\n"})],
        [docker(COPY_ALL, **env("prod.env"), **{".dockerignore": "**/*.env\n"}), docker(COPY_ALL, **{".dockerignore": "  .env\n!x\n"})]),
    "dockerignore-invalid": (
        [docker(COPY_ALL, **{".dockerignore": ".env\n[\n"}), docker(COPY_ALL, **{".dockerignore": "!\n"})], [docker(COPY_ALL, **{".dockerignore": "[ab]\n"})]),
    "env-not-gitignored": (
        [{**env(".env"), ".git": []}, {**env("a/.env.production"), ".git": ["a/.env.production"]}, {".env.example": "A=\n", ".git": []}],
        [{**env(".env"), ".gitignore": ".env\n", ".git": []}, env(".env"), {**env(".env", "# nothing\n"), ".git": []}, {".env.example": "A=\n", ".gitignore": ".env\n", ".git": []}]),
    "env-file-not-gitignored": (
        [{**compose("    env_file: [conf/app.env]\n"), **env("conf/app.env"), ".git": []}, {**compose("    env_file: {path: app.env}\n".replace("{path", "[{path").replace("}", "}]")), **env("app.env"), ".git": []}],
        [{**compose("    env_file: conf/app.env\n"), **env("conf/app.env"), ".gitignore": "conf/\n", ".git": []}]),
    "secret-file-not-gitignored": (
        [{"id_ed25519": PEM, ".git": []}, {"a/.netrc": f"machine x login y password {VALUE}\n", ".git": ["a/.netrc"]},
         {**compose("", f"secrets:\n  db:\n    file: secrets/db\n"), "secrets/db": VALUE, ".git": []}],
        [{"id_ed25519": PEM, ".gitignore": "id_*\n", ".git": []}, {"ca.pem": "-----BEGIN CERTIFICATE-----\n", ".git": []},
         {**compose("", f"secrets:\n  db:\n    file: secrets/db\n"), "secrets/db": VALUE, ".gitignore": "/secrets\n", ".git": []}]),
    "gitignored-but-tracked": (
        [{**env(".env"), ".gitignore": ".env\n", ".git": [".env"]}, {**env('odd "name".env'), ".gitignore": "*.env\n", ".git": ['odd "name".env']}],
        [{**env(".env"), ".gitignore": ".env\n", ".git": []}, {**env(".env"), ".git": [".env"]}]),
    "compose-literal-secret": (
        [compose(f"    environment: {{DB_PASSWORD: {VALUE}}}\n"), compose(f"    environment:\n      - API_KEY={VALUE}\n"), compose(f"    command: [x, '{KEY}']\n"), compose("    environment: {POSTGRES_PASSWORD: postgres}\n"),
         {"compose.yaml": f"x-e: &e {{DB_PASSWORD: {VALUE}}}\nservices: {{a: {{environment: {{<<: *e}}}}}}\n"}],
        [compose("    environment: {DB_PASSWORD_FILE: /run/secrets/db, MODE: production, ALLOW_EMPTY_PASSWORD: 'yes', API_KEY: ''}\n"), compose("    environment: {DB_PASSWORD: '${DB_PASSWORD}'}\n"),
         compose(f"    environment:\n      # audit: allow compose-literal-secret a throw-away database of the tests\n      DB_PASSWORD: {VALUE}\n")]),
    "compose-env-secret": (
        [compose("    environment: {API_KEY: '${API_KEY}'}\n"), compose("    environment: [API_KEY]\n")], [compose("    environment: {API_KEY_FILE: /run/secrets/x, MODE: '${MODE}'}\n    secrets: [x]\n")]),
    "compose-build-arg-secret": (
        [compose("    build: {context: ., args: {NPM_TOKEN: '${NPM_TOKEN}'}}\n"), compose("    build:\n      args: [NPM_TOKEN]\n"), compose(f"    build: {{args: {{NPM_TOKEN: {VALUE}}}}}\n")],
        [compose("    build: {context: ., args: {VERSION: '${VERSION}'}, secrets: [npm]}\n")]),
    "compose-default-secret": (
        [compose(f"    environment: {{P: '${{DB_PASSWORD:-{VALUE}}}'}}\n"), compose("    environment: {P: '${DB_PASSWORD-postgres}'}\n")],
        [compose("    environment: {P: '${DB_PASSWORD:?}', Q: '${MODE:-production}', R: '${DB_PASSWORD:-}'}\n")]),
    "compose-config-content": (
        [compose("", f"configs:\n  c:\n    content: |\n      mode=1\n      db_password={VALUE}\n")], [compose("", "configs:\n  c:\n    content: |\n      mode=1\n      db_password=${DB_PASSWORD}\n")]),
    "provenance-max-with-build-arg": (
        [{".github/workflows/x.yml": "jobs: {b: {steps: [{uses: docker/build-push-action@v6, with: {build-args: 'T=${{ secrets.T }}'}}]}}\n"},
         {".github/workflows/x.yml": "jobs: {b: {steps: [{run: 'docker build --build-arg T=${{ secrets.T }} .'}]}}\n"}],
        [{".github/workflows/x.yml": "jobs: {b: {steps: [{uses: docker/build-push-action@v6, with: {build-args: 'V=${{ github.sha }}', secrets: 'T=${{ secrets.T }}'}}]}}\n"},
         {".github/workflows/x.yml": "jobs: {b: {steps: [{run: 'echo ${{ secrets.T }}'}]}}\n"}]),
}


def make(root, tree):
    for name, text in tree.items():
        if name != ".git":
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if ".git" in tree:
        git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "init.defaultBranch=main", "-C", str(root)]
        environment = {"PATH": os.environ["PATH"], "HOME": str(root), "GIT_CONFIG_NOSYSTEM": "1"}
        subprocess.run([*git, "init", "-q"], check=True, env=environment)
        if tree[".git"]:
            subprocess.run([*git, "add", "-f", "--", *tree[".git"]], check=True, env=environment)


def lint(root, *words):
    """The report, with what goes for every run: no value in it, and an exit code that agrees."""
    done = subprocess.run([HUSHKIT, "lint", "--format", "json", *words], cwd=root, capture_output=True, text=True, check=False)
    report = json.loads(done.stdout)
    assert done.stderr == "", done.stderr
    for value in (VALUE, KEY, "MHcCAQ"):
        assert value not in done.stdout, f"a value in the report: {done.stdout}"
    counts = any(f["level"] != "note" for f in report["findings"])
    assert done.returncode == (1 if counts else 3 if report["gaps"] else 0), done.returncode
    assert not report["gaps"], report["gaps"]
    return report


def main():
    wrong = []
    names = set()
    for rule, (must, must_not) in RULES.items():
        for expected, trees in ((True, must), (False, must_not)):
            if not trees:
                wrong.append(f"{rule}: nothing that it {'must' if expected else 'must not'} find")
            for tree in trees:
                with tempfile.TemporaryDirectory(prefix="hushkit-lint.") as name:
                    root = pathlib.Path(name)
                    make(root, tree)
                    try:
                        found = lint(root)["findings"]
                    except (AssertionError, ValueError) as problem:
                        wrong.append(f"{rule}: {tree}\n  {type(problem).__name__}: {problem}")
                        continue
                    if expected != any(f["rule"] == rule for f in found):
                        wrong.append(f"{rule}: {'not found' if expected else 'found'} in {tree}\n  found: " + ", ".join(f"{f['rule']} {f['where']}" for f in found))
                    sarif = subprocess.run([HUSHKIT, "lint", "--format", "sarif", "."], cwd=root, capture_output=True, text=True, check=False)
                    names = {r["id"] for r in json.loads(sarif.stdout)["runs"][0]["tool"]["driver"]["rules"]}
    wrong += [f"{rule}: has no row here" for rule in sorted(names - set(RULES))]
    wrong += [f"{rule}: is no rule" for rule in sorted(set(RULES) - names)]
    print("\n".join(wrong) or f"ok: {len(RULES)} rules")
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    main()
