"""Measures shapes-flow in plain Python: `python tools/shapes_flow/check.py --models models`.

For every precision: text alignment, image quality and the Frechet distance to real images (FD), on held-out prompts at given
steps and coefficients. A reference for the TypeScript engine, and the source of the figures in models/README.md; terms and
scorers as in tools/shapes/check.py.
"""
import argparse
import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from shapes.check import FILES, Scorer, batches, real_embeddings, row  # noqa: E402
from shapes.session import session  # noqa: E402
from shapes_flow.euler import sample  # noqa: E402
from shapes_flow.networks import CHANNELS, SIDE, TOKEN_WIDTH, TOKENS  # noqa: E402
from shapes_flow.quantize import IDS, text_feeds  # noqa: E402


def texts(prompts: Path, split: str, count: int) -> list[str]:
    found = [p["text"] for p in json.loads((prompts / f"shapes-{split}.json").read_text())["prompts"]]
    assert count <= len(found), f"{split} has {len(found)} prompts"
    return found[:count]


class FlowFamily:
    def __init__(self, models: Path, precisions: list[str]):
        self.folder = models / "shapes-flow"
        self.decoder = session(self.folder / "vae_decoder" / "model.onnx")
        self.networks = {p: session(self.folder / "transformer" / FILES[p]) for p in precisions}
        self.scorers = {"objective": Scorer(models / "shapes-clip"), "second": Scorer(models / "shapes-clip-second")}

    def network(self, precision: str, feeds: dict):
        count = len(feeds["pooled_projections"])
        return lambda x, sigma: batches(self.networks[precision], "out_hidden_states",
                                        {"hidden_states": x, "timestep": np.full(count, sigma, np.float32), **feeds}, IDS)

    def images(self, tokens: np.ndarray) -> np.ndarray:
        half = SIDE // 2
        latents = tokens.reshape(-1, half, half, CHANNELS, 2, 2).transpose(0, 3, 1, 4, 2, 5).reshape(-1, CHANNELS, SIDE, SIDE)
        return np.clip(np.rint((batches(self.decoder, "sample", {"latent_sample": latents}) + 1) * 127.5), 0, 255).astype(np.uint8)

    def generate(self, precision: str, feeds: dict, seed: int, steps: int, c=(1, 1, 1, 1)) -> np.ndarray:
        """c = (sample start, output start, sample end, output end) -> uint8 (N, 3, 32, 32)."""
        tokens = sample(self.network(precision, feeds), len(feeds["pooled_projections"]), (TOKENS, TOKEN_WIDTH), seed, steps,
                        np.linspace(c[0], c[2], steps), np.linspace(c[1], c[3], steps))
        return self.images(tokens)


def errors(family: FlowFamily, feeds: dict, steps: int) -> None:
    """Relative error of every network's output along the full-precision trajectory."""
    seen = []
    exact = family.network("fp32", feeds)

    def record(x, sigma):
        seen.append((x, sigma, exact(x, sigma)))
        return seen[-1][2]

    sample(record, len(feeds["pooled_projections"]), (TOKENS, TOKEN_WIDTH), 5, steps)
    for p in family.networks:
        if p != "fp32":
            parts = [(s, family.network(p, feeds)(x, s), m) for x, s, m in seen]
            print(f"  error {p} steps {steps}: " + ", ".join(
                f"sigma {s:.2f} {np.sqrt(((q - m) ** 2).sum() / (m ** 2).sum()):.4f}" for s, q, m in parts), flush=True)


def montage(rows: list[np.ndarray], path: Path) -> None:
    from PIL import Image
    image = np.concatenate([np.concatenate(list(np.pad(r, ((0, 0), (0, 0), (1, 1), (1, 1)))), 2) for r in rows], 1).transpose(1, 2, 0)
    Image.fromarray(image).resize((image.shape[1] * 3, image.shape[0] * 3), 0).save(path)


def main() -> None:
    root = Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, default=root / "models")
    parser.add_argument("--prompts", type=Path, help="default: prompts/ next to models/")
    parser.add_argument("--precisions", type=lambda t: t.split(","), default=list(FILES))
    parser.add_argument("--steps", type=lambda t: [int(v) for v in t.split(",")], default=[2, 3, 4])
    parser.add_argument("--count", type=int, default=256, help="number of held-out prompts")
    parser.add_argument("--coefficients", type=lambda t: [float(v) for v in t.split(",")], default=[1, 1, 1, 1],
                        help="c^x, c^eps of the first step, and of the last step")
    parser.add_argument("--errors", action="store_true", help="print the relative error of the network's output per step")
    parser.add_argument("--montage", type=Path, help="write an image of 16 prompts x precisions")
    args = parser.parse_args()
    family = FlowFamily(args.models, args.precisions)
    held = texts(args.prompts or args.models.resolve().parent / "prompts", "heldout", args.count)
    feeds = text_feeds(family.folder, held)
    embedded = {k: s.embed_text(held) for k, s in family.scorers.items()}
    real = real_embeddings(family.scorers["second"])
    print(f"{len(held)} held-out prompts, coefficients {args.coefficients}: objective cos quality noisiness jaq | second cos quality jaq | FD")
    if args.montage:
        some = {k: v[:16] for k, v in feeds.items()}
        montage([family.generate(p, some, 1000, args.steps[-1], args.coefficients) for p in family.networks], args.montage)
    for steps in args.steps:
        for p in family.networks:
            line, _ = row(family, family.generate(p, feeds, 1000, steps, args.coefficients), embedded, real)
            print(f"{p:5s} steps {steps}: {line}", flush=True)
        if args.errors:
            errors(family, {k: v[:64] for k, v in feeds.items()}, steps)


if __name__ == "__main__":
    main()
