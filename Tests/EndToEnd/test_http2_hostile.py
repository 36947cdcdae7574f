"""A container that speaks HTTP/2 with bad intent: its own requests end, the tier does not grow, and other containers' requests do
not notice."""

import ssl

import pytest

from harness import secure, wait
from harness.bystander import Bystander
from harness.hostile_container import DRIVERS, HostileContainer
from harness.multiplexed import Site

RULES = """\
rules:
  - name: evil
    host: evil.test.priv
    to: '%s://evil:80'
%s  - name: all
    host: '~^(?<name>[a-z0-9-]+)\\.test\\.priv$'
    to: 'app:80'
timeouts: { upstream: 5s }
"""
pytestmark = pytest.mark.serial


class HostileSite(Site):
    def __init__(self, directory, stopping, scheme):
        context = None
        more = ""
        if scheme == "https":
            pair = secure.certificate(directory, "evil", "evil")
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*pair)
            context.set_alpn_protocols(["h2"])
            more = f"    upstream_tls: {{ ca: '{pair[0]}' }}\n"
        self.evil = stopping(HostileContainer("goaway", context))
        super().__init__(directory, stopping, rules=RULES % (scheme, more), names={"evil": self.evil.address})


@pytest.fixture(scope="module", params=["h2c", "https"])
def site(request, tmp_path_factory):
    started = []

    def stopping(thing):
        started.append(thing)
        return thing

    try:
        yield HostileSite(tmp_path_factory.mktemp("hostile"), stopping, request.param)
    finally:
        for one in reversed(started):
            one.stop()


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_hostile_container(site, driver):
    site.evil.become(driver)
    before = site.evil.requests
    with Bystander(site), site.client() as client:
        client.pump(lambda: client.peer, "SETTINGS")
        streams = [client.request("/i", authority="evil.test.priv") for _ in range(20)]
        good = client.request("/i")
        # On the same connection: to another container.
        client.pump(lambda: good.over, "a response of another container", seconds=15)
        assert (good.status, good.body) == (200, b"app")
        client.pump(lambda: all(one.over for one in streams), "the end of its requests", seconds=40)
        assert not client.goaways
        statuses = {one.status for one in streams}
        print(f"{driver}: {statuses}; {site.evil.requests - before} requests; {site.evil.sent >> 20} MiB sent so far")
        assert all(status is None or status == 200 or status >= 500 for status in statuses)
    wait.until(lambda: site.evil.requests > before, what="the container to be used")
