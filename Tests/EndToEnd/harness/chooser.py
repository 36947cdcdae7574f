"""Which server a proxy chooses: requests by keys and clients' addresses, over one connection."""

import select
import socket

from . import nginx, pools, ports, wire

# Requests that are sent before their responses are read.
AT_A_TIME = 40

SERVERS = """\
    server {{
{listen}
        return 200 $server_addr;
    }}
"""

# The pools, each for the host of its name.
POOLS = """\
{upstreams}
    map $host $pool {{
        ~^(?<name>p[0-9]+)[.]test$ $name;
    }}
    server {{
        listen 127.0.0.1:{port};
        set_real_ip_from 127.0.0.0/8;
        real_ip_header X-Forwarded-For;
        location / {{
            proxy_pass http://$pool;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            add_header X-Tried $upstream_addr always;
        }}
    }}
"""


class Servers:
    """All servers of all pools, at one port: each responds with its address. An nginx, too, as it is fast."""

    def __init__(self, directory, port=None):
        self.port = port or ports.free()
        addresses = ["127.0.0.1"] + [f"127.0.9.{number}" for number in range(1, pools.SERVERS + 1)]
        listen = "\n".join(f"        listen {address}:{self.port};" for address in addresses)
        self.process = nginx.Nginx(directory, SERVERS.format(listen=listen), self.port)

    def stop(self):
        self.process.stop()


class NginxPools:
    """A real nginx with the pools."""

    def __init__(self, directory, members, server_port, program=nginx.PROGRAM):
        self.port = ports.free()
        upstreams = "\n".join("    " + pool.nginx(server_port) for pool in members)
        self.process = nginx.Nginx(directory, POOLS.format(upstreams=upstreams, port=self.port), self.port, program)

    def stop(self):
        self.process.stop()


class HoldingServers:
    """Servers that respond when they are told to, so that requests are at several of them at a time."""

    def __init__(self, port, numbers):
        self.listening = {}
        for number in numbers:
            sock = socket.create_server((f"127.0.9.{number}", port))
            self.listening[sock] = number

    def accept(self):
        """The server that the next request goes to, and its connection."""
        ready, _, _ = select.select(list(self.listening), [], [], 10)
        connection, _ = ready[0].accept()
        return self.listening[ready[0]], connection

    def stop(self):
        for sock in self.listening:
            sock.close()


def connect(port):
    return wire.Client(port)


def server(response):
    """The address of the server that responded, or the status of a failure."""
    return response.body.decode() if response.status == 200 else response.status


def tried(response):
    """The addresses of all servers that nginx tried, in their order."""
    return [address.rpartition(":")[0] for address in response.get("X-Tried").split(", ")]


def chosen(client, pool, keys, addresses, read=server):
    """What `read` finds in the response to each request.

    The requests are sent in order over the connection `client`: the turns of a proxy with one event loop are exact.
    """
    found = []
    requests = list(zip(keys, addresses))
    for start in range(0, len(requests), AT_A_TIME):
        batch = requests[start : start + AT_A_TIME]
        client.send("".join(
            f"GET {key} HTTP/1.1\r\nHost: {pool.host}\r\nX-Forwarded-For: {address}\r\n\r\n" for key, address in batch
        ))  # fmt: skip
        for _ in batch:
            found.append(read(client.answer()))
    return found
