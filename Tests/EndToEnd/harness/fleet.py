"""Many small containers in one process: each at a loopback address of its own, all at one port.

Started as a program it reads the addresses, a line each, and prints its port. A container responds to checks (`/health`)
and to requests with its address, and counts both.
"""

import asyncio
import json
import os
import subprocess
import sys

from . import wire


class Fleet:
    """The program, as a test uses it."""

    def __init__(self, addresses):
        self.addresses = list(addresses)
        folder = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "harness.fleet"], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.process.stdin.write("\n".join(self.addresses) + "\n\n")
        self.process.stdin.flush()
        self.port, self.control = json.loads(self.process.stdout.readline())

    def counts(self):
        """address → {"checks": {query of the check: number}, "requests": number}"""
        return json.loads(wire.ask(self.control, "fleet", "/counts").body)

    def set(self, address, status):
        """What the container's checks get from now on."""
        assert wire.ask(self.control, "fleet", f"/set/{address}/{status}").status == 200

    def stop(self):
        self.process.stdin.close()
        self.process.wait(timeout=10)
        self.process.stdout.close()


class Container:
    def __init__(self):
        self.status = 200
        self.checks = {}
        self.requests = 0

    def respond(self, address, path):
        path, _, query = path.partition("?")
        if path == "/health":
            self.checks[query] = self.checks.get(query, 0) + 1
            return self.status, ""
        self.requests += 1
        return 200, address


async def main():
    addresses = []
    while line := sys.stdin.readline().strip():
        addresses.append(line)
    containers = {address: Container() for address in addresses}

    def control(path):
        verb, *rest = path.strip("/").split("/")
        if verb == "set":
            containers[rest[0]].status = int(rest[1])
        return 200, json.dumps({key: {"checks": one.checks, "requests": one.requests} for key, one in containers.items()})

    def serve(respond):
        async def connected(reader, writer):
            try:
                while head := await reader.readuntil(b"\r\n\r\n"):
                    method, path, _ = head.split(b"\r\n")[0].decode().split(" ")
                    length = next(
                        (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")), 0
                    )
                    await reader.readexactly(length)
                    status, body = respond(path)
                    writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
                    await writer.drain()
            except (asyncio.IncompleteReadError, ConnectionError):
                pass
            finally:
                writer.close()

        return connected

    port = 0
    servers = []
    for address, container in containers.items():
        respond = lambda path, container=container, address=address: container.respond(address, path)  # noqa: E731
        servers.append(await asyncio.start_server(serve(respond), address, port, backlog=64))
        port = servers[-1].sockets[0].getsockname()[1]
    server = await asyncio.start_server(serve(control), "127.0.0.1", 0)
    print(json.dumps([port, server.sockets[0].getsockname()[1]]), flush=True)
    # Until standard input ends.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(main())
