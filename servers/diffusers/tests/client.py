"""The protocol from the other side, as qsched speaks it."""

import http.client
import json
import threading
from contextlib import contextmanager

import torch

from qsched_server.config import read_config
from qsched_server.http import Server
from qsched_server.model import Model
from qsched_server.wire import pack, unpack
from safetensors.torch import save


class Client:
    def __init__(self, port: int):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def call(self, method: str, path: str, body: bytes | None = None) -> tuple[int, dict, bytes]:
        self.connection.request(method, f"/v1/{path}", body)
        response = self.connection.getresponse()
        return response.status, dict(response.getheaders()), response.read()

    def describe(self) -> dict:
        return json.loads(self.call("GET", "describe")[2])

    def encode(self, precision: str, texts: list[str], options: dict) -> list[str]:
        status, _, body = self.call("POST", "encode", json.dumps({"precision": precision, "texts": texts, "options": options}).encode())
        assert status == 200, body
        return json.loads(body)["handles"]

    def denoise(self, precision: str, latents: torch.Tensor, timestep: float, handles: list[str], options: dict) -> torch.Tensor:
        meta = {"precision": precision, "timestep": repr(timestep), "handles": json.dumps(handles), "options": json.dumps(options)}
        status, _, body = self.call("POST", "denoise", save({"latents": latents.contiguous()}, metadata=meta))
        assert status == 200, body
        return unpack(body)[0]["outputs"]

    def decode(self, precision: str, latents: torch.Tensor) -> torch.Tensor:
        status, _, body = self.call("POST", "decode", save({"latents": latents.contiguous()}, metadata={"precision": precision, "options": "{}"}))
        assert status == 200, body
        return unpack(body)[0]["images"]


@contextmanager
def serving(folder, **config):
    """A server on a free port with this configuration, and a client of it."""
    path = folder / "serve.json"
    path.write_text(json.dumps(config))
    server = Server("http://127.0.0.1:0", Model(read_config(path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield Client(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()


__all__ = ["Client", "pack", "serving"]
