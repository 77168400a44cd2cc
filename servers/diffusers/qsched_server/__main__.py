"""qsched-server CONFIG.json [--address unix:/path | http://127.0.0.1:PORT]"""

import argparse
import os
import select
import sys
import threading
from pathlib import Path

from .config import read_config, read_json
from .errors import ServerMistake
from .installed import need_packages
from .listening import check_address


def main() -> None:
    parser = argparse.ArgumentParser(prog="qsched-server", description="Serves a diffusers pipeline, or scorers in PyTorch, to qsched.")
    parser.add_argument("config", type=Path, help="JSON file; docs/model-servers.md lists its keys")
    parser.add_argument(
        "--address", default=os.environ.get("QSCHED_SERVER_ADDRESS"),
        help="unix:/path or http://127.0.0.1:PORT (default: QSCHED_SERVER_ADDRESS, which qsched sets)",
    )
    parser.add_argument("--any-version", action="store_true", help="start with other versions of packages than the tested ones")
    args = parser.parse_args()
    try:
        if args.address is None:
            raise ServerMistake("no address: give --address http://127.0.0.1:7861")
        check_address(args.address)
        given = read_json(args.config)
        need_packages(any_version=args.any_version)
        server = _open(args.config, given, args.address)
    except ServerMistake as error:
        sys.exit(f"qsched-server: {error}")
    if "QSCHED_SERVER_ADDRESS" in os.environ:
        _end_with_reader()
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()


def _open(path: Path, given: dict, address: str):
    """What the file describes, loaded and listening."""
    if "scorers" in given:
        from .scorers.config import read_scorers
        from .scorers.http import scorer_server
        from .scorers.panel import Panel

        scorers = read_scorers(path, given)
        _say(f"loading {', '.join(one.name for one in scorers.scorers)}")
        panel = Panel(scorers)
        server = scorer_server(address, panel)
        _say(f"serving {', '.join(f'/{name}' for name in panel.scorers)} at {address}")
        return server
    from .http import model_server
    from .model import Model

    config = read_config(path, given)
    _say(f"loading {config.checkpoint}")
    model = Model(config)
    model.denoiser(config.default_precision or next(iter(config.precisions)))
    server = model_server(address, model)
    _say(f"serving {', '.join(config.precisions)} at {address}")
    return server


def _end_with_reader() -> None:
    """Ends when nobody reads what it says any more: a qsched that was killed leaves no model in memory."""
    if not hasattr(select, "poll"):
        return
    poller = select.poll()
    poller.register(sys.stderr.fileno(), 0)

    def wait() -> None:
        poller.poll()  # of a pipe whose other end is closed
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
