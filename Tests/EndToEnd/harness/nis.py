"""NIS with its real programs: rpcbind, ypserv, ypbind and libnss-nis.

They use fixed ports and folders: everything here runs in namespaces of its own (network, mount, host name, processes),
which `inside` makes.
"""

import os
import shutil
import signal
import subprocess
import sys

from . import process, wait
from .nss import switch

DOMAIN = "berth"
PROGRAMS = ("rpcbind", "ypserv", "ypbind")
# Of ypserv, the same after a restart: ypbind keeps the one that it has found.
PORT = "834"
MODULE = "/lib/x86_64-linux-gnu/libnss_nis.so.2"
_INSIDE = "BERTH_E2E_INSIDE"


def is_installed():
    return all(shutil.which(one, path="/usr/sbin:/sbin") for one in PROGRAMS) and os.path.exists(MODULE)


def is_inside():
    return os.environ.get(_INSIDE) == "1"


def inside(test):
    """Runs a test in namespaces of its own: its node id."""
    command = ["unshare", "--net", "--mount", "--uts", "--pid", "--fork", "--mount-proc", "--kill-child"]
    command += [sys.executable, "-m", "pytest", "-q", "-s", test]
    result = subprocess.run(command, env=os.environ | {_INSIDE: "1"}, capture_output=True, text=True, timeout=3600)
    print(result.stdout)
    assert result.returncode == 0, result.stdout + result.stderr


class NIS:
    def __init__(self, directory, **names):
        self.directory = str(directory)
        self.server = None
        self.log = open(os.path.join(self.directory, "nis.log"), "wb")
        for command in (
            ["ip", "link", "set", "lo", "up"],
            ["mount", "-t", "tmpfs", "none", "/run"],
            ["mount", "-t", "tmpfs", "none", "/var/yp"],
            ["domainname", DOMAIN],
        ):
            subprocess.run(command, check=True)
        os.makedirs(f"/var/yp/{DOMAIN}")
        os.makedirs("/var/yp/binding")
        yp_conf = os.path.join(self.directory, "yp.conf")
        with open(yp_conf, "w") as file:
            file.write(f"domain {DOMAIN} server 127.0.0.1\n")
        subprocess.run(["mount", "--bind", yp_conf, "/etc/yp.conf"], check=True)
        # What a tier starts with.
        self.command = switch(self.directory, "files nis")
        self.serve(**names)
        self.programs = [self._start("/sbin/rpcbind", "-w", "-f")]
        wait.accepted("/run/rpcbind.sock", "rpcbind")
        self.start_server()
        self.programs.append(self._start("/usr/sbin/ypbind", "-foreground"))
        wait.until(lambda: os.path.exists(f"/var/yp/binding/{DOMAIN}.2"), what="ypbind to find the server")

    def _start(self, *command):
        return subprocess.Popen(command, stdout=self.log, stderr=self.log)

    def serve(self, **names):
        """name → address, from now on."""
        for table, column in (("hosts.byname", 0), ("hosts.byaddr", 1)):
            text = "".join(f"{pair[column]}\t{pair[1]} {pair[0]}\n" for pair in names.items())
            path = os.path.join(self.directory, table)
            with open(path, "w") as file:
                file.write(text)
            # `-c`: a server that runs reads it again.
            clear = ["-c"] if self.server else []
            subprocess.run(["/usr/lib/yp/makedbm", *clear, path, f"/var/yp/{DOMAIN}/{table}"], check=True)

    def start_server(self):
        self.server = self._start("/usr/sbin/ypserv", "-f", "-p", PORT)

    def kill_server(self):
        self.server.kill()
        self.server.wait()

    def signal(self, number):
        self.server.send_signal(number)

    def stop(self):
        if self.server.poll() is None:
            self.signal(signal.SIGCONT)
        for one in [self.server, *reversed(self.programs)]:
            process.end(one)
        self.log.close()
