"""A token issuer's web server on this machine: real sockets, real TLS, real faults."""

import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from threading import Event, Thread
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

Answer = Callable[[BaseHTTPRequestHandler], None]
HOST = "127.0.0.1"


@dataclass
class Provider:
    """What it answers can be changed while it runs; `asked` are the paths that were asked for."""

    url: str
    answer: Answer
    asked: list[str] = field(default_factory=list)


@contextmanager
def running(answer: Answer, certificate: Path | None = None, port: int = 0) -> Iterator[Provider]:
    """Over TLS with the certificate (and key) of a file, else over plain http."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.close_connection = True
            provider.asked.append(self.path)
            provider.answer(self)

        def log_message(self, *_: Any) -> None:
            pass

    server = _Server((HOST, port), Handler)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        # The handshake is the handler's: a client that is slow there must not stop the others.
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    scheme = "https" if certificate else "http"
    provider = Provider(f"{scheme}://{HOST}:{server.server_port}/jwks.json", answer)
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 512

    def handle_error(self, *_: Any) -> None:
        """Clients that go away are what is tested."""


@cache
def certificate(name: str = HOST) -> bytes:
    """One that vouches for itself, with its key, in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "provider under test")])
    known: x509.GeneralName = x509.DNSName(name)
    with suppress(ValueError):
        known = x509.IPAddress(ip_address(name))
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([known]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return made.public_bytes(Encoding.PEM) + private


# What it may answer


def publishing(body: bytes, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def status(code: int, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in {"Content-Length": "0", **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()

    return answer


def raw(data: bytes) -> Answer:
    """Exactly these bytes, and then the end of the connection."""
    return lambda handler: _write(handler, data)


def endless(piece: bytes, start: bytes = b"", pause: float = 0.0) -> Answer:
    """For as long as somebody reads."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        _write(handler, start)
        for _ in range(10_000):
            _write(handler, piece)
            time.sleep(pause)

    return answer


def held(gate: Event, then: Answer) -> Answer:
    """Nothing before the gate is opened."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        gate.wait(timeout=60)
        then(handler)

    return answer


def _write(handler: BaseHTTPRequestHandler, data: bytes) -> None:
    handler.wfile.write(data)
    handler.wfile.flush()
