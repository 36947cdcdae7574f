"""The control socket of a tier: HTTP with JSON, one request a connection (docs/control.md)."""

import http.client
import json
import socket


class Admin:
    def __init__(self, path):
        self.path = path

    def ask(self, method, target, body=None):
        connection = http.client.HTTPConnection("berth", timeout=30)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(30)
        try:
            connection.sock.connect(self.path)
            connection.request(method, target, None if body is None else json.dumps(body))
            response = connection.getresponse()
            text = response.read()
        finally:
            connection.close()
        assert response.status == 200, (method, target, response.status, text)
        return json.loads(text)

    def set_state(self, pool, endpoint, state):
        return self.ask("POST", f"/pools/{pool}/state", {"endpoint": endpoint, "state": state})

    def pause(self, target, most):
        return self.ask("POST", f"/pools/{target}/pause", {"max": most})

    def resume(self, target):
        return self.ask("POST", f"/pools/{target}/resume")

    def members(self, name):
        """The endpoints of a target, by address; none if no request has come for it."""
        targets = [target for target in self.ask("GET", "/pools")["targets"] if target["name"] == name]
        return {member["endpoint"]: member for target in targets for member in target["members"]}

    def in_flight(self, name):
        return sum(member["requests"] for member in self.members(name).values())

    def waiting(self, name):
        return sum(hold["waiting"] for hold in self.ask("GET", "/pools")["holds"] if hold["name"] == name)
