"""Berth as a package brings it: built from the program under test, and a front tier of an installed program."""

import http.client
import os
import subprocess

from . import process, tier, wait

PACKAGING = os.path.join(tier.REPO, "packaging")


def packed(script, folder, **settings):
    """Runs one of the scripts of packaging/: what it printed."""
    environment = os.environ | {"BERTH": tier.BERTH} | settings
    return run([os.path.join(PACKAGING, script), folder], env=environment).strip()


def run(command, code=0, **options):
    """Runs a command to its end: its output."""
    result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            text=True, timeout=300, **options)  # fmt: skip
    assert result.returncode == code, f"{command}: {result.returncode}\n{result.stdout}"
    return result.stdout


def rules(port):
    """Rules that lead every name to the greeter at this port."""
    return f"""rules:
  - {{ name: all, host: '~.*', to: 'greeter:{port}', endpoint_networks: [127.0.7.0/24] }}
names:
  - static: {{ greeter: 127.0.7.1 }}
"""


class Front:
    """`command` followed by the options of a front tier on a free port."""

    def __init__(self, command, config, log):
        self.log = log
        with open(log, "wb") as errors:
            self.process = subprocess.Popen(
                [*command, "front", "--config", config, "--listen", "127.0.0.1:0", "--access-log", "off"],
                stdin=subprocess.DEVNULL, stdout=errors, stderr=errors,
            )  # fmt: skip
        self.port = int(wait.until(self._listening, what="the front tier to listen").group(1))

    def _listening(self):
        with open(self.log, errors="replace") as file:
            said = file.read()
        assert self.process.poll() is None, said
        return tier.LISTENING.search(said)

    def get(self):
        """(status, body) of a request."""
        return get(self.port)

    def stop(self):
        process.end(self.process)


def get(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/", headers={"Host": "any.test.priv"})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()
