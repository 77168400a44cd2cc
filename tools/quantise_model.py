"""Quantises the denoiser of an exported folder: `python tools/quantise_model.py FOLDER --to w8a8,w4a8`.

    pip install -r tools/requirements.txt
    python tools/quantise_model.py models/sdxl-turbo --to w8a8,w4a8,q4 --steps 4

FOLDER is one that tools/export_model.py or `optimum-cli export onnx` wrote. Static formats are calibrated by sampling qsched's
own prompts with the folder's pipeline and scheduler. Writes <unet or transformer>/model_<name>.onnx and quantisation.json.
See docs/quantise.md.
"""
import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from quantise.calibrate import read_prompts, record  # noqa: E402
from quantise.formats import FORMATS  # noqa: E402
from quantise.quantise import quantise_folder  # noqa: E402


def numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.replace("x", ",").split(","))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--to", default="w8a8", help=f"comma-separated: {', '.join(FORMATS)}")
    parser.add_argument("--prompts", type=Path, help="a prompt set (JSON) or a text file; default the bundled calibration set")
    parser.add_argument("--count", type=int, default=32, help="prompts for calibration")
    parser.add_argument("--steps", type=numbers, default=(2, 4), help="numbers of steps, taken in turn")
    parser.add_argument("--guidance", type=float, help="guidance scale; default what a distilled model takes")
    parser.add_argument("--size", type=numbers, help="WIDTHxHEIGHT; default the model's own")
    args = parser.parse_args()
    names = args.to.split(",")
    unknown = [n for n in names if n not in FORMATS]
    if unknown:
        parser.error(f"unknown format {', '.join(unknown)}; known: {', '.join(FORMATS)}")
    feeds, calibration = [], {}
    if any(FORMATS[n].how == "static" for n in names):
        prompts = read_prompts(args.prompts, args.count)
        size = None if args.size is None else (args.size[-1], args.size[0])
        feeds = record(args.folder, prompts, args.steps, args.guidance, size)
        calibration = {"prompts": len(prompts), "calls": len(feeds), "steps": list(args.steps)}
    quantise_folder(args.folder, names, feeds, calibration)


if __name__ == "__main__":
    main()
