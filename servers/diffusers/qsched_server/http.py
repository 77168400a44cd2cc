"""The protocol of model servers over HTTP: docs/model-servers.md."""

import json

from .listening import Answering, Listener
from .model import Model, UnknownHandles
from .wire import pack, unpack

TENSORS = "application/octet-stream"


class ModelHandler(Answering):
    def do_GET(self) -> None:
        if self.path == "/v1/describe":
            self.answer(200, self.model.description)
        else:
            self.answer(404, {"error": f"there is no {self.path}; ask for /v1/describe"})

    def do_POST(self) -> None:
        body, model = self.body(), self.model
        try:
            with model.lock:
                if self.path == "/v1/encode":
                    asked = json.loads(body)
                    self.answer(200, {"handles": model.encode(asked["texts"], asked["options"])})
                elif self.path == "/v1/denoise":
                    tensors, meta = unpack(body)
                    outputs = model.denoise(
                        meta["precision"], tensors["latents"], float(meta["timestep"]), json.loads(meta["handles"]), json.loads(meta["options"])
                    )
                    self.send(200, TENSORS, pack({"outputs": outputs}))
                elif self.path == "/v1/decode":
                    tensors, _ = unpack(body)
                    self.send(200, TENSORS, pack({"images": model.decode(tensors["latents"])}))
                else:
                    self.answer(404, {"error": f"there is no {self.path}"})
        except UnknownHandles as error:
            self.answer(410, {"error": str(error), "unknown": error.handles})
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        except Exception as error:  # noqa: BLE001  qsched tries again what is its server's, and tells what is not
            self.refuse(error)

    @property
    def model(self) -> Model:
        return self.server.served

    def send(self, status, kind, body, headers=None) -> None:
        own = {"qsched-identity": self.model.description["identity"], "qsched-instance": self.server.instance}
        super().send(status, kind, body, {**own, **(headers or {})})


def model_server(address: str, model: Model) -> Listener:
    """A server of one model. Raises ServerMistake."""
    return Listener(address, ModelHandler, model)
