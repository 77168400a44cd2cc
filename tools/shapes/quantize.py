"""Writes unet/model_w8a8.onnx, model_w4a8.onnx and model_w4a6.onnx from unet/model.onnx, with the QDQ pass of tools/quantise.

First and last convolution and all of the time embedding keep 8 bits.
"""
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper
from tokenizers import Tokenizer

from quantise.graph import quantise
from quantise.grid import activation_range, targets

from . import tcd
from .scenes import caption, scene_from_index, split_indices
from .session import session
from .tokenizer import encode

KEPT = "/(conv_in|conv_out|time_embedding|time_emb_proj)/"
PRECISIONS = {"w8a8": (8, 8), "w4a8": (4, 8), "w4a6": (4, 6)}
CALIBRATION = [(steps, eta) for steps in (2, 4, 8) for eta in (0.0, 0.3)]


def calibration_captions(count: int = 48) -> list[str]:
    scenes = scene_from_index(split_indices()["train"][-count:]).tolist()
    return [caption(s, ("short", "lit", "long")[i % 3]) for i, s in enumerate(scenes)]


def hidden_states(folder: Path, texts: list[str]) -> np.ndarray:
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer" / "tokenizer.json"))
    ids = encode(tokenizer, texts).numpy()
    run = session(folder / "text_encoder" / "model.onnx")
    return np.concatenate([run.run(["last_hidden_state"], {"input_ids": ids[i:i + 64]})[0] for i in range(0, len(ids), 64)])


def observe(model: onnx.ModelProto, names: list[str], output: str, trajectories) -> dict[str, dict[int, tuple[float, float]]]:
    """Runs the full-precision network over trajectories, which are given `call(feeds) -> output` to run it with; returns the
    range of each tensor at 8 and at 6 bits. 8 bits: least squared error, but the whole range plus a tenth for the network's
    inputs, because a clipped latent of TCD leaves a blotch of 1/sqrt(abar_999) = 15 times the clipped amount. 6 bits: all but
    the outer 0.05 % on both sides of any one call."""
    import onnxruntime as ort
    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    inputs = {i.name for i in model.graph.input}
    extra = [n for n in names if n not in inputs and n != output]
    watched.graph.output.extend(helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in extra)
    options = ort.SessionOptions()
    options.intra_op_num_threads = 2
    options.log_severity_level = 3
    run = ort.InferenceSession(watched.SerializeToString(), options, providers=["CPUExecutionProvider"])
    whole, inner = {n: (0.0, 0.0) for n in names}, {n: (0.0, 0.0) for n in names}  # every range contains zero
    kept: dict[str, list] = {n: [] for n in names}

    def call(feeds: dict) -> np.ndarray:
        out = run.run([output, *extra], feeds)
        for name, value in [*zip([output, *extra], out), *feeds.items()]:
            if name not in whole:
                continue
            flat = value.ravel()
            kept[name].append(flat[::max(1, len(flat) // 4000) | 1])  # an odd stride, so that no channel is favoured
            for seen, (low, high) in ((whole, (flat.min(), flat.max())), (inner, np.quantile(flat, [0.0005, 0.9995]))):
                seen[name] = (min(seen[name][0], float(low)), max(seen[name][1], float(high)))
        return out[0]

    trajectories(call)
    wide = lambda n: (1.1 * whole[n][0], 1.1 * whole[n][1])
    return {n: {8: wide(n) if n in inputs else activation_range(np.concatenate(kept[n]), *whole[n], 8), 6: inner[n]}
            for n in names}


def write_precisions(model: onnx.ModelProto, folder: Path, output: str, trajectories, kept=KEPT) -> None:
    """Writes folder/model_<precision>.onnx for every precision; `trajectories` as in `observe`."""
    names = sorted({n for t in targets(model, kept) for n in (t.node.input[0], t.node.output[0])})
    ranges = observe(model, names, output, trajectories)
    for name, (weights, activations) in PRECISIONS.items():
        result = quantise(model, dict(ranges), weights, activations, kept)
        onnx.checker.check_model(result)
        onnx.save(result, str(folder / f"model_{name}.onnx"))
        print(f"  {folder.name}/model_{name}.onnx", flush=True)


def quantise_all(folder: Path) -> None:
    """Writes folder/unet/model_<precision>.onnx for every precision."""
    torch.manual_seed(0)
    hidden = hidden_states(folder, calibration_captions())

    def trajectories(call) -> None:
        network = lambda x, t, h: call({"sample": x, "timestep": np.array([t]), "encoder_hidden_states": h})
        for steps, eta in CALIBRATION:
            tcd.sample(network, hidden, 77, steps, eta)

    write_precisions(onnx.load(str(folder / "unet" / "model.onnx")), folder / "unet", "out_sample", trajectories)
