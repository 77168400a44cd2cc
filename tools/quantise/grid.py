"""Integer grids of QDQ graphs: which nodes have them, and their scales.

Weights: symmetric integer grid, one scale per output channel (127 levels per side, or 7 at 4 bits). Activations: one static
range per tensor, so that no sample depends on its batch neighbours.
"""
import re
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import numpy_helper


@dataclass
class Target:
    """A node whose weight and input are quantised."""
    node: onnx.NodeProto
    weight: np.ndarray
    axis: int  # output-channel axis of the weight
    kept: bool


def targets(model: onnx.ModelProto, kept: str) -> list[Target]:
    """Nodes with a constant weight; those whose name has a match of the regular expression `kept` keep 8 bits."""
    initial = {i.name: i for i in model.graph.initializer}
    found = []
    for node in model.graph.node:
        if node.op_type not in {"Conv", "MatMul", "Gemm"} or node.input[1] not in initial:
            continue
        axis = {"Conv": 0, "MatMul": 1}.get(node.op_type, 0)
        if node.op_type == "Gemm":
            assert any(a.name == "transB" and a.i == 1 for a in node.attribute), node.name
        found.append(Target(node, numpy_helper.to_array(initial[node.input[1]]), axis, re.search(kept, node.name) is not None))
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
