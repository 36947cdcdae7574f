"""Requests of HTTP/2 that would be something else in HTTP/1.1: the container receives one request, or none.

`http2/requests.json` has the table, from which docs/bad-inputs.md is made too. `berth` in it is what a tier did;
BERTH_UPDATE_GOLDEN=1 writes it anew.
"""

import json
import os

import pytest

from harness import frames
from harness.frames import DataFrame
from harness.multiplexed import RULES, MultiplexedTier, Site
from harness.recorder import Recorder
from harness.stack import static

TABLE = os.path.join(os.path.dirname(__file__), "http2", "requests.json")
UPDATE = os.environ.get("BERTH_UPDATE_GOLDEN")

with open(TABLE) as file:
    DOCUMENT = json.load(file)
CASES = DOCUMENT["cases"]
# Fields that a tier writes itself, or that belong to a connection of its own.
OF_THE_CONNECTION = {"keep-alive", "proxy-connection", "upgrade", "http2-settings", "te", "trailer"}


class Recorded:
    """One tier before a container that notes each byte; with `link`, two tiers and that protocol between them."""

    def __init__(self, directory, link):
        self.started = []
        self.recorder = self.stopping(Recorder())
        self.site = Site(directory, self.stopping, address=self.recorder.address, verb="local" if link else "front",
                         more="trusted_proxies: [127.0.0.0/8]\n" if link else "")  # fmt: skip
        # The tier that clients meet.
        self.tier = self.site.tier
        if link:
            rules = RULES.replace("app:80", f"{link}://app:80") + "names:\n  - static:\n"
            rules += static({"app": f"127.0.0.3:{self.site.tier.clear_port}"}) + "\n"
            self.tier = self.stopping(MultiplexedTier("front", directory / "front", rules, self.site.certificate))
        self.link = link
        self.changed = False

    def stopping(self, thing):
        self.started.append(thing)
        return thing

    def stop(self):
        for one in reversed(self.started):
            one.stop()


@pytest.fixture(scope="module", params=[None, "http", "h2c"], ids=["one", "two-http", "two-h2c"])
def recorded(tmp_path_factory, request):
    recorded = Recorded(tmp_path_factory.mktemp("requests"), request.param)
    yield recorded
    recorded.stop()
    if recorded.changed and UPDATE:
        write()


def write():
    """The table, one case to a line."""
    lines = ["{", '"reasons": {']
    lines.append(",\n".join(f"{json.dumps(key)}: {json.dumps(text, ensure_ascii=False)}" for key, text in DOCUMENT["reasons"].items()))
    lines += ["},", '"cases": [', ",\n".join(json.dumps(case) for case in CASES), "]", "}", ""]
    with open(TABLE, "w") as file:
        file.write("\n".join(lines))


def send(client, case):
    """The case, as it is; returns its stream."""
    number = client.open()
    body, trailers = case.get("body", ""), case.get("trailers")
    end = case.get("end", True)
    parts = client.head(number, case["fields"], end and not body and trailers is None)
    if body:
        parts.append(DataFrame(number, data=body.encode("latin-1"), flags=["END_STREAM"] if end and trailers is None else []))
    if trailers is not None:
        parts += client.head(number, trailers, case.get("trailers_end", True))
    client.send(*parts)
    return client.streams[number]


def outcome(tier, client, stream):
    """What became of it, in the words of docs/bad-inputs.md."""
    client.pump(lambda: stream.over or stream.status or client.goaways or client.ended, "an outcome", seconds=10)
    if stream.status == 200:
        client.finish(stream)
        return None
    if stream.reset is not None:
        return f"`RST_STREAM` `{frames.CODES[stream.reset]}`"
    if stream.status is None:
        return f"`GOAWAY` `{frames.CODES[client.goaways[-1][1]]}`" if client.goaways else "the end of the connection"

    record = tier.record(stream.get("x-request-id"))
    return f"{stream.status} `{record.get('detail') or record['cause']}`"


def probe(recorded):
    """A request after it, on the connection to the container that the case has used: bytes that it left come before."""
    with recorded.tier.client() as client:
        assert client.ask("/probe", fields=[("x-probe", "1")]).body == b"ok"


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_the_container_receives_one_request_or_none(recorded, case):
    recorder = recorded.recorder
    recorder.forget()
    with recorded.tier.client() as client:
        refused = outcome(recorded.tier, client, send(client, case))
    probe(recorded)
    probe(recorded)
    assert recorder.mistakes == []
    assert all(b"smuggled: 1" not in data for data in recorder.broken)
    probes = [one for one in recorder.messages if one.fields.get("X-Probe")]
    messages = [one for one in recorder.messages if not one.fields.get("X-Probe")]
    assert len(probes) == 2 and all(one.line == "GET /probe HTTP/1.1" for one in probes)
    if refused is None:
        (message,) = messages
        passes(case, message)
        berth = f"`{message.method} {message.target}`"
        berth += f", `Host: {message.fields.get('Host')}`" + ("" if message.framing == "none" else f", {message.framing}")
    else:
        assert "passes" not in case or case.get("either"), refused
        if messages and case.get("begun"):
            # What came before the mistake was a request already, and nothing else follows it.
            (message,) = messages
            assert (message.line, message.body.decode("latin-1")) == (case["begun"]["line"], case["begun"]["body"])
        else:
            assert messages == [], [one.line for one in messages]
        berth = refused
    if UPDATE and recorded.link is None and case.get("berth") != berth:
        case["berth"], recorded.changed = berth, True
    assert case.get("berth") == berth


def passes(case, message):
    """The request means what the case says."""
    assert "passes" in case, f"the container received {message.line!r} {message.fields}"
    expected = case["passes"]
    assert (message.line, message.fields.get("Host")) == (expected["line"], expected["host"])
    assert message.body.decode("latin-1") == expected.get("body", "")
    for name, value in expected.get("fields", {}).items():
        assert message.fields.all(name) == [value]
    assert not OF_THE_CONNECTION & {name.lower() for name, _ in message.fields if name.lower() != "te"}
    assert (message.fields.get("Te") or "trailers") == "trailers"
    allowed = {name for name, _ in case.get("trailers", [])} - {
        "content-length", "host", "authorization", "cookie", "te", "transfer-encoding", "x-forwarded-for",
    }  # fmt: skip
    assert {name.lower() for name, _ in message.trailers} <= allowed
