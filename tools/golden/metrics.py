"""Writes test/golden/metrics/*.json: results of the pinned libraries for fixed inputs.

    pip install -r tools/golden/requirements-metrics.txt
    python tools/golden/metrics.py

Arrays are base64 of little-endian bytes. Never needed to run or test the package.
"""
import base64
import json
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import scipy.linalg
import torch
from diffusers.image_processor import VaeImageProcessor
from PIL import Image
from torchmetrics.functional.multimodal.clip_iqa import _PROMPTS, _clip_iqa_compute
from torchmetrics.functional.multimodal.clip_score import _clip_score_update
from torchmetrics.image.fid import _compute_fid
from torchmetrics.image.kid import poly_mmd
from transformers import CLIPImageProcessorPil

OUT = Path(__file__).resolve().parents[2] / "test" / "golden" / "metrics"
FILTERS = {
    "box": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


def b64(array, dtype):
    return base64.b64encode(np.ascontiguousarray(array, dtype=dtype).tobytes()).decode()


def write(name, packages, **content):
    content = {"versions": {p: version(p) for p in packages}, **content}
    (OUT / f"{name}.json").write_text(json.dumps(content, indent=1) + "\n")
    print(name)


def picture(rng, height, width, kind):
    """Noise (every rounding matters), a smooth image with an edge, or hard black and white (overshoot)."""
    if kind == "noise":
        return rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    if kind == "binary":
        return (rng.integers(0, 2, (height, width, 3)) * 255).astype(np.uint8)
    y, x = np.mgrid[0:height, 0:width]
    wave = np.stack([127 + 120 * np.sin(x / 5 + c) * np.cos(y / (4 + c)) for c in range(3)], -1)
    wave[x > width * 0.6] = [250, 8, 90]
    return np.clip(wave, 0, 255).astype(np.uint8)


def resize(rng):
    inputs, cases = [], []
    sizes = [
        ((37, 23), [(16, 16), (48, 31), (37, 11), (9, 23), (5, 61)]),
        ((32, 32), [(32, 32), (28, 28), (40, 33), (1, 1)]),
        ((1, 7), [(3, 14), (1, 7), (2, 2)]),
        ((50, 3), [(17, 17), (51, 2)]),
        # Rows first or columns first: sizes on both sides of the rule in Pillow 13.
        ((6, 30), [(4, 26), (4, 25), (5, 27), (7, 29)]),
    ]
    for kind in ("noise", "binary", "smooth"):
        for (width, height), targets in sizes:
            image = picture(rng, height, width, kind)
            inputs.append({"width": width, "height": height, "data": b64(image, "u1")})
            for target in targets:
                for name, resample in FILTERS.items():
                    out = np.asarray(Image.fromarray(image).resize(target, resample))
                    cases.append({"input": len(inputs) - 1, "width": target[0], "height": target[1], "filter": name, "box": None, "data": b64(out, "u1")})
            if (width, height) == (37, 23) and kind != "smooth":
                for box in [(3, 2, 30, 20), (0.5, 1.25, 36.1, 22.9), (0, 0, 37, 11)]:
                    for name, resample in FILTERS.items():
                        out = np.asarray(Image.fromarray(image).resize((19, 31), resample, box))
                        cases.append({"input": len(inputs) - 1, "width": 19, "height": 31, "filter": name, "box": box, "data": b64(out, "u1")})
    write("resize-pillow", ["pillow", "numpy"], inputs=inputs, cases=cases)


def resize_float(rng):
    inputs, cases = [], []
    for (width, height), targets in [((37, 23), [(16, 16), (40, 31), (9, 23)]), ((29, 31), [(24, 24)])]:
        planes = (rng.random((2, height, width)) * 255).astype("f4")
        inputs.append({"channels": 2, "width": width, "height": height, "data": b64(planes, "f4")})
        for target in targets:
            for name, resample in FILTERS.items():
                out = np.stack([np.asarray(Image.fromarray(plane).resize(target, resample)) for plane in planes])
                cases.append({"source": "pillow", "input": len(inputs) - 1, "width": target[0], "height": target[1], "filter": name, "data": b64(out, "f4")})
            for name in ("bilinear", "bicubic"):
                out = torch.nn.functional.interpolate(torch.from_numpy(planes)[None], (target[1], target[0]), mode=name, antialias=True, align_corners=False)[0]
                cases.append({"source": "torch", "input": len(inputs) - 1, "width": target[0], "height": target[1], "filter": name, "data": b64(out.numpy(), "f4")})
    write("resize-float", ["pillow", "torch"], inputs=inputs, cases=cases)


def from_planar(rng):
    height, width = 16, 52
    values = rng.normal(0, 0.7, 3 * height * width).astype("f4")
    ties = (np.arange(255) + 0.5) / 255 * 2 - 1
    near = ties.astype("f4")
    edge = np.array([-1, 1, 0, -1.5, 1.5, -0.0, np.inf, -np.inf], "f4")
    fixed = np.concatenate([near, np.nextafter(near, np.float32(2)), np.nextafter(near, np.float32(-2)), edge])
    values[: len(fixed)] = fixed
    planar = values.reshape(1, 3, height, width)
    image = VaeImageProcessor().postprocess(torch.from_numpy(planar), output_type="pil")[0]
    unit = (np.float32(0.5) * near + np.float32(0.5)) * np.float32(255)
    exact = int(np.sum(unit - np.floor(unit) == 0.5))
    write("image-from-planar", ["diffusers", "numpy", "torch"], height=height, width=width, exactTies=exact, planar=b64(planar, "f4"), data=b64(np.asarray(image), "u1"))


def preprocess(rng):
    cases = []
    for (width, height), size, every, kind in [
        ((32, 32), 32, 1, "smooth"), ((32, 32), 28, 1, "noise"), ((45, 33), 32, 1, "noise"), ((33, 46), 32, 1, "smooth"),
        ((21, 30), 32, 1, "noise"), ((97, 31), 30, 1, "smooth"), ((30, 95), 24, 1, "noise"), ((32, 32), 224, 61, "noise"), ((131, 100), 224, 61, "smooth"),
    ]:
        image = picture(rng, height, width, kind)
        processor = CLIPImageProcessorPil(size={"shortest_edge": size}, crop_size={"height": size, "width": size})
        tensor = processor(Image.fromarray(image), return_tensors="np")["pixel_values"][0]
        cases.append({"width": width, "height": height, "image": b64(image, "u1"), "size": size, "resize": True, "every": every, "length": tensor.size, "data": b64(tensor.ravel()[::every], "f4")})
    image = picture(rng, 18, 27, "noise")
    processor = CLIPImageProcessorPil(do_resize=False, do_center_crop=False)
    tensor = processor(Image.fromarray(image), return_tensors="np")["pixel_values"][0]
    cases.append({"width": 27, "height": 18, "image": b64(image, "u1"), "size": 0, "resize": False, "every": 1, "length": tensor.size, "data": b64(tensor, "f4")})
    processor = CLIPImageProcessorPil()
    write("clip-preprocess", ["transformers", "pillow", "numpy"], mean=processor.image_mean, std=processor.image_std, cases=cases)


class FixedClip(torch.nn.Module):
    """A CLIP that returns its inputs as embeddings, so that the library's own formula runs on fixed embeddings."""

    def __init__(self, images, texts):
        super().__init__()
        self.images, self.texts = images, texts
        self.config = SimpleNamespace(text_config=SimpleNamespace(max_position_embeddings=77))

    def get_image_features(self, pixel_values):
        return self.images

    def get_text_features(self, input_ids, attention_mask):
        return self.texts


def fixed_processor(text=None, images=None, return_tensors=None, padding=None):
    out = {}
    if images is not None:
        out["pixel_values"] = torch.zeros(len(images))
    if text is not None:
        out["input_ids"] = torch.zeros(len(text), 4, dtype=torch.long)
        out["attention_mask"] = torch.ones(len(text), 4)
    return out


def scores(rng):
    sets = []
    for count, dimension, shift in [(7, 64, 0.5), (5, 512, 0.2), (6, 16, -1.0)]:
        texts = rng.normal(0, 1, (count, dimension))
        images = shift * texts + rng.normal(0, 1, (count, dimension))
        image, text = torch.from_numpy(images), torch.from_numpy(texts)
        fakes = [torch.zeros(3, 4, 4, dtype=torch.uint8) for _ in range(count)]
        each, n = _clip_score_update(fakes, ["a"] * count, FixedClip(image, text), fixed_processor)
        cosines = (each / 100).tolist()
        mean = max((each.sum(0) / n).item(), 0.0)
        # Anchors close to each other and to the image, so that the probabilities are not all 0 or 1.
        anchors = rng.normal(0, 1, (1, dimension)) + rng.normal(0, 0.05, (2, dimension))
        unit = torch.nn.functional.normalize(torch.from_numpy(anchors), dim=-1)
        iqa = _clip_iqa_compute(torch.nn.functional.normalize(image, dim=-1), unit, ["quality"], format_as_dict=False)
        sets.append({
            "dimension": dimension, "images": b64(images, "f8"), "texts": b64(texts, "f8"), "anchors": b64(anchors, "f8"),
            "clipScores": each.tolist(), "cosines": cosines, "clipScore": mean, "clipIqa": iqa.tolist(),
        })
    write("scores", ["torchmetrics", "torch"], sets=sets, prompts={name: list(pair) for name, pair in _PROMPTS.items()})


def statistics(rng):
    values = rng.normal(0, 1, 41)
    at = [0, 0.025, 0.1, 1 / 3, 0.5, 0.975, 1]
    write("statistics", ["numpy"], values=values.tolist(), mean=float(values.mean()), sd=float(values.std(ddof=1)), at=at, quantiles=np.quantile(values, at).tolist())


def distances(rng):
    """Frechet distance, KID and CMMD from fixed features."""
    cases = []
    for name, n1, n2, d in [("full rank", 60, 70, 12), ("rank-deficient", 14, 17, 40), ("mixed", 60, 17, 40)]:
        mix = rng.normal(0, 1, (d, d)) / np.sqrt(d)
        x = rng.normal(0, 1, (n1, d)) @ mix
        y = rng.normal(0.3, 1, (n2, d)) @ (mix + 0.3 * np.eye(d))
        s1, s2 = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
        delta = x.mean(0) - y.mean(0)
        values = np.linalg.eigvals(s1 @ s2).astype(complex)
        frechet = float(delta @ delta + np.trace(s1) + np.trace(s2) - 2 * np.sum(np.sqrt(values).real))
        root = None
        if name == "full rank":
            root = float(delta @ delta + np.trace(s1) + np.trace(s2) - 2 * np.trace(scipy.linalg.sqrtm(s1 @ s2).real))
        torch_fid = float(_compute_fid(*(torch.from_numpy(a) for a in (x.mean(0), s1, y.mean(0), s2))))
        m = min(n1, n2)
        kid = float(poly_mmd(torch.from_numpy(x[:m]), torch.from_numpy(y[:m])))
        cases.append({"name": name, "dimension": d, "x": b64(x, "f8"), "y": b64(y, "f8"), "frechet": frechet, "scipySqrtm": root, "torchmetrics": torch_fid, "kidRows": m, "kid": kid, "cmmd": _cmmd(x, y)})
    write("distances", ["numpy", "scipy", "torchmetrics"], cases=cases)


def _cmmd(x, y, sigma=10.0, scale=1000.0):
    """Jayasumana et al. 2024 (arXiv 2401.09603): unit vectors, Gaussian kernel, V-statistic (biased), as in the authors' code."""
    x = x / np.linalg.norm(x, axis=1, keepdims=True)
    y = y / np.linalg.norm(y, axis=1, keepdims=True)
    gamma = 1 / (2 * sigma**2)
    kernel = lambda a, b: np.exp(-gamma * ((a[:, None] - b[None]) ** 2).sum(-1)).mean()
    return float(scale * (kernel(x, x) + kernel(y, y) - 2 * kernel(x, y)))


if __name__ == "__main__":
    torch.set_num_threads(1)
    OUT.mkdir(parents=True, exist_ok=True)
    for seed, make in enumerate([resize, resize_float, from_planar, preprocess, scores, statistics, distances]):
        make(np.random.default_rng(seed))
