"""Browsers without a screen, which run a page's script and trust one certificate."""

import http.server
import os
import subprocess
import threading
import urllib.parse

from . import process


def trust(database, certificate):
    os.makedirs(database)
    for more in (["-N", "--empty-password"], ["-A", "-n", "test", "-t", "C,,", "-i", certificate]):
        subprocess.run(["certutil", "-d", f"sql:{database}", *more], check=True, capture_output=True)


class Report:
    """Receives what the page has found."""

    def __init__(self):
        self.queries = []
        queries = self.queries

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                queries.append(urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query, keep_blank_values=True))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Chromium:
    """Shows a page. Names below test.priv are at 127.0.0.1."""

    def __init__(self, home, page, authority):
        trust(os.path.join(home, ".pki", "nssdb"), authority)
        self.log = os.path.join(home, "chromium.log")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
                 "--disable-dev-shm-usage", "--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests",
                 "--host-resolver-rules=MAP *.test.priv 127.0.0.1", "--remote-debugging-port=0",
                 f"--user-data-dir={home}/profile", f"file://{page}"],
                env=os.environ | {"HOME": home}, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def stop(self):
        process.end(self.process)


# No start page, no updates, no word to anybody; all names are at 127.0.0.1.
PREFERENCES = """\
user_pref("network.dns.forceResolve", "127.0.0.1");
user_pref("network.proxy.type", 0);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("browser.startup.homepage_override.mstone", "ignore");
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("toolkit.telemetry.reportingpolicy.firstRun", false);
user_pref("app.update.enabled", false);
user_pref("network.lna.enabled", false);
"""


class Firefox:
    """Shows a page. All names are at 127.0.0.1."""

    def __init__(self, home, page, authority):
        profile = os.path.join(home, "firefox")
        trust(profile, authority)
        with open(os.path.join(profile, "user.js"), "w") as file:
            file.write(PREFERENCES)
        self.log = os.path.join(home, "firefox.log")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                ["firefox-esr", "--headless", "--no-remote", "--profile", profile, f"file://{page}"],
                env=os.environ | {"HOME": home}, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def stop(self):
        process.end(self.process)
