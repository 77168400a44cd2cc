"""Writes test/fixtures/pipelines/<name> and test/golden/pipelines/<name>.json: tiny random checkpoints of the true classes,
exported and quantised by the tools beside this file, with what pinned diffusers makes of them.

    pip install -r tools/requirements.txt
    python tools/make_fixtures.py sd15 sdxl

Never needed to run or test the package. The format of the golden files: test/golden/pipelines/README.md.
"""
import argparse
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import torch  # noqa: E402

from export.export import export, load  # noqa: E402
from fixtures.checkpoints import CHECKPOINTS  # noqa: E402
from fixtures.goldens import GOLDENS, write_golden  # noqa: E402
from fixtures.smaller import shorten_names  # noqa: E402
from quantise.calibrate import read_prompts, record  # noqa: E402
from quantise.quantise import quantise_folder  # noqa: E402

TEST = Path(__file__).resolve().parents[1] / "test"


def make(name: str, work: Path) -> None:
    checkpoint, out = work / name, TEST / "fixtures" / "pipelines" / name
    shutil.rmtree(out, ignore_errors=True)
    CHECKPOINTS[name](checkpoint)
    export(checkpoint, out, variants=("fp16",))
    feeds = record(out, read_prompts(None, 8), (1, 2, 4))
    quantise_folder(out, ["w8a8"], feeds, {})
    (out / "quantisation.json").unlink()
    for file in out.rglob("*.onnx"):
        shorten_names(file)
    write_golden(name, load(checkpoint), TEST / "golden" / "pipelines" / f"{name}.json")
    print(f"{name}: {sum(f.stat().st_size for f in out.rglob('*') if f.is_file()) / 1e6:.2f} MB", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=list(GOLDENS), help=f"default all: {', '.join(GOLDENS)}")
    parser.add_argument("--checkpoints", type=Path, help="keep the torch checkpoints in this folder")
    args = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as temporary:
        for name in args.names:
            make(name, args.checkpoints or Path(temporary))


if __name__ == "__main__":
    main()
