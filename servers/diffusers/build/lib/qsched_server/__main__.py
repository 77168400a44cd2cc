"""qsched-server CONFIG.json [--address unix:/path | http://127.0.0.1:PORT]"""

import argparse
import os
import sys
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(prog="qsched-server", description="Serves a diffusers pipeline to qsched.")
    parser.add_argument("config", type=Path, help="JSON file; docs/model-servers.md lists its keys")
    parser.add_argument(
        "--address", default=os.environ.get("QSCHED_SERVER_ADDRESS"),
        help="unix:/path or http://127.0.0.1:PORT (default: QSCHED_SERVER_ADDRESS, which qsched sets)",
    )
    args = parser.parse_args()
    from .errors import ServerMistake

    try:
        if args.address is None:
            raise ServerMistake("no address: give --address http://127.0.0.1:7861")
        from .config import read_config

        config = read_config(args.config)
        print(f"loading {config.checkpoint}", file=sys.stderr, flush=True)
        from .http import Server
        from .model import Model

        model = Model(config)
        model.denoiser(config.default_precision or next(iter(config.precisions)))
        server = Server(args.address, model)
    except ServerMistake as error:
        sys.exit(f"qsched-server: {error}")
    print(f"serving {', '.join(config.precisions)} at {args.address}", file=sys.stderr, flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
