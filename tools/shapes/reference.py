"""Reference features of real images: `python tools/shapes/reference.py`.

Writes models/shapes/reference/<scorer>.json: mean and covariance (divisor n - 1) of a scorer's unit image embeddings over
20,000 real images of the scenes of prompts/shapes-eval.json, for the Frechet distance (FD) of `qsched evaluate`.
"""
import argparse
import base64
import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from shapes.check import Scorer  # noqa: E402
from shapes.train import pictures  # noqa: E402

IMAGES = 20_000
SEED = 7
SCORERS = ["shapes-clip", "shapes-clip-second"]


def packed(values: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(values, dtype="<f8").tobytes()).decode()


def statistics(folder: Path, pixels: np.ndarray) -> dict:
    features = Scorer(folder).embed_image(pixels).astype(np.float64)
    return {
        "features": folder.name, "dimension": features.shape[1], "images": len(features),
        "source": f"tools/shapes/reference.py: {len(features)} real pictures of the scenes of shapes-eval, seed {SEED}",
        "mean": packed(features.mean(0)), "covariance": packed(np.cov(features.T)),
    }


def write_reference(models: Path) -> None:
    """Writes models/shapes/reference/ for both scorers."""
    pixels = pictures("eval", IMAGES, SEED)[1].numpy()
    out = models / "shapes" / "reference"
    out.mkdir(exist_ok=True)
    for name in SCORERS:
        content = statistics(models / name, pixels)
        (out / f"{name}.json").write_text(json.dumps(content, indent=2) + "\n")
        print(name, content["images"], "images,", content["dimension"], "features")


def main() -> None:
    root = Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, default=root / "models")
    write_reference(parser.parse_args().models)


if __name__ == "__main__":
    main()
