"""What the tests of hushkit audit share: archives made by hand, runs, and what must hold of every run: no value in any output."""

import base64
import gzip
import hashlib
import io
import json
import os
import pathlib
import shutil
import subprocess
import tarfile
import tempfile
import unittest

HUSHKIT = os.environ["HUSHKIT"]
VALUE = "Xk29tok/Qw84&zz17+p@ss"   # what the secret `api_key` holds
OTHER = "Zp55second\"Lm20aa93<x>"  # and `db_password`


def tar(members, mode="w"):
    """(name, content) or (name, TarInfo changes) in order; None is a folder."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode, format=tarfile.PAX_FORMAT) as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            if content is None:
                info.type = tarfile.DIRTYPE
                archive.addfile(info)
            elif isinstance(content, dict):
                for key, value in content.items():
                    setattr(info, key, value)
                archive.addfile(info)
            else:
                data = content.encode() if isinstance(content, str) else content
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def zstd(data):
    return subprocess.run(["zstd", "-qc"], input=data, stdout=subprocess.PIPE, check=True).stdout


def config(env=(), history=(), **more):
    return json.dumps({"architecture": "amd64", "os": "linux", "config": {"Env": list(env), **more}, "rootfs": {"type": "layers", "diff_ids": []},
                       "history": [{"created_by": text} if isinstance(text, str) else text for text in history]}).encode()


class Layout:
    """An OCI layout in memory."""

    def __init__(self):
        self.blobs = {}
        self.manifests = []

    def blob(self, data):
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        self.blobs["blobs/sha256/" + digest[7:]] = data
        return {"digest": digest, "size": len(data)}

    def image(self, layers, configuration, name=None, platform=None, kind="application/vnd.oci.image.layer.v1.tar+gzip", **annotations):
        manifest = json.dumps({"schemaVersion": 2, "config": {"mediaType": "application/vnd.oci.image.config.v1+json", **self.blob(configuration)},
                               "layers": [{"mediaType": kind, **self.blob(layer)} for layer in layers], "annotations": annotations}).encode()
        entry = {"mediaType": "application/vnd.oci.image.manifest.v1+json", **self.blob(manifest)}
        if name:
            entry["annotations"] = {"org.opencontainers.image.ref.name": name}
        if platform:
            entry["platform"] = dict(zip(("architecture", "os"), platform, strict=True))
        self.manifests.append(entry)
        return entry

    def attestation(self, statement, of):
        entry = self.image([json.dumps(statement).encode()], b"{}", kind="application/vnd.in-toto+json")
        entry["platform"] = {"architecture": "unknown", "os": "unknown"}
        entry["annotations"] = {"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": of["digest"]}

    def members(self, index_first=False):
        index = [("oci-layout", '{"imageLayoutVersion": "1.0.0"}'), ("index.json", json.dumps({"schemaVersion": 2, "manifests": self.manifests}))]
        blobs = list(self.blobs.items())
        return index + blobs if index_first else blobs + index


class Case(unittest.TestCase):
    def setUp(self):
        self.at = pathlib.Path(tempfile.mkdtemp(prefix="hushkit-audit."))
        self.addCleanup(shutil.rmtree, self.at)
        self.write("secrets/api_key", VALUE + "\n")
        self.write("secrets/db_password", OTHER)

    def write(self, name, content):
        path = self.at / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def run_audit(self, *words, stdin=b"", source="dir:secrets"):
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.at), **{k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")}}
        done = subprocess.run([HUSHKIT, "audit", "--no-config", "-s", source, *map(str, words)], input=stdin, capture_output=True, check=False, cwd=self.at,
                              timeout=120, env=environment)
        for value in (VALUE, OTHER):
            for form in (value.encode(), base64.b64encode(value.encode()), json.dumps(value)[1:-1].encode(), value.encode().hex().encode()):
                self.assertNotIn(form, done.stdout + done.stderr, "a value came out")
        return done

    def audit(self, *words, code, **options):
        """The report of a run that has to end with this code."""
        done = self.run_audit("--format", "json", *words, **options)
        self.assertEqual(done.returncode, code, done.stdout.decode(errors="replace") + done.stderr.decode(errors="replace"))
        return json.loads(done.stdout)

    def places(self, *words, **options):
        """(rule, secret, image, layer, path) of each finding."""
        report = self.audit(*words, code=1, **options)
        return {(f["rule"], f["secret"], f["where"].get("image", ""), f["where"].get("layer", 0), f["where"].get("path", "")) for f in report["findings"]}

    def gaps(self, *words, code=3, **options):
        return {gap["kind"] for gap in self.audit(*words, code=code, **options)["gaps"]}
