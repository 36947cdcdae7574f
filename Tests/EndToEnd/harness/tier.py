"""A berth process."""

import json
import os
import re
import signal
import subprocess

from . import process, wait

REPO = os.path.realpath(os.path.join(os.path.dirname(__file__), "../../.."))
BERTH = os.path.realpath(os.environ.get("BERTH", os.path.join(REPO, ".build/release/berth")))

# The line of the log that says where it listens.
LISTENING = re.compile(r"^(?=.*\blistening\b).*?\b127\.0\.0\.1:(\d+)", re.MULTILINE)


def berth(*arguments, input=None, timeout=60):
    """Runs a verb to its end: (exit code, standard output, standard error)."""
    result = subprocess.run([BERTH, *arguments], input=input, capture_output=True, timeout=timeout)
    return result.returncode, result.stdout, result.stderr.decode(errors="replace")


class Tier:
    def __init__(self, verb, directory, rules, *options, descriptors=None, within=(), environment=None,
                 listen="127.0.0.1:0"):  # fmt: skip
        """Starts `berth front` or `berth local`, by default on a free port, and waits until it listens.

        `descriptors`: how many files it may have open.
        `within`: the command that executes it, with namespaces of its own.
        """
        os.makedirs(directory, exist_ok=True)
        self.verb = verb
        self.config = os.path.join(directory, f"{verb}.yaml")
        self.log = os.path.join(directory, f"{verb}.log")
        self.errors = os.path.join(directory, f"{verb}.err")
        with open(self.config, "w") as file:
            file.write(rules)
        command = ["prlimit", f"--nofile={descriptors}:{descriptors}"] if descriptors else []
        command += [*within, BERTH, verb, "--config", self.config, "--listen", listen]
        # Its default would be one socket of the machine, where /run/berth is there.
        is_given = "--admin" in options or "RUNTIME_DIRECTORY" in (environment or {})
        admin = [] if is_given else ["--admin", "off"]
        command += ["--access-log", self.log, "--log-format", "json", *admin, *options]
        with open(self.errors, "wb") as errors:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors,
                                            env=os.environ | (environment or {}))  # fmt: skip
        self.pid = self.process.pid
        self.port = int(wait.until(self._listening, what=f"{verb} to listen").group(1))

    def _listening(self):
        said = self.said()
        if self.process.poll() is not None:
            raise AssertionError(f"{self.verb} ended at once ({self.process.returncode}):\n{said}")
        return LISTENING.search(said)

    def said(self):
        """What it wrote to standard error."""
        with open(self.errors, errors="replace") as file:
            return file.read()

    def records(self):
        """The access log so far (whole lines)."""
        with open(self.log, "rb") as file:
            return [json.loads(line) for line in file.read().split(b"\n")[:-1]]

    def record(self, request_id):
        """The record of one request; waits for it."""
        return wait.until(
            lambda: next((one for one in self.records() if one["request_id"] == request_id), None),
            what=f"the access log of {self.verb} to name {request_id}",
        )

    def memory(self, key="VmRSS"):
        """Bytes from /proc/PID/status."""
        with open(f"/proc/{self.pid}/status") as file:
            for line in file:
                if line.startswith(f"{key}:"):
                    return int(line.split()[1]) * 1024
        raise AssertionError(f"no {key}")

    def reset_peak(self):
        """VmHWM counts from here."""
        with open(f"/proc/{self.pid}/clear_refs", "w") as file:
            file.write("5")

    def signal(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def wait(self, seconds=40):
        return self.process.wait(timeout=seconds)

    def stop(self):
        process.end(self.process)
