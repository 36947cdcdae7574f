"""`berth import nginx`: the rules that it makes decide as a real nginx does."""

import collections
import concurrent.futures
import json
import os
import random

import pytest

from harness import hostnames, ports, wire
from harness.nginx import Nginx
from harness.stack import Origins
from harness.tier import REPO, Tier, berth

COUNT = int(os.environ.get("BERTH_E2E_HOSTS", 20_000))
SEED = int(os.environ["BERTH_E2E_SEED"])
DEPTH = 32

ORIGINS = [
    "first", "exact", "wild", "wilder", "trailing", "pattern", "later", "host_01", "host_02", "shared", "acme",
    "api", "static", "php", "old", "nested", "gif", "turn-a", "turn-b", "mapped", "v1",
    "addressed",
]  # fmt: skip

CONFIG = r"""
    map $http_upgrade $connection_upgrade { default upgrade; '' close; }
    map $host $backend {
        hostnames;
        default                 127.0.0.1:@first@;
        mapped.maps.priv        127.0.0.1:@mapped@;
        .sub.maps.priv          group-wild;
        maps.*                  127.0.0.1:@trailing@;
        "~^v(?<major>[12])\.maps\.priv$"    v$major;
        "~*\.UPPER\.maps"       127.0.0.1:@later@;
    }
    map $tenant $pool { default shared; acme acme; empty ""; }
    map $pool $level { acme gold; default plain; }
    upstream host_01 { server 127.0.0.1:@host_01@; }
    upstream host_02 { server 127.0.0.1:@host_02@; }
    upstream shared { server 127.0.0.1:@shared@; }
    upstream acme { server 127.0.0.1:@acme@; }
    upstream group-wild { server 127.0.0.1:@wild@; }
    upstream v1 { server 127.0.0.1:@v1@; }
    upstream turns { server 127.0.0.1:@turn-a@ weight=2; server 127.0.0.1:@turn-b@ weight=4; server 127.0.0.1:1 down; }

    server {
        listen 127.0.0.1:@port@;
        server_name first.test.priv;
        location / { proxy_pass http://127.0.0.1:@first@; proxy_set_header Host $host; }
    }
    server {
        listen 127.0.0.1:@port@;
        server_name "~^(?<app>[a-z0-9]+)_(?<container>[a-z0-9]+)_(?<number>[0-9]{2})\.test\.priv$"
                    "~^(?<number>[0-9]{2})-direct\.";
        location / {
            proxy_pass http://host_$number;
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
            proxy_set_header Host $http_host;
            proxy_set_header X-Test "$app/$container/$1";
        }
    }
    server {
        listen 127.0.0.1:@port@;
        server_name www.test.priv Exact.test.priv;
        location / { proxy_pass http://127.0.0.1:@exact@; }
        location /api/ { proxy_pass http://127.0.0.1:@api@/; }
        location /v1/ { proxy_pass http://127.0.0.1:@v1@/internal/v1/; }
        location ^~ /static/ { proxy_pass http://127.0.0.1:@static@; }
        location /static/dyn/ { proxy_pass http://turns; }
        location ~ \.php$ { proxy_pass http://127.0.0.1:@php@; }
        location ~* ^/USERS/(\d+)/(?<rest>.*)$ { proxy_pass http://127.0.0.1:@old@/u/$1/$rest$is_args$args; }
        location /legacy { proxy_pass http://127.0.0.1:@old@/old; }
        location = / { return 301 /home/; }
        location /gone { return 410; }
        location /moved/ { rewrite ^/moved/(.*)$ /new/$1 permanent; }
        location /strip/ { rewrite ^/strip/(.*)$ /$1 break; proxy_pass http://127.0.0.1:@old@; }
        location /a/ {
            proxy_pass http://127.0.0.1:@nested@;
            location /a/b/ { proxy_pass http://127.0.0.1:@api@; }
            location = /a/x { return 204; }
            location ~ \.gif$ { proxy_pass http://127.0.0.1:@gif@; }
        }
    }
    server {
        listen 127.0.0.1:@port@;
        server_name *.test.priv .dotted.priv;
        if ($host = no.test.priv) { return 403; }
        location / { proxy_pass http://127.0.0.1:@wild@; proxy_set_header Host $host; }
    }
    server {
        listen 127.0.0.1:@port@;
        server_name *.deep.test.priv mail.* mail.deep.*;
        location / { proxy_pass http://127.0.0.1:@wilder@; proxy_set_header Host $host; }
    }
    server {
        listen 127.0.0.1:@port@;
        server_name ~^(?<tenant>[a-z]+)\.tenants\.priv$;
        location / {
            proxy_pass http://$pool;
            proxy_set_header Host $host;
            proxy_set_header X-Test "$tenant $level";
        }
    }
    server {
        listen 127.0.0.1:@port@;
        server_name ~^(www\.)?(?<path>.+)\.re\.priv$;
        location ~ ^/(img|css)/ { proxy_pass http://127.0.0.1:@static@; proxy_set_header X-Test "$1 $path"; }
        location / { proxy_pass http://127.0.0.1:@pattern@; proxy_set_header X-Test "$1 $path"; }
    }
    server {
        listen 127.0.0.1:@port@;
        server_name ~re\.pr|^odd.*\.name$ ~UPPER;
        location / { proxy_pass http://127.0.0.1:@later@; proxy_set_header Host $host; }
    }
    server {
        listen 127.0.0.1:@port@;
        server_name ~maps\.;
        set $where http://$backend;
        location / { proxy_pass $where; proxy_set_header Host $host; }
    }
    server {
        listen 127.0.0.1:@port@;
        server_name ~^at-(?<last>0?1)\.addresses\.priv$;
        location / { proxy_pass http://127.0.0.$last:@addressed@; proxy_set_header Host $host; }
        location ~ /\.ht { deny all; }
    }
    server {
        listen 127.0.0.1:@port@ default_server;
        server_name _;
        return 404;
    }
"""

PATHS = [
    "/", "/x", "/x?y=1", "/home/", "/api", "/api/", "/api/a?b", "/api/../x", "/static", "/static/a.php", "/static/dyn",
    "/static/dyn/a.php", "/static/dyn/b", "/index.php", "/a.php/", "/users/7/a/b", "/Users/8/", "/users/x/", "/legacy",
    "/legacy/a?q", "/legacyx", "/gone", "/gone/1", "/moved", "/moved/a", "/strip/a/b", "/strip", "/a", "/a/", "/a/x",
    "/a/x/", "/a/b", "/a/b/c", "/a/b/c.gif", "/a/c.gif", "/a/b.php", "/img/1", "/css/", "/img", "/%61pi/z", "/a//b/c",
    "/v1/a", "/v1", "/v10", "/.htaccess", "/a/./x", "/api/%2e%2e/static/q", "/%zz", "/../x",
]  # fmt: skip
# nginx refuses them whatever the host; Berth where a rule asks for the path.
MALFORMED = {"/%zz", "/../x"}


def names(r):
    """Hosts that the configuration is about, and their neighbours."""
    word = "".join(r.choices("abcdefgh0123456789-_", k=r.randint(1, 8))).strip("-") or "a"
    return r.choice(
        [
            "first.test.priv", "www.test.priv", "exact.test.priv", "EXACT.Test.priv", f"{word}.test.priv", "test.priv",
            f"{word}.{word}.test.priv", f"{word}.deep.test.priv", f"{word}.a.deep.test.priv", "deep.test.priv",
            "no.test.priv", "dotted.priv", f"{word}.dotted.priv", f"x{word}dotted.priv", f"mail.{word}", "mail",
            f"mail.{word}.priv", f"mail.deep.{word}", "mail.deep", f"amail.{word}", "acme.tenants.priv",
            "empty.tenants.priv", "other.tenants.priv", "acme2.tenants.priv", "www.a.re.priv", f"{word}.re.priv",
            "a.b.re.priv", "re.priv", f"{word}re.pr", f"odd{word}.name", f"odd{word}.names", "x.UPPER.priv", "xupper",
            "mapped.maps.priv", "sub.maps.priv", f"{word}.sub.maps.priv", "maps.priv", f"maps.{word}", "v1.maps.priv",
            "v2.maps.priv", "v3.maps.priv", "a.upper.maps", "a.upper.maps.priv", f"{word}.maps.{word}", f"{word}.priv",
            f"0{r.randint(0, 3)}-direct.{word}", f"x01-direct.{word}", "01-direct", f"{word}_c_0{r.randint(1, 3)}.test.priv",
            f"{word}_{word}_01.test.priv", "wordpress_container001_02.test.priv", "_", "localhost", "127.0.0.1", "[::1]",
            f"at-{r.choice(['1', '01', '2', '3'])}.addresses.priv",
        ]
    )  # fmt: skip


def generate(count, seed):
    """(host, path) pairs: most of the hosts matter to the configuration, the rest are near misses and hostile."""
    r = random.Random(seed)
    others = iter(hostnames.generate(count, seed))
    pairs = []
    for _ in range(count):
        kind = r.random()
        if kind < 0.7:
            host = names(r).encode() + r.choice([b"", b"", b"", b".", b":80", b".:8080"])
        elif kind < 0.85:
            host = names(r).encode()
            place = r.randrange(len(host) + 1)
            host = host[:place] + bytes([r.randrange(256)]) + host[place + r.randrange(2) :]
            if any(byte in hostnames.UNUSABLE for byte in host) or host != host.strip(b" \t"):
                host = b"a" + names(r).encode()
        else:
            host = next(others)
        pairs.append((host, r.choice(PATHS)))
    return pairs


def ask_all(port, pairs):
    """(status, body, location) of each; on from where the other side ended a connection."""
    answers = []
    while (done := len(answers)) < len(pairs):
        with wire.Client(port) as client:
            sent = done
            try:
                while (now := len(answers)) < len(pairs):
                    if sent - now <= DEPTH // 2 and sent < len(pairs):
                        upto = min(now + DEPTH, len(pairs))
                        client.send(b"".join(b"GET %b HTTP/1.1\r\nHost: %b\r\n\r\n" % (path.encode(), host) for host, path in pairs[sent:upto]))
                        sent = upto
                    answer = client.answer()
                    answers.append((answer.status, answer.body, answer.get("Location")))
            except (wire.Closed, ConnectionError):
                assert len(answers) > done, f"no answer to {pairs[done]!r}"
    return answers


# Berth's word for what nginx answers: a name that nobody knows, an upstream without a name.
SAME = {502: 503}


def seen(answer, port, host):
    """What an answer tells of the decision."""
    status, body, location = answer
    if status == 200 and body.startswith(b"{"):
        echo = json.loads(body)
        fields = {name.lower(): value for name, value in echo["fields"]}
        who = "turns" if echo["container"].startswith("turn-") else echo["container"]
        return who, echo["target"], fields.get("host"), fields.get("x-test")
    if location is not None:
        # nginx writes the whole URL, Berth the path.
        if location.startswith("http://"):
            location = "/" + location.split("/", 3)[3]
        return status, location
    return SAME.get(status, status)


@pytest.fixture
def peers(tmp_path):
    running = []
    try:
        origins = Origins(*ORIGINS)
        running.append(origins)
        port = ports.free()
        config = CONFIG.replace("@port@", str(port))
        for name, number in origins.ports.items():
            config = config.replace(f"@{name}@", str(number))
        nginx = Nginx(tmp_path / "nginx", config, port)
        running.append(nginx)
        code, out, errors = berth("import", "nginx", "--json", nginx.config)
        report = json.loads(out)
        # Of what its author wrote, everything is translated.
        assert all(one["by_default"] for one in report["untranslated"]), errors
        assert code == 1
        front = Tier("front", str(tmp_path / "berth"), report["yaml"])
        running.append(front)
        yield nginx, front, origins
    finally:
        for one in reversed(running):
            one.stop()


def test_nginx_and_the_import_of_its_configuration_decide_alike(peers):
    nginx, front, origins = peers
    pairs = generate(COUNT, SEED)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        theirs, ours = pool.map(lambda port: ask_all(port, pairs), (nginx.port, front.port))
    urls = b"".join(b"http://%b%b\n" % (host, path.encode()) for host, path in pairs)
    _, out, errors = berth("test", "--front", front.config, "--json", input=urls, timeout=600)
    reports = [json.loads(line) for line in out.split(b"\n") if line]
    assert len(reports) == len(pairs), errors
    ports = {f"127.0.0.1:{port}": name for name, port in origins.ports.items()}

    tally = collections.Counter()
    wrong = []
    for (host, path), their, our, report in zip(pairs, theirs, ours, reports):
        # Hosts that are none go nowhere; nginx takes some of them.
        if our[0] == 400 and report["reason"] == "malformed_request":
            tally["no host"] += 1
            continue
        if path in MALFORMED:
            tally["no path"] += 1
            assert their[0] == 400
            continue
        a, b = seen(their, nginx.port, host), seen(our, front.port, host)
        tally[a[0] if isinstance(a, tuple) else a] += 1
        if a != b:
            wrong.append((host, path, a, b, report["tiers"][0]["rule"]))
        # The dry run says the same.
        if report["outcome"] == "forwarded":
            endpoint = ports.get(report["tiers"][0]["endpoints"][0], "")
            dry = "turns" if endpoint.startswith("turn-") else endpoint
            if not (isinstance(a, tuple) and a[0] == dry):
                wrong.append((host, path, a, dry, report["tiers"][0]["rule"]))
    print(dict(tally))
    assert not wrong, f"{len(wrong)} of {COUNT} differ, seed {SEED}: {wrong[:8]}"
    for who in ORIGINS:
        who = "turns" if who.startswith("turn-") else who
        assert tally[who] > 0, f"nothing went to {who}"


def test_weights_are_turns(peers):
    _, front, _ = peers
    answers = ask_all(front.port, [(b"www.test.priv", "/static/dyn/")] * 60)
    counts = collections.Counter(json.loads(body)["container"] for _, body, _ in answers)
    assert counts["turn-b"] >= 1.5 * counts["turn-a"] > 0, counts


def test_import_lists_what_it_leaves_out_and_exits_1(tmp_path):
    config = tmp_path / "nginx.conf"
    config.write_text("http {\n  upstream a { fair; server 10.0.0.1; }\n  server { location / { proxy_pass http://a; } }\n}\n")
    code, out, errors = berth("import", "nginx", str(config))
    assert code == 1
    assert "nginx.conf:2: fair" in errors
    assert b"#   nginx.conf:2: fair" in out
    report = json.loads(berth("import", "nginx", "--json", str(config))[1])
    assert (report["whole"], report["rules"]) == (False, 1)
    written = [one for one in report["untranslated"] if not one["by_default"]]
    assert [(one["line"], one["directive"]) for one in written] == [(2, "fair")]


def test_import_follows_includes_and_shows_a_broken_one(tmp_path):
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "nginx.conf").write_text("http { include conf.d/*.conf; }\n")
    (tmp_path / "conf.d/b.conf").write_text("server { server_name b.test.priv; return 204; }\n")
    (tmp_path / "conf.d/a.conf").write_text("server { server_name a.test.priv; return 403; }\n")
    code, out, errors = berth("import", "nginx", str(tmp_path / "nginx.conf"))
    assert code == 0, errors
    assert b"respond: 204  # conf.d/b.conf:1" in out
    (tmp_path / "conf.d/b.conf").write_text("server {\n  listen 80\n}\n")
    code, _, errors = berth("import", "nginx", str(tmp_path / "nginx.conf"))
    assert code == 2
    assert "conf.d/b.conf:2:3: error:" in errors
    assert berth("import", "nginx", str(tmp_path / "none.conf"))[0] == 2


def test_a_relative_include_is_sought_in_the_folder_of_nginx(tmp_path):
    for folder in ("snippets", "sites-enabled", "elsewhere"):
        (tmp_path / folder).mkdir()
    (tmp_path / "nginx.conf").write_text("http { include sites-enabled/*; }\n")
    (tmp_path / "snippets/closed.conf").write_text("deny all;\n")
    site = "server { location / { include snippets/closed.conf; proxy_pass http://10.0.0.1; } }\n"
    (tmp_path / "sites-enabled/site").write_text(site)
    code, out, errors = berth("import", "nginx", str(tmp_path / "sites-enabled/site"))
    assert code == 0, errors
    assert b"respond: 403  # snippets/closed.conf:1" in out
    # A file that lies elsewhere needs the folder's name.
    (tmp_path / "nginx.conf").rename(tmp_path / "elsewhere/main")
    code, out, errors = berth("import", "nginx", str(tmp_path / "sites-enabled/site"))
    assert code == 1 and "snippets/closed.conf" in errors
    assert b"respond: 501" in out and b"to:" not in out
    code, out, errors = berth("import", "nginx", "--prefix", str(tmp_path), str(tmp_path / "sites-enabled/site"))
    assert code == 0 and b"respond: 403" in out, errors


def test_the_example_of_the_document_is_imported_as_it_says(tmp_path):
    with open(os.path.join(REPO, "docs/importing-nginx.md")) as file:
        text = file.read()
    config = text.split("```nginx\n", 1)[1].split("```", 1)[0]
    rules = text.split("```yaml\n", 1)[1].split("```", 1)[0]
    (tmp_path / "nginx.conf").write_text(config)
    code, out, errors = berth("import", "nginx", str(tmp_path / "nginx.conf"))
    assert code == 0, errors
    assert out.decode() == rules
