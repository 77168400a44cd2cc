"""The protocol over HTTP: docs/model-servers.md."""

import json
import os
import socket
import sys
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit
from uuid import uuid4

from .errors import ServerMistake
from .model import Model, UnknownHandles
from .wire import pack, unpack

LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "Server"

    def do_GET(self) -> None:
        if self.path == "/v1/describe":
            self._json(200, self.server.model.description)
        else:
            self._json(404, {"error": f"there is no {self.path}; ask for /v1/describe"})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        model = self.server.model
        try:
            with model.lock:
                if self.path == "/v1/encode":
                    asked = json.loads(body)
                    self._json(200, {"handles": model.encode(asked["texts"], asked["options"])})
                elif self.path == "/v1/denoise":
                    tensors, meta = unpack(body)
                    outputs = model.denoise(
                        meta["precision"], tensors["latents"], float(meta["timestep"]), json.loads(meta["handles"]), json.loads(meta["options"])
                    )
                    self._send(200, "application/octet-stream", pack({"outputs": outputs}))
                elif self.path == "/v1/decode":
                    tensors, _ = unpack(body)
                    self._send(200, "application/octet-stream", pack({"images": model.decode(tensors["latents"])}))
                else:
                    self._json(404, {"error": f"there is no {self.path}"})
        except UnknownHandles as error:
            self._json(410, {"error": str(error), "unknown": error.handles})
        except (ServerMistake, ValueError, KeyError) as error:
            traceback.print_exc()
            self._json(400, {"error": f"{type(error).__name__}: {error}" if isinstance(error, KeyError) else str(error)})
        except Exception as error:  # noqa: BLE001  the process goes on; qsched tries again and then tells
            traceback.print_exc()
            self._json(500, {"error": f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"})

    def _json(self, status: int, document: object) -> None:
        self._send(status, "application/json", json.dumps(document).encode())

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.send_header("qsched-identity", self.server.model.description["identity"])
        self.send_header("qsched-instance", self.server.instance)
        self.end_headers()
        self.wfile.write(body)

    def address_string(self) -> str:
        return "local"

    def log_message(self, *_args: object) -> None:
        """Requests are not worth a line each."""


class Server(ThreadingHTTPServer):
    """On a Unix socket, or on a port of this machine."""

    daemon_threads = True
    model: Model
    instance: str

    def __init__(self, address: str, model: Model):
        self.model, self.instance = model, uuid4().hex
        if address.startswith("unix:"):
            self.address_family = socket.AF_UNIX
            self.path = address.removeprefix("unix:")
            target: object = self.path
        else:
            where = urlsplit(address)
            if where.scheme != "http" or where.hostname not in LOOPBACK or where.port is None:
                raise ServerMistake(f"the address {address!r} is neither unix:/path nor http://127.0.0.1:PORT")
            self.address_family = socket.AF_INET6 if where.hostname == "::1" else socket.AF_INET
            target = (where.hostname, where.port)
        try:
            super().__init__(target, Handler)
        except OSError as error:
            raise ServerMistake(f"cannot listen on {address}: {error.strerror}; is another server there?") from error

    def server_bind(self) -> None:
        if self.address_family == socket.AF_UNIX:
            self.socket.bind(self.server_address)
            os.chmod(self.path, 0o600)
            self.server_name, self.server_port = "local", 0
        else:
            super().server_bind()

    def get_request(self):
        request, address = super().get_request()
        if self.address_family != socket.AF_UNIX:
            request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return request, address or ("local", 0)

    def handle_error(self, request, client_address) -> None:
        if not isinstance(sys.exc_info()[1], (BrokenPipeError, ConnectionResetError)):
            super().handle_error(request, client_address)
