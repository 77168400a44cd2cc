"""Ranges of a network's tensors over recorded calls."""
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper

from .calibrate import Feeds
from .graph import Ranges
from .grid import activation_range

KEPT_VALUES = 4000  # per tensor and call, of which the range with the least squared error is sought


def observe(path: Path, names: list[str], feeds: Feeds, bits: set[int]) -> Ranges:
    """The range of each tensor at each number of bits: the part of all values that has the least squared error there. The
    network's own inputs keep their whole range plus a tenth: a clipped latent is a blotch in the image."""
    model = onnx.load(str(path), load_external_data=False)
    inputs, outputs = {i.name for i in model.graph.input}, [o.name for o in model.graph.output]
    extra = [n for n in names if n not in inputs and n not in outputs]
    model.graph.output.extend(helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in extra)
    watched = path.with_name("watched.onnx")  # beside the network, where its external weights are
    whole = {n: (0.0, 0.0) for n in names}  # every range contains zero
    kept: dict[str, list[np.ndarray]] = {n: [] for n in names}
    try:
        onnx.save(model, str(watched))
        options = ort.SessionOptions()
        options.log_severity_level = 3
        run = ort.InferenceSession(str(watched), options, providers=["CPUExecutionProvider"])
        for given in feeds:
            for name, value in [*zip([*outputs, *extra], run.run([*outputs, *extra], given)), *given.items()]:
                if name in whole:
                    flat = np.asarray(value, np.float32).ravel()
                    kept[name].append(flat[::max(1, len(flat) // KEPT_VALUES) | 1])  # an odd stride, so that no channel is favoured
                    whole[name] = (min(whole[name][0], float(flat.min())), max(whole[name][1], float(flat.max())))
    finally:
        watched.unlink(missing_ok=True)
    return {n: {b: (1.1 * whole[n][0], 1.1 * whole[n][1]) if n in inputs else activation_range(np.concatenate(kept[n]), *whole[n], b) for b in bits}
            for n in names}
