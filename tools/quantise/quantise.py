"""Quantised variants of a folder's denoiser, beside its model.onnx."""
import json
import logging
from importlib.metadata import version
from pathlib import Path

import onnx
from onnx import TensorProto
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

from export.layout import write_json
from export.onnx_file import save, session
from export.onnx_pipeline import denoiser_folder

from .calibrate import Feeds
from .formats import FORMATS, KEPT
from .graph import Ranges, quantise
from .grid import targets
from .observe import observe

BLOCK = 32  # weights of q4 and q4f16 that share a scale


def need_float(path: Path, kind: int, hint: str) -> None:
    if not path.exists():
        raise SystemExit(f"{path} is missing. {hint}")
    graph = onnx.load(str(path), load_external_data=False).graph
    if any(i.data_type in (TensorProto.FLOAT, TensorProto.FLOAT16) and i.data_type != kind and len(i.dims) > 1 for i in graph.initializer):
        raise SystemExit(f"{path} does not hold {TensorProto.DataType.Name(kind).lower()} weights. {hint}")


def ranges_for(path: Path, names: list[str], feeds: Feeds) -> Ranges:
    """Ranges for all static formats among `names`; empty if there are none."""
    static = [FORMATS[n] for n in names if FORMATS[n].how == "static"]
    if not static:
        return {}
    tensors = sorted({n for t in targets(named(onnx.load(str(path))), KEPT) for n in (t.node.input[0], t.node.output[0])})
    return observe(path, tensors, feeds, {8, *(f.activations for f in static)})


def named(model: onnx.ModelProto) -> onnx.ModelProto:
    """Nodes without a name get one: constants of the quantised graph are called by it."""
    for i, node in enumerate(model.graph.node):
        node.name = node.name or f"{node.op_type}_{i}"
    return model


def write(name: str, source: Path, target: Path, ranges: Ranges) -> None:
    its = FORMATS[name]
    if its.how in ("static", "weights"):
        save(quantise(named(onnx.load(str(source))), {n: dict(r) for n, r in ranges.items()}, its.weights, its.activations, KEPT), target)
    elif its.how == "dynamic":
        large = source.with_name(source.name + "_data").exists()
        quantize_dynamic(source, target, weight_type=QuantType.QUInt8, per_channel=True, op_types_to_quantize=["MatMul", "Gemm", "Conv"], use_external_data_format=large)
    else:
        quantiser = MatMulNBitsQuantizer(onnx.load(str(source)), block_size=BLOCK, is_symmetric=True)
        quantiser.process()
        save(quantiser.model.model, target)
    session(target)  # what ONNX Runtime cannot load is found here


def quantise_folder(folder: Path, names: list[str], feeds: Feeds, calibration: dict) -> None:
    """Writes <unet or transformer>/model_<name>.onnx for every name, and adds each to quantisation.json."""
    for logger in ("root", "onnxruntime.quantization.matmul_nbits_quantizer"):
        logging.getLogger(logger).setLevel(logging.WARNING)
    its = denoiser_folder(folder)
    plain, half = its / "model.onnx", its / "model_fp16.onnx"
    record_file = folder / "quantisation.json"
    written = json.loads(record_file.read_text()) if record_file.exists() else {}
    if any(n != "q4f16" for n in names):
        need_float(plain, TensorProto.FLOAT, "Export the model with --dtype fp32.")
    ranges = ranges_for(plain, names, feeds)
    for name in names:
        source = half if name == "q4f16" else plain
        if name == "q4f16":
            need_float(half, TensorProto.FLOAT16, "Export the model with --variant fp16.")
        target = its / f"model_{name}.onnx"
        write(name, source, target, ranges)
        form = FORMATS[name]
        written[name] = {
            "file": str(target.relative_to(folder)), "source": str(source.relative_to(folder)), "weightBits": form.weights, "activationBits": form.activations, "method": form.how,
            "real": form.real, "simulated": form.simulated, **({"calibration": calibration} if form.how == "static" else {}), **({"block": BLOCK} if form.how == "blocks" else {}),
            "versions": {p: version(p) for p in ("onnx", "onnxruntime", "diffusers")}}
        print(f"  {target.relative_to(folder)}: {form.weights}-bit weights; real: {form.real}; simulated: {form.simulated}", flush=True)
        if form.how == "dynamic":
            print("    One scale is taken over all rows of a call, so a row depends on its neighbours: qsched runs it with one row per call.", flush=True)
    write_json(record_file, written)
