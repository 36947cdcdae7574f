"""Clients that show certificates."""

import hashlib
import ssl

from . import secure


def context(pair=None, version=None, protocols=("http/1.1",)):
    """Of a client that shows a certificate."""
    made = secure.context(version=version, protocols=protocols)
    if pair:
        made.load_cert_chain(*pair)
    return made


def fingerprint(pair):
    return hashlib.sha256(secure.fingerprint(pair[0])).hexdigest()


REFUSED = (ssl.SSLError, ConnectionResetError, BrokenPipeError)
