"""How each proxy is configured, reloaded, and replaced by a new process."""

import glob
import json
import os
import shutil
import signal
import subprocess
import time

from failing.programs import program


class Peer:
    """`other`: how many rules there are besides the two that the load uses."""

    #: What its take-over is: a new process that gets the sockets, or a restart.
    take_over_is = "a new process gets the sockets"

    def __init__(self, directory, port, admin, http, sockets):
        self.directory, self.port, self.admin, self.http, self.sockets = directory, port, admin, http, sockets
        self.process = None
        os.makedirs(directory, exist_ok=True)

    def path(self, name):
        return os.path.join(self.directory, name)

    def write(self, name, text):
        # Replaced at once: no proxy reads half of it.
        with open(self.path(name + ".new"), "w") as file:
            file.write(text)
        os.rename(self.path(name + ".new"), self.path(name))

    def spawn(self, *command):
        with open(self.path("log"), "ab") as log:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)

    def run(self, *command):
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            raise RuntimeError(f"{command}: {done.stdout}{done.stderr}")
        return done.stdout

    def processes(self):
        """All that run in its session, whoever started them."""
        found = []
        for stat in glob.glob("/proc/[0-9]*/stat"):
            try:
                with open(stat) as file:
                    if int(file.read().rsplit(")", 1)[1].split()[3]) in self.sessions:
                        found.append(int(stat.split("/")[2]))
            except (OSError, IndexError):
                pass
        return found

    def memory(self):
        """KiB that its processes have together, shared pages counted once for each part of them (PSS)."""
        total = 0
        for pid in self.processes():
            try:
                with open(f"/proc/{pid}/smaps_rollup") as file:
                    total += next(int(line.split()[1]) for line in file if line.startswith("Pss:"))
            except (OSError, StopIteration):
                pass
        return total

    def start(self, other):
        self.configure(other)
        self.process = self.spawn(*self.command())
        self.sessions = {self.process.pid}

    def restart(self):
        """For one that has no take-over: it ends in order, and is started again at once."""
        old = self.process
        old.terminate()
        deadline = time.monotonic() + 30
        while old.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        self.process = self.spawn(*self.command())
        self.sessions.add(self.process.pid)

    def stop(self):
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        if self.process:
            self.process.wait()


class Berth(Peer):
    name = "Berth"

    def binary(self):
        return os.environ.get("BERTH") or os.path.realpath(os.path.join(os.path.dirname(__file__), "../../.build/release/berth"))

    def version(self):
        return self.run(self.binary(), "--version").strip()

    def configure(self, other):
        rules = "".join(f"  - {{ name: o{n}, host: 'o{n}.test', to: '127.0.0.1:{self.http}' }}\n" for n in range(other))
        self.write("berth.yaml", f"rules:\n  - {{ name: a, host: a.test, to: '127.0.0.1:{self.http}' }}\n"
                   f"  - {{ name: ws, host: ws.test, to: '127.0.0.1:{self.sockets}' }}\n{rules}"
                   "timeouts: { drain_websocket: 1h }\n")  # fmt: skip

    def command(self):
        return [self.binary(), "front", "--config", self.path("berth.yaml"), "--listen", f"127.0.0.1:{self.port}",
                "--admin", f"unix:{self.path('admin')}", "--access-log", "off"]  # fmt: skip

    def reload(self, other):
        self.configure(other)
        self.run(self.binary(), "reload", "--admin", self.path("admin"))

    def take_over(self):
        self.run(self.binary(), "upgrade", "--admin", self.path("admin"))


class Nginx(Peer):
    name = "nginx"
    binary = staticmethod(lambda: program("nginx") or shutil.which("nginx"))

    def version(self):
        done = subprocess.run([self.binary(), "-v"], capture_output=True, text=True)
        return done.stderr.strip().replace("nginx version: ", "")

    def configure(self, other):
        servers = "".join(
            f"server {{ listen 127.0.0.1:{self.port}; server_name o{n}.test; location / {{ proxy_pass http://http; }} }}\n" for n in range(other)
        )
        head = "proxy_http_version 1.1; proxy_set_header Connection '';"
        upgrade = "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; proxy_read_timeout 1h;"
        self.write("nginx.conf", f"""
worker_processes auto; pid {self.path('pid')}; error_log {self.path('errors')} crit; daemon on;
events {{ worker_connections 8192; }}
http {{
  access_log off; server_names_hash_bucket_size 128; server_names_hash_max_size 65536;
  client_body_temp_path {self.path('t1')}; proxy_temp_path {self.path('t2')}; fastcgi_temp_path {self.path('t3')};
  uwsgi_temp_path {self.path('t4')}; scgi_temp_path {self.path('t5')};
  upstream http {{ server 127.0.0.1:{self.http}; keepalive 64; keepalive_requests 10000000; }}
  server {{ listen 127.0.0.1:{self.port} backlog=4096; server_name a.test; location / {{ {head} proxy_pass http://http; }} }}
  server {{ listen 127.0.0.1:{self.port}; server_name ws.test; location / {{ {upgrade} proxy_pass http://127.0.0.1:{self.sockets}; }} }}
  {servers}
}}
""")

    def command(self):
        return [self.binary(), "-p", self.directory, "-c", self.path("nginx.conf")]

    def start(self, other):
        """In the background: in the foreground it refuses to replace itself."""
        self.configure(other)
        self.run(*self.command())
        for _ in range(200):
            if os.path.exists(self.path("pid")):
                break
            time.sleep(0.02)
        self.sessions = {os.getsid(self.pid())}

    def pid(self, name="pid"):
        with open(self.path(name)) as file:
            return int(file.read())

    def reload(self, other):
        self.configure(other)
        os.kill(self.pid(), signal.SIGHUP)

    def take_over(self):
        """As its manual has it: USR2, WINCH, QUIT."""
        old = self.pid()
        os.kill(old, signal.SIGUSR2)
        for _ in range(500):
            time.sleep(0.02)
            try:
                if self.pid("pid.oldbin") == old and self.pid() != old:
                    break
            except (OSError, ValueError):
                pass
        else:
            raise RuntimeError("no new process: it starts none while an earlier one still drains")
        time.sleep(0.5)
        os.kill(old, signal.SIGWINCH)
        os.kill(old, signal.SIGQUIT)


class HAProxy(Peer):
    name = "HAProxy"
    take_over_is = "its reload starts the program anew"
    binary = staticmethod(lambda: shutil.which("haproxy"))

    def version(self):
        return self.run(self.binary(), "-v").split(" - ")[0].replace("HAProxy version ", "").split()[0]

    def configure(self, other):
        rules = "".join(f"  use_backend http if {{ req.hdr(host) -i o{n}.test }}\n" for n in range(other))
        self.write("haproxy.cfg", f"""
global
  maxconn 8000
  stats socket {self.path('stats')} expose-fd listeners level admin
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout tunnel 1h
frontend f
  bind 127.0.0.1:{self.port} backlog 4096
  use_backend ws if {{ req.hdr(host) -i ws.test }}
{rules}  default_backend http
backend http
  server a 127.0.0.1:{self.http}
backend ws
  server a 127.0.0.1:{self.sockets}
""")

    def command(self):
        return [self.binary(), "-Ws", "-x", self.path("stats"), "-f", self.path("haproxy.cfg")] if os.path.exists(self.path("stats")) \
            else [self.binary(), "-W", "-f", self.path("haproxy.cfg")]  # fmt: skip

    def reload(self, other):
        self.configure(other)
        os.kill(self.process.pid, signal.SIGUSR2)

    def take_over(self):
        os.kill(self.process.pid, signal.SIGUSR2)


class Caddy(Peer):
    name = "Caddy"
    take_over_is = "a restart"
    binary = staticmethod(lambda: program("caddy") or shutil.which("caddy"))

    def version(self):
        return self.run(self.binary(), "version").split()[0]

    def configure(self, other):
        sites = "".join(f"http://o{n}.test:{self.port} {{\n reverse_proxy 127.0.0.1:{self.http}\n}}\n" for n in range(other))
        self.write("Caddyfile", f"""{{
 admin 127.0.0.1:{self.admin}
 auto_https off
 default_bind 127.0.0.1
 persist_config off
 grace_period 1h
}}
http://a.test:{self.port} {{
 reverse_proxy 127.0.0.1:{self.http}
}}
http://ws.test:{self.port} {{
 reverse_proxy 127.0.0.1:{self.sockets} {{
  stream_close_delay 1h
 }}
}}
{sites}""")

    def command(self):
        return [self.binary(), "run", "--config", self.path("Caddyfile"), "--adapter", "caddyfile"]

    def reload(self, other):
        self.configure(other)
        self.run(self.binary(), "reload", "--config", self.path("Caddyfile"), "--adapter", "caddyfile", "--address", f"127.0.0.1:{self.admin}")

    def take_over(self):
        self.restart()


class Traefik(Peer):
    name = "Traefik"
    take_over_is = "a restart"
    binary = staticmethod(lambda: program("traefik") or shutil.which("traefik"))

    def version(self):
        return self.run(self.binary(), "version").split("\n")[0].split()[-1]

    def configure(self, other):
        routers = {"a": {"rule": "Host(`a.test`)", "service": "http"}, "ws": {"rule": "Host(`ws.test`)", "service": "ws"}}
        routers |= {f"o{n}": {"rule": f"Host(`o{n}.test`)", "service": "http"} for n in range(other)}
        services = {name: {"loadBalancer": {"servers": [{"url": f"http://127.0.0.1:{port}"}]}}
                    for name, port in (("http", self.http), ("ws", self.sockets))}  # fmt: skip
        self.write("dynamic.yaml", json.dumps({"http": {"routers": routers, "services": services}}))
        self.write("traefik.yaml", json.dumps({
            "entryPoints": {"web": {"address": f"127.0.0.1:{self.port}"}}, "log": {"level": "ERROR"},
            "providers": {"file": {"filename": self.path("dynamic.yaml"), "watch": True}}}))  # fmt: skip

    def command(self):
        return [self.binary(), f"--configFile={self.path('traefik.yaml')}"]

    def reload(self, other):
        self.configure(other)

    def take_over(self):
        self.restart()


ALL = [Berth, Nginx, HAProxy, Caddy, Traefik]
