"""Writes two model folders to try the door with, on a CPU and without a download: a tiny SDXL and a tiny FLUX with random weights,
each at full precision and quantised by torchao, and by bitsandbytes where it is installed.

    python servers/diffusers/examples/tiny_models.py OUTPUT
"""

import json
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tools"))

from fixtures.checkpoints import CHECKPOINTS  # noqa: E402

PRECISIONS = {
    "fp32": {},
    "w8a8": {"backend": "torchao", "config": "Int8DynamicActivationInt8WeightConfig"},
    "w4": {"backend": "torchao", "config": "IntxWeightOnlyConfig", "arguments": {"weight_dtype": "torch.int4"}},
}
BITSANDBYTES = {
    "nf4": {"backend": "bitsandbytes", "arguments": {"load_in_4bit": True, "bnb_4bit_quant_type": "nf4", "bnb_4bit_compute_dtype": "torch.float32"}},
}
#: Scorers and prompts of the bundled model: what they say of random images means nothing.
SETTINGS = {
    "scorers": {"objective": "shapes-clip", "second": "shapes-clip-second"},
    "prompts": {"calibration": "shapes-calibration", "select": "shapes-select", "heldout": "shapes-heldout", "eval": "shapes-eval"},
    "defaultPrecision": "w4",
}


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    output = Path(sys.argv[1]).resolve()
    if output.exists():
        sys.exit(f"{output} exists already: name a folder that does not")
    precisions = {**PRECISIONS, **(BITSANDBYTES if find_spec("bitsandbytes") else {})}
    for name in ("sdxl", "flux"):
        checkpoint, folder = output / "checkpoints" / name, output / "models" / f"tiny-{name}"
        folder.mkdir(parents=True)
        CHECKPOINTS[name](checkpoint)
        serve = {"checkpoint": str(checkpoint), "precisions": precisions, "size": [64, 64], "batches": {"denoiser": 8, "decoder": 8}, "threads": 1, "keep": 3}
        (folder / "serve.json").write_text(json.dumps(serve, indent=2) + "\n")
        command = [str(Path(sys.executable).parent / "qsched-server"), "serve.json"]
        (folder / "server.json").write_text(json.dumps({"command": command}, indent=2) + "\n")
        (folder / "qsched.json").write_text(json.dumps(SETTINGS, indent=2) + "\n")
        print(folder)


if __name__ == "__main__":
    main()
