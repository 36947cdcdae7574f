"""Flask behind both tiers: log in, upload 20 MB, redirects; and what a name with underscores does to it."""

import hashlib
import importlib.metadata
import json
import sys

import pytest

from harness.site import WAYS, Browser, Program, Site, marks, needs, payload

pytestmark = [*marks, needs("/usr/lib/python3/dist-packages/flask")]

APP = """
import hashlib, os
from flask import Flask, jsonify, redirect, request, session, url_for
from werkzeug.middleware.proxy_fix import ProxyFix

app = Flask(__name__)
app.secret_key = "test"
app.config["SESSION_COOKIE_SECURE"] = os.environ["SECURE"] == "1"
app.wsgi_app = ProxyFix(app.wsgi_app, x_for=int(os.environ["PROXIES"]), x_proto=1, x_host=1)

@app.route("/")
def index():
    if "user" not in session:
        return redirect(url_for("login", _external=True))
    return jsonify(user=session["user"], url=request.url, client=request.remote_addr)

@app.route("/login", methods=["GET", "POST"])
def login():
    if request.method == "GET":
        return "<form method=post><input name=user></form>"
    session["user"] = request.form["user"]
    return redirect(url_for("index", _external=True), 303)

@app.route("/upload", methods=["POST"])
def upload():
    data = request.files["file"].read()
    return jsonify(user=session["user"], bytes=len(data), sha256=hashlib.sha256(data).hexdigest())

app.run("127.0.0.1", int(os.environ["PORT"]), threaded=True)
"""


def flask(tmp_path, proxies, secure):
    (tmp_path / "app.py").write_text(APP)
    from harness import ports

    port = ports.free()
    environment = {"PORT": str(port), "PROXIES": str(proxies), "SECURE": str(int(secure))}
    return Program(tmp_path, "flask", [sys.executable, "app.py"], environment, port=port)


@pytest.mark.parametrize("way", WAYS)
def test_log_in_upload_and_redirects(way, tmp_path, stopping):
    secure = way.endswith("-tls")
    app = stopping(flask(tmp_path, 3 if secure else 2, secure))
    site = stopping(Site(tmp_path, way, "shop", app.port))
    browser = stopping(Browser(site))
    answer = browser.get("/", follow=False)
    assert (answer.status, answer.field("Location")) == (302, f"{site.scheme}://{site.seen}/login")
    answer = browser.post(f"{site.scheme}://{site.seen}/login", {"user": "eva"})
    assert answer.status == 200, answer.text
    seen = json.loads(answer.body)
    assert seen == {"user": "eva", "url": f"{site.scheme}://{site.seen}/", "client": "127.0.0.1"}
    data = payload()
    answer = browser.upload(f"{site.scheme}://{site.seen}/upload", "file", data)
    assert json.loads(answer.body) == {"user": "eva", "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def test_a_name_with_underscores_leads_to_an_empty_host(tmp_path, stopping):
    """As docs/underscores.md has it: since Werkzeug 3.1."""
    app = stopping(flask(tmp_path, 2, False))
    site = stopping(Site(tmp_path, "underscores", "shop", app.port))
    answer = stopping(Browser(site)).get("/", follow=False)
    version = tuple(int(part) for part in importlib.metadata.version("werkzeug").split(".")[:2])
    assert answer.field("Location") == ("http:///login" if version >= (3, 1) else f"{site.url}/login")
