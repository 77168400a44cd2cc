"""Writes test/golden/scorers/: a tiny folder with random weights for every scorer kind, and expected.json, the results of the
reference libraries with the same weights.

    pip install -r tools/golden/requirements-scorers.txt
    python tools/golden/scorers.py

Images are computed by an integer formula, which the test repeats (test/parity/scorers.test.ts). Never needed to
run or test the package.
"""
import base64
import json
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import piq
import torch
import torchmetrics.functional.multimodal.clip_iqa as tm_iqa
from PIL import Image
from tokenizers import Tokenizer
from torchmetrics.functional.multimodal.clip_score import clip_score as torchmetrics_clip_score
from torchvision import transforms
from transformers import CLIPImageProcessorPil

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import export_scorer  # noqa: E402
import export_scorer_models as models  # noqa: E402

OUT = ROOT / "test" / "golden" / "scorers"
# Kinds that compare images are those of tools/golden/pairwise.py.
KINDS = [kind for kind in models.KINDS if kind not in {"lpips", "dinov2"}]
SEEDS = {kind: 100 + i for i, kind in enumerate(KINDS)} | {"clip-score": 115}  # one with positive cosines: torchmetrics clamps
LONG = "a red circle, " * 40 + "and a blue square"
TEXTS = ["a red circle", "a large blue square on a white background", LONG, "", "Good photo of 3 rings, lit from the LEFT"]
NOUNS = [["circle"], ["square", "background"], [], ["circle", ""], ["photo", "rings", "left"]]
# (width, height, seed) of the images of each group.
SIZES = {
    "small": [(32, 32, 1), (45, 33, 2), (33, 46, 3), (97, 31, 4), (200, 171, 5)],
    "iqa": [(64, 64, 1), (96, 70, 2), (64, 64, 3), (131, 64, 4), (64, 64, 5)],
    "maniqa": [(224, 224, 1), (300, 240, 2), (120, 181, 3), (231, 330, 4)],
    "inception": [(40, 48, 1), (320, 310, 2)],
    "brisque": [(64, 64, 1), (97, 71, 2)],
}
BOTH_ARTICLES = [
    "a bad photo of * {}.", "a low resolution photo of * {}.", "a cropped photo of * {}.", "a bright photo of * {}.", "a dark photo of * {}.",
    "a close-up photo of * {}.", "a black and white photo of * {}.", "a pixelated photo of * {}.", "a jpeg corrupted photo of * {}.",
    "a blurry photo of * {}.", "a good photo of * {}.", "a photo of * {}.", "a photo of * hard to see {}.", "a photo of * clean {}.",
    "a photo of * dirty {}.", "a photo of * cool {}.", "a photo of * large {}.", "a photo of * nice {}.", "a photo of * weird {}.",
    "a photo of * small {}.", "a sculpture of * {}.", "a rendering of * {}.", "graffiti of * {}.", "a tattoo of * {}.", "a drawing of * {}.",
    "a painting of * {}.", "a doodle of * {}.", "a sketch of * {}.", "a rendition of * {}.", "art of * {}.", "itap of * {}.",
    "* {} in a video game.", "* embroidered {}.", "* plastic {}.", "* origami {}.", "* toy {}.", "* cartoon {}.", "* plushie {}.",
    "there is * {} in the scene.", "this is * {} in the scene."]
TEMPLATES = [t.replace("*", article) for t in BOTH_ARTICLES for article in ("a", "the")] + [
    "a photo of many {}.", "a photo of my {}.", "a photo of one {}.", "itap of my {}.", "this is one {} in the scene."]
MEAN, STD = models.CLIP_MEAN, models.CLIP_STD


def b64(array):
    return base64.b64encode(np.ascontiguousarray(array, dtype="<f4").tobytes()).decode()


def picture(width, height, seed):
    """Blocks, ramps and a fine texture: integers only, so that any language computes the same bytes."""
    y, x, c = np.mgrid[0:height, 0:width, 0:3]
    block = ((x // (5 + seed)) * 53 + (y // (4 + seed)) * 31 + c * 47 + seed * 17) % 200
    return (block + ((x * (3 + seed)) ^ (y * (5 + c))) % 56).astype(np.uint8)


def pictures(group):
    return [picture(*size) for size in SIZES[group]]


def options(kind):
    return export_scorer.arguments([kind, "--tiny", str(SEEDS[kind]), "--output", str(OUT / kind)])


def sampled(tensor, every):
    flat = np.asarray(tensor, dtype="f4").ravel()
    return {"length": len(flat), "every": every, "data": b64(flat[::every])}


class Texts:
    """The bundled tokenizer, truncated to 77 tokens with EOS kept, with the interface of a CLIPProcessor for torchmetrics."""

    model_max_length = models.CONTEXT

    def __init__(self, image_size=None):
        self.inner = Tokenizer.from_file(str(export_scorer.TINY_TOKENIZER))
        self.images = image_size and CLIPImageProcessorPil(size={"shortest_edge": image_size}, crop_size={"height": image_size, "width": image_size})
        self.tokenizer = self

    def ids(self, texts):
        rows = []
        for text in texts:
            ids = self.inner.encode(text).ids
            ids = ids if len(ids) <= models.CONTEXT else ids[:models.CONTEXT - 1] + [models.TINY_EOS]
            rows.append(ids + [models.TINY_EOS] * (models.CONTEXT - len(ids)))
        return torch.tensor(rows)

    def __call__(self, text=None, images=None, **_):
        if images is not None:
            return {"pixel_values": self.images([Image.fromarray(i.permute(1, 2, 0).numpy()) for i in images], return_tensors="pt")["pixel_values"]}
        ids = self.ids(text)
        return {"input_ids": ids, "attention_mask": torch.ones_like(ids)}


class ForTorchmetrics(torch.nn.Module):
    """A transformers CLIP whose feature methods return tensors."""

    def __init__(self, parts, config):
        super().__init__()
        self.parts, self.config = parts, config

    def get_image_features(self, pixel_values):
        return self.parts.image(pixel_values)

    def get_text_features(self, input_ids, attention_mask):
        return self.parts.text(input_ids)


def unit(x):
    return x / x.norm(dim=-1, keepdim=True)


def clip_score():
    parts, model = models.transformers_clip("")(None, options("clip-score"))
    processor = Texts(parts.image_size)
    images = [torch.from_numpy(p).permute(2, 0, 1) for p in pictures("small")]
    adapter = ForTorchmetrics(parts, model.config)
    each = [torchmetrics_clip_score(image, text, lambda: (adapter, processor)).item() for image, text in zip(images, TEXTS)]
    mean = torchmetrics_clip_score(images, TEXTS, lambda: (adapter, processor)).item()
    text, image = parts.text(processor.ids(TEXTS)), parts.image(processor(images=images)["pixel_values"])
    cosines = (unit(text) * unit(image)).sum(-1)
    # torchmetrics clamps each call at 0, but the mean of several only once.
    assert all(abs(max(c.item() * 100, 0) - e) < 1e-3 for c, e in zip(cosines, each)), (cosines, each)
    return {"cosines": cosines.tolist(), "clipScores": each, "mean": mean, "texts": text.tolist(), "images": image.tolist()}


def clip_iqa():
    model, processor = models.clip_iqa_model(None, options("clip-iqa")), Texts()
    tm_iqa._get_clip_iqa_model_and_processor = lambda name: (model, processor)
    rows, embeddings = [], []
    for p in pictures("iqa"):
        images = torch.from_numpy(p).permute(2, 0, 1)[None].float() / 255
        out = tm_iqa.clip_image_quality_assessment(images, prompts=tuple(tm_iqa._PROMPTS))
        rows.append([out[name].item() for name in tm_iqa._PROMPTS])
        normal = (images - torch.tensor(MEAN).view(1, 3, 1, 1)) / torch.tensor(STD).view(1, 3, 1, 1)
        embeddings.append(model.encode_image(normal, pos_embedding=False)[0].tolist())
    return {"pairs": list(tm_iqa._PROMPTS), "rows": rows, "images": embeddings, "texts": model.encode_text(processor.ids(TEXTS)).tolist()}


def hpsv2():
    model = models.hpsv2_model(None, options("hpsv2"))
    size = 32
    prepare = transforms.Compose([transforms.ToTensor(), transforms.Resize(size, interpolation=transforms.InterpolationMode.BICUBIC, antialias=True),
                                  transforms.CenterCrop(size), transforms.Normalize(MEAN, STD)])
    tensors = torch.stack([prepare(Image.fromarray(p)) for p in pictures("small")])
    text, image = model.encode_text(Texts().ids(TEXTS)), model.encode_image(tensors)
    return {"scores": torch.diagonal(unit(image) @ unit(text).T).tolist(), "tensors": [sampled(t, 7) for t in tensors], "texts": text.tolist(), "images": image.tolist()}


def pickscore():
    parts, model = models.transformers_clip("")(None, options("pickscore"))
    processor = Texts(parts.image_size)
    image = parts.image(processor(images=[torch.from_numpy(p).permute(2, 0, 1) for p in pictures("small")])["pixel_values"])
    text = parts.text(processor.ids(TEXTS))
    return {"scores": (model.logit_scale.exp() * torch.diagonal(unit(text) @ unit(image).T)).tolist(), "texts": text.tolist(), "images": image.tolist()}


def normalise(array):
    return (array.astype("f4") / np.float32(255) - np.array(MEAN, "f4")) / np.array(STD, "f4")


def aq_map():
    parts, _ = models.transformers_clip("")(None, options("aq-map"))
    size = parts.image_size
    tensors = np.stack([normalise(np.asarray(Image.fromarray(p).resize((size, size), Image.Resampling.BICUBIC))).transpose(2, 0, 1) for p in pictures("small")])
    image, texts = unit(parts.image(torch.from_numpy(tensors))).double(), Texts()
    ensemble = lambda noun: unit(unit(parts.text(texts.ids([t.format(noun) for t in TEMPLATES]))).double().mean(0))
    empty = ensemble("")
    scores = []
    for f, nouns in zip(image, NOUNS):
        each = [torch.sigmoid(10 * (f @ (ensemble(noun) - empty))).item() for noun in nouns]
        scores.append(float(np.mean(each)) if each else 0.5)
    return {"scores": scores, "tensors": [sampled(t, 7) for t in tensors]}


def maniqa():
    network = models.maniqa(None, options("maniqa")).image
    scores, first = [], []
    for p in pictures("maniqa"):
        image = Image.fromarray(p)
        if min(image.size) < 224:
            short = min(image.size)
            image = image.resize(tuple(224 if side == short else int(224 * side / short) for side in image.size), Image.Resampling.BICUBIC)
        across, down = (5, 4) if image.width >= image.height else (4, 5)
        places = lambda room, count: [i * room // (count - 1) for i in range(count)]
        crops = [image.crop((x, y, x + 224, y + 224)) for y in places(image.height - 224, down) for x in places(image.width - 224, across)]
        tensors = torch.stack([torch.from_numpy((np.asarray(c).astype("f4") / np.float32(255) - np.float32(0.5)) / np.float32(0.5)).permute(2, 0, 1) for c in crops])
        assert len(tensors) == 20
        scores.append(network(tensors).double().mean().item())
        first.append(sampled(tensors[-1], 997))
    return {"scores": scores, "tensors": first}


def inception():
    network = models.inception(None, options("inception")).image
    size = (299, 299)
    tensors = []
    for p in pictures("inception"):
        planes = [np.asarray(Image.fromarray(p[:, :, c].astype("f4"), mode="F").resize(size, Image.Resampling.BICUBIC)).clip(0, 255) for c in range(3)]
        tensors.append((np.stack(planes).astype("f4") - 128) / 128)
    return {"features": network(torch.from_numpy(np.stack(tensors))).tolist(), "tensors": [sampled(t, 997) for t in tensors]}


def cmmd():
    parts = models.cmmd(None, options("cmmd"))
    tensors = []
    for p in pictures("small"):
        image, side = Image.fromarray(p), min(p.shape[:2])
        left, top = (image.width - side) // 2, (image.height - side) // 2
        square = image.crop((left, top, left + side, top + side)).resize((parts.image_size,) * 2, Image.Resampling.BICUBIC)
        tensors.append(normalise(np.asarray(square)).transpose(2, 0, 1))
    return {"features": unit(parts.image(torch.from_numpy(np.stack(tensors)))).tolist(), "tensors": [sampled(t, 7) for t in tensors]}


def brisque():
    svr = models.brisque(None, options("brisque")).files["svr.json"]
    # Created for every call, because piq transposes the vectors in place.
    sys.modules["piq.brisque"].load_url = lambda *_, **__: tuple(torch.tensor(svr[name], dtype=torch.float64) for name in ("coefficients", "supportVectors"))
    return {"scores": [piq.brisque(torch.from_numpy(p).permute(2, 0, 1)[None].double(), data_range=255, reduction="none").item() for p in pictures("brisque")]}


def main():
    torch.set_num_threads(1)
    expected = {"versions": {p: version(p) for p in ["torch", "torchvision", "transformers", "torchmetrics", "piq", "open_clip_torch", "pillow", "tokenizers"]},
                "sizes": SIZES, "texts": TEXTS, "nouns": NOUNS, "checksums": [int(picture(*size).sum()) for sizes in SIZES.values() for size in sizes]}
    for kind in KINDS:
        print(kind, flush=True)
        export_scorer.make(kind, OUT / kind, options(kind))
    with torch.no_grad():
        for reference in [clip_score, clip_iqa, hpsv2, pickscore, aq_map, maniqa, inception, cmmd, brisque]:
            expected[reference.__name__] = reference()
    (OUT / "expected.json").write_text(json.dumps(expected) + "\n")


if __name__ == "__main__":
    main()
