"""One configuration of `nginx/`: what it says about itself, and its requests."""

import os
import re
import shutil

FOLDER = os.path.join(os.path.dirname(__file__), "../nginx")


def names():
    return sorted(name.removesuffix(".conf") for name in os.listdir(FOLDER) if name.endswith(".conf"))


class Request:
    def __init__(self, method, host, target, fields, body, may_differ):
        self.method, self.host, self.target = method, host, target
        self.fields, self.body, self.may_differ = fields, body, may_differ

    def __repr__(self):
        return " ".join([self.method, self.host, self.target, *(field[:60] for field in self.fields)])


class Sample:
    """Comments are its own words:

    `#> GET shop.test /a /b | X-Test: 1`: requests, each with these fields; Berth must decide as nginx does.
        Placeholders (`@app@`) are those of the configuration.
    `#~ …`: requests for which Berth may decide otherwise, as the listing says.
    `# listen: tls`: the socket whose servers are imported.
    `# listed` at the end of a line: the import must list this line, and no other.
    """

    def __init__(self, name):
        with open(os.path.join(FOLDER, f"{name}.conf")) as file:
            self.text = file.read()
        self.requests = []
        for kind, line in re.findall(r"^#([>~]) (.*)$", self.text, re.MULTILINE):
            first, *fields = (part.strip() for part in line.split("|"))
            method, host, *targets = first.split()
            fields, body = self._expand(fields)
            self.requests += [Request(method, host, target, fields, body, kind == "~") for target in targets]
        found = re.search(r"^# listen: (\w+)$", self.text, re.MULTILINE)
        self.listen = found.group(1) if found else "port"
        self.listed = {n for n, line in enumerate(self.text.split("\n"), 1) if line.endswith("# listed")}

    @staticmethod
    def _expand(fields):
        """Fields and a body of a size of their own."""
        expanded, body = [], b""
        for field in fields:
            if size := re.fullmatch(r"@body (\d+)@", field):
                body = b"x" * int(size.group(1))
                expanded.append(f"Content-Length: {len(body)}")
            elif field == "@many@":
                expanded += [f"X-Field-{n}: {n}" for n in range(150)]
            else:
                expanded.append(field.replace("@large@", "a=" + "b" * 20_000))
        return expanded, body

    def configuration(self, values):
        """The text with its placeholders filled in; the lines stay."""
        return self._fill(self.text, values)

    def fill(self, values):
        """Fills in the placeholders of the requests."""
        for request in self.requests:
            request.target = self._fill(request.target, values)

    def add_snippets(self, directory, values):
        """The files that it may include."""
        folder = os.path.join(FOLDER, "snippets")
        target = os.path.join(directory, "snippets")
        shutil.copytree(folder, target, dirs_exist_ok=True)
        return target

    @staticmethod
    def _fill(text, values):
        return re.sub(r"@(\w[\w-]*)@", lambda found: str(values.get(found.group(1), found.group(0))), text)
