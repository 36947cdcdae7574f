"""Real clients of HTTP/2 at both kinds of listeners."""

import hashlib
import json
import os
import re
import shutil
import subprocess

import pytest

from harness import content
from harness.multiplexed import Site
from harness.secure import NAME


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    started = []

    def stopping(thing):
        started.append(thing)
        return thing

    yield Site(tmp_path_factory.mktemp("clients"), stopping)
    for one in reversed(started):
        one.stop()


@pytest.fixture(params=["clear", "secure"])
def kind(request):
    return request.param


def run(*command, **options):
    result = subprocess.run(command, capture_output=True, timeout=120, **options)
    assert result.returncode == 0, (command, result.stdout[-2000:], result.stderr[-4000:])
    return result.stdout


def url(site, kind, path):
    if kind == "clear":
        return f"http://{NAME}:{site.tier.clear_port}{path}"
    return f"https://{NAME}:{site.tier.secure_port}{path}"


def address(site, kind):
    return ("127.0.0.3", site.tier.clear_port) if kind == "clear" else ("127.0.0.2", site.tier.secure_port)


def curl(site, kind, path, *options):
    host, port = address(site, kind)
    version = "--http2-prior-knowledge" if kind == "clear" else "--http2"
    return run("curl", "-sS", version, "--cacert", site.tier.certificate, "--resolve", f"{NAME}:{port}:{host}", *options,
               url(site, kind, path))  # fmt: skip


def test_curl(site, kind, tmp_path):
    out = curl(site, kind, "/echo", "-w", "\n%{http_version}")
    body, version = out.rsplit(b"\n", 1)
    assert version == b"2" and json.loads(body)["version"] == "HTTP/1.1"
    size = 10 << 20
    path = tmp_path / "upload"
    with open(path, "wb") as file:
        file.writelines(content.blocks(size))
    said = json.loads(curl(site, kind, "/echo", "-T", str(path)))
    assert (said["bytes"], said["sha256"], said["method"]) == (size, content.checksum(size), "PUT")
    assert hashlib.sha256(curl(site, kind, f"/download?bytes={size}")).hexdigest() == content.checksum(size)
    assert curl(site, kind, "/i", "-I").startswith(b"HTTP/2 200")
    said = json.loads(curl(site, kind, "/echo", "-H", "Expect: 100-continue", "--data-binary", "hello"))
    assert said["bytes"] == 5


def test_curl_with_many_at_once(site):
    """Over TLS alone: curl 7.88 mixes up streams that begin at once with prior knowledge."""
    host, port = address(site, "secure")
    out = run("curl", "-sS", "--parallel", "--parallel-max", "100", "--http2", "--cacert", site.tier.certificate, "--resolve",
              f"{NAME}:{port}:{host}", url(site, "secure", "/i?[1-200]"))  # fmt: skip
    assert out == b"app" * 200


@pytest.mark.skipif(not shutil.which("nghttp"), reason="needs nghttp")
def test_nghttp(site, kind):
    host, port = address(site, kind)
    uri = f"{'http' if kind == 'clear' else 'https'}://{host}:{port}"
    out = run("nghttp", "-v", "--no-dep", "-H", f":authority: {NAME}", uri + "/trailers").decode()
    out = re.sub(r"\x1b\[[0-9;]*m", "", out)
    assert ":status: 200" in out and "x-checksum: 42" in out and "hello world" in out
    out = run("nghttp", "-nas", "-m", "100", "-H", f":authority: {NAME}", uri + "/i").decode()
    assert " 200 " in out
    # With the priorities and padding that it can send.
    out = run("nghttp", "-b", "64", "-m", "20", "-H", f":authority: {NAME}", uri + "/i")
    assert out == b"app" * 20


@pytest.mark.skipif(not shutil.which("h2load"), reason="needs h2load")
def test_h2load(site, kind):
    host, port = address(site, kind)
    for streams in ("1", "100"):
        out = run("h2load", "-n", "5000", "-c", "10", "-m", streams, f"--connect-to={host}:{port}", url(site, kind, "/i")).decode()
        assert "5000 succeeded, 0 failed, 0 errored" in out, out


GO = """\
package main
import ("bytes"; "context"; "crypto/tls"; "crypto/x509"; "fmt"; "io"; "net"; "net/http"; "os"; "sync")
func main() {
    pem, _ := os.ReadFile(os.Args[1])
    pool := x509.NewCertPool(); pool.AppendCertsFromPEM(pem)
    dial := func(c context.Context, n, a string) (net.Conn, error) { return net.Dial("tcp", "127.0.0.2:" + os.Args[2]) }
    client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, DialContext: dial, ForceAttemptHTTP2: true}}
    var group sync.WaitGroup
    for n := 0; n < 200; n++ {
        group.Add(1)
        go func() {
            defer group.Done()
            request, _ := http.NewRequest("POST", "https://www.test.priv/trailers", io.NopCloser(bytes.NewReader(make([]byte, 100000))))
            request.Trailer = http.Header{"X-Sum": {"1"}}
            response, err := client.Do(request)
            if err != nil { fmt.Println(err); os.Exit(1) }
            body, err := io.ReadAll(response.Body)
            fmt.Println(response.Proto, response.StatusCode, string(body), response.Trailer.Get("X-Checksum"), err)
        }()
    }
    group.Wait()
}
"""


@pytest.mark.skipif(not shutil.which("go"), reason="needs go")
def test_go(site, tmp_path):
    source, program = tmp_path / "client.go", tmp_path / "client"
    source.write_text(GO)
    run("go", "build", "-o", str(program), str(source), env=os.environ | {"GOCACHE": str(tmp_path / "cache"), "GO111MODULE": "off"})
    lines = run(str(program), site.tier.certificate, str(site.tier.secure_port)).decode().splitlines()
    assert lines == ["HTTP/2.0 200 hello world 42 <nil>"] * 200
