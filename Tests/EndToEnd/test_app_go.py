"""A Go program behind both tiers: log in, upload 20 MB, redirects, and a response that streams."""

import hashlib
import json
import os
import subprocess

import pytest

from harness.site import WAYS, Browser, Program, Site, marks, needs, payload

pytestmark = [*marks, needs("go")]

APP = """
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"os"
)

func base(r *http.Request) string {
	return r.Header.Get("X-Forwarded-Proto") + "://" + r.Host
}

func user(r *http.Request) string {
	cookie, err := r.Cookie("user")
	if err != nil {
		return ""
	}
	return cookie.Value
}

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if user(r) == "" {
			http.Redirect(w, r, base(r)+"/login", http.StatusFound)
			return
		}
		json.NewEncoder(w).Encode(map[string]any{"user": user(r), "url": base(r) + r.URL.Path})
	})
	http.HandleFunc("/login", func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			secure := r.Header.Get("X-Forwarded-Proto") == "https"
			http.SetCookie(w, &http.Cookie{Name: "user", Value: r.FormValue("user"), Path: "/", HttpOnly: true, Secure: secure})
			http.Redirect(w, r, base(r)+"/", http.StatusSeeOther)
		}
	})
	// The body is read while it arrives, and its length is not known before.
	http.HandleFunc("/upload", func(w http.ResponseWriter, r *http.Request) {
		digest := sha256.New()
		size, err := io.Copy(digest, r.Body)
		if err != nil {
			http.Error(w, err.Error(), 400)
			return
		}
		json.NewEncoder(w).Encode(map[string]any{"user": user(r), "bytes": size, "sha256": hex.EncodeToString(digest.Sum(nil))})
	})
	http.HandleFunc("/stream", func(w http.ResponseWriter, r *http.Request) {
		for i := 0; i < 5; i++ {
			io.WriteString(w, "line\\n")
			w.(http.Flusher).Flush()
		}
	})
	http.ListenAndServe("127.0.0.1:"+os.Args[1], nil)
}
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    folder = tmp_path_factory.mktemp("go")
    (folder / "main.go").write_text(APP)
    environment = dict(os.environ, HOME=str(folder), GOFLAGS="-mod=mod", GO111MODULE="off", GOCACHE=str(folder / "cache"), CGO_ENABLED="0")
    subprocess.run(["go", "build", "-o", "app", "main.go"], cwd=folder, env=environment, check=True, timeout=300)
    return str(folder / "app")


@pytest.mark.parametrize("way", [*WAYS, "underscores"])
def test_log_in_upload_and_redirects(way, program, tmp_path, stopping):
    app = stopping(Program(tmp_path, "go", [program, "{port}"]))
    site = stopping(Site(tmp_path, way, "shop", app.port))
    browser = stopping(Browser(site))
    base = f"{site.scheme}://{site.seen}"
    answer = browser.get("/", follow=False)
    assert (answer.status, answer.field("Location")) == (302, f"{base}/login")
    answer = browser.post(f"{base}/login", {"user": "eva"})
    assert json.loads(answer.body) == {"user": "eva", "url": f"{base}/"}
    data = payload()
    expected = {"user": "eva", "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    path = tmp_path / "data"
    path.write_bytes(data)
    for options in (["--data-binary", f"@{path}"], ["--upload-file", str(path), "--header", "Transfer-Encoding: chunked"]):
        answer = browser.get(f"{base}/upload", *options)
        assert json.loads(answer.body) == expected, options
    assert browser.get(f"{base}/stream").body == b"line\n" * 5
