"""Starting the command: one sentence for whatever keeps it from serving."""

import json
import os
import signal
import socket
import subprocess
import sys

import pytest

from checkpoints import checkpoint
from qsched_server import installed
from qsched_server.errors import ServerMistake
from qsched_server.listening import Answering, Listener

PACKAGE = os.path.dirname(os.path.dirname(installed.__file__))


def start(*arguments: object, **environment: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "qsched_server", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": PACKAGE, **environment}, timeout=120)


def sentence(run: subprocess.CompletedProcess) -> str:
    """The one line that it ends with, after what it has said of its progress."""
    assert run.returncode == 1, run.stderr
    *_, last = run.stderr.strip().splitlines()
    assert "Traceback" not in run.stderr
    return last


def served(folder, **config):
    path = folder / "serve.json"
    path.write_text(json.dumps(config))
    return path


def test_a_file_that_is_not_json(tmp_path):
    path = tmp_path / "serve.json"
    path.write_text("{")
    assert sentence(start(path, "--address", "http://127.0.0.1:1")).startswith(f"qsched-server: {path} cannot be read: ")


def test_no_address(tmp_path):
    assert sentence(start(tmp_path / "serve.json")) == "qsched-server: no address: give --address http://127.0.0.1:7861"


def test_an_address_of_another_machine(tmp_path):
    path = served(tmp_path, checkpoint=str(checkpoint("consistency")))
    for address in ("http://0.0.0.0:7861", "http://127.0.0.1:99999", "7861"):
        assert "is neither unix:/path nor http://127.0.0.1:PORT" in sentence(start(path, "--address", address))


def test_a_port_in_use(tmp_path):
    path = served(tmp_path, checkpoint=str(checkpoint("consistency")))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        assert sentence(start(path, "--address", address)) == f"qsched-server: cannot listen on {address}: Address already in use; is another server there?"


def test_the_socket_of_a_killed_server_is_taken_over(tmp_path):
    path = served(tmp_path, checkpoint=str(checkpoint("consistency")))
    address = f"unix:{tmp_path}/socket"
    for turn in range(2):
        server = subprocess.Popen(
            [sys.executable, "-m", "qsched_server", str(path), "--address", address], stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": PACKAGE}
        )
        lines = iter(server.stderr.readline, "")
        assert any(line.startswith("serving fp32 at unix:") for line in lines)
        if turn == 1:
            assert "is another server there?" in sentence(start(path, "--address", address))
        server.send_signal(signal.SIGKILL)
        server.wait()
        assert (tmp_path / "socket").exists()


def test_it_ends_with_who_started_it(tmp_path):
    path = served(tmp_path, checkpoint=str(checkpoint("consistency")))
    environment = {**os.environ, "PYTHONPATH": PACKAGE, "QSCHED_SERVER_ADDRESS": f"unix:{tmp_path}/socket"}
    server = subprocess.Popen([sys.executable, "-m", "qsched_server", str(path)], stderr=subprocess.PIPE, text=True, env=environment)
    assert any(line.startswith("serving fp32") for line in iter(server.stderr.readline, ""))
    with pytest.raises(subprocess.TimeoutExpired):
        server.wait(1)
    server.stderr.close()
    assert server.wait(30) == 0


@pytest.mark.parametrize("missing", ["torch", "diffusers"])
def test_a_package_that_is_missing(missing, tmp_path):
    blocked = tmp_path / "blocked"
    blocked.mkdir()
    (blocked / "sitecustomize.py").write_text(
        "import sys\n"
        "class Block:\n"
        f"    def find_spec(self, name, *_):\n        if name == {missing!r}: raise ModuleNotFoundError('No module named ' + name, name=name)\n"
        "sys.meta_path.insert(0, Block())\n"
    )
    path = served(tmp_path, checkpoint=".")
    told = sentence(start(path, "--address", "http://127.0.0.1:1", PYTHONPATH=f"{blocked}:{PACKAGE}"))
    assert told == f"qsched-server: {missing} is not installed; pip install ./servers/diffusers in a checkout of qsched installs what it needs"


def test_another_version(monkeypatch):
    monkeypatch.setattr(installed, "requires", lambda _: ["diffusers==0.42.1", "pytest==9.0.2; extra == 'test'", 'torchao==0.18.0; extra == "torchao"', "protobuf"])
    found = {"diffusers": "0.42.1", "torchao": "0.18.0+cu130", "pytest": "1"}
    monkeypatch.setattr(installed, "_version", found.get)
    installed.need_packages(any_version=False)
    found["diffusers"] = "0.36.0"
    with pytest.raises(ServerMistake, match=r"diffusers 0.36.0 is installed, and this server was tested with 0.42.1: pip install 'diffusers==0.42.1', or start it with --any-version"):
        installed.need_packages(any_version=False)
    installed.need_packages(any_version=True)


def test_a_path_that_is_too_long_for_a_socket(tmp_path):
    with pytest.raises(ServerMistake, match="AF_UNIX path too long"):
        Listener(f"unix:{tmp_path}/{'x' * 200}", Answering, None)
