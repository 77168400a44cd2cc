"""Listening on a Unix socket or a port of this machine, and sending answers."""

import json
import os
import socket
import sys
import traceback
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from .errors import ServerMistake

LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Answering(BaseHTTPRequestHandler):
    """Requests over HTTP/1.1 with keep-alive. Subclasses route them."""

    protocol_version = "HTTP/1.1"
    server: "Listener"

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("content-length", 0)))

    def answer(self, status: int, document: object) -> None:
        self.send(status, "application/json", json.dumps(document).encode())

    def send(self, status: int, kind: str, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"content-type": kind, "content-length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def refuse(self, error: Exception) -> None:
        """A mistake of the caller is 400; anything else is 500, and the process goes on."""
        traceback.print_exc()
        told = str(error) or type(error).__name__
        if isinstance(error, (ServerMistake, ValueError)):
            self.answer(400, {"error": told})
        elif isinstance(error, KeyError):
            self.answer(400, {"error": f"the request lacks {error}"})
        else:
            self.answer(500, {"error": f"{type(error).__name__}: {told.splitlines()[0]}"})

    def address_string(self) -> str:
        return "local"

    def log_message(self, *_args: object) -> None:
        """Requests are not worth a line each."""


class Listener(ThreadingHTTPServer):
    """A server whose handlers find what is served in `served`. Raises ServerMistake for an address that is wrong or taken."""

    daemon_threads = True

    def __init__(self, address: str, handler: type[Answering], served: Any):
        self.served, self.instance = served, uuid4().hex
        self.address_family, target = parse_address(address)
        try:
            super().__init__(target, handler)
        except OSError as error:
            raise taken(address, error) from error

    def server_bind(self) -> None:
        if self.address_family == socket.AF_UNIX:
            _remove_dead(self.server_address)
            self.socket.bind(self.server_address)
            os.chmod(self.server_address, 0o600)
            self.server_name, self.server_port = "local", 0
        else:
            super().server_bind()

    def get_request(self):
        request, address = super().get_request()
        if self.address_family != socket.AF_UNIX:
            request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return request, address or ("local", 0)

    def server_close(self) -> None:
        super().server_close()
        if self.address_family == socket.AF_UNIX:
            with suppress(FileNotFoundError):
                os.unlink(self.server_address)

    def handle_error(self, request, client_address) -> None:
        if not isinstance(sys.exc_info()[1], (BrokenPipeError, ConnectionResetError)):
            super().handle_error(request, client_address)


def _remove_dead(path: str) -> None:
    """A socket that a killed server left is removed; one that is answered stays."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            os.unlink(path)
        except OSError:
            pass


def parse_address(address: str) -> tuple[socket.AddressFamily, Any]:
    """The family and target of a socket. Raises ServerMistake for what is no Unix socket and no port of this machine."""
    if address.startswith("unix:"):
        return socket.AF_UNIX, address.removeprefix("unix:")
    wrong = ServerMistake(f"the address {address!r} is neither unix:/path nor http://127.0.0.1:PORT")
    try:
        where = urlsplit(address)
        host, port = where.hostname, where.port
    except ValueError as error:
        raise wrong from error
    if where.scheme != "http" or host not in LOOPBACK or port is None:
        raise wrong
    return (socket.AF_INET6 if host == "::1" else socket.AF_INET), (host, port)


def check_address(address: str) -> None:
    """Whether something listens there already, before a model is loaded for it. Raises ServerMistake."""
    family, target = parse_address(address)
    with socket.socket(family) as probe:
        probe.settimeout(1)
        with suppress(OSError):
            probe.connect(target)
            raise taken(address, OSError("Address already in use"))


def taken(address: str, error: OSError) -> ServerMistake:
    return ServerMistake(f"cannot listen on {address}: {error.strerror or error}; is another server there?")
