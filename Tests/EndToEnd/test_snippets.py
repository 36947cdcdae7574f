"""The configuration snippets of the documentation, given to the programs that read them."""

import os
import re
import shutil
import socket
import subprocess

import pytest

from harness import pages, ports, process, wait
from harness.terminator import snippet
from harness.tier import BERTH, REPO, berth

NAME = "wordpress_container001_01.test.priv"


def program(name):
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    return pytest.mark.skipif(not path, reason=f"needs {name}: scripts/install-packages test")


def address_of(name, server, port):
    """The IPv4 addresses of a name, from a DNS server."""
    query = b"\x12\x34\x01\x00\x00\x01" + bytes(6)
    query += b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0\0\x01\0\x01"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(5)
        sock.sendto(query, (server, port))
        answer = sock.recv(4096)
    count = int.from_bytes(answer[6:8], "big")
    # Each record has 16 bytes, of which the last four are the address.
    return sorted(socket.inet_ntoa(answer[len(answer) - 16 * index - 4 :][:4]) for index in range(count))


@program("dnsmasq")
@pytest.mark.parametrize(
    ("page", "fronts"), [("docs/network.md", ["10.0.0.1"]), ("docs/high-availability.md", ["10.0.0.1", "10.0.0.2"])]
)
def test_dnsmasq_leads_every_name_to_the_front_tiers(page, fronts, tmp_path, stopping):
    config = tmp_path / "berth.conf"
    config.write_text(snippet(page, "", "/etc/dnsmasq.d/berth.conf") + "\n")
    dnsmasq = shutil.which("dnsmasq") or "/usr/sbin/dnsmasq"
    check = subprocess.run([dnsmasq, "--test", f"--conf-file={config}"], capture_output=True, text=True)
    assert check.returncode == 0, check.stderr
    port = ports.free()
    command = [dnsmasq, "--keep-in-foreground", f"--conf-file={config}", "--no-resolv", "--no-hosts", "--pid-file=",
               "--bind-interfaces", "--listen-address=127.0.0.1", f"--port={port}", "--log-facility=-"]  # fmt: skip
    command += ["--user=root"] if os.geteuid() == 0 else []
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)

    class Stop:
        stop = staticmethod(lambda: (process.end(server), server.stderr.close()))

    stopping(Stop)
    for line in server.stderr:
        if "started" in line:
            break
    for name in (NAME, "a.b.test.priv", "test.priv"):
        assert address_of(name, "127.0.0.1", port) == fronts, name
    assert address_of("test.example", "127.0.0.1", port) == []


@program("named-checkzone")
def test_bind_accepts_the_zone_and_its_configuration(tmp_path):
    zone = tmp_path / "db.test.priv"
    zone.write_text(snippet("docs/network.md", "", "/etc/bind/db.test.priv") + "\n")
    check = subprocess.run(["named-checkzone", "test.priv", str(zone)], capture_output=True, text=True)
    assert check.returncode == 0 and "OK" in check.stdout, check.stdout
    config = tmp_path / "named.conf"
    text = snippet("docs/network.md", "", "/etc/bind/named.conf.local")
    config.write_text(text.replace("/etc/bind/db.test.priv", str(zone)) + "\n")
    check = subprocess.run(["named-checkconf", "-z", str(config)], capture_output=True, text=True)
    assert check.returncode == 0, check.stdout + check.stderr
    # What the page says of names with underscores.
    zone.write_text(zone.read_text() + "a_b  IN A 10.0.0.1\n")
    assert subprocess.run(["named-checkzone", "-k", "fail", "test.priv", str(zone)], capture_output=True).returncode != 0


@program("nft")
@pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces need root")
def test_only_front_tiers_reach_port_9000(tmp_path):
    rules = tmp_path / "berth.nft"
    rules.write_text(snippet("docs/network.md", "", "/etc/nftables.d/berth.nft") + "\n")
    script = f"""
        set -e
        ip link set lo up
        unshare --net sleep 60 & inner=$!
        sleep 0.2
        ip link add wire type veth peer name eth0 netns $inner
        ip address add 10.0.0.1/24 dev wire; ip address add 10.0.0.9/24 dev wire; ip link set wire up
        host() {{ nsenter --net=/proc/$inner/ns/net "$@"; }}
        host ip address add 10.0.0.11/24 dev eth0; host ip link set eth0 up; host ip link set lo up
        host nft --check --file {rules}
        host nft --file {rules}
        host {BERTH} local --config {REPO}/rules/local.yaml --listen 0.0.0.0:9000 >{tmp_path}/log 2>&1 &
        for _ in $(seq 100); do grep -q listening {tmp_path}/log && break; sleep 0.05; done
        status() {{ "$@" curl -so /dev/null -w '%{{http_code}} ' --max-time 2 $options http://10.0.0.11:9000/ || true; }}
        options='--interface 10.0.0.1'; status
        options='--interface 10.0.0.9'; status
        options=; status host
        kill $inner
    """
    done = subprocess.run(
        ["unshare", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "bash", "-c", script],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.stdout.split() == ["404", "000", "404"], done.stdout + done.stderr


def yaml_rules(page):
    """Blocks of a page that are rule files, whole or in part."""
    return [text for _, language, text in pages.blocks(page) if language == "yaml" and "rules:" in text]


@pytest.mark.parametrize("page", ["docs/compose.md", "docs/long-requests.md", "docs/underscores.md"])
def test_the_rules_of_a_page_have_no_findings(page, tmp_path):
    found = yaml_rules(page)
    assert found
    for number, text in enumerate(found):
        if "names:" not in text:
            text += "\nnames:\n  - static: { host_01: 10.0.0.11 }\n"
        path = tmp_path / f"{number}" / "rules.yaml"
        path.parent.mkdir()
        path.write_text(text.replace("../hosts", f"{REPO}/rules/hosts") + "\n")
        code, out, errors = berth("check", str(path))
        assert code == 0, out.decode() + errors


def test_the_rules_of_the_page_on_underscores_are_those_of_the_folder():
    def essence(text):
        return [line for line in text.split("\n") if line.strip() and not line.strip().startswith("#")]

    for text in yaml_rules("docs/underscores.md"):
        path = text.split("\n")[0].lstrip("# ")
        with open(os.path.join(REPO, path)) as file:
            assert essence(file.read()) == essence(text), path


def test_the_compose_file_is_one(tmp_path):
    yaml = pytest.importorskip("yaml")
    text = snippet("docs/compose.md", "yaml", "compose.yaml")
    compose = yaml.safe_load(text)
    assert set(compose["services"]) == {"berth", "container001", "database"}
    tier = compose["services"]["berth"]
    # The options exist, and the folder is where the rules look for it.
    assert tier["command"][:3] == ["local", "--config", "/etc/berth/local.yaml"]
    assert any(volume.endswith(":/run/engine.sock") for volume in tier["volumes"])
    assert "/run/engine.sock" in snippet("docs/compose.md", "yaml", "berth/local.yaml")
    assert set(compose["services"]["database"]["networks"]) == {"internal"}


def test_the_libraries_of_the_release_build_are_those_of_the_page():
    """Names of packages are Debian's; the libraries must be these and libc's."""
    if "/release/" not in BERTH:
        pytest.skip("a debug build has others")
    said = subprocess.run(["readelf", "--dynamic", BERTH], capture_output=True, text=True).stdout
    needed = set(re.findall(r"\(NEEDED\).*\[(\S+?)\.so", said))
    of_libc = {"libm", "libc", "libgcc_s", "ld-linux-x86-64", "ld-linux-aarch64"}
    assert needed - of_libc == {
        "libpcre2-8", "libcares", "libcurl", "libssl", "libcrypto", "libnghttp2", "libyaml-0", "libstdc++",
    }  # fmt: skip
