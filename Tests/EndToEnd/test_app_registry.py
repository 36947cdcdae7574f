"""A container registry behind both tiers: push an image with a layer of 20 MB, and pull it."""

import hashlib
import json
import os
import subprocess

import pytest

from harness.site import WAYS, Program, Site, marks, needs, payload

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

    import io
    import tarfile

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


@pytest.mark.parametrize("way", [*WAYS, "underscores"])
@pytest.mark.parametrize("relative", [False, True], ids=["absolute", "relative"])
def test_push_and_pull(way, relative, tmp_path, stopping):
    from harness import ports

    port = ports.free()
    (tmp_path / "config.yml").write_text(CONFIG.format(directory=tmp_path, port=port, relative=str(relative).lower()))
    command = ["docker-registry", "serve", str(tmp_path / "config.yml")]
    registry = stopping(Program(tmp_path, "registry", command, port=port))
    site = stopping(Site(tmp_path, way, "registry", registry.port))
    layer = image(str(tmp_path / "image"))
    # The names that the client and the registry use lead to this machine.
    hosts = tmp_path / "hosts"
    hosts.write_text("".join(f"127.0.0.1 {name}\n" for name in {"localhost", site.name, site.seen}))
    certificates = tmp_path / "certificates"
    certificates.mkdir()
    if site.certificate:
        (certificates / "ca.crt").write_bytes(open(site.certificate, "rb").read())
    (tmp_path / "policy.json").write_text('{"default": [{"type": "insecureAcceptAnything"}]}')

    def skopeo(*arguments):
        command = " ".join(["skopeo", "--policy", str(tmp_path / "policy.json"), "copy", "--quiet", *arguments])
        done = subprocess.run(
            ["unshare", "--mount", "sh", "-c", f"mount --bind {hosts} /etc/hosts && exec {command}"],
            env=dict(os.environ, HOME=str(tmp_path)), capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    verify = "true" if site.tls else "false"
    image_name = f"docker://{site.name}:{site.port}/team/app:1"
    skopeo(f"--dest-tls-verify={verify}", f"--dest-cert-dir={certificates}", f"oci:{tmp_path}/image", image_name)
    skopeo(f"--src-tls-verify={verify}", f"--src-cert-dir={certificates}", image_name, f"oci:{tmp_path}/copy")
    assert layer in os.listdir(tmp_path / "copy/blobs/sha256")
