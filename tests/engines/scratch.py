"""FROM scratch, the launcher and a static program: the image all engine tests are about, and how its output is judged."""

import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import canary  # noqa: E402
import engine  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent

# No shell, no libc, no /etc/passwd, no /tmp: what an application in Go, Rust or C ships.
DOCKERFILE = """FROM scratch
COPY hushrun showenv /
ENTRYPOINT ["/hushrun", "--"]
CMD ["/showenv"]
"""

# One build step that needs a secret, and nothing of it in the image.
DOCKERFILE_BUILD_SECRET = """FROM scratch
COPY hushrun showenv /
RUN --mount=type=secret,id=api_key ["/hushrun", "--", "/showenv"]
ENTRYPOINT ["/hushrun", "--"]
CMD ["/showenv"]
"""


def make_context(directory, dockerfile=DOCKERFILE):
    """A build context in `directory`."""
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    shutil.copy(engine.hushrun(), directory / "hushrun")
    engine.compile_static(HERE / "showenv.c", directory / "showenv")
    (directory / "Dockerfile").write_text(dockerfile, encoding="ascii")
    return directory


def make_secrets(directory):
    """A directory of secret files as users make them, and the canaries: variable → Canary."""
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    expected = {}
    for label, variable in (("api_key", "API_KEY"), ("db-password", "DB_PASSWORD"), ("tls.crt", "TLS_CRT")):
        expected[variable] = canary.fresh(label)
        expected[variable].write(directory)
    return directory, expected


def fingerprint(text):
    """As showenv.c computes it."""
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return f"{value:016x}"


def shown(output):
    """What showenv printed: variable → (length, fingerprint). Prefixes that an engine puts before a line are cut."""
    variables = {}
    for line in output.decode().splitlines():
        words = line.split("|")[-1].split()
        # BuildKit: "#5 0.048 NAME length fingerprint"
        if len(words) >= 3 and words[-2].isdigit() and len(words[-1]) == 16:
            variables[words[-3]] = (int(words[-2]), words[-1])
    return variables


def assert_has(output, expected):
    """`output` of showenv has every variable of `expected` with exactly that value."""
    variables = shown(output)
    for variable, wanted in expected.items():
        assert variable in variables, f"{variable} is missing; there are: {sorted(variables)}; output: {output.decode()[-600:]}"
        right = (len(wanted.value.encode()), fingerprint(wanted.value))
        assert variables[variable] == right, f"{variable} has another value: length {variables[variable][0]}, not {right[0]}"


def assert_has_no(output, *names):
    """None of the variables that belong to the launcher or the convention got through."""
    variables = shown(output)
    for name in variables:
        assert name not in names and (name == "HUSHRUN_DIR" or not name.startswith("HUSHRUN_")), f"{name} was passed on"
