"""The official interoperability client and server of gRPC, in Go, through one tier and two.

BERTH_GRPC_INTEROP names the directory of the two programs, `client` and `server`: their sources are in no package of Debian,
so they are built by hand (README.md). `test_grpc.py` has the same cases with a client of the system, and runs everywhere.
"""

import os
import socket
import subprocess

import pytest

from harness import ports, process, secure, wait
from harness.multiplexed import MultiplexedTier
from harness.secure import NAME
from harness.stack import static

PROGRAMS = os.environ.get("BERTH_GRPC_INTEROP", "")
# All of that client but those that need an account of a cloud, and `pick_first_unary`: its server names itself in no response.
CASES = """
    empty_unary large_unary client_streaming server_streaming ping_pong empty_stream timeout_on_sleeping_server cancel_after_begin
    cancel_after_first_response status_code_and_message special_status_message custom_metadata unimplemented_method
    unimplemented_service
""".split()
pytestmark = pytest.mark.skipif(not PROGRAMS, reason="needs the programs of gRPC's interoperability tests: BERTH_GRPC_INTEROP")

RULES = """\
rules:
  - name: all
    host: '~^(?:www\\.test\\.priv|127\\.0\\.0\\.3)$'
    to: '%s'
"""


class Server:
    def __init__(self, certificate=None):
        self.port = ports.free()
        security = ["-use_tls", "-tls_cert_file", certificate[0], "-tls_key_file", certificate[1]] if certificate else []
        self.process = subprocess.Popen([os.path.join(PROGRAMS, "server"), "-port", str(self.port), *security], stderr=subprocess.DEVNULL)
        wait.until(self._listens, what="the server to listen")

    def _listens(self):
        with socket.socket() as sock:
            return sock.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self):
        process.end(self.process)


class Path:
    """From a client's listener to the server, by one tier or two."""

    def __init__(self, directory, kind, tiers, upstream, stopping):
        self.kind = kind
        certificate = secure.certificate(directory, "star", "*.test.priv")
        server = stopping(Server(certificate if upstream == "https" else None))
        rules = RULES % f"{upstream}://app:80"
        if upstream == "https":
            rules += f"    upstream_tls: {{ ca: '{certificate[0]}', server_name: {NAME} }}\n"
        address = f"127.0.0.1:{server.port}"
        self.tier = None
        for verb in ["local", "front"][2 - tiers :]:
            names = "names:\n  - static:\n" + static({"app": address}) + "\n"
            trust = "trusted_proxies: [127.0.0.0/8]\n" if verb == "local" else ""
            self.tier = stopping(MultiplexedTier(verb, os.path.join(directory, verb), rules + trust + names, certificate))
            address, rules = f"127.0.0.3:{self.tier.clear_port}", RULES % "h2c://app:80"

    def run(self, case):
        command = [os.path.join(PROGRAMS, "client"), "-test_case", case]
        if self.kind == "clear":
            command += ["-server_host", "127.0.0.3", "-server_port", str(self.tier.clear_port)]
        else:
            command += ["-server_host", "127.0.0.2", "-server_port", str(self.tier.secure_port), "-use_tls", "-use_test_ca"]
            command += ["-ca_file", self.tier.certificate, "-server_host_override", NAME]
        return subprocess.run(command, capture_output=True, timeout=60)


@pytest.fixture(
    scope="module",
    params=[(kind, tiers, upstream) for upstream in ("h2c", "https") for tiers in (1, 2) for kind in ("clear", "secure")],
    ids=lambda one: f"{one[0]}-{one[1]}-{one[2]}",
)
def path(tmp_path_factory, request):
    started = []

    def stopping(thing):
        started.append(thing)
        return thing

    try:
        yield Path(str(tmp_path_factory.mktemp("interop")), *request.param, stopping)
    finally:
        for one in reversed(started):
            one.stop()


@pytest.mark.parametrize("case", CASES)
def test_case(path, case):
    result = path.run(case)
    assert result.returncode == 0, (result.stdout + result.stderr).decode(errors="replace")[-4000:]
