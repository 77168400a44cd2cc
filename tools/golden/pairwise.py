"""Writes test/golden/pairwise/pixels.json: PSNR and SSIM of torchmetrics for images by an integer formula, which the test
repeats (test/parity/pairwise.test.ts).

    pip install -r tools/golden/requirements-pairwise.txt
    python tools/golden/pairwise.py

Never needed to run or test the package.
"""
import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from torchmetrics.functional.image import peak_signal_noise_ratio, structural_similarity_index_measure

OUT = Path(__file__).resolve().parents[2] / "test" / "golden" / "pairwise"
# (width, height, seed) of both images of a pair, and how far the second is changed.
PAIRS = [(32, 32, 1, 0), (32, 32, 1, 1), (32, 32, 2, 9), (45, 33, 3, 40), (6, 11, 4, 25), (128, 96, 5, 3), (64, 64, 6, 255)]


def image(width, height, seed):
    """Blocks, ramps and a fine texture: integers only, so that any language computes the same bytes."""
    y, x, c = np.mgrid[0:height, 0:width, 0:3]
    block = ((x // (5 + seed)) * 53 + (y // (4 + seed)) * 31 + c * 47 + seed * 17) % 200
    return (block + ((x * (3 + seed)) ^ (y * (5 + c))) % 56).astype(np.uint8)


def changed(pixels, by):
    """Adds 0 to `by` to every value, by its place, and wraps around."""
    places = np.arange(pixels.size).reshape(pixels.shape)
    return ((pixels.astype(int) + (places * 7919) % (by + 1)) % 256).astype(np.uint8)


def tensor(pixels, dtype):
    return torch.from_numpy(pixels).permute(2, 0, 1)[None].to(dtype)


def main():
    cases = []
    for width, height, seed, by in PAIRS:
        reference = image(width, height, seed)
        candidate = changed(reference, by)
        a, b = tensor(reference, torch.float64), tensor(candidate, torch.float64)
        psnr = peak_signal_noise_ratio(b, a, data_range=255.0).item()
        cases.append({
            "width": width, "height": height, "seed": seed, "by": by, "checksums": [int(reference.sum()), int(candidate.sum())],
            "psnr": None if psnr == float("inf") else psnr,
            "ssim": structural_similarity_index_measure(b / 255, a / 255, data_range=1.0).item(),
            # As users call it, in float32.
            "ssim32": structural_similarity_index_measure(tensor(candidate, torch.float32) / 255, tensor(reference, torch.float32) / 255, data_range=1.0).item()})
    OUT.mkdir(parents=True, exist_ok=True)
    versions = {p: version(p) for p in ["torch", "torchmetrics", "numpy"]}
    (OUT / "pixels.json").write_text(json.dumps({"versions": versions, "cases": cases}, indent=1) + "\n")


if __name__ == "__main__":
    main()
