"""A machine with a real systemd: a container over this system's own files, which it does not change."""

import contextlib
import os
import shutil
import subprocess

from . import process, wait

REASON = "needs root, systemd-nspawn and an overlay file system: scripts/install-packages test"


def can_boot():
    return os.geteuid() == 0 and all(map(shutil.which, ("systemd-nspawn", "nsenter"))) and os.path.exists("/lib/systemd/systemd")


class Machine:
    """Boots at once. Its only network is loopback."""

    def __init__(self, directory, prepare):
        """`prepare`: changes the files before the boot; is given their root."""
        self.directory = str(directory)
        self.layers = os.path.join(self.directory, "layers")
        self.root = os.path.join(self.directory, "root")
        self.log = os.path.join(self.directory, "boot.log")
        self.process = None
        self.mounts = []
        for one in (self.layers, self.root):
            os.makedirs(one)
        try:
            self._mount("tmpfs", "tmpfs", "size=2g", self.layers)
            upper, work = (os.path.join(self.layers, name) for name in ("upper", "work"))
            os.mkdir(upper)
            os.mkdir(work)
            self._mount("overlay", "overlay", f"lowerdir=/,upperdir={upper},workdir={work}", self.root)
            # None of the services of this system.
            for name in os.listdir(os.path.join(self.root, "etc/systemd/system")):
                if name.endswith(".wants"):
                    shutil.rmtree(os.path.join(self.root, "etc/systemd/system", name))
            prepare(self.root)
            self._boot()
        except BaseException:
            self.stop()
            raise

    def _mount(self, kind, source, options, target):
        subprocess.run(["mount", "-t", kind, "-o", options, source, target], check=True)
        self.mounts.append(target)

    def _boot(self):
        name = f"berth-{os.getpid()}"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                ["systemd-nspawn", "--boot", "--quiet", "--register=no", "--keep-unit", "--private-network",
                 "--console=pipe", "-M", name, "-D", self.root],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)  # fmt: skip
        wait.until(self._has_booted, seconds=90, what="the machine to boot")

    def _leader(self):
        """The container's first process."""
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children") as file:
            return file.read().split()[0]

    def _has_booted(self):
        if self.process.poll() is not None:
            with open(self.log, errors="replace") as log:
                raise AssertionError(f"the machine has ended: {log.read()[-2000:]}")
        with contextlib.suppress(IndexError, OSError, subprocess.SubprocessError):
            return self.run("systemctl", "is-active", "multi-user.target", check=False).stdout.strip() == "active"

    def command(self, *arguments):
        """What executes a program in the machine."""
        return ["nsenter", "-t", self._leader(), "-a", *arguments]

    def run(self, *arguments, check=True, timeout=120):
        done = subprocess.run(self.command(*arguments), capture_output=True, text=True, timeout=timeout)
        if check and done.returncode != 0:
            raise AssertionError((arguments, done.returncode, done.stdout, done.stderr))
        return done

    def show(self, unit, *properties):
        lines = self.run("systemctl", "show", "-p", ",".join(properties), unit).stdout.splitlines()
        return dict(line.split("=", 1) for line in lines)

    def stop(self):
        if self.process:
            with contextlib.suppress(Exception):
                self.run("systemctl", "poweroff", "--force", "--force", check=False, timeout=10)
            process.end(self.process, 20)
        for target in reversed(self.mounts):
            subprocess.run(["umount", "--lazy", target], check=False)
