"""An authority for tests, and servers with its certificates."""

import http.server
import os
import re
import ssl
import subprocess
import threading


def _run(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]


class Authority:
    """A CA in a folder: `pem` is its certificate."""

    def __init__(self, directory, stem="ca", days=30):
        self.directory, self.stem = str(directory), stem
        self.pem, self.key = self.path(f"{stem}.pem"), self.path(f"{stem}.key")
        _run(
            "req", "-x509", *NEW_KEY, "-days", str(days), "-subj", f"/CN={stem}", "-keyout", self.key, "-out", self.pem,
            "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign",
        )  # fmt: skip

    def path(self, name):
        return os.path.join(self.directory, name)

    def issue(self, stem, *names, ends=None):
        """(certificate, key) of a server, for these names. Replaces files of that name in one step each.

        `ends`: `20200102000000Z`, for a certificate that has expired.
        """
        paths = self.path(f"{stem}.pem"), self.path(f"{stem}.key")
        request, extensions = self.path(f"{stem}.csr"), self.path(f"{stem}.ext")
        temporary = [f"{path}.new" for path in paths]
        _run("req", *NEW_KEY, "-subj", f"/CN={stem}", "-keyout", temporary[1], "-out", request)
        with open(extensions, "w") as file:
            for one in names[:1]:
                every = ",".join(("IP:" if re.fullmatch(r"[\d.]+", name) else "DNS:") + name for name in names)
                file.write(f"subjectAltName={every}\n")
            file.write("basicConstraints=CA:FALSE\n")
        if ends:
            self._expired(request, extensions, temporary[0], ends)
        else:
            self._sign(request, extensions, temporary[0], 20)
        for index in (1, 0):
            os.replace(temporary[index], paths[index])
        return paths

    def client(self, name, subject=None, days=1, usage="clientAuth", authority=False, chain=False, names=()):
        """(certificate, key) of a client; `days` may be negative: it has expired. `names`: `DNS:a.test`, `URI:x:y`."""
        pem, key, request, extensions = (self.path(f"{self.stem}-{name}.{kind}") for kind in ("pem", "key", "csr", "ext"))
        _run("req", *NEW_KEY, "-subj", subject or f"/CN={name}", "-keyout", key, "-out", request, "-utf8", "-multivalue-rdn")
        with open(extensions, "w") as file:
            file.write("basicConstraints=critical,CA:TRUE\n" if authority else f"extendedKeyUsage={usage}\n" if usage else "")
            if names:
                file.write(f"subjectAltName={','.join(names)}\n")
        self._sign(request, extensions, pem, days)
        if chain:
            with open(pem, "a") as file, open(self.pem) as own:
                file.write(own.read())
        return pem, key

    def intermediate(self, name):
        """A CA that this one has signed."""
        pem, key = self.client(name, authority=True)
        other = Authority.__new__(Authority)
        other.directory, other.stem, other.pem, other.key = self.directory, f"{self.stem}-{name}", pem, key
        return other

    def _sign(self, request, extensions, out, days):
        _run(
            "x509", "-req", "-in", request, "-CA", self.pem, "-CAkey", self.key, "-CAcreateserial", "-days", str(days),
            "-extfile", extensions, "-out", out,
        )  # fmt: skip

    def _expired(self, request, extensions, out, ends):
        folder = self.path("database")
        os.makedirs(folder, exist_ok=True)
        open(f"{folder}/index", "w").close()
        with open(f"{folder}/serial", "w") as file:
            file.write("01\n")
        with open(f"{folder}/config", "w") as file:
            file.write(
                f"[ca]\ndefault_ca=own\n[own]\ndatabase={folder}/index\nserial={folder}/serial\nnew_certs_dir={folder}\n"
                "default_md=sha256\npolicy=any\n[any]\ncommonName=supplied\n"
            )
        _run(
            "ca", "-batch", "-config", f"{folder}/config", "-cert", self.pem, "-keyfile", self.key, "-in", request,
            "-extfile", extensions, "-startdate", "20200101000000Z", "-enddate", ends, "-out", out, "-notext",
        )  # fmt: skip


def self_signed(directory, stem, name):
    authority = Authority(directory, stem)
    _run(
        "req", "-x509", "-key", authority.key, "-days", "20", "-subj", f"/CN={stem}", "-addext",
        f"subjectAltName=DNS:{name}", "-out", authority.pem,
    )  # fmt: skip
    return authority.pem, authority.key


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _respond(self):
        length = int(self.headers.get("Content-Length") or 0)
        sent = self.rfile.read(length)
        self.server.seen.append((self.command, self.path, self.headers["Host"]))
        body = f"{self.server.word} {self.command} {self.path} {len(sent)}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        if isinstance(self.connection, ssl.SSLSocket):
            peer = self.connection.getpeercert() or {}
            self.send_header("X-Resumed", str(self.connection.session_reused))
            self.send_header("X-Client", str(peer.get("serialNumber")))
        for name in ("X-Forwarded-Proto",):
            self.send_header(f"X-Seen-{name}", self.headers.get(name) or "-")
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_HEAD = _respond

    def log_message(self, *arguments):
        pass


class Server(http.server.ThreadingHTTPServer):
    """A container with TLS, or without (`files` None)."""

    daemon_threads = True

    def __init__(self, files, word="container", client_ca=None, version=None):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.word, self.seen, self.names = word, [], []
        self.port = self.server_address[1]
        self.context = None
        if files:
            self.use(files, client_ca, version)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def use(self, files, client_ca=None, version=None):
        """For connections from now on."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*files)
        context.sni_callback = lambda _, name, __: self.names.append(name)
        if version:
            context.minimum_version = context.maximum_version = version
        if client_ca:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(client_ca)
        self.context = context

    def get_request(self):
        sock, address = super().get_request()
        if self.context:
            sock = self.context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        return sock, address

    def handle_error(self, request, client_address):
        pass

    def stop(self):
        self.shutdown()
        self.server_close()
