"""Writes unet/model_w8a8.onnx, model_w4a8.onnx and model_w4a6.onnx from unet/model.onnx, with its own QDQ pass.

Weights of Conv, MatMul and Gemm: symmetric integer grid, one scale per output channel (127 levels per side,
or 7), stored as uint8 around zero point 128. Activations: uint8, one static scale per tensor, so that no sample depends on its
batch neighbours. uint8 x uint8 uses 16-bit products (or VNNI) in ONNX Runtime and cannot saturate, whereas uint8 x int8 can
without VNNI. First and last convolution and all of the time embedding keep 8 bits.
"""
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer

from . import tcd
from .scenes import caption, scene_from_index, split_indices
from .tokenizer import encode

KEPT = ("/conv_in/", "/conv_out/", "/time_embedding/", "/time_emb_proj/")
PRECISIONS = {"w8a8": (8, 8), "w4a8": (4, 8), "w4a6": (4, 6)}
CALIBRATION = [(steps, eta) for steps in (2, 4, 8) for eta in (0.0, 0.3)]


@dataclass
class Target:
    """A node whose weight and input are quantised."""
    node: onnx.NodeProto
    weight: np.ndarray
    axis: int  # output-channel axis of the weight
    kept: bool


def targets(model: onnx.ModelProto) -> list[Target]:
    initial = {i.name: i for i in model.graph.initializer}
    found = []
    for node in model.graph.node:
        if node.op_type not in {"Conv", "MatMul", "Gemm"} or node.input[1] not in initial:
            continue
        axis = {"Conv": 0, "MatMul": 1}.get(node.op_type, 0)
        if node.op_type == "Gemm":
            assert any(a.name == "transB" and a.i == 1 for a in node.attribute), node.name
        found.append(Target(node, numpy_helper.to_array(initial[node.input[1]]), axis, any(k in node.name for k in KEPT)))
    return found


def weight_grid(weight: np.ndarray, axis: int, bits: int) -> tuple[np.ndarray, np.ndarray]:
    """Integers in [-m, m], m = 2^(bits-1) - 1, and a scale per channel; below 8 bits, clipped for the least squared error."""
    m = 2 ** (bits - 1) - 1
    rows = np.moveaxis(weight, axis, 0).reshape(weight.shape[axis], -1).astype(np.float64)
    largest = np.maximum(np.abs(rows).max(1), 1e-6) / m
    best, scale = np.full(len(rows), np.inf), largest.copy()
    for ratio in np.linspace(0.4, 1.0, 61) if bits < 8 else [1.0]:
        s = (largest * ratio)[:, None]
        error = ((np.clip(np.rint(rows / s), -m, m) * s - rows) ** 2).sum(1)
        scale = np.where(error < best, largest * ratio, scale)
        best = np.minimum(error, best)
    scale = scale.astype(np.float32)
    shape = [-1 if i == axis else 1 for i in range(weight.ndim)]
    return np.clip(np.rint(weight / scale.reshape(shape)), -m, m).astype(np.int32), scale


def calibration_captions(count: int = 48) -> list[str]:
    scenes = scene_from_index(split_indices()["train"][-count:]).tolist()
    return [caption(s, ("short", "lit", "long")[i % 3]) for i, s in enumerate(scenes)]


def hidden_states(folder: Path, texts: list[str]) -> np.ndarray:
    from .export import session
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer" / "tokenizer.json"))
    ids = encode(tokenizer, texts).numpy()
    run = session(folder / "text_encoder" / "model.onnx")
    return np.concatenate([run.run(["last_hidden_state"], {"input_ids": ids[i:i + 64]})[0] for i in range(0, len(ids), 64)])


def activation_range(values: np.ndarray, low: float, high: float, bits: int) -> tuple[float, float]:
    """The part of [low, high] whose 2^bits levels have the least squared error on `values`."""
    best, chosen, top = np.inf, (low, high), 2 ** bits - 1
    for ratio in np.linspace(0.3, 1.0, 36):
        scale = max(ratio * (high - low), 1e-6) / top
        zero = np.rint(-ratio * low / scale)
        error = (((np.clip(np.rint(values / scale) + zero, 0, top) - zero) * scale - values) ** 2).sum()
        if error < best:
            best, chosen = error, (ratio * low, ratio * high)
    return chosen


def observe(model: onnx.ModelProto, names: list[str], hidden: np.ndarray) -> dict[str, dict[int, tuple[float, float]]]:
    """Runs the full-precision network over TCD trajectories; returns the range of each tensor at 8 and at 6 bits.
    8 bits: least squared error, but the whole range plus a tenth for the network's inputs, because a clipped latent leaves a
    blotch of 1/sqrt(abar_999) = 15 times the clipped amount. 6 bits: all but the outer 0.05 % on both sides of any one call."""
    import onnxruntime as ort
    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    inputs = {i.name for i in model.graph.input}
    extra = [n for n in names if n not in inputs and n != "out_sample"]
    watched.graph.output.extend(helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in extra)
    options = ort.SessionOptions()
    options.intra_op_num_threads = 2
    options.log_severity_level = 3
    run = ort.InferenceSession(watched.SerializeToString(), options, providers=["CPUExecutionProvider"])
    whole, inner = {n: (0.0, 0.0) for n in names}, {n: (0.0, 0.0) for n in names}  # every range contains zero
    kept: dict[str, list] = {n: [] for n in names}

    def network(x, t, h):
        feeds = {"sample": x, "timestep": np.array([t]), "encoder_hidden_states": h}
        out = run.run(["out_sample", *extra], feeds)
        for name, value in [*zip(["out_sample", *extra], out), *feeds.items()]:
            if name not in whole:
                continue
            flat = value.ravel()
            kept[name].append(flat[::max(1, len(flat) // 4000) | 1])  # an odd stride, so that no channel is favoured
            for seen, (low, high) in ((whole, (flat.min(), flat.max())), (inner, np.quantile(flat, [0.0005, 0.9995]))):
                seen[name] = (min(seen[name][0], float(low)), max(seen[name][1], float(high)))
        return out[0]

    for steps, eta in CALIBRATION:
        tcd.sample(network, hidden, 77, steps, eta)
    wide = lambda n: (1.1 * whole[n][0], 1.1 * whole[n][1])
    return {n: {8: wide(n) if n in inputs else activation_range(np.concatenate(kept[n]), *whole[n], 8), 6: inner[n]}
            for n in names}


class Writer:
    """Collects the nodes and constants of one quantised graph."""

    def __init__(self, ranges: dict):
        self.ranges, self.nodes, self.constants, self.done = ranges, [], [], {}

    def constant(self, name: str, value: np.ndarray) -> str:
        if name not in self.done:
            self.constants.append(numpy_helper.from_array(np.asarray(value, order="C"), name))
            self.done[name] = name
        return name

    def add(self, op: str, inputs: list[str], output: str, **attributes) -> str:
        self.nodes.append(helper.make_node(op, inputs, [output], name=output, **attributes))
        return output

    def grid(self, tensor: str, bits: int) -> tuple[str, str, np.float32]:
        low, high = self.ranges[tensor][bits]
        top = 2 ** bits - 1
        scale = np.float32(max(high - low, 1e-6) / top)
        zero = int(np.clip(np.rint(-low / scale), 0, top))
        tag = f"{tensor}/a{bits}"
        return (self.constant(f"{tag}/scale", np.array(scale)), self.constant(f"{tag}/zero", np.array(zero, np.uint8)), scale)

    def quantise(self, tensor: str, bits: int) -> tuple[str, np.float32]:
        """The tensor as uint8, added once; below 8 bits it is clipped to its 2^bits levels first."""
        scale_name, zero_name, scale = self.grid(tensor, bits)
        name = f"{tensor}/a{bits}/q"
        if name not in self.done:
            source = tensor
            if bits < 8:
                zero = int(numpy_helper.to_array(next(c for c in self.constants if c.name == zero_name)))
                source = self.add("Clip", [tensor, self.constant(f"{tensor}/a{bits}/low", np.float32((0 - zero) * scale)),
                                           self.constant(f"{tensor}/a{bits}/high", np.float32((2 ** bits - 1 - zero) * scale))],
                                  f"{tensor}/a{bits}/clip")
            self.done[name] = self.add("QuantizeLinear", [source, scale_name, zero_name], name)
        return name, scale

    def dequantise(self, tensor: str, bits: int, user: str) -> tuple[str, np.float32]:
        q, scale = self.quantise(tensor, bits)
        scale_name, zero_name, _ = self.grid(tensor, bits)
        return self.add("DequantizeLinear", [q, scale_name, zero_name], f"{user}/in"), scale


def quantise(model: onnx.ModelProto, ranges: dict, weight_bits: int, activation_bits: int) -> onnx.ModelProto:
    """The model with QDQ pairs. The output of a convolution is quantised to 8 bits as well, because otherwise ONNX Runtime
    does not fuse QLinearConv (a float convolution on dequantised values and ConvInteger were slower when tried); that of the last
    one is not, because it is the predicted noise. MatMul and Gemm need no quantised output to run in integers."""
    outputs = {o.name for o in model.graph.output}
    chosen = {id(t.node): t for t in targets(model)}
    initial = {i.name: i for i in model.graph.initializer}
    w, replaced = Writer(ranges), set()
    for node in model.graph.node:
        t = chosen.get(id(node))
        if t is None:
            w.nodes.append(node)
            continue
        name = node.name
        bits_w, bits_a = (8, 8) if t.kept else (weight_bits, activation_bits)
        grid, scales = weight_grid(t.weight, t.axis, bits_w)
        replaced.add(node.input[1])
        stored = w.constant(f"{name}/weight", (grid + 128).astype(np.uint8))
        source, scale = w.dequantise(node.input[0], bits_a, name)
        weight = w.add("DequantizeLinear", [stored, w.constant(f"{name}/weight/scale", scales),
                                            w.constant(f"{name}/weight/zero", np.full(len(scales), 128, np.uint8))],
                       f"{name}/weight/value", axis=t.axis)
        inputs, output = [source, weight], node.output[0]
        if len(node.input) > 2:
            bias = numpy_helper.to_array(initial[node.input[2]]).astype(np.float64)
            replaced.add(node.input[2])
            both = (scales * scale).astype(np.float32)
            whole = np.rint(bias / both)
            assert np.abs(whole).max() < 2 ** 31
            inputs.append(w.add("DequantizeLinear", [w.constant(f"{name}/bias", whole.astype(np.int32)),
                                                     w.constant(f"{name}/bias/scale", both),
                                                     w.constant(f"{name}/bias/zero", np.zeros(len(both), np.int32))],
                                f"{name}/bias/value", axis=0))
        raw = f"{name}/out" if node.op_type == "Conv" and output not in outputs else output
        new = helper.make_node(node.op_type, inputs, [raw], name=name)
        new.attribute.extend(node.attribute)
        w.nodes.append(new)
        if raw != output:
            ranges.setdefault(raw, ranges[output])
            q, _ = w.quantise(raw, 8)
            scale_name, zero_name, _ = w.grid(raw, 8)
            w.add("DequantizeLinear", [q, scale_name, zero_name], output)
    graph = helper.make_graph(w.nodes, model.graph.name, model.graph.input, model.graph.output,
                              [*(i for i in model.graph.initializer if i.name not in replaced), *w.constants])
    result = helper.make_model(graph, opset_imports=model.opset_import, producer_name="qsched")
    result.ir_version = model.ir_version
    onnx.checker.check_model(result)
    return result


def quantise_all(folder: Path) -> None:
    """Writes folder/unet/model_<precision>.onnx for every precision."""
    torch.manual_seed(0)
    model = onnx.load(str(folder / "unet" / "model.onnx"))
    names = sorted({n for t in targets(model) for n in (t.node.input[0], t.node.output[0])})
    hidden = hidden_states(folder, calibration_captions())
    ranges = observe(model, names, hidden)
    for name, (weights, activations) in PRECISIONS.items():
        onnx.save(quantise(model, dict(ranges), weights, activations), str(folder / "unet" / f"model_{name}.onnx"))
        print(f"  unet/model_{name}.onnx", flush=True)
