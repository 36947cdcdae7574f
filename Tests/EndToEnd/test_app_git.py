"""git over HTTP behind both tiers: push 20 MB, clone, fetch; `git http-backend` in nginx, as servers run it."""

import os
import subprocess

import pytest

from harness import nginx, ports, process, wait
from harness.site import WAYS, Site, marks, needs, payload

pytestmark = [*marks, needs("git", "nginx", "fcgiwrap", "/usr/lib/git-core/git-http-backend")]

SERVER = """
server {{
    listen 127.0.0.1:{port};
    client_max_body_size 0;
    location / {{
        include /etc/nginx/fastcgi_params;
        fastcgi_param SCRIPT_FILENAME /usr/lib/git-core/git-http-backend;
        fastcgi_param GIT_HTTP_EXPORT_ALL 1;
        fastcgi_param GIT_PROJECT_ROOT {root};
        fastcgi_param PATH_INFO $uri;
        fastcgi_param REMOTE_USER git;
        fastcgi_pass unix:{socket};
    }}
}}
"""


class GitServer:
    def __init__(self, directory):
        self.root = os.path.join(directory, "repositories")
        repository = os.path.join(self.root, "project.git")
        self.environment = dict(os.environ, HOME=directory, GIT_CONFIG_NOSYSTEM="1")
        subprocess.run(["git", "init", "--quiet", "--bare", repository], check=True, env=self.environment)
        subprocess.run(["git", "-C", repository, "config", "http.receivepack", "true"], check=True, env=self.environment)
        socket = os.path.join(directory, "fcgiwrap")
        self.wrap = subprocess.Popen(
            ["/usr/sbin/fcgiwrap", "-s", f"unix:{socket}", "-c", "2"], env=self.environment, stdin=subprocess.DEVNULL
        )
        wait.accepted(socket, "fcgiwrap")
        self.port = ports.free()
        text = SERVER.format(port=self.port, root=self.root, socket=socket)
        self.nginx = nginx.Nginx(os.path.join(directory, "nginx-app"), text, self.port)

    def stop(self):
        self.nginx.stop()
        process.end(self.wrap)


@pytest.mark.parametrize("way", [*WAYS, "underscores"])
def test_push_clone_and_fetch(way, tmp_path, stopping):
    server = stopping(GitServer(str(tmp_path)))
    site = stopping(Site(tmp_path, way, "git", server.port))
    environment = dict(
        server.environment, GIT_TERMINAL_PROMPT="0", GIT_AUTHOR_NAME="eva", GIT_AUTHOR_EMAIL="eva@test.priv",
        GIT_COMMITTER_NAME="eva", GIT_COMMITTER_EMAIL="eva@test.priv",
    )  # fmt: skip
    options = ["-c", f"http.curloptResolve={site.name}:{site.port}:127.0.0.1"]
    # Before the configuration: the environment of a machine may have another.
    environment["GIT_SSL_CAINFO"] = site.certificate or ""
    url = f"{site.url}:{site.port}/project.git"

    def git(*arguments, cwd=tmp_path):
        done = subprocess.run(
            ["git", *options, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    work = tmp_path / "work"
    git("init", "--quiet", "--initial-branch", "main", str(work))
    (work / "large").write_bytes(payload())
    git("add", ".", cwd=work)
    git("commit", "--quiet", "--message", "large", cwd=work)
    # More than http.postBuffer: in chunks, after a probe.
    git("push", "--quiet", url, "main", cwd=work)
    git("clone", "--quiet", "--branch", "main", url, str(tmp_path / "copy"))
    assert (tmp_path / "copy/large").read_bytes() == payload()
    (work / "small").write_text("small\n")
    git("add", ".", cwd=work)
    git("commit", "--quiet", "--message", "small", cwd=work)
    git("push", "--quiet", url, "main", cwd=work)
    git("pull", "--quiet", url, "main", cwd=tmp_path / "copy")
    assert (tmp_path / "copy/small").read_text() == "small\n"
