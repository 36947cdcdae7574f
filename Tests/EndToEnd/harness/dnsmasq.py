"""A dnsmasq of a test's own, on a free port of loopback."""

import os
import signal
import socket
import subprocess

from . import wait


def free_port():
    """A port that is free for UDP and TCP, and stays so most likely."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp, socket.socket(
            socket.AF_INET, socket.SOCK_DGRAM
        ) as udp:
            tcp.bind(("127.0.0.1", 0))
            try:
                udp.bind(tcp.getsockname())
            except OSError:
                continue
            return tcp.getsockname()[1]


class Dnsmasq:
    def __init__(self, directory, ttl=1):
        os.makedirs(directory, exist_ok=True)
        self.port = free_port()
        self.hosts = os.path.join(directory, "dns-hosts")
        self.log = os.path.join(directory, "dnsmasq.log")
        open(self.hosts, "w").close()
        command = ["/usr/sbin/dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts"]
        command += ["--pid-file=", "--bind-interfaces", "--listen-address=127.0.0.1", f"--port={self.port}"]
        command += ["--local=/test/", f"--addn-hosts={self.hosts}", f"--local-ttl={ttl}", f"--neg-ttl={ttl}"]
        command += ["--user=root" if os.geteuid() == 0 else f"--user={os.environ['USER']}", "--log-facility=-"]
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait.until(lambda: "started" in open(self.log).read(), what="dnsmasq to start")

    def serve(self, *lines):
        """Other names from now on, as in /etc/hosts."""
        with open(self.hosts, "w") as file:
            file.write("".join(line + "\n" for line in lines))
        self.process.send_signal(signal.SIGHUP)

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=10)
