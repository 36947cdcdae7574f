"""A container engine: podman's API over the storage of an example."""

import os
import subprocess

from . import wait


class Engine:
    """`podman system service` over an example's storage."""

    def __init__(self, run):
        self.run = run
        self.socket = f"{run}/podman.sock"
        self.process = None
        self.start()

    def command(self, *arguments):
        return [f"{self.run}/pod", *arguments]

    def start(self):
        if os.path.exists(self.socket):
            os.unlink(self.socket)
        self.process = subprocess.Popen(
            self.command("system", "service", "--time", "0", f"unix://{self.socket}"),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        wait.accepted(self.socket, "podman's socket")

    def podman(self, *arguments):
        subprocess.run(self.command(*arguments), check=True, capture_output=True, timeout=60)

    def container(self, name, word, *options, network="berth-containers"):
        self.podman(
            "run", "--detach", "--name", name, "--hostname", word, "--env", "HOST=h01", "--ulimit", "nofile=10000:10000",
            "--ulimit", "nproc=10000:10000", "--network", network, *options, "localhost/berth-example",
        )  # fmt: skip

    def remove(self, *names):
        self.podman("rm", "--force", "--time", "0", *names)

    def stop(self):
        self.process.kill()
        self.process.wait()
