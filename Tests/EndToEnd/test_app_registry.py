"""A container registry behind both tiers: push an image with a layer of 20 MB, and pull it."""

import gzip
import hashlib
import io
import json
import os
import subprocess
import tarfile

import pytest

from harness import ports
from harness.site import Program, Site, marks, needs, payload

pytestmark = [
    *marks,
    needs("docker-registry", "skopeo"),
    pytest.mark.skipif(os.geteuid() != 0, reason="a hosts file of its own needs root"),
]

CONFIG = """\
version: 0.1
log: {{ level: warn }}
storage:
  filesystem: {{ rootdirectory: {directory}/storage }}
http:
  addr: 127.0.0.1:{port}
  relativeurls: {relative}
"""


def image(folder):
    """An image in a folder, in the layout of the Open Container Initiative."""
    blobs = os.path.join(folder, "blobs/sha256")
    os.makedirs(blobs)

    def blob(data, kind):
        digest = hashlib.sha256(data).hexdigest()
        with open(os.path.join(blobs, digest), "wb") as file:
            file.write(data)
        return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": f"sha256:{digest}", "size": len(data)}

    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as archive:
        info = tarfile.TarInfo("large")
        info.size = len(payload())
        archive.addfile(info, io.BytesIO(payload()))
    layer = layer.getvalue()
    config = {
        "architecture": "amd64", "os": "linux", "config": {},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]},
    }  # fmt: skip
    manifest = {
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": blob(json.dumps(config).encode(), "config.v1+json"), "layers": [blob(layer, "layer.v1.tar")],
    }  # fmt: skip
    index = {"schemaVersion": 2, "manifests": [blob(json.dumps(manifest).encode(), "manifest.v1+json")]}
    with open(os.path.join(folder, "index.json"), "w") as file:
        json.dump(index, file)
    with open(os.path.join(folder, "oci-layout"), "w") as file:
        json.dump({"imageLayoutVersion": "1.0.0"}, file)
    return hashlib.sha256(layer).hexdigest()


class Registry:
    """A registry behind both tiers, and skopeo as its client."""

    def __init__(self, tmp_path, way, stopping, relative=False):
        port = ports.free()
        (tmp_path / "config.yml").write_text(CONFIG.format(directory=tmp_path, port=port, relative=str(relative).lower()))
        command = ["docker-registry", "serve", str(tmp_path / "config.yml")]
        stopping(Program(tmp_path, "registry", command, port=port))
        self.site = stopping(Site(tmp_path, way, "registry", port))
        self.folder = tmp_path
        # The name that the client uses leads to this machine.
        (tmp_path / "hosts").write_text(f"127.0.0.1 localhost {self.site.name}\n")
        (tmp_path / "certificates").mkdir()
        if self.site.certificate:
            (tmp_path / "certificates/ca.crt").write_bytes(open(self.site.certificate, "rb").read())
        (tmp_path / "policy.json").write_text('{"default": [{"type": "insecureAcceptAnything"}]}')
        self.image = f"docker://{self.site.name}:{self.site.port}/team/app:1"

    def copy(self, side, source, destination):
        """`side`: `src` or `dest`, where the registry is."""
        options = f"--{side}-tls-verify={str(self.site.tls).lower()} --{side}-cert-dir={self.folder}/certificates"
        command = f"skopeo --policy {self.folder}/policy.json copy --quiet {options} {source} {destination}"
        return subprocess.run(
            ["unshare", "--mount", "sh", "-c", f"mount --bind {self.folder}/hosts /etc/hosts && exec {command}"],
            env=dict(os.environ, HOME=str(self.folder)), capture_output=True, text=True, timeout=120,
        )  # fmt: skip


@pytest.mark.parametrize("way", ["hyphens", "hyphens-tls"])
@pytest.mark.parametrize("relative", [False, True], ids=["absolute", "relative"])
def test_push_and_pull(way, relative, tmp_path, stopping):
    registry = Registry(tmp_path, way, stopping, relative)
    layer = image(str(tmp_path / "image"))
    done = registry.copy("dest", f"oci:{tmp_path}/image", registry.image)
    assert done.returncode == 0, done.stderr
    done = registry.copy("src", registry.image, f"oci:{tmp_path}/copy")
    assert done.returncode == 0, done.stderr

    # skopeo compresses a layer before it pushes it.
    def digest(path):
        data = path.read_bytes()
        return hashlib.sha256(gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data).hexdigest()

    assert layer in {digest(path) for path in (tmp_path / "copy/blobs/sha256").iterdir()}


def test_a_name_with_underscores_is_no_reference_for_a_client(tmp_path, stopping):
    """As docs/underscores.md has it."""
    registry = Registry(tmp_path, "underscores", stopping)
    image(str(tmp_path / "image"))
    done = registry.copy("dest", f"oci:{tmp_path}/image", registry.image)
    assert done.returncode != 0 and "invalid reference format" in done.stderr
