"""Measures the bundled models in plain Python: `python tools/shapes/check.py --models models`.

For every precision: text alignment, image quality and the Frechet distance to real images (FD), on held-out prompts at given
steps, eta and coefficients. With --grid N also the best candidate of an N x N single-scale grid on calibration prompts, tested
on held-out prompts with both scorers. This is a reference for the TypeScript engine, and the source of the figures in the model
card. JAQ is 2.5 max(cos, 0) + 2 P("Good photo." over "Bad photo.").
"""
import argparse
import itertools
import json
import sys
import time
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from shapes import tcd  # noqa: E402
from shapes.session import session  # noqa: E402
from shapes.tokenizer import ANTONYMS, encode  # noqa: E402

BATCH = 64
FILES = {"fp32": "model.onnx", "w8a8": "model_w8a8.onnx", "w4a8": "model_w4a8.onnx", "w4a6": "model_w4a6.onnx"}


def batches(run, output: str, feeds: dict, shared: dict | None = None) -> np.ndarray:
    """Runs feeds in batches of exactly BATCH rows (the last one padded), so that every row is computed with one kernel shape."""
    n = len(next(iter(feeds.values())))
    out = []
    for i in range(0, n, BATCH):
        rows = np.arange(i, i + BATCH) % n
        out.append(run.run([output], {k: v[rows] for k, v in feeds.items()} | (shared or {}))[0])
    return np.concatenate(out)[:n]


def unit(x: np.ndarray) -> np.ndarray:
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


class Scorer:
    def __init__(self, folder: Path):
        config = json.loads((folder / "preprocessor_config.json").read_text())
        self.mean = np.array(config["image_mean"], np.float32).reshape(1, 3, 1, 1)
        self.std = np.array(config["image_std"], np.float32).reshape(1, 3, 1, 1)
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.text, self.vision = session(folder / "text_model.onnx"), session(folder / "vision_model.onnx")
        self.antonyms = self.embed_text([t for pair in ANTONYMS for t in pair])

    def embed_text(self, texts):
        return unit(batches(self.text, "text_embeds", {"input_ids": encode(self.tokenizer, texts).numpy()}))

    def embed_image(self, pixels):
        return unit(batches(self.vision, "image_embeds", {"pixel_values": (pixels.astype(np.float32) / 255 - self.mean) / self.std}))

    def score(self, pixels, text):
        """uint8 images (N, 3, 32, 32), text (N, D) -> per image: cos, P(good), P(clean), P(complex), JAQ."""
        image = self.embed_image(pixels)
        cos = (image * text).sum(1)
        p = [1 / (1 + np.exp(-100 * (image @ (self.antonyms[2 * k] - self.antonyms[2 * k + 1])))) for k in range(3)]
        return {"cos": cos, "quality": p[0], "noisiness": p[1], "complexity": p[2], "jaq": 2.5 * np.maximum(cos, 0) + 2 * p[0]}, image


def frechet(a: np.ndarray, b: np.ndarray) -> float:
    """Frechet distance of two sets of embeddings, as FID defines it (squared)."""
    ma, mb, ca, cb = a.mean(0), b.mean(0), np.cov(a.T), np.cov(b.T)
    w, v = np.linalg.eigh(ca)
    root = (v * np.sqrt(np.maximum(w, 0))) @ v.T
    cross = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ cb @ root), 0)).sum()
    return float(((ma - mb) ** 2).sum() + np.trace(ca) + np.trace(cb) - 2 * cross)


class Family:
    def __init__(self, models: Path, prompts: Path, precisions: list[str]):
        folder = models / "shapes"
        self.prompts = prompts
        self.text, self.decoder = session(folder / "text_encoder" / "model.onnx"), session(folder / "vae_decoder" / "model.onnx")
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer" / "tokenizer.json"))
        self.unets = {p: session(folder / "unet" / FILES[p]) for p in precisions}
        self.scorers = {"objective": Scorer(models / "shapes-clip"), "second": Scorer(models / "shapes-clip-second")}

    def texts(self, split: str, count: int) -> list[str]:
        texts = [p["text"] for p in json.loads((self.prompts / f"shapes-{split}.json").read_text())["prompts"]]
        assert count <= len(texts), f"{split} has {len(texts)} prompts"
        return texts[:count]

    def hidden(self, texts):
        return batches(self.text, "last_hidden_state", {"input_ids": encode(self.tokenizer, texts).numpy()})

    def network(self, precision: str, first: int | None = None):
        """`first`: the first timestep, whose result does not depend on coefficients, so that it is computed once."""
        cache = {}

        def call(x, t, hidden):
            if t == first and "m" in cache:
                return cache["m"]
            m = batches(self.unets[precision], "out_sample", {"sample": x, "encoder_hidden_states": hidden}, {"timestep": np.array([t])})
            if t == first:
                cache["m"] = m
            return m
        return call

    def pictures(self, latents):
        images = batches(self.decoder, "sample", {"latent_sample": latents})
        return np.clip(np.rint((images + 1) * 127.5), 0, 255).astype(np.uint8)

    def generate(self, network, hidden, seeds, steps, eta, c=(1, 1, 1, 1)):
        """c = (sample start, noise start, sample end, noise end); images of all prompts, one seed after another."""
        out = [tcd.sample(network[s] if isinstance(network, dict) else network, hidden, s, steps, eta,
                          tcd.linear(c[0], c[2], steps), tcd.linear(c[1], c[3], steps)) for s in seeds]
        return self.pictures(np.concatenate(out))


def real_embeddings(scorer: Scorer) -> np.ndarray:
    from shapes.train import pictures
    return scorer.embed_image(pictures("eval", 2000, 7)[1].numpy())


def interval(difference: np.ndarray, prompts: int) -> str:
    """Mean of paired differences and its 95 % half-width, clustered by prompt."""
    d = difference.reshape(-1, prompts).mean(0)
    return f"{d.mean():+.4f} +- {1.96 * d.std(ddof=1) / np.sqrt(prompts):.4f}"


def row(family, pixels, texts_by_scorer, real) -> tuple[str, dict]:
    scores, images = {}, {}
    for name, scorer in family.scorers.items():
        scores[name], images[name] = scorer.score(pixels, texts_by_scorer[name])
    o, s = scores["objective"], scores["second"]
    text = " ".join(f"{o[k].mean():.4f}" for k in ("cos", "quality", "noisiness", "jaq"))
    return f"{text} | {s['cos'].mean():.4f} {s['quality'].mean():.4f} {s['jaq'].mean():.4f} | {frechet(images['second'], real):.5f}", scores


def errors(family, hidden, steps, eta) -> None:
    """Relative error of every network's output along the full-precision trajectory, and its gain over it."""
    seen = []
    tcd.sample(family.network("fp32"), hidden, 5, steps, eta, record=lambda x, t, m: seen.append((x, t, m)))
    for p in family.unets:
        if p == "fp32":
            continue
        parts = []
        for x, t, m in seen:
            q = family.network(p)(x, t, hidden)
            parts.append(f"t={t} {np.sqrt(((q - m) ** 2).sum() / (m ** 2).sum()):.4f} (gain {(q * m).sum() / (m * m).sum():.3f})")
        print(f"  error {p} steps {steps} eta {eta}: " + ", ".join(parts), flush=True)


def independence(family) -> None:
    """At one batch size, a row's output must be bit-equal for all neighbours and places in the batch."""
    rng = np.random.default_rng(3)
    for p, run in family.unets.items():
        for size in (20, 32, 64):
            x = rng.standard_normal((3 * size, 6, 8, 8), dtype=np.float32)
            h = family.hidden(family.texts("eval", 3 * size))
            call = lambda rows, t: run.run(None, {"sample": x[rows], "encoder_hidden_states": h[rows], "timestep": np.array([t])})[0]
            for t in (999, 499):
                base = call(np.arange(size), t)
                for _ in range(3):
                    rows = rng.permutation(3 * size)[:size]
                    got = call(rows, t)
                    for place, r in enumerate(rows):
                        assert r >= size or np.array_equal(got[place], base[r]), (p, size, t, place)
        print(f"  {p}: rows are bit-equal for all neighbours and places (batch 20, 32, 64)", flush=True)


def grid_search(family, args, held, held_text, real, steps, eta) -> None:
    calibration = family.texts("calibration", args.calibration)
    hidden = family.hidden(calibration)
    seeds = list(range(args.seeds))
    text = {k: np.tile(s.embed_text(calibration), (len(seeds), 1)) for k, s in family.scorers.items()}
    values = np.linspace(0.8, 1.2, args.grid)
    held_hidden, held_seeds = family.hidden(held), [1000, 1001]
    tiled = {k: np.tile(v, (2, 1)) for k, v in held_text.items()}
    first = tcd.timesteps(steps)[0]
    for p in family.unets:
        start = time.time()
        networks = {s: family.network(p, first) for s in seeds}
        ones = family.generate(networks, hidden, seeds, steps, eta)
        identity = family.scorers["objective"].score(ones, text["objective"])[0]["jaq"].mean()
        surface = np.array([[family.scorers["objective"].score(family.generate(networks, hidden, seeds, steps, eta, (a, b, 1, 1)),
                             text["objective"])[0]["jaq"].mean() for b in values] for a in values])
        a, b = (values[i] for i in np.unravel_index(surface.argmax(), surface.shape))
        print(f"\n{p} steps {steps} eta {eta}: baseline {identity:.4f}, grid best {surface.max():.4f} at c^x {a:.3f} c^eps {b:.3f} ({time.time() - start:.0f} s)")
        if args.surface:
            print("rows c^x, columns c^eps:", np.round(values, 3), "\n", np.round(surface, 3))
        scores = {}
        for name, c in (("identity", (1, 1, 1, 1)), ("grid best", (a, b, 1, 1))):
            line, scores[name] = row(family, family.generate(family.network(p), held_hidden, held_seeds, steps, eta, c), tiled, real)
            print(f"  held-out {name:9s} {line}", flush=True)
        for k in ("objective", "second"):
            d = {m: scores["grid best"][k][m] - scores["identity"][k][m] for m in ("jaq", "cos", "quality")}
            print(f"  held-out gain, {k} scorer: " + ", ".join(f"{m} {interval(v, len(held))}" for m, v in d.items()), flush=True)


def montage(family, path: Path, steps: int, eta: float, c) -> None:
    from PIL import Image
    hidden = family.hidden(family.texts("heldout", 16))
    rows = []
    for p in family.unets:
        pixels = family.generate(family.network(p), hidden, [1000], steps, eta, c)
        rows.append(np.concatenate(list(np.pad(pixels, ((0, 0), (0, 0), (1, 1), (1, 1)))), 2))
    image = np.concatenate(rows, 1).transpose(1, 2, 0)
    Image.fromarray(image).resize((image.shape[1] * 3, image.shape[0] * 3), 0).save(path)
    print("rows", list(family.unets), "->", path)


def main() -> None:
    root = Path(__file__).resolve().parents[2]
    numbers = lambda kind: lambda text: [kind(v) for v in text.split(",")]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, default=root / "models")
    parser.add_argument("--prompts", type=Path, help="default: prompts/ next to models/")
    parser.add_argument("--precisions", type=lambda t: t.split(","), default=list(FILES))
    parser.add_argument("--steps", type=numbers(int), default=[2, 4, 8])
    parser.add_argument("--eta", type=numbers(float), default=[0.0, 0.3])
    parser.add_argument("--count", type=int, default=256, help="number of held-out prompts")
    parser.add_argument("--coefficients", type=numbers(float), default=[1, 1, 1, 1], help="c^x, c^eps of the first step[, and of the last step]")
    parser.add_argument("--grid", type=int, default=0, help="points per dimension of the single-scale grid over [0.8, 1.2]")
    parser.add_argument("--calibration", type=int, default=40, help="number of calibration prompts of the grid")
    parser.add_argument("--seeds", type=int, default=2, help="seeds per calibration prompt")
    parser.add_argument("--surface", action="store_true", help="print the scores of the grid")
    parser.add_argument("--errors", action="store_true", help="print the relative error of the network's output per step")
    parser.add_argument("--independence", action="store_true", help="check that rows do not depend on their batch neighbours")
    parser.add_argument("--montage", type=Path, help="write an image of 16 prompts x precisions")
    args = parser.parse_args()
    c = tuple(args.coefficients) if len(args.coefficients) == 4 else (*args.coefficients, 1, 1)
    family = Family(args.models, args.prompts or args.models.resolve().parent / "prompts", args.precisions)
    held = family.texts("heldout", args.count)
    hidden = family.hidden(held)
    text = {k: s.embed_text(held) for k, s in family.scorers.items()}
    real = real_embeddings(family.scorers["second"])
    if args.independence:
        independence(family)
    if args.montage:
        montage(family, args.montage, args.steps[-1], args.eta[0], c)
    print(f"{len(held)} held-out prompts, coefficients {c}: objective cos quality noisiness jaq | second cos quality jaq | FD")
    for steps, eta in itertools.product(args.steps, args.eta):
        for p in family.unets:
            line, _ = row(family, family.generate(family.network(p), hidden, [1000], steps, eta, c), text, real)
            print(f"{p:5s} steps {steps} eta {eta:.1f}: {line}", flush=True)
        if args.errors:
            errors(family, hidden[:64], steps, eta)
        if args.grid:
            grid_search(family, args, held, text, real, steps, eta)


if __name__ == "__main__":
    main()
