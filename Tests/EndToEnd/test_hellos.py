"""The first message of real clients, cut at each byte: the name in it is found, and each gets the right certificate.

A relay before the listener sends what a client sends first in two segments, of which the second follows when the tier has read the
first, or in two TLS records. The listener's default is the certificate of another name: the clients verify theirs.
"""

import concurrent.futures
import os
import shutil
import subprocess
import threading

import pytest

from harness import secure, wait
from harness.headless import Chromium, Report, trust
from harness.secure import NAME, Cutter, SecureTier
from harness.stack import Origins

# Cuts of each client: spread over its first message. `make long` cuts at each byte.
CUTS = int(os.environ.get("BERTH_E2E_CUTS", "16"))
RULES = """\
rules:
  - name: all
    host: '~^[a-z0-9-]+\\.test\\.priv$'
    to: app
"""
MODES = {
    "segments": lambda hello, at: [hello[:at], hello[at:]],
    "records": lambda hello, at: [record(hello, 5, 5 + at) + record(hello, 5 + at, len(hello))],
    "both": lambda hello, at: [record(hello, 5, 5 + at), record(hello, 5 + at, len(hello))],
}


def record(hello, start, end):
    """A part of the message in a record of its own."""
    return hello[:3] + (end - start).to_bytes(2, "big") + hello[start:end]


class Site:
    def __init__(self, directory, stopping):
        self.directory = str(directory)
        origins = stopping(Origins("app"))
        self.star = secure.certificate(directory, "star", "*.test.priv")
        other = secure.certificate(directory, "other", "other.example")
        names = f"names:\n  - static: {{ app: '127.0.0.1:{origins.ports['app']}' }}\n"
        pairs = ", ".join(f"{{ cert: '{files[0]}', key: '{files[1]}' }}" for files in (other, self.star))
        # HTTP/2 would carry the requests for all names of the certificate on one connection.
        tls = f"{{ certificates: [{pairs}], default: other.example }}, http2: false"
        self.port = stopping(SecureTier("front", directory, RULES + names, tls)).secure_port


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    started = []

    def stopping(thing):
        started.append(thing)
        return thing

    yield Site(tmp_path_factory.mktemp("hellos"), stopping)
    for one in reversed(started):
        one.stop()


# MARK: Clients of one request: (its command, what it reads)

SEEN = b'["X-Forwarded-Proto", "https"]'
REQUEST = f"GET /echo HTTP/1.0\r\nHost: {NAME}\r\n\r\n".encode()
GO = """\
package main
import ("crypto/tls"; "crypto/x509"; "fmt"; "io"; "os")
func main() {
    pem, _ := os.ReadFile(os.Args[1])
    pool := x509.NewCertPool(); pool.AppendCertsFromPEM(pem)
    connection, err := tls.Dial("tcp", "127.0.0.1:" + os.Args[2], &tls.Config{RootCAs: pool, ServerName: "www.test.priv"})
    if err != nil { fmt.Println(err); os.Exit(1) }
    fmt.Fprint(connection, "GET /echo HTTP/1.0\\r\\nHost: www.test.priv\\r\\n\\r\\n")
    body, _ := io.ReadAll(connection)
    fmt.Println(string(body))
}
"""


def curl(*options):
    return lambda site, port: ["curl", "-sS", "--cacert", site.star[0], "--resolve", f"{NAME}:{port}:127.0.0.1", *options,
                               f"https://{NAME}:{port}/echo"]  # fmt: skip


def openssl(site, port):
    return ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-servername", NAME, "-CAfile", site.star[0],
            "-verify_return_error", "-quiet", "-no_ign_eof"]  # fmt: skip


def gnutls(*options):
    return lambda site, port: ["gnutls-cli", "--x509cafile", site.star[0], "--sni-hostname", NAME, "--verify-hostname", NAME,
                               *options, "-p", str(port), "127.0.0.1"]  # fmt: skip


def nss(*options):
    def command(site, port):
        database = os.path.join(site.directory, "nss")
        if not os.path.exists(database):
            trust(database, site.star[0])
        return ["tstclnt", "-d", f"sql:{database}", "-h", "127.0.0.1", "-a", NAME, "-p", str(port), *options]

    return command


def go(site, port):
    source, program = os.path.join(site.directory, "hello.go"), os.path.join(site.directory, "hello")
    if not os.path.exists(program):
        with open(source, "w") as file:
            file.write(GO)
        environment = os.environ | {"GOCACHE": os.path.join(site.directory, "cache"), "GO111MODULE": "off"}
        subprocess.run(["go", "build", "-o", program, source], check=True, env=environment)
    return [program, site.star[0], str(port)]


def needs(program):
    return pytest.mark.skipif(not shutil.which(program), reason=f"needs {program}")


CLIENTS = [
    pytest.param(curl(), id="curl", marks=needs("curl")),
    pytest.param(curl("--tls-max", "1.2"), id="curl-tls12", marks=needs("curl")),
    pytest.param(openssl, id="openssl", marks=needs("openssl")),
    pytest.param(gnutls(), id="gnutls", marks=needs("gnutls-cli")),
    pytest.param(gnutls("--priority", "NORMAL:-VERS-TLS1.3"), id="gnutls-tls12", marks=needs("gnutls-cli")),
    pytest.param(nss("-V", "tls1.2:tls1.3"), id="nss", marks=needs("tstclnt")),
    pytest.param(nss("-V", "tls1.2:tls1.3", "-i", "100"), id="nss-grease", marks=needs("tstclnt")),
    pytest.param(nss("-V", "tls1.2:tls1.2"), id="nss-tls12", marks=needs("tstclnt")),
    pytest.param(go, id="go", marks=needs("go")),
]


def ask(command):
    """What a client that reads its request from standard input, if it does, has written before it ended."""
    client = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = b""
    try:
        client.stdin.write(REQUEST)
        client.stdin.flush()
        # Its end of input would end some clients before the response.
        while SEEN not in said and (more := os.read(client.stdout.fileno(), 1 << 16)):
            said += more
    except BrokenPipeError:
        pass
    finally:
        client.kill()
        client.communicate()
    return said


def cuts(count, wanted=CUTS):
    """Where a message of so many bytes is cut: at its first and last bytes, and between them."""
    if wanted >= count - 1:
        return list(range(1, count))
    ends = {1, 2, 5, 6, 9, count - 1}
    return sorted(ends | {1 + at * (count - 1) // wanted for at in range(wanted)})


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("client", CLIENTS)
def test_a_message_that_is_cut(site, client, mode):
    sizes = []
    whole = Cutter(site.port, lambda hello: sizes.append(len(hello)) or [hello])
    try:
        assert SEEN in ask(client(site, whole.port))
    finally:
        whole.stop()
    count = sizes[0] if mode == "segments" else sizes[0] - 5

    def cut(at):
        # A message may be some bytes shorter than the one before.
        cutter = Cutter(site.port, lambda hello: MODES[mode](hello, min(at, len(hello) - 6)))
        try:
            return at, ask(client(site, cutter.port))
        finally:
            cutter.stop()

    with concurrent.futures.ThreadPoolExecutor(4) as executor:
        for at, said in executor.map(cut, cuts(count)):
            assert SEEN in said, (at, said[-2000:])


# MARK: Chromium

PAGE = """\
<!doctype html><script>
(async () => {
  const bad = [];
  for (let n = 0; n < COUNT; n++) {
    // Each name has a connection of its own.
    try { await fetch(`https://n${String(n).padStart(5, "0")}.test.priv:PORT/i`, { mode: "no-cors", cache: "no-store" }); }
    catch (error) { bad.push(n); }
  }
  new Image().src = "http://127.0.0.1:RESULT/?bad=" + bad.slice(0, 20).join();
})();
</script>
"""


# Its messages have about 2,000 bytes.
MOST = 2100


@needs("chromium")
@needs("certutil")
@pytest.mark.serial
@pytest.mark.parametrize("mode", MODES)
def test_messages_of_chromium_that_are_cut(site, tmp_path, stopping, mode):
    lock, seen, wanted = threading.Lock(), [], min(CUTS, MOST)

    def cut(hello):
        """Each connection is cut one byte further, in large steps where not every byte is wanted."""
        with lock:
            number = len(seen)
            count = len(hello) if mode == "segments" else len(hello) - 5
            at = 1 + number * max(1, count // wanted) % (count - 1)
            seen.append((at, count))
        return MODES[mode](hello, at)

    cutter, report = stopping(Cutter(site.port, cut)), stopping(Report())
    home = str(tmp_path / "home")
    os.makedirs(home)
    page = tmp_path / "page.html"
    page.write_text(PAGE.replace("COUNT", str(wanted)).replace("PORT", str(cutter.port)).replace("RESULT", str(report.port)))
    chromium = stopping(Chromium(home, page, site.star[0]))
    wait.until(lambda: report.queries or chromium.process.poll() is not None, seconds=300, what="the page")
    assert report.queries and report.queries[0]["bad"] == [""], report.queries
    assert len(seen) >= wanted
    print(f"{len(seen)} messages of {min(one[1] for one in seen)} to {max(one[1] for one in seen)} bytes; cut at {len(set(seen))} places")
