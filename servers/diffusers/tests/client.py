"""The protocol from the other side, as qsched speaks it."""

import http.client
import json
import threading
from contextlib import contextmanager

import torch

from qsched_server.config import read_config
from qsched_server.http import model_server
from qsched_server.listening import Listener
from qsched_server.model import Model
from qsched_server.scorers.config import read_scorers
from qsched_server.scorers.http import scorer_server
from qsched_server.scorers.panel import Panel
from qsched_server.wire import unpack
from safetensors.torch import save


class Client:
    def __init__(self, port: int, model: Model):
        self.model = model
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
    model = Model(read_config(folder / "serve.json", config))
    with listening(model_server("http://127.0.0.1:0", model)) as port:
        yield Client(port, model)


class ScorerClient:
    """The protocol of scorers (docs/scorers.md)."""

    def __init__(self, port: int, panel: Panel):
        self.panel, self.connection = panel, http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def about(self, name: str) -> dict:
        self.connection.request("GET", f"/{name}")
        return json.loads(self.connection.getresponse().read())

    def post(self, name: str, document: object) -> tuple[int, dict]:
        self.connection.request("POST", f"/{name}", json.dumps(document).encode(), {"content-type": "application/json"})
        response = self.connection.getresponse()
        return response.status, json.loads(response.read())

    def score(self, name: str, images: list[str], prompts: list[str]) -> dict:
        status, answer = self.post(name, {"images": images, "prompts": prompts})
        assert status == 200, answer
        return answer


@contextmanager
def scoring(folder, **config):
    """A server of scorers on a free port, and a client of it. Paths in the configuration are relative to the folder."""
    panel = Panel(read_scorers(folder / "scorers.json", config))
    with listening(scorer_server("http://127.0.0.1:0", panel)) as port:
        yield ScorerClient(port, panel)


@contextmanager
def listening(server: Listener):
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
