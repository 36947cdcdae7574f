"""Browsers that use one connection for several hosts of a certificate: each host's page comes from its own container."""

import http.server
import json
import os
import shutil
import threading

import pytest

from harness import wait
from harness.authority import Authority
from harness.headless import Chromium, Firefox, Report
from harness.secure import SecureTier

ROUNDS = 4
# Staff may show a certificate, and wiki demands one, which no browser here has.
RULES = """\
rules:
  - {{ name: staff, host: staff.test.priv, client_certificates: {{ ca: '{ca}', required: false }}, to: '127.0.0.1:{staff}' }}
  - {{ name: wiki, host: wiki.test.priv, client_certificates: {{ ca: '{ca}' }}, to: '127.0.0.1:{wiki}' }}
  - {{ name: shop, host: shop.test.priv, to: '127.0.0.1:{shop}' }}
  - {{ name: www, host: www.test.priv, to: '127.0.0.1:{www}' }}
"""
PAGE = """\
<!doctype html><script>
(async () => {
  const found = [];
  for (let round = 0; round < ROUNDS; round++) {
    for (const host of ["www", "staff", "shop", "wiki", "www"]) {
      try {
        const response = await fetch(`https://${host}.test.priv:PORT/${host}`, { cache: "no-store" });
        found.push(host + "=" + response.status + "=" + await response.text());
      } catch (error) { found.push(host + "=none"); }
    }
  }
  new Image().src = "http://127.0.0.1:RESULT/?found=" + encodeURIComponent(JSON.stringify(found));
})();
</script>
"""


class Container:
    """Says its name to pages of any origin, and keeps what it was asked for."""

    def __init__(self, name):
        self.requests = requests = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1

            def do_GET(self):
                requests.append((self.headers["Host"].split(":")[0], self.path))
                self.send_response(200)
                self.send_header("Access-Control-Allow-Origin", "*")
                self.send_header("Content-Length", str(len(name)))
                self.end_headers()
                self.wfile.write(name.encode())

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def needs(program):
    return pytest.mark.skipif(not (shutil.which(program) and shutil.which("certutil")), reason=f"needs {program} and certutil")


@pytest.mark.serial
@pytest.mark.parametrize(
    "browser", [pytest.param(Chromium, marks=needs("chromium")), pytest.param(Firefox, marks=needs("firefox-esr"))]
)
def test_hosts_with_other_policies_share_a_certificate(tmp_path, stopping, browser):
    containers = {name: stopping(Container(name)) for name in ("www", "staff", "shop", "wiki")}
    authority = Authority(tmp_path, "clients", days=2)
    # Firefox does not take a certificate that signs itself.
    servers = Authority(tmp_path, "servers", days=2)
    star = servers.issue("star", "*.test.priv", "test.priv")
    rules = RULES.format(ca=authority.pem, **{name: one.port for name, one in containers.items()})
    tls = f"{{ certificates: [{{ cert: '{star[0]}', key: '{star[1]}' }}], default: '*.test.priv' }}"
    tier = stopping(SecureTier("front", tmp_path, rules, tls))
    report = stopping(Report())
    home = str(tmp_path / "home")
    os.makedirs(home)
    page = tmp_path / "page.html"
    text = PAGE.replace("ROUNDS", str(ROUNDS)).replace("PORT", str(tier.secure_port)).replace("RESULT", str(report.port))
    page.write_text(text)
    running = stopping(browser(home, page, servers.pem))
    wait.until(lambda: report.queries or running.process.poll() is not None, seconds=120, what="the page")
    assert report.queries, open(running.log).read()[-4000:]
    found = json.loads(report.queries[0]["found"][0])
    assert len(found) == 5 * ROUNDS
    # Wiki's refusal is for no page to read.
    assert found == [one for _ in range(ROUNDS) for one in ("www=200=www", "staff=200=staff", "shop=200=shop", "wiki=none", "www=200=www")]
    for name, one in containers.items():
        assert all(request == (f"{name}.test.priv", f"/{name}") for request in one.requests), one.requests
    assert not containers["wiki"].requests
    # Chromium tries a connection of another host, and finds the way out.
    if browser is Chromium:
        wait.until(lambda: any(one["status"] == 421 and one["host"].startswith("staff.") for one in tier.records()), what="a 421")
