"""Every command of README.md and docs/ works when it is pasted, in the order of its page."""

import glob
import os
import re

import pytest

from harness import pages, tier

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="a network of its own needs root")

LOG = (
    '127.0.0.1 - - [21/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 187 "-" "curl/8" '
    "host=wordpress_container001_01.test.priv rule=saas captures=- target=host_01:9000 endpoint=127.0.1.1:9000\n"
)
RULES = open(os.path.join(tier.REPO, "rules/front.yaml")).read()
OTHER = RULES.replace(":9000", ":9001")


def shown(page, language, part=""):
    """The first block of a page in a language that has a text in it."""
    return next(text for _, kind, text in pages.blocks(page) if kind == language and part in text) + "\n"


# Files that a page assumes its reader to have.
FILES = {
    "docs/testing-rules.md": {"access.log": LOG, "new/front.yaml": OTHER, "old.yaml": RULES, "new.yaml": OTHER},
    "docs/registries.md": {"rules/front.yaml": shown("docs/registries.md", "yaml")},
    "docs/pools.md": {
        "pools.yaml": shown("docs/pools.md", "yaml"),
        "split.yaml": shown("docs/pools.md", "yaml", "    split:"),
    },
    "docs/admin.md": {"site.yaml": shown("docs/admin.md", "yaml")},
    "docs/control.md": {"api.yaml": shown("docs/control.md", "yaml")},
    "docs/tap.md": {"shop.yaml": shown("docs/tap.md", "yaml")},
    "docs/page.md": {"page.yaml": shown("docs/page.md", "yaml")},
    "docs/importing-nginx.md": {"nginx.conf": shown("docs/importing-nginx.md", "nginx")},
    "docs/tls.md": {
        "front.yaml": shown("docs/tls.md", "yaml", "listeners:"),
        "app.yaml": shown("docs/tls.md", "yaml", "# app.yaml"),
        "staff.yaml": shown("docs/tls.md", "yaml", "client_certificates:"),
    },
    "docs/commands.md": {"nginx.conf": shown("docs/importing-nginx.md", "nginx")},
}
# Commands that end with another code than 0, and should: (page, part of the command).
CODES = {
    ("README.md", "berth check new/broken.yaml"): 2,
    ("README.md", "berth diff"): 1,
    ("docs/testing-rules.md", "berth diff"): 1,
    ("docs/explain.md", "shop_1x"): 1,
    ("docs/restart.md", "--binary /bin/false"): 1,
    ("docs/explain.md", "shop01"): 1,
}
# What runs before a page, in its network: registries, containers, tiers.
ETCD = (
    "etcd --data-dir etcd --log-level error --listen-client-urls http://10.0.0.1:2379 --advertise-client-urls "
    "http://10.0.0.1:2379 --listen-peer-urls http://10.0.0.1:2380 --initial-advertise-peer-urls http://10.0.0.1:2380 "
    "--initial-cluster default=http://10.0.0.1:2380 >logs/etcd 2>&1 &\n"
    "for _ in $(seq 100); do curl -sf http://10.0.0.1:2379/health >/dev/null && break; sleep 0.1; done"
)
FRONT = (
    "berth front --config rules/front.yaml --listen 127.0.0.1:8080 >logs/front 2>&1 &\n"
    "for _ in $(seq 100); do grep -q listening logs/front && break; sleep 0.05; done"
)
BEFORE = {
    "docs/registries.md": ETCD + "\n" + FRONT,
    "docs/errors.md": FRONT,
    "docs/restart.md": "set -m",
    # Certificates where the rule file of the page has them.
    "docs/tls.md": (
        "mkdir -p /etc/berth; mount -t tmpfs tmpfs /etc/berth; mkdir /etc/berth/certs\n"
        "for name in star certs/other; do openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 "
        "-subj /CN=test -addext \"subjectAltName=DNS:$(echo $name | sed 's|star|*|; s|certs/||').test.priv\" "
        "-keyout /etc/berth/$name.key -out /etc/berth/$name.pem 2>/dev/null; done"
    ),
    "docs/importing-nginx.md": "mount -t tmpfs tmpfs /etc/nginx; cp nginx.conf /etc/nginx/",
}


def all_pages():
    found = ["README.md"] + sorted(
        os.path.relpath(path, tier.REPO) for path in glob.glob(os.path.join(tier.REPO, "docs/*.md"))
    )
    return [page for page in found if pages.runnable(page)]


def expected(page, command):
    for (where, part), code in CODES.items():
        if where == page and part in command:
            return code
    return 0


@pytest.mark.parametrize("page", all_pages())
def test_the_commands_of_a_page_work_when_they_are_pasted_in_order(page, tmp_path):
    results, said = pages.run(page, tmp_path, FILES.get(page), BEFORE.get(page, ""))
    assert len(results) == len(pages.runnable(page)), said
    assert [(code, command) for code, command in results if code != expected(page, command)] == [], said


def test_the_readme_serves_a_container_and_shows_what_it_says(tmp_path):
    _, said = pages.run("README.md", tmp_path)
    assert "=> reaches 127.0.1.11:8080" in said
    # The listing of the web server that stands for a container.
    assert "Directory listing for /" in said
    _, _, check = next(block for block in pages.blocks("README.md") if "missing closing parenthesis" in block[2])
    for line in check.split("\n"):
        if not line.startswith("$"):
            assert line in said, line
    cases = re.search(r"^rules/demo\.cases\.yaml: .*$", open(os.path.join(tier.REPO, "README.md")).read().replace("    ", ""), re.M)
    assert cases.group(0) in said
    # The difference is shown with a host that is served.
    assert "- to host_01:9000 (127.0.1.1:9000)" in said


@pytest.mark.parametrize("page", ["docs/dry-run.md"])
def test_the_output_that_a_page_shows_is_that_of_its_command(page, tmp_path):
    _, said = pages.run(page, tmp_path)
    shown = next(text for _, _, text in pages.blocks(page) if "=> reaches" in text)
    for line in shown.split("\n"):
        if "…" not in line:
            assert line.strip() in said, line
