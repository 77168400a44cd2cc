"""A BRISQUE regression for the bundled kind of images: `python tools/shapes/brisque.py --work .qsched/training`.

Writes models/shapes-brisque/svr.json and scorer.json. It uses piq's 36 features (pinned 0.8.0) of 4,500 real 32 x 32
images: a third as the autoencoder decodes them, and two thirds degraded in pixels or in latents; the target is 10 for a clean
image and up to 90 for the worst. Kernel ridge regression with BRISQUE's kernel (RBF, gamma 0.05) and its constant 153.591, so
that the published formula can be applied to the file. No human judgement is involved, and published BRISQUE scores are not
comparable.
"""
import argparse
import json
import sys
from pathlib import Path

import numpy as np
import piq  # noqa: F401
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from shapes.degrade import degrade_latents, degrade_pixels  # noqa: E402
from shapes.networks import Autoencoder  # noqa: E402
from shapes.train import from_uint8, pictures, to_uint8  # noqa: E402

GAMMA, CONSTANT, SEED = 0.05, 153.591, 21
PICTURES, VECTORS, RIDGE = 4500, 400, 0.03
BRISQUE = sys.modules["piq.brisque"]


def features(pixels: torch.Tensor) -> np.ndarray:
    """uint8 (N, 3, H, W) -> piq's scaled features (N, 36)."""
    x = BRISQUE.rgb2yiq(pixels.double() / 255)[:, :1]
    x = torch.round(x * 255)
    parts = []
    for _ in range(2):
        parts.append(BRISQUE._natural_scene_statistics(x, kernel_size=7, sigma=7.0 / 6))
        x = BRISQUE.imresize(x, sizes=(x.shape[-2] // 2, x.shape[-1] // 2)).double()
    return BRISQUE._scale_features(torch.cat(parts, -1)).double().numpy()


def sample(autoencoder: Autoencoder, g: torch.Generator):
    images = from_uint8(pictures("train", PICTURES, SEED)[1])
    third = PICTURES // 3
    z = torch.cat([autoencoder.encode(images[i:i + 250]) for i in range(0, PICTURES, 250)])
    worse, in_latents, _ = degrade_latents(z[third:2 * third], g)
    clean = autoencoder.decode(torch.cat([z[:third], worse, z[2 * third:]]))
    spoilt, in_pixels, _ = degrade_pixels(clean[2 * third:], g)
    severity = torch.cat([torch.zeros(third), in_latents, in_pixels])
    return to_uint8(torch.cat([clean[:2 * third], spoilt]).clamp(-1, 1)), severity.double().numpy()


def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.exp(-GAMMA * ((a[:, None] - b[None]) ** 2).sum(-1))


def write_brisque(work: Path, models: Path) -> None:
    """Fits and writes models/shapes-brisque/; `work` contains the trained autoencoder."""
    g = torch.Generator().manual_seed(SEED)
    autoencoder = Autoencoder()
    autoencoder.load_state_dict(torch.load(work / "autoencoder.pt"))
    autoencoder.eval().requires_grad_(False)
    with torch.no_grad():
        pixels, severity = sample(autoencoder, g)
    x = features(pixels)
    fine = np.isfinite(x).all(1)
    x, y = x[fine], 10 + 80 * severity[fine]
    order = torch.randperm(len(x), generator=g).numpy()
    train, test = order[:-600], order[-600:]
    vectors = np.round(x[train[:VECTORS]], 4)
    k = kernel(x[train], vectors)
    coefficients = np.linalg.solve(k.T @ k + RIDGE * len(train) * kernel(vectors, vectors) / VECTORS + 1e-9 * np.eye(VECTORS), k.T @ (y[train] - CONSTANT))
    predicted = kernel(x[test], vectors) @ coefficients + CONSTANT
    rank = lambda v: np.argsort(np.argsort(v))
    print(f"{len(x)} images; held out: rank correlation {np.corrcoef(rank(predicted), rank(y[test]))[0, 1]:.3f}, clean {predicted[y[test] == 10].mean():.1f}, rest {predicted[y[test] > 10].mean():.1f}")
    out = models / "shapes-brisque"
    out.mkdir(exist_ok=True)
    (out / "scorer.json").write_text('{ "kind": "brisque" }\n')
    rows = ",\n    ".join(json.dumps([round(float(v), 4) for v in row]) for row in vectors)
    (out / "svr.json").write_text('{\n  "source": "tools/shapes/brisque.py: pictures of shapes, no judgement of people",\n  "coefficients": ' + json.dumps([float(f"{c:.10g}") for c in coefficients]) + f',\n  "supportVectors": [\n    {rows}\n  ]\n}}\n')


def main() -> None:
    root = Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=root / ".qsched" / "training", help="folder in which tools/make_models.py keeps finished stages")
    parser.add_argument("--models", type=Path, default=root / "models")
    args = parser.parse_args()
    write_brisque(args.work, args.models)


if __name__ == "__main__":
    main()
