"""Configurations in many styles: Berth's import decides as a real nginx does, or lists the line and exits 1.

Each file of `nginx/` names its requests and the lines that the import has to list (`harness/sample.py`).
"""

import json
import os
import socket
import ssl
import subprocess
from urllib.parse import urljoin, urlsplit

import pytest

from harness import ports, wire
from harness.dnsmasq import Dnsmasq
from harness.nginx import Nginx
from harness.sample import Sample, names
from harness.stack import Origins
from harness.tier import Tier, berth

ORIGINS = ["app", "api", "blog", "static", "auth", "admin", "old", "a", "b", "c"]

# Berth's word for what nginx responds: a name that nobody knows, a head that is too large.
SAME = {502: 503, 504: 503}

# Fields that Berth sets itself; compared where nginx sets them and the client does not.
OWN = {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port", "x-real-ip", "x-request-id"}


@pytest.fixture(scope="module")
def values(tmp_path_factory):
    """What the placeholders stand for: ports of origins, of a name server, a certificate."""
    folder = tmp_path_factory.mktemp("samples")
    running = []
    try:
        origins = Origins(*ORIGINS)
        running.append(origins)
        dns = Dnsmasq(str(folder))
        running.append(dns)
        dns.serve(*(f"127.0.0.1 {name}.internal.test" for name in ORIGINS))
        cert, key = str(folder / "cert.pem"), str(folder / "key.pem")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
             "-subj", "/CN=test", "-days", "2", "-keyout", key, "-out", cert],
            check=True, capture_output=True,
        )  # fmt: skip
        pages = folder / "pages"
        pages.mkdir()
        (pages / "sorry.html").write_text("page sorry")
        (pages / "found.txt").write_text("page found")
        yield {**origins.ports, "dns": dns.port, "cert": cert, "key": key, "pages": pages}
    finally:
        for one in reversed(running):
            one.stop()


class TLSClient(wire.Client):
    def __init__(self, port):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.sock = context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=30))
        self.reader = wire.Reader(self.sock)


def ask(port, request, client=wire.Client):
    try:
        with client(port) as connection:
            return connection.ask(request.host, request.target, request.method, request.fields, request.body)
    except (wire.Closed, ConnectionError):
        return None


def place(location, request, scheme):
    """Where a redirect leads: nginx writes the host where Berth writes a path."""
    parts = urlsplit(urljoin(f"{scheme}://{request.host}{request.target}", location))
    own = (parts.hostname or "") == request.host.split(":")[0].lower() and parts.scheme == scheme
    return (parts.path or "/") + ("?" + parts.query if parts.query else "") if own else parts.geturl()


def decision(response, request, scheme):
    """What a response tells of the decision."""
    if response is None:
        return "closed"
    status = response.status
    if status == 200 and response.body.startswith(b'{"container"'):
        echo = json.loads(response.body)
        fields = {}
        for name, value in echo["fields"]:
            fields.setdefault(name.lower(), []).append(value)
        extra = {name: value for name, value in fields.items() if name.startswith("x-") and name not in OWN}
        return echo["container"], echo["method"], echo["target"], fields["host"], extra, echo["bytes"]
    if location := response.get("Location"):
        return status, place(location, request, scheme)
    if status == 200:
        return (status, response.body, response.get("Content-Type")) if response.body else status
    return SAME.get(status, status)


def changes(response):
    """What a proxy changes in a response: fields, the body of an error."""
    if response is None:
        return None
    kept = sorted(
        (name.lower(), value) for name, value in response.fields
        if name.lower().startswith(("x-", "access-control-")) and name.lower() != "x-request-id"
        or name.lower() == "refresh" or (name.lower(), value) == ("etag", '"own"')
    )  # fmt: skip
    return kept, response.body if response.body.startswith(b"page") else b""


def own_fields(response):
    echo = json.loads(response.body)
    return {name.lower(): value for name, value in echo["fields"] if name.lower() in OWN}


@pytest.mark.parametrize("name", names())
def test_the_import_decides_as_nginx_or_lists_the_line(name, values, tmp_path):
    sample = Sample(name)
    values = {**values, "port": ports.free(), "port2": ports.free(), "tls": ports.free()}
    os.makedirs(tmp_path / "nginx")
    sample.add_snippets(tmp_path / "nginx", values)
    sample.fill(values)
    port, scheme = values[sample.listen], "https" if sample.listen == "tls" else "http"
    nginx = Nginx(tmp_path / "nginx", sample.configuration(values), port)
    try:
        code, out, errors = berth("import", "nginx", "--json", "--listen", str(port), nginx.config)
        assert code in (0, 1), errors
        report = json.loads(out)
        # The configuration begins after the lines that every test's nginx needs.
        with open(nginx.config) as file:
            offset = file.read().split("\n").index(sample.text.split("\n")[0])
        listed = report["untranslated"]
        # Almost every configuration has what nginx does by default: its lines are not marked.
        marked = {one["line"] - offset for one in listed if not one["by_default"]}
        assert marked == sample.listed, json.dumps(listed, indent=1)
        assert code == (1 if listed else 0)

        front = Tier("front", str(tmp_path / "berth"), report["yaml"])
        try:
            compare(sample, nginx, front, scheme, bool(sample.listed))
        finally:
            front.stop()
    finally:
        nginx.stop()


def compare(sample, nginx, front, scheme, has_findings):
    wrong = []
    for request in sample.requests:
        client = TLSClient if scheme == "https" else wire.Client
        theirs, ours = ask(nginx.port, request, client), ask(front.port, request)
        a, b = decision(theirs, request, scheme), decision(ours, request, scheme)
        if a == b and isinstance(a, tuple) and len(a) > 3:
            received = {field.split(":")[0].lower() for field in request.fields}
            berths = own_fields(ours)
            for field, value in own_fields(theirs).items():
                if field not in received and berths.get(field) != value:
                    wrong.append((request, field, value, berths.get(field)))
        if a == b and changes(theirs) != changes(ours) and not request.may_differ:
            wrong.append((request, changes(theirs), changes(ours)))
        # Where something is listed, Berth may refuse. It may never let through what nginx keeps out.
        if a == b or request.may_differ or (has_findings and b == 501):
            continue
        wrong.append((request, a, b))
    assert not wrong, "\n".join(map(str, wrong)) + f"\n{open(front.config).read()}"
