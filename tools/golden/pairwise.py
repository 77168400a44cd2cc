"""Writes test/golden/pairwise/: pairwise scores of the pinned libraries for images by an integer formula, which the test
repeats (test/parity/pairwise.test.ts).

  pixels.json   PSNR and SSIM of torchmetrics
  lpips/        LPIPS of the package lpips: its own heads on AlexNet with weights by a formula. The network's file holds none of
                the large weights: weights.json says how the test makes them.
  dinov2/       cosines of a tiny DINOv2 with random weights, by transformers

    pip install -r tools/golden/requirements-pairwise.txt
    python tools/golden/pairwise.py

Never needed to run or test the package.
"""
import json
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import lpips
import numpy as np
import onnx
import torch
from PIL import Image
from torchmetrics.functional.image import peak_signal_noise_ratio, structural_similarity_index_measure
from torchvision.models import alexnet
from transformers import BitImageProcessorPil

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import export_scorer  # noqa: E402
import export_scorer_models as models  # noqa: E402

OUT = ROOT / "test" / "golden" / "pairwise"
# (width, height, seed) of both images of a pair, and how far the second is changed.
NAMES = ["width", "height", "seed", "by"]
LPIPS_PAIRS = [(64, 64, 1, 0), (64, 64, 1, 30), (97, 70, 2, 9), (31, 33, 3, 120), (64, 64, 5, 255)]
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


def write(path, packages, **content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"versions": {p: version(p) for p in packages}, **content}, indent=1) + "\n")


def sides(width, height, seed, by):
    reference = image(width, height, seed)
    return reference, changed(reference, by)


def pixels():
    cases = []
    for pair in PAIRS:
        reference, candidate = sides(*pair)
        a, b = tensor(reference, torch.float64), tensor(candidate, torch.float64)
        psnr = peak_signal_noise_ratio(b, a, data_range=255.0).item()
        cases.append({
            **dict(zip(NAMES, pair)), "checksums": [int(reference.sum()), int(candidate.sum())],
            "psnr": None if psnr == float("inf") else psnr,
            "ssim": structural_similarity_index_measure(b / 255, a / 255, data_range=1.0).item(),
            # As users call it, in float32.
            "ssim32": structural_similarity_index_measure(tensor(candidate, torch.float32) / 255, tensor(reference, torch.float32) / 255, data_range=1.0).item()})
    write(OUT / "pixels.json", ["torch", "torchmetrics", "numpy"], cases=cases)


def weights(first, count, scale):
    """Numbers between -scale / 2 and scale / 2: a hash of their places, from `first` on."""
    h = (np.arange(first, first + count, dtype=np.uint64) * 0x9E3779B1) & 0xFFFFFFFF
    for shift, factor in ((15, 0x85EBCA77), (13, 0xC2B2AE3D)):
        h = ((h ^ (h >> np.uint64(shift))) * factor) & 0xFFFFFFFF
    h ^= h >> np.uint64(16)
    return ((h / 2 ** 32 - 0.5) * scale).astype("f4")


def made_weights():
    """The state of torchvision's AlexNet by the formula, and how each of its convolutions was made."""
    state, made, first = {}, {}, 0
    for name, value in alexnet(weights=None).features.state_dict().items():
        count, fan_in = value.numel(), value[0].numel()
        scale = 0.2 if name.endswith("bias") else float(np.sqrt(24 / fan_in))
        state[f"features.{name}"] = torch.from_numpy(weights(first, count, scale).reshape(value.shape))
        made[name] = {"first": first, "count": count, "scale": scale}
        first += count
    return state, made


def without_weights(path, made):
    """Rewrites a network so that its large weights are read from model.onnx_data. @returns how they are made, in order"""
    model, order, offset = onnx.load(str(path)), [], 0
    for value in model.graph.initializer:
        own = made.get(value.name.split(".", 3)[-1])
        if own is None or not value.name.endswith("weight"):
            continue
        assert np.array_equal(onnx.numpy_helper.to_array(value).ravel(), weights(**own)), value.name
        length = 4 * own["count"]
        onnx.external_data_helper.set_external_data(value, "model.onnx_data", offset=offset, length=length)
        value.ClearField("raw_data")
        value.data_location = onnx.TensorProto.EXTERNAL
        order.append(own)
        offset += length
    assert len(order) == 5, [value.name for value in model.graph.initializer]
    path.write_bytes(model.SerializeToString())
    return order


def write_lpips():
    state, made = made_weights()
    folder = OUT / "lpips"
    with tempfile.TemporaryDirectory() as work:
        torch.save(state, f"{work}/alexnet.pth")
        options = export_scorer.arguments(["lpips", "--checkpoint", f"{work}/alexnet.pth", "--output", str(folder)])
        export_scorer.make("lpips", folder, options)
    order = without_weights(folder / "model.onnx", made)
    (folder / "weights.json").write_text(json.dumps(order) + "\n")
    reference = lpips.LPIPS(net="alex", pnet_rand=True, verbose=False).eval()
    reference.net.load_state_dict({key: state["features." + key.split(".", 1)[1]] for key in reference.net.state_dict()})
    cases = []
    for pair in LPIPS_PAIRS:
        a, b = (lpips.im2tensor(x) for x in sides(*pair))
        with torch.no_grad():
            value, layers = reference(a, b, retPerLayer=True)
        cases.append({**dict(zip(NAMES, pair)), "lpips": value.item(), "layers": [layer.item() for layer in layers]})
    write(folder / "expected.json", ["torch", "torchvision", "lpips"], cases=cases)


def write_dinov2():
    folder = OUT / "dinov2"
    options = export_scorer.arguments(["dinov2", "--tiny", "5", "--output", str(folder)])
    export_scorer.make("dinov2", folder, options)
    model = models.dinov2_model(None, options)
    size = {"height": 28, "width": 28}
    processor = BitImageProcessorPil(do_resize=True, size={"shortest_edge": 32}, resample=3, do_center_crop=True, crop_size=size, do_rescale=True,
                                     do_normalize=True, image_mean=models.IMAGENET_MEAN, image_std=models.IMAGENET_STD)
    cases = []
    for pair in PAIRS[1:]:
        inputs = processor(images=[Image.fromarray(x) for x in sides(*pair)], return_tensors="pt")["pixel_values"]
        with torch.no_grad():
            a, b = model(pixel_values=inputs).pooler_output.double()
        cases.append({**dict(zip(NAMES, pair)), "cosine": torch.nn.functional.cosine_similarity(a, b, dim=0).item(), "features": (a / a.norm()).tolist()})
    write(folder / "expected.json", ["torch", "transformers", "pillow"], cases=cases)


def main():
    torch.set_num_threads(1)
    pixels()
    write_lpips()
    write_dinov2()


if __name__ == "__main__":
    main()
