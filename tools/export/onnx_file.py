"""One network as an ONNX file: tracing, external data, and a comparison with torch at another batch and size."""
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import torch
from onnx.external_data_helper import set_external_data

from .tracing import traceable

OPSET = 18
INLINE_LIMIT = 2**31 - 2**20  # bytes; protobuf takes no message of 2 GiB
EXTERNAL_FROM = 1024  # bytes; smaller tensors stay in the graph, where shapes are read from
TOLERANCE = {torch.float32: 1e-4, torch.float16: 3e-2}


@dataclass
class Network:
    """What is exported: a module that takes `inputs` in order, and the axes that stay free."""

    module: torch.nn.Module
    inputs: dict[str, torch.Tensor]
    free: dict[str, dict[int, str]]
    outputs: dict[str, dict[int, str]]
    other: dict[str, torch.Tensor]  # the same inputs at another batch and size, for the comparison


def session(path: Path) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.log_severity_level = 3
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def cast(inputs: dict[str, torch.Tensor], dtype: torch.dtype) -> dict[str, torch.Tensor]:
    """Timesteps stay float32: float16 has steps of 0.5 above 512."""
    return {k: v.to(dtype) if v.is_floating_point() and k != "timestep" else v for k, v in inputs.items()}


def write_network(network: Network, path: Path, dtype: torch.dtype, shard_bytes: int | None = None) -> None:
    """Exports in `dtype`, with float inputs and outputs of the same type, then compares with torch: the largest difference within
    1e-4 of the largest value in float32, the mean within 3e-2 in float16, where torch and ONNX Runtime round in other places."""
    path.parent.mkdir(parents=True, exist_ok=True)
    module, inputs = network.module.to(dtype).eval(), cast(network.inputs, dtype)
    with tempfile.TemporaryDirectory(dir=path.parent) as work, warnings.catch_warnings(), torch.no_grad(), traceable():
        warnings.simplefilter("ignore")
        traced = Path(work) / "traced.onnx"  # above 2 GiB torch writes one file per tensor beside it
        torch.onnx.export(module, tuple(inputs.values()), str(traced), dynamo=False, opset_version=OPSET, input_names=list(inputs),
                          output_names=list(network.outputs), dynamic_axes={**network.free, **network.outputs})
        model = onnx.load(str(traced))
    save(model, path, shard_bytes)
    compare(network, module, path, dtype)


def save(model: onnx.ModelProto, path: Path, shard_bytes: int | None = None) -> None:
    """Writes one file below 2 GiB, else weights beside it: `<name>_data`, or `<name>_data`, `<name>_data_1`, ... of at most
    `shard_bytes` each."""
    for old in path.parent.glob(f"{path.name}_data*"):
        old.unlink()
    large = [t for t in model.graph.initializer if len(t.raw_data) >= EXTERNAL_FROM]
    if shard_bytes is None and model.ByteSize() < INLINE_LIMIT:
        onnx.save(model, str(path))
        return
    shard, used = 0, 0
    for tensor in large:
        if used > 0 and shard_bytes is not None and used + len(tensor.raw_data) > shard_bytes:
            shard, used = shard + 1, 0
        set_external_data(tensor, f"{path.name}_data" + (f"_{shard}" if shard else ""))
        used += len(tensor.raw_data)
    onnx.save(model, str(path))
    for file in path.parent.glob(f"{path.name}_data*"):
        file.chmod(path.stat().st_mode)  # onnx writes them for the owner alone


def compare(network: Network, module: torch.nn.Module, path: Path, dtype: torch.dtype) -> None:
    other = cast(network.other, dtype)
    with torch.no_grad():
        expected = module(*other.values())
    expected = (expected,) if torch.is_tensor(expected) else expected
    run = session(path)
    got = run.run(list(network.outputs), {k: v.numpy() for k, v in other.items()})
    for name, e, o in zip(network.outputs, expected, got):
        e = e.float().numpy()
        if not np.isfinite(o).all():
            raise SystemExit(f"{path}: the output {name} is not finite. " + ("Export with --dtype fp32." if dtype == torch.float16 else "Check the checkpoint."))
        over = np.max if dtype == torch.float32 else np.mean
        apart = float(over(np.abs(e - o)) / max(1e-3, over(np.abs(e))))
        if apart > TOLERANCE[dtype]:
            raise SystemExit(f"{path}: {name} differs from torch by {apart:.1e} of its {'largest' if over is np.max else 'mean'} magnitude; {TOLERANCE[dtype]:.0e} is allowed.")

