"""Converts the network of the PyPI package adaptive-terrain-diffusion 0.4.2 (MIT) to the layout that qsched reads.

    pip download --no-deps adaptive-terrain-diffusion==0.4.2 && unzip adaptive_terrain_diffusion-0.4.2-*.whl
    python tools/convert_terrain.py terrain_diffusion/weights/terrain_consistency_unet_difficulty100.onnx models/terrain

The network is a one-step consistency model of 128 x 128 height maps: noisy, sigma, difficulty -> denoised. Its scaling by
c_in, c_skip and c_out (Song et al. 2023) is that of diffusers' CMStochasticIterativeScheduler, so only the UNet inside is kept:
sample, timestep = 250 ln sigma -> out_sample, with one difficulty as a constant. A decoder repeats the height as R, G and B.
"""
import argparse
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.utils import Extractor

sys.path.insert(0, str(Path(__file__).parent))

from export.layout import write_json  # noqa: E402
from export.onnx_file import session  # noqa: E402

SIZE, SIGMA, DATA, LOWEST = 128, 80.0, 0.5, 0.002
SCALED, LOG_SIGMA, OUT = "mul_22", "mul_27", "conv2d_195"  # c_in x, 250 ln sigma, the UNet's output
KEPT = {"node_conv2d": "/conv_in/Conv", "node_conv2d_195": "/conv_out/Conv", "node_linear": "/time_embedding/linear_1", "node_linear_1": "/time_embedding/linear_2",
        "node_linear_2": "/add_embedding/linear_1", "node_linear_3": "/add_embedding/linear_2"}  # names that tools/quantise keeps at 8 bits


def inner(model: onnx.ModelProto, difficulty: int) -> onnx.ModelProto:
    """The UNet between the scalings. `difficulty`: 1 to 100."""
    graph = Extractor(model).extract_model([SCALED, LOG_SIGMA, "difficulty"], [OUT]).graph
    rename = {SCALED: "sample", LOG_SIGMA: "log_sigma", OUT: "out_sample"}
    nodes = [helper.make_node("Reshape", ["timestep", "one"], ["log_sigma"], name="/time_embedding/Reshape")]
    for node in graph.node:
        node.name = KEPT.get(node.name, node.name)
        if node.op_type == "Shape" and node.input[0] == "difficulty":
            node.input[0] = "sample"  # the number of rows
        node.input[:] = [rename.get(n, n) for n in node.input]
        node.output[:] = [rename.get(n, n) for n in node.output]
        nodes.append(node)
    constants = [numpy_helper.from_array(np.array([1], np.int64), "one"),
                 numpy_helper.from_array(np.array([(difficulty - 1) / 99], np.float32), "difficulty")]
    image = ["batch_size", 1, SIZE, SIZE]
    made = helper.make_graph(
        nodes, "unet",
        [helper.make_tensor_value_info("sample", TensorProto.FLOAT, image), helper.make_tensor_value_info("timestep", TensorProto.FLOAT, [])],
        [helper.make_tensor_value_info("out_sample", TensorProto.FLOAT, image)], [*graph.initializer, *constants])
    return helper.make_model(made, opset_imports=model.opset_import, ir_version=model.ir_version)


def decoder() -> onnx.ModelProto:
    nodes = [helper.make_node("Concat", ["latent_sample"] * 3, ["sample"], axis=1)]
    shapes = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch_size", channels, "height", "width"]) for name, channels in (("latent_sample", 1), ("sample", 3))]
    return helper.make_model(helper.make_graph(nodes, "decoder", shapes[:1], shapes[1:]), opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def check(source: Path, out: Path, difficulty: int) -> float:
    """The largest difference from the package's own network, at sigma 80, in heights of [-1, 1]."""
    noise = np.random.default_rng(0).standard_normal((2, 1, SIZE, SIZE), dtype=np.float32)
    x, sigma = noise * np.float32(SIGMA), np.full(2, SIGMA, np.float32)
    theirs = session(source).run(None, {"noisy": x, "sigma": sigma, "difficulty": np.full(2, (difficulty - 1) / 99, np.float32)})[0]
    root = np.sqrt(SIGMA ** 2 + DATA ** 2)
    m = session(out / "unet" / "model.onnx").run(None, {"sample": (x / root).astype(np.float32), "timestep": np.array(250 * np.log(SIGMA), np.float32)})[0]
    skip, scale = DATA ** 2 / ((SIGMA - LOWEST) ** 2 + DATA ** 2), (SIGMA - LOWEST) * DATA / root
    return float(np.abs(np.clip(skip * x + scale * m, -1, 1) - theirs).max())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--difficulty", type=int, default=60, choices=range(1, 101), metavar="1..100")
    args = parser.parse_args()
    for name in ("unet", "vae_decoder"):
        (args.out / name).mkdir(parents=True, exist_ok=True)
    onnx.save(inner(onnx.load(str(args.source)), args.difficulty), str(args.out / "unet" / "model.onnx"))
    onnx.save(decoder(), str(args.out / "vae_decoder" / "model.onnx"))
    write_json(args.out / "unet" / "config.json", {
        "_class_name": "UNet2DModel", "sample_size": SIZE, "in_channels": 1, "out_channels": 1, "layers_per_block": 5, "block_out_channels": [32, 32, 64, 96, 128],
        "down_block_types": ["DownBlock2D", "DownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D"], "num_class_embeds": None})
    write_json(args.out / "vae_decoder" / "config.json", {
        "_class_name": "AutoencoderKL", "latent_channels": 1, "out_channels": 3, "block_out_channels": [1], "up_block_types": ["UpDecoderBlock2D"], "scaling_factor": 1.0, "sample_size": SIZE})
    write_json(args.out / "scheduler" / "scheduler_config.json", {
        "_class_name": "CMStochasticIterativeScheduler", "num_train_timesteps": 40, "sigma_min": LOWEST, "sigma_max": SIGMA, "sigma_data": DATA, "rho": 7.0, "s_noise": 1.0, "clip_denoised": True})
    write_json(args.out / "model_index.json", {
        "_class_name": "ConsistencyModelPipeline", "scheduler": ["diffusers", "CMStochasticIterativeScheduler"], "unet": ["diffusers", "UNet2DModel"]})
    print(f"{args.out}: within {check(args.source, args.out, args.difficulty):.1e} of the package's own network")


if __name__ == "__main__":
    main()
