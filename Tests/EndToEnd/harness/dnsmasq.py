"""A dnsmasq of a test's own, on a free port of loopback."""

import os
import signal
import subprocess

from . import ports, process, wait


class Dnsmasq:
    def __init__(self, directory, ttl=1):
        os.makedirs(directory, exist_ok=True)
        self.port = ports.free()
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
        process.end(self.process)
