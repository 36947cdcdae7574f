"""The system's resolver as a tier sees it: nsswitch.conf(5) with a module of our own, which has moods (nss_berth.c).

A program that starts with `command` and `environment` is in a mount namespace in which /etc/nsswitch.conf is another
file: needs root.
"""

import os
import re
import subprocess

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "nss_berth.c")


def switch(directory, line):
    """A copy of nsswitch.conf with `hosts: LINE`, and the command that puts it in the place of the real one."""
    path = os.path.join(directory, "nsswitch.conf")
    with open("/etc/nsswitch.conf") as file:
        text = re.sub(r"(?m)^hosts:.*$", "", file.read())
    with open(path, "w") as file:
        file.write(f"{text}\nhosts: {line}\n")
    return ["unshare", "--mount", "sh", "-c", f'mount --bind "{path}" /etc/nsswitch.conf && exec "$@"', "sh"]


class Nss:
    def __init__(self, directory, line="files berth"):
        self.directory = os.path.join(str(directory), "nss")
        os.makedirs(self.directory)
        library = os.path.join(self.directory, "libnss_berth.so.2")
        subprocess.run(["gcc", "-Wall", "-Werror", "-O1", "-shared", "-fPIC", "-o", library, SOURCE], check=True)
        self.command = switch(self.directory, line)
        self.environment = {"LD_LIBRARY_PATH": self.directory, "BERTH_NSS": self.directory}
        self.serve()
        self.turn("up")

    def _write(self, name, text):
        path = os.path.join(self.directory, name)
        with open(path + ".new", "w") as file:
            file.write(text)
        os.rename(path + ".new", path)

    def serve(self, **names):
        """name → address, from now on."""
        self._write("hosts", "".join(f"{address} {name}\n" for name, address in names.items()))

    def turn(self, mood):
        self._write("mood", mood + "\n")
