"""The protocol of scorers over HTTP: docs/scorers.md. Every scorer has a path of its own."""

import json

from .panel import Panel
from ..listening import Answering, Listener


class ScorerHandler(Answering):
    def do_GET(self) -> None:
        name = self._name()
        if name is not None:
            self.answer(200, self.panel.about(name))

    def do_POST(self) -> None:
        body, name = self.body(), self._name()
        if name is None:
            return
        try:
            asked = json.loads(body)
            with self.panel.lock:
                answer = self.panel.score(name, asked["images"], asked["prompts"])
            self.answer(200, answer)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        except Exception as error:  # noqa: BLE001  qsched tries again what is its server's, and tells what is not
            self.refuse(error)

    @property
    def panel(self) -> Panel:
        return self.server.served

    def _name(self) -> str | None:
        name = self.path.strip("/")
        if name in self.panel.scorers:
            return name
        self.answer(404, {"error": f"there is no scorer {name!r}; there are {', '.join(f'/{one}' for one in self.panel.scorers)}"})
        return None


def scorer_server(address: str, panel: Panel) -> Listener:
    """A server of a panel. Raises ServerMistake."""
    return Listener(address, ScorerHandler, panel)
