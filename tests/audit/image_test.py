#!/usr/bin/python3
"""Saved images in every layout: what is in layers, configs, history, annotations and attestations is found where it is."""

import base64
import gzip
import json
import subprocess
import unittest

from kit import OTHER, VALUE, Case, Layout, config, tar, zstd


class Docker(Case):
    def image(self, first=False):
        lower = tar([("app", None), ("app/.env", f"KEY={VALUE}\n"), ("app/keep", f"x\n\n{OTHER}"), ("etc/old", VALUE)])
        upper = tar([("app/.wh..env", b""), ("etc/old", "new"), ("var/.wh..wh..opq", b"")])
        members = [("1/VERSION", "1.0"), ("1/json", "{}"), ("1/layer.tar", lower), ("2/layer.tar", upper),
                   ("c.json", config([f"K={OTHER}"], ["ADD rootfs", {"created_by": f"RUN |1 K={VALUE} make", "empty_layer": True}, "RUN rm app/.env"],
                                     Labels={"note": VALUE}, Cmd=["run", VALUE]))]
        index = [("manifest.json", json.dumps([{"Config": "c.json", "RepoTags": ["app:1.0"], "Layers": ["1/layer.tar", "2/layer.tar"]}]))]
        return tar(index + members if first else members + index)

    EXPECTED = {
        ("layer-file", "api_key", "app:1.0", 1, "app/.env"), ("layer-file", "db_password", "app:1.0", 1, "app/keep"),
        ("layer-file", "api_key", "app:1.0", 1, "etc/old"), ("config-env", "db_password", "app:1.0", 0, "config/Env/0"),
        ("config-label", "api_key", "app:1.0", 0, "config/Labels/note"), ("config-cmd", "api_key", "app:1.0", 0, "config/Cmd/1"),
        ("history", "api_key", "app:1.0", 0, "history/1/created_by"),
    }

    def test_index_last_first_and_from_standard_input(self):
        for first in (False, True):
            self.write("image.tar", self.image(first))
            self.assertEqual(self.places("image.tar"), self.EXPECTED)
        self.assertEqual(self.places("-", stdin=self.image()), self.EXPECTED)
        self.assertEqual(self.places("-", stdin=gzip.compress(self.image())), self.EXPECTED)

    def test_a_folder(self):
        self.write("image.tar", self.image())
        subprocess.run(["tar", "-xf", "image.tar", "--one-top-level=saved"], cwd=self.at, check=True)
        self.assertEqual(self.places("saved"), self.EXPECTED)

    def test_what_a_later_layer_covers_is_told_as_hidden_and_what_made_it(self):
        self.write("image.tar", self.image())
        seen = {f["where"]["path"]: (f["visibility"], f.get("hidden_by", 0), f.get("made_by")) for f in self.audit("image.tar", code=1)["findings"]
                if f["rule"] == "layer-file"}
        self.assertEqual(seen["app/.env"], ("hidden", 2, "ADD rootfs"))
        self.assertEqual(seen["etc/old"], ("hidden", 2, "ADD rootfs"))
        self.assertEqual(seen["app/keep"][0], "live")

    def test_lines(self):
        self.write("image.tar", self.image())
        lines = {f["where"]["path"]: f["where"].get("line") for f in self.audit("image.tar", code=1)["findings"]}
        self.assertEqual(lines["app/keep"], 3)

    def test_a_layer_that_is_a_link(self):
        members = [("1/layer.tar", tar([("a", VALUE)])), ("2/layer.tar", {"type": b"2", "linkname": "../1/layer.tar"}), ("c.json", config()),
                   ("manifest.json", json.dumps([{"Config": "c.json", "RepoTags": ["a:1"], "Layers": ["2/layer.tar"]}]))]
        self.write("image.tar", tar(members))
        self.assertEqual(self.places("image.tar"), {("layer-file", "api_key", "a:1", 1, "a")})

    def test_clean(self):
        self.write("image.tar", tar([("1/layer.tar", tar([("a", "nothing")])), ("c.json", config(["A=b"])),
                                     ("manifest.json", json.dumps([{"Config": "c.json", "RepoTags": None, "Layers": ["1/layer.tar"]}]))]))
        report = self.audit("image.tar", code=0)
        self.assertEqual(report["findings"], [])
        self.assertEqual(report["gaps"], [])

    def test_a_missing_layer_is_no_clean_answer(self):
        self.write("image.tar", tar([("c.json", config()), ("manifest.json", json.dumps([{"Config": "c.json", "RepoTags": ["a:1"], "Layers": ["1/layer.tar"]}]))]))
        self.assertEqual(self.gaps("image.tar"), {"missing"})


class Large(Case):
    """What both processes look into: layers of more than 16 MiB."""

    def image(self):
        filler = b"\0" * (17 << 20)
        layers = [tar([("pad", filler), (f"app/{number}", VALUE), ("app/old", OTHER if number == 0 else f"{number}")]) for number in range(3)]
        members = [(f"{number}/layer.tar", layer) for number, layer in enumerate(layers)]
        documents = [("c.json", config([f"K={OTHER}"])),
                     ("manifest.json", json.dumps([{"Config": "c.json", "RepoTags": ["a:1"], "Layers": [f"{n}/layer.tar" for n in range(3)]}]))]
        return tar(members + documents)

    def told(self, report):
        found = {(f["rule"], f["secret"], f["where"].get("layer"), f["where"]["path"], f.get("visibility"), f.get("hidden_by")) for f in report["findings"]}
        return found, report["totals"]

    def test_shared_or_not_the_answer_is_the_same(self):
        image = self.image()
        self.write("image.tar", image)
        subprocess.run(["tar", "-xf", "image.tar", "--one-top-level=saved"], cwd=self.at, check=True)
        alone = self.told(self.audit("-", stdin=image, code=1))
        self.assertEqual(len(alone[0]), 5)
        self.assertIn(("layer-file", "db_password", 1, "app/old", "hidden", 2), alone[0])
        self.assertEqual(self.told(self.audit("image.tar", code=1)), alone)
        self.assertEqual(self.told(self.audit("saved", code=1))[0], alone[0])

    def test_cut_off(self):
        image = self.image()
        for size in (len(image) // 2, len(image) - (20 << 20)):
            self.write("image.tar", image[:size])
            self.assertIn("corrupt", {gap["kind"] for gap in self.audit("image.tar", code=1)["gaps"]})


class Oci(Case):
    def test_gzip_zstd_plain_platforms_attestations_annotations_orphans(self):
        layout = Layout()
        amd = layout.image([gzip.compress(tar([("a", VALUE)])), zstd(tar([("b", OTHER)]))], config(), "app:2", ("amd64", "linux"), note=VALUE)
        layout.image([tar([("c", base64.b64encode(VALUE.encode()))])], config([f"X={VALUE}"]), "app:2", ("arm64", "linux"))
        layout.attestation({"_type": "https://in-toto.io/Statement/v0.1", "predicate": {"args": {"build-arg:K": OTHER}}}, amd)
        layout.blob(gzip.compress(tar([("lost", VALUE)])))
        layout.blob(f"plain {OTHER}".encode())
        found = {}
        for first in (False, True):
            self.write("oci.tar", tar(layout.members(first)))
            found[first] = self.places("oci.tar")
        self.assertEqual(found[False], found[True])
        kinds = {(rule, secret, image, layer) for rule, secret, image, layer, _ in found[False]}
        self.assertEqual(kinds, {
            ("layer-file", "api_key", "app:2 linux/amd64", 1), ("layer-file", "db_password", "app:2 linux/amd64", 2),
            ("layer-file", "api_key", "app:2 linux/arm64", 1), ("config-env", "api_key", "app:2 linux/arm64", 0), ("annotation", "api_key", "", 0),
            ("attestation", "db_password", "", 0), ("orphan-blob", "api_key", "", 0), ("orphan-blob", "db_password", "", 0)})
        for name, data in layout.members():
            self.write(f"layout/{name}", data)
        self.assertEqual(self.places("layout"), found[False])

    def test_members_of_gzip_and_zstd_in_several_pieces(self):
        half = tar([("a", "x" * 1000), ("b", VALUE)])
        layout = Layout()
        layout.image([gzip.compress(half[:700]) + gzip.compress(half[700:]), b"\x50\x2a\x4d\x18\x04\0\0\0skip" + zstd(half[:600]) + zstd(half[600:])], config(), "a")
        self.write("oci.tar", tar(layout.members()))
        self.assertEqual({(place[3], place[4]) for place in self.places("oci.tar")}, {(1, "b"), (2, "b")})


class Layers(Case):
    def layer(self, members):
        return tar([("1/layer.tar", tar(members)), ("c.json", config()), ("manifest.json", json.dumps([{"Config": "c.json", "RepoTags": ["a"], "Layers": ["1/layer.tar"]}]))])

    def test_names_links_attributes_and_archives_in_archives(self):
        inner = tar([("deep.txt", json.dumps({"k": OTHER}))], "w:xz")
        import io, zipfile
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as made:
            made.writestr("in.tar.xz", inner)
        key = VALUE.replace("/", "_")
        self.write("secrets/name_key", key)
        self.write("image.tar", self.layer([
            (f"d/{key}.txt", "x"), ("l", {"type": b"2", "linkname": f"/x/{key}"}), ("x", {"pax_headers": {"SCHILY.xattr.user.k": OTHER}}), ("a.jar", archive.getvalue())]))
        found = self.places("image.tar")
        self.assertIn(("layer-file", "db_password", "a", 1, "a.jar!in.tar.xz!deep.txt"), found)
        self.assertIn(("layer-link", "name_key", "a", 1, "l"), found)
        self.assertIn(("layer-xattr", "db_password", "a", 1, "x"), found)
        self.assertIn("layer-path", {place[0] for place in found})


if __name__ == "__main__":
    unittest.main()
