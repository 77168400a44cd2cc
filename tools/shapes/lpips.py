"""The feature network of LPIPS for the bundled kind of images: `python tools/shapes/lpips.py`.

Writes models/shapes-lpips/ from models/shapes-clip/: the three ReLU layers of that scorer's texture branch, which sees images
without normalisation over them and was trained to tell good from bad, with inputs on -1 to 1 and any size. All channels have
one weight, 1/3, so that the distance is the mean over the layers: heads that were fitted to degradations order them no better.
No human judgement is involved, and published LPIPS figures are not comparable.

It prints, for images degraded in pixels (tools/shapes/degrade.py), the rank correlation of the distance from the clean image
with the severity, within each kind of degradation.
"""
import argparse
import json
from pathlib import Path
import sys

import numpy as np
import onnx
import onnxruntime as ort
import torch
from onnx import TensorProto, helper, numpy_helper

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from shapes.degrade import degrade_pixels  # noqa: E402
from shapes.scenes import from_uint8, render, scene_from_index, split_indices, to_uint8  # noqa: E402

LAYERS = ["texture.0", "texture.2", "texture.4"]
STRIDES = [1, 2, 2]
OUTPUTS = ["relu1", "relu2", "relu3"]
CLIP_MEAN = np.array([0.48145466, 0.4578275, 0.40821073])
CLIP_STD = np.array([0.26862954, 0.26130258, 0.27577711])
SEED, IMAGES = 31, 1200
KINDS = ["noise", "blur", "washed out", "banding", "blotches", "blow-out"]


def network(clip: Path) -> onnx.ModelProto:
    """pixel_values (B, 3, H, W) on -1 to 1 -> relu1 (24 channels), relu2 (48), relu3 (64)."""
    weights = {t.name: t for t in onnx.load(str(clip)).graph.initializer}
    column = lambda values: np.asarray(values, dtype="f4").reshape(1, 3, 1, 1)
    kept = [numpy_helper.from_array(column(0.5 / CLIP_STD), "scale"), numpy_helper.from_array(column((0.5 - CLIP_MEAN) / CLIP_STD), "shift")]
    nodes = [helper.make_node("Mul", ["pixel_values", "scale"], ["scaled"]), helper.make_node("Add", ["scaled", "shift"], ["x0"])]
    for i, (layer, stride, output) in enumerate(zip(LAYERS, STRIDES, OUTPUTS)):
        kept += [weights[f"{layer}.weight"], weights[f"{layer}.bias"]]
        nodes += [helper.make_node("Conv", ["x0" if i == 0 else OUTPUTS[i - 1], f"{layer}.weight", f"{layer}.bias"], [f"c{i}"], kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[stride, stride]),
                  helper.make_node("Relu", [f"c{i}"], [output])]
    value = lambda name, channels: helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", channels, f"height_{name}", f"width_{name}"])
    graph = helper.make_graph(nodes, "features", [value("pixel_values", 3)], [value(n, weights[f"{layer}.bias"].dims[0]) for n, layer in zip(OUTPUTS, LAYERS)], kept)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8, producer_name="qsched")
    onnx.checker.check_model(model)
    return model


def distances(session: ort.InferenceSession, a: torch.Tensor, b: torch.Tensor) -> np.ndarray:
    """(N,): the mean over layers of the mean over positions of the squared difference of unit features."""
    rows = []
    for start in range(0, len(a), 100):
        maps = [session.run(OUTPUTS, {"pixel_values": x[start:start + 100].numpy()}) for x in (a, b)]
        unit = [[f / (np.sqrt((f.astype("f8") ** 2).sum(1, keepdims=True)) + 1e-10) for f in side] for side in maps]
        rows.append(np.mean([((f - g) ** 2).sum(1).mean((1, 2)) for f, g in zip(*unit)], 0))
    return np.concatenate(rows)


def report(model: onnx.ModelProto) -> None:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    g = torch.Generator().manual_seed(SEED)
    clean = to_uint8(render(scene_from_index(split_indices()["train"][:IMAGES]), g))
    # The first number that degrade_pixels draws is the kind.
    kind = torch.randint(0, 6, (IMAGES,), generator=torch.Generator().manual_seed(SEED))
    degraded, severity, _ = degrade_pixels(from_uint8(clean), torch.Generator().manual_seed(SEED))
    d = distances(session, from_uint8(clean), from_uint8(to_uint8(degraded)))
    rank = lambda v: np.argsort(np.argsort(v))
    for k, name in enumerate(KINDS):
        own = (kind == k).numpy()
        print(f"{name}: {own.sum()} images, mean {d[own].mean():.3f}, rank correlation {np.corrcoef(rank(d[own]), rank(severity.numpy()[own]))[0, 1]:.3f}")


def write_lpips(models: Path) -> None:
    """Cuts the network out and writes models/shapes-lpips/."""
    out = models / "shapes-lpips"
    out.mkdir(exist_ok=True)
    model = network(models / "shapes-clip" / "vision_model.onnx")
    onnx.save(model, str(out / "model.onnx"))
    report(model)
    channels = [o.type.tensor_type.shape.dim[1].dim_value for o in model.graph.output]
    heads = [{"output": name, "weights": [round(1 / len(OUTPUTS), 6)] * count} for name, count in zip(OUTPUTS, channels)]
    (out / "scorer.json").write_text(json.dumps({"kind": "lpips", "source": "tools/shapes/lpips.py: layers of shapes-clip, no judgement of people"}, indent=2) + "\n")
    (out / "heads.json").write_text("[\n  " + ",\n  ".join(json.dumps(head) for head in heads) + "\n]\n")


def main() -> None:
    root = Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, default=root / "models")
    write_lpips(parser.parse_args().models)


if __name__ == "__main__":
    main()
