"""Metrics: what a tier counts, who may read it, and that a real Prometheus understands it."""

import concurrent.futures
import json
import os
import re
import signal
import socket
import subprocess
import urllib.error
import urllib.parse
import urllib.request

import pytest

from harness import nginx, ports, process, stack, wait, wire
from harness.still import still
from harness.tier import BERTH, REPO, Tier

EXAMPLE = os.path.join(REPO, "examples/monitoring")
# The line of the log that says where metrics are.
SERVING = re.compile(r"^(?=.*\bserving metrics\b).*?\b127\.0\.0\.1:(\d+)", re.MULTILINE)
SAMPLE = re.compile(r'^([a-z0-9_]+)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')


def metrics_port(tier):
    return int(wait.until(lambda: SERVING.search(tier.said()), what="metrics to be served").group(1))


def fetch(port, path="/metrics", method="GET"):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method=method)
    with urllib.request.urlopen(request, timeout=15) as response:
        return response.status, response.headers, response.read().decode()


def read(port):
    """{(name, labels without tier): value}; labels are a frozenset of pairs."""
    found = {}
    for line in fetch(port)[2].splitlines():
        if line.startswith("#"):
            continue
        name, labels, value = SAMPLE.match(line).groups()
        pairs = dict(LABEL.findall(labels or ""))
        tier = pairs.pop("tier", None)
        assert (tier is None) == name.startswith("process_")
        key = (name, frozenset(pairs.items()))
        assert key not in found, f"{line} is there twice"
        found[key] = float(value)
    return found


def scraped(port):
    """As `read`; None where it is refused."""
    try:
        return read(port)
    except urllib.error.HTTPError:
        return None


def value(samples, name, **labels):
    return samples.get((name, frozenset(labels.items())), 0)


def control(path, target):
    """(status, JSON) of a request to a control socket."""
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(30)
    connection.connect(path)
    connection.sendall(f"GET {target} HTTP/1.1\r\nHost: berth\r\n\r\n".encode())
    data = b""
    while part := connection.recv(65536):
        data += part
    connection.close()
    head, body = data.split(b"\r\n\r\n", 1)
    return int(head.split()[1]), json.loads(body) if b"application/json" in head else body.decode()


@pytest.fixture(scope="module")
def origins():
    running = stack.Origins("one", "two")
    yield running
    running.stop()


@pytest.fixture
def local(tmp_path, origins):
    """Starts a local tier with metrics; stops it."""
    running = []

    def start(more="", *options):
        rules = stack.LOCAL % stack.static({"container001": f"127.0.0.1:{origins.ports['one']}"}) + more
        tier = Tier("local", str(tmp_path / f"tier{len(running)}"), rules,
                    "--metrics", "127.0.0.1:0", *options)  # fmt: skip
        running.append(tier)
        return tier, metrics_port(tier)

    yield start
    for tier in running:
        tier.stop()


def test_requests_are_counted_by_rule_status_and_cause(local):
    tier, port = local("metrics: { exclude: [/healthz] }\n")
    for _ in range(20):
        assert wire.ask(tier.port, stack.host(), "/").status == 200
    assert wire.ask(tier.port, stack.host(2), "/").status == 503
    assert wire.ask(tier.port, "nobody", "/").status == 404
    wire.ask(tier.port, stack.host(), "/healthz?x=1")
    samples = read(port)
    assert value(samples, "berth_requests_total", rule="saas", status="2xx") == 20
    assert value(samples, "berth_requests_total", rule="saas", status="5xx") == 1
    assert value(samples, "berth_requests_total", rule="-", status="4xx") == 1
    assert value(samples, "berth_requests_excluded_total") == 1
    assert value(samples, "berth_request_failures_total", rule="saas", cause="unknown_target", side="proxy") == 1
    assert value(samples, "berth_request_failures_total", rule="-", cause="no_rule", side="proxy") == 1
    assert value(samples, "berth_request_duration_seconds_count", rule="saas") == 21
    assert value(samples, "berth_request_duration_seconds_bucket", rule="saas", le="+Inf") == 21
    assert value(samples, "berth_response_body_bytes_total", rule="saas") > 0
    assert value(samples, "berth_connections_total") >= 22
    assert value(samples, "berth_requests_in_flight") == 0
    assert value(samples, "berth_ready") == 1
    assert value(samples, "process_resident_memory_bytes") > 1 << 20
    assert value(samples, "berth_pool_endpoints", pool="", state="up") == 1
    # A request is in no series but those of its rule and endpoint.
    assert "wordpress" not in fetch(port)[2]


def test_an_upgraded_connection_is_in_flight_and_counted_at_its_end(local):
    tier, port = local()
    client = wire.Client(tier.port)
    client.send(
        f"GET /upgrade_raw HTTP/1.1\r\nHost: {stack.host()}\r\nConnection: Upgrade\r\nUpgrade: counter\r\n\r\n".encode()
    )
    assert client.head().status == 101
    samples = read(port)
    assert value(samples, "berth_requests_in_flight") == 1
    assert value(samples, "berth_connections_open") == 1
    assert value(samples, "berth_requests_total", rule="saas", status="1xx") == 0
    client.send(b"12345")
    client.close()
    samples = wait.until(
        lambda: (found := read(port)) and value(found, "berth_requests_in_flight") == 0 and found,
        what="the end of the tunnel",
    )
    assert value(samples, "berth_requests_total", rule="saas", status="1xx") == 1
    assert value(samples, "berth_response_body_bytes_total", rule="saas") >= len(b"ready\n")


def test_attempts_that_fail_are_counted_at_their_endpoint(local, origins):
    tier, port = local("      dead: '127.0.0.1:1'\n")
    assert wire.ask(tier.port, "a_dead_01.test.priv", "/").status == 502
    samples = read(port)
    assert value(samples, "berth_endpoint_failures_total", pool="", endpoint="127.0.0.1:1") == 1
    assert value(samples, "berth_endpoint_requests_total", pool="", endpoint="127.0.0.1:1", status="5xx") == 1
    assert value(samples, "berth_upstream_connects_total", result="failed") >= 1
    assert value(samples, "berth_endpoint_up", pool="", endpoint="127.0.0.1:1") == 0
    assert value(samples, "berth_pool_endpoints", pool="", state="avoided") == 1


def test_the_page_has_each_metric_of_the_documentation_and_no_other(local):
    _, port = local()
    served = re.findall(r"^# TYPE (\S+) (\S+)$", fetch(port)[2], re.MULTILINE)
    with open(os.path.join(REPO, "docs/metrics.md")) as file:
        documented = re.findall(r"^\| `((?:berth|process)_\w+)` \| (\w+) \|", file.read(), re.MULTILINE)
    assert served == documented


def test_the_address_serves_metrics_alone(local):
    _, port = local()
    status, fields, text = fetch(port)
    assert status == 200 and fields["Content-Type"].startswith("text/plain; version=0.0.4")
    status, fields, body = fetch(port, method="HEAD")
    assert status == 200 and not body and int(fields["Content-Length"]) > 1000
    for path in ("/", "/metrics/", "/pools", "/traffic", "//metrics", "/metrics/../pools"):
        with pytest.raises(urllib.error.HTTPError) as error:
            fetch(port, path)
        assert error.value.code == 404
    for method in ("POST", "PUT", "DELETE"):
        with pytest.raises(urllib.error.HTTPError) as error:
            fetch(port, method=method)
        assert error.value.code == 405


def test_connections_to_the_address_are_bounded(local):
    _, port = local()
    idle = [socket.create_connection(("127.0.0.1", port), timeout=15) for _ in range(40)]
    try:
        # Those over the bound are closed at once.
        closed = wait.until(lambda: [one for one in idle if is_closed(one)], what="connections to be closed")
        assert len(closed) <= 40
        wait.until(lambda: sum(map(is_closed, idle)) >= 8, what="8 of 40 connections to be closed")
        for connection in idle:
            connection.close()
        wait.until(lambda: can_fetch(port), what="metrics after the connections are gone")
    finally:
        for connection in idle:
            connection.close()


def is_closed(connection):
    connection.setblocking(False)
    try:
        return connection.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def can_fetch(port):
    try:
        return fetch(port)[0] == 200
    except OSError:
        return False


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])
def test_no_rule_leads_a_request_to_the_address(tmp_path, address):
    # The port is not known before: a program that cannot choose one gets it from here.
    port = ports.free()
    rules = f"rules:\n  - name: trap\n    to: 'trap:{port}'\nnames:\n  - static: {{ trap: 127.0.0.1 }}\n"
    tier = Tier("local", str(tmp_path), rules, "--metrics", f"{address}:{port}")
    try:
        assert can_fetch(port)
        response = wire.ask(tier.port, "x", "/metrics")
        assert response.status == 502 and b"berth_" not in response.body
        samples = read(port)
        assert value(samples, "berth_request_failures_total", rule="trap", cause="prohibited_address", side="proxy") == 1
    finally:
        tier.stop()


def test_an_address_that_is_taken_stops_the_start(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        config = tmp_path / "a.yaml"
        config.write_text("rules: [{ name: a, respond: { status: 204 } }]\n")
        result = subprocess.run(
            [BERTH, "front", "--config", config, "--listen", "127.0.0.1:0", "--metrics", f"127.0.0.1:{port}"],
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip
    assert result.returncode != 0
    assert f"--metrics: cannot listen on 127.0.0.1:{port}: the port is in use by another program" in result.stderr


def test_another_instance_takes_the_address_over(tmp_path):
    port, listen = ports.free(), f"127.0.0.1:{ports.free()}"
    rules = "rules: [{ name: a, respond: { status: 204 } }]\n"
    options = ("--metrics", f"127.0.0.1:{port}", "--reuse-port")
    old = Tier("front", str(tmp_path / "old"), rules, *options, listen=listen)
    new = Tier("front", str(tmp_path / "new"), rules, *options, listen=listen)
    try:
        old.signal()
        old.wait()
        start = value(read(port), "process_start_time_seconds")
        assert all(value(read(port), "process_start_time_seconds") == start for _ in range(20))
    finally:
        old.stop()
        new.stop()


def test_rules_that_are_gone_take_their_series_along(local):
    tier, port = local("metrics: { rules: 100 }\n")
    wire.ask(tier.port, stack.host(), "/")
    assert value(read(port), "berth_requests_total", rule="saas", status="2xx") == 1
    with open(tier.config, "w") as file:
        file.write("rules: [{ name: other, respond: { status: 204 } }]\n")
    wait.until(lambda: value(read(port), "berth_reloads_total", result="ok") >= 1, what="a reload")
    wait.until(lambda: wire.ask(tier.port, "a", "/").status == 204, what="the new rules to be in force")
    samples = read(port)
    assert not any(("rule", "saas") in labels for _, labels in samples)
    # A rule may have the name that stands for the rest.
    assert value(samples, "berth_requests_total", rule="other", status="2xx") >= 1
    with open(tier.config, "w") as file:
        file.write("rules: [{ name: broken, to: '${x}' }]\n")
    wait.until(lambda: value(read(port), "berth_rules_stale") == 1, what="a failed reload")
    assert value(read(port), "berth_reloads_total", result="failed") == 1


def test_endpoints_over_the_bound_are_summed_up(local, origins):
    names = "".join(f"\n      n{number}: '127.0.1.{number}:{origins.ports['one']}'" for number in range(1, 9))
    tier, port = local(
        f"  - static: {names}\nmetrics: {{ endpoints: 3 }}\n".replace("static: \n", "static:\n")
    )
    for number in range(1, 9):
        wire.ask(tier.port, f"a_n{number}_01.test.priv", "/")
    samples = read(port)
    endpoints = {dict(labels)["endpoint"] for name, labels in samples if name == "berth_endpoint_requests_total"}
    assert len(endpoints) == 4 and "other" in endpoints
    assert value(samples, "berth_metrics_other_endpoints") == 5
    requests = sum(number for (name, _), number in samples.items() if name == "berth_endpoint_requests_total")
    assert requests == 8


def test_more_endpoints_than_one_step_reads_are_all_counted(local, tmp_path, stopping):
    origin = ports.free()
    # On all addresses; it keeps no connection.
    stopping(nginx.Nginx(tmp_path / "origin", f"server {{ listen {origin}; keepalive_timeout 0; return 200 'here'; }}", origin))
    names = "".join(f"\n      n{number}: '127.0.{2 + number // 250}.{1 + number % 250}:{origin}'" for number in range(1200))
    tier, port = local(f"  - static:{names}\n", "--loops", "2")
    for _ in range(2):
        client = wire.Client(tier.port)
        for number in range(1200):
            assert client.ask(f"a_n{number}_01.test.priv").status == 200
    samples = read(port)
    requests = [number for (name, _), number in samples.items() if name == "berth_endpoint_requests_total"]
    assert len(requests) == 1001 and sum(requests) == 2400


def test_an_event_loop_that_stands_still_fails_scrapes_and_does_not_hold_them_up(local):
    tier, port = local("", "--loops", "2")
    with still(tier.process.pid, "berth-loop-1"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            fetch(port)
        assert refused.value.code == 503 and "an event loop stands still" in refused.value.read().decode()
    # It goes on, and the next scrape reads it.
    samples = wait.until(lambda: scraped(port), what="a scrape")
    assert [number for (name, _), number in samples.items() if name == "berth_loop_busy_seconds_total"]


@pytest.mark.serial
def test_random_hosts_add_neither_series_nor_memory(tmp_path):
    count = int(os.environ.get("BERTH_E2E_METRICS_HOSTS", "20000"))
    rules = "rules:\n  - name: any\n    host: '~^(?<name>[a-z0-9]+)\\.test$'\n    respond: { status: 204 }\n"
    rules += f"metrics: {{ ledger: {{ file: {tmp_path}/ledger.jsonl, by: name, names: 100 }} }}\n"
    tier = Tier("front", str(tmp_path), rules, "--metrics", "127.0.0.1:0", "--loops", "1", "--access-log", "off")
    try:
        port = metrics_port(tier)

        def send(start, end):
            client = wire.Client(tier.port)
            for number in range(start, end):
                assert client.ask(f"h{number}x{number * 7919 % 104729}.test").status == 204

        send(0, 3000)
        before, memory = read(port), tier.memory()
        send(3000, count)
        after = read(port)
        assert value(after, "berth_requests_total", rule="any", status="2xx") == count
        assert set(after) == set(before)
        # The cache of decisions, which is bounded, has filled.
        assert tier.memory() - memory < 16 << 20
        tier.signal()
        tier.wait()
        lines = [json.loads(line) for line in open(tmp_path / "ledger.jsonl")]
        assert len(lines) == 101 and sum(line["requests"] for line in lines) == count
        assert [line for line in lines if line.get("overflow")][0]["name"] is None
    finally:
        tier.stop()


def test_the_ledger_has_exact_counts_of_each_name_and_is_opened_again(local, tmp_path):
    ledger = tmp_path / "ledger.jsonl"
    tier, port = local(f"metrics: {{ ledger: {{ file: {ledger}, by: app, every: 1s }} }}\n")

    def lines(*files):
        return [json.loads(line) for file in files for line in file.read_text().splitlines()]

    for number in range(30):
        wire.ask(tier.port, stack.host(app=f"app{number % 3}"), "/")
    wait.until(lambda: sum(line["requests"] for line in lines(ledger)) == 30, what="an interval to end")
    old = tmp_path / "ledger.1"
    ledger.rename(old)
    tier.signal(signal.SIGUSR1)
    wait.until(ledger.exists, what="the ledger to be opened again")
    for _ in range(5):
        wire.ask(tier.port, stack.host(app="app9"), "/")
    wire.ask(tier.port, "nobody", "/")
    tier.signal()
    tier.wait()
    sums = {}
    for line in lines(old, ledger):
        assert set(line) == {"from", "to", "tier", "by", "name", "requests", "bytes_in", "bytes_out"}
        assert line["tier"] == "local" and line["by"] == "app" and line["from"] <= line["to"]
        sums[line["name"]] = sums.get(line["name"], 0) + line["requests"]
    assert sums == {"app0": 10, "app1": 10, "app2": 10, "app9": 5, None: 1}
    assert any(line["name"] == "app9" for line in lines(ledger))


def test_traffic_and_top_hosts_come_from_the_control_socket(local, tmp_path):
    admin = str(tmp_path / "admin.sock")
    tier, _ = local("", "--admin", f"unix:{admin}")
    assert control(admin, "/traffic")[1]["window_seconds"] >= 1
    for _ in range(50):
        wire.ask(tier.port, stack.host(), "/")
    for _ in range(5):
        wire.ask(tier.port, stack.host(2), "/")
    status, traffic = control(admin, "/traffic")
    while traffic["requests_per_second"] == 0:
        status, traffic = control(admin, "/traffic")
    assert status == 200 and traffic["in_flight"] == 0
    rule = traffic["rules"][0]
    assert rule["name"] == "saas" and rule["requests_per_second"] > 0 and rule["p99_ms"] > 0
    assert traffic["statuses"]["2xx"] > traffic["statuses"]["5xx"] > 0
    assert traffic["endpoints"][0]["endpoint"].startswith("127.0.0.1:")
    status, top = control(admin, "/top?by=errors&limit=1")
    assert status == 200 and [host["host"] for host in top["hosts"]] == [stack.host(2)]
    assert top["hosts"][0]["errors"] == 5
    _, top = control(admin, "/top")
    assert [host["requests"] for host in top["hosts"]] == [50, 5]
    for target in ("/top?by=weight", "/top?limit=0", "/top?limit=x"):
        assert control(admin, target)[0] == 400
    status, text = control(admin, "/metrics")
    assert status == 200 and "# TYPE berth_requests_total counter\n" in text


def test_scrapes_at_the_same_time_all_get_the_whole_text(local):
    tier, port = local()
    wire.ask(tier.port, stack.host(), "/")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        texts = list(pool.map(lambda _: fetch(port)[2], range(40)))
    assert all(text.endswith("\n") and "process_start_time_seconds" in text for text in texts)


# MARK: Prometheus


def prometheus_tool(*arguments, input=None):
    return subprocess.run(["promtool", *arguments], input=input, capture_output=True, text=True, timeout=60)


def test_promtool_finds_nothing_in_the_metrics(local):
    tier, port = local()
    wire.ask(tier.port, stack.host(), "/")
    result = prometheus_tool("check", "metrics", input=fetch(port)[2])
    assert result.returncode == 0 and result.stderr == "", result.stderr


def test_the_example_s_rules_and_configurations_are_valid():
    for arguments in (
        ("check", "config", "--syntax-only", "prometheus.yml"),
        ("check", "rules", "alerts.yml"),
        ("test", "rules", "alerts_test.yml"),
    ):
        result = prometheus_tool(*arguments[:-1], os.path.join(EXAMPLE, arguments[-1]))
        assert result.returncode == 0, result.stdout + result.stderr
    result = subprocess.run(
        ["amtool", "check-config", os.path.join(EXAMPLE, "alertmanager.yml")],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr


def test_each_alert_has_a_test():
    with open(os.path.join(EXAMPLE, "alerts.yml")) as file:
        alerts = set(re.findall(r"- alert: (\w+)", file.read()))
    with open(os.path.join(EXAMPLE, "alerts_test.yml")) as file:
        tested = set(re.findall(r"alertname: (\w+)", file.read()))
    assert alerts == tested


def test_alerts_and_the_dashboard_name_metrics_that_there_are():
    with open(os.path.join(REPO, "docs/metrics.md")) as file:
        known = set(re.findall(r"^\| `(\w+)` \|", file.read(), re.MULTILINE))
    known |= {f"berth_request_duration_seconds_{part}" for part in ("bucket", "sum", "count")}
    for name in ("alerts.yml", "dashboard.json"):
        with open(os.path.join(EXAMPLE, name)) as file:
            used = set(re.findall(r"\b(?:berth|process)_[a-z0-9_]+", file.read()))
        assert used and used <= known, used - known
    with open(os.path.join(EXAMPLE, "dashboard.json")) as file:
        panels = json.load(file)["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)


def test_a_real_prometheus_scrapes_a_tier(local, tmp_path):
    tier, port = local()
    for _ in range(10):
        wire.ask(tier.port, stack.host(), "/")
    with open(os.path.join(EXAMPLE, "prometheus.yml")) as file:
        config = file.read()
    # The example's own, with this test's port and a short interval.
    config = config.replace("127.0.0.1:9180", f"127.0.0.1:{port}").replace("15s", "1s")
    config = config.replace("alerts.yml", os.path.join(EXAMPLE, "alerts.yml"))
    (tmp_path / "prometheus.yml").write_text(config)
    api = ports.free()
    server = subprocess.Popen(
        ["prometheus", f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/data",
         f"--web.listen-address=127.0.0.1:{api}"],
        stdout=subprocess.DEVNULL, stderr=open(tmp_path / "prometheus.log", "wb"),
    )  # fmt: skip

    def query(expression):
        path = f"/api/v1/query?query={urllib.parse.quote(expression)}"
        try:
            return json.loads(fetch(api, path)[2])["data"]["result"]
        except OSError:
            return []

    try:
        found = wait.until(lambda: query('berth_requests_total{rule="saas"}'), seconds=60, what="a scrape")
        assert found[0]["metric"]["tier"] == "local" and found[0]["value"][1] == "10"
        up = query(f'up{{job="berth",instance="127.0.0.1:{port}"}}')
        assert up[0]["value"][1] == "1"
        found = query("histogram_quantile(0.5, berth_request_duration_seconds_bucket)")
        assert 0 < float(found[0]["value"][1]) < 60
        rules = json.loads(fetch(api, "/api/v1/rules")[2])["data"]["groups"]
        assert all(rule["health"] in ("ok", "unknown") for group in rules for rule in group["rules"])
    finally:
        process.end(server)
