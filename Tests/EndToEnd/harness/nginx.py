"""A real nginx as a process of the test's own."""

import os
import shutil
import socket
import subprocess

from . import process, wait

PROGRAM = shutil.which("nginx") or "/usr/sbin/nginx"

# What it needs to run below `directory`, whoever runs it.
MAIN = """\
daemon off;
pid {directory}/nginx.pid;
error_log {directory}/error.log warn;
{user}
worker_processes 1;
events {{ worker_connections 512; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
{inside}
}}
"""


class Nginx:
    def __init__(self, directory, inside, port, program=PROGRAM):
        """`inside`: the contents of `http { }`; its servers listen on 127.0.0.1:`port`."""
        self.directory = str(directory)
        os.makedirs(self.directory, exist_ok=True)
        self.config = os.path.join(self.directory, "nginx.conf")
        self.port = port
        # Its worker is to read what the master may.
        user = "user root;" if os.getuid() == 0 else ""
        with open(self.config, "w") as file:
            file.write(MAIN.format(directory=self.directory, user=user, inside=inside))
        self.process = subprocess.Popen(
            [program, "-p", self.directory, "-c", self.config],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip
        wait.until(self._listening, what="nginx to listen")

    def _listening(self):
        if self.process.poll() is not None:
            raise AssertionError(f"nginx ended at once:\n{self.process.stderr.read().decode()}")
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except ConnectionRefusedError:
            return False
        return True

    def stop(self):
        process.end(self.process)
        self.process.stderr.close()
