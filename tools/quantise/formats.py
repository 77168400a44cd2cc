"""The formats that tools/quantise_model.py writes, by the name of the file: model_<name>.onnx."""
from dataclasses import dataclass


@dataclass(frozen=True)
class Format:
    """What is integer in a format, and what of it is only simulated."""

    weights: int  # bits
    activations: int | None  # bits; None: not quantised
    how: str  # static, weights, dynamic or blocks
    real: str
    simulated: str


FORMATS = {
    "w8a8": Format(8, 8, "static", "int8 kernels on the CPU, DirectML and TensorRT", "on CUDA: QDQ runs in float"),
    "w8a8_dynamic": Format(8, 8, "dynamic", "int8 kernels on the CPU", "-"),
    "w4a8": Format(4, 8, "static", "8-bit kernels on the CPU", "4-bit weights: 15 levels stored in 8 bits"),
    "w4a6": Format(4, 6, "static", "8-bit kernels on the CPU", "4-bit weights and 6-bit activations: fewer levels stored in 8 bits"),
    "w4a5": Format(4, 5, "static", "8-bit kernels on the CPU", "4-bit weights and 5-bit activations: fewer levels stored in 8 bits"),
    "w4a4": Format(4, 4, "static", "8-bit kernels on the CPU", "4-bit weights and 4-bit activations: fewer levels stored in 8 bits"),
    "w8": Format(8, None, "weights", "8-bit weights, unpacked to float32", "-"),
    "w4": Format(4, None, "weights", "weights of 8 bits, unpacked to float32", "4-bit weights: 15 levels stored in 8 bits"),
    "q4": Format(4, None, "blocks", "4-bit weights of MatMul (MatMulNBits), unpacked to float32", "convolutions stay float32"),
    "q4f16": Format(4, None, "blocks", "4-bit weights of MatMul (MatMulNBits), unpacked to float16", "convolutions stay float16"),
}

# Layers that keep 8 bits: first and last, and all of the time embedding. The outermost folder of a name is there in our exports,
# not in Optimum's.
KEPT = (r"^(/unet|/transformer)?/(conv_in|conv_out|time_embedding|add_embedding|time_text_embed|x_embedder|context_embedder|pos_embed|norm_out|proj_out)/"
        r"|/time_emb_proj/")
