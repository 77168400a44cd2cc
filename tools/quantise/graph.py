"""The QDQ graph of a network.

Weights are stored as uint8 around zero point 128, activations as uint8; below 8 bits activations are clipped to fewer levels.
uint8 x uint8 uses 16-bit products (or VNNI) in ONNX Runtime and cannot saturate, whereas uint8 x int8 can without VNNI.
"""
import numpy as np
import onnx
from onnx import helper, numpy_helper

from .grid import targets, weight_grid

Ranges = dict[str, dict[int, tuple[float, float]]]  # tensor -> bits -> (low, high)


class Writer:
    """Collects the nodes and constants of one quantised graph."""

    def __init__(self, ranges: Ranges):
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


def quantise(model: onnx.ModelProto, ranges: Ranges, weight_bits: int, activation_bits: int | None, kept: str) -> onnx.ModelProto:
    """The model with QDQ pairs. The output of a convolution is quantised to 8 bits as well, because otherwise ONNX Runtime
    does not fuse QLinearConv (a float convolution on dequantised values and ConvInteger were slower when tried); that of the last
    one is not, because it is the predicted noise. MatMul and Gemm need no quantised output to run in integers. Without
    activation_bits, weights alone are quantised."""
    outputs = {o.name for o in model.graph.output}
    chosen = {id(t.node): t for t in targets(model, kept)}
    initial = {i.name: i for i in model.graph.initializer}
    w, replaced = Writer(ranges), set()
    for node in model.graph.node:
        t = chosen.get(id(node))
        if t is None:
            w.nodes.append(node)
            continue
        name = node.name
        bits_w, bits_a = (8, activation_bits and 8) if t.kept else (weight_bits, activation_bits)
        grid, scales = weight_grid(t.weight, t.axis, bits_w)
        replaced.add(node.input[1])
        stored = w.constant(f"{name}/weight", (grid + 128).astype(np.uint8))

        def value(name=name, stored=stored, scales=scales, axis=t.axis):
            scale_and_zero = w.constant(f"{name}/weight/scale", scales), w.constant(f"{name}/weight/zero", np.full(len(scales), 128, np.uint8))
            return w.add("DequantizeLinear", [stored, *scale_and_zero], f"{name}/weight/value", axis=axis)

        if bits_a is None:
            new = helper.make_node(node.op_type, [node.input[0], value(), *node.input[2:]], list(node.output), name=name)
            new.attribute.extend(node.attribute)
            w.nodes.append(new)
            continue
        source, scale = w.dequantise(node.input[0], bits_a, name)
        inputs, output = [source, value()], node.output[0]
        if len(node.input) > 2:
            bias = numpy_helper.to_array(initial[node.input[2]]).astype(np.float64)
            both = (scales * scale).astype(np.float32)
            whole = np.rint(bias / both)
            if np.abs(whole).max() >= 2 ** 31:  # a channel of zeros with a bias: float then, and this node runs in float
                inputs.append(node.input[2])
            else:
                replaced.add(node.input[2])
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
    return result
