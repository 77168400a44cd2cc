"""An SDXL-size dummy: the true classes with random float16 weights, for measuring memory.

    python -m tools.dummy_sdxl FOLDER [--size 512] [--depth 4] [--only text_encoder]

Nothing is ever in memory whole: networks are traced on torch's `meta` device, and weights are streamed to disk as external
data. The UNet has 1.3 billion weights with --depth 4, and 2.6 billion with 10, as SDXL has. Images are noise.
One row per call is fixed.
Needs tools/requirements.txt. bench/memory-run.ts measures with it; docs/models.md has the numbers.
"""
import argparse
import json
import shutil
from pathlib import Path

import numpy as np
import onnx_ir as ir
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from .export.onnx_file import OPSET, Network
from .export.text import clip_network, ids
from .export.tracing import traceable
from .export.unet import _inputs, unet_network
from .export.vae import latents, vae_network

CHUNK = 2**24
INLINE = 1024
TOKENIZER = Path(__file__).resolve().parent.parent / "test/fixtures/pipelines/sdxl"


def on_meta(module_of, dtype):
    with torch.device("meta"):
        return module_of().to(dtype).eval()


def type_of(value: ir.Value) -> ir.DataType:
    """The element type; the exporter leaves it out inside attention, where it is the first input's."""
    if value.dtype is not None:
        return value.dtype
    node = value.producer()
    if node.op_type == "Constant":
        return value.const_value.dtype if value.const_value is not None else ir.convenience.get_const_tensor(value).dtype
    if node.op_type == "Cast":
        return ir.DataType(node.attributes["to"].as_int())
    return type_of(node.inputs[1 if node.op_type == "CastLike" else 0])


def plain(model: ir.Model) -> None:
    """Cast in the place of CastLike, which ONNX Runtime cannot lower in float16; nothing about where nodes come from."""
    for node in model.graph:
        node.metadata_props.clear()
        if node.op_type == "CastLike":
            like = type_of(node.inputs[1])
            node.op_type = "Cast"
            node.resize_inputs(1)
            node.attributes["to"] = ir.AttrInt64("to", int(like))


def write(network: Network, inputs: dict[str, torch.Tensor], path: Path, dtype: torch.dtype) -> int:
    """Traces one row without weights, then writes random ones in the order of the graph. Returns their bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    inputs = {k: v.to("meta", dtype if v.is_floating_point() and k not in ("timestep", "text_embeds") else v.dtype) for k, v in inputs.items()}
    with torch.no_grad(), traceable():
        program = torch.onnx.export(network.module.eval(), tuple(inputs.values()), dynamo=True, optimize=False, verbose=False, opset_version=OPSET,
                                    input_names=list(inputs), output_names=list(network.outputs))
    model, at = program.model, 0
    rng = np.random.default_rng(0)
    with open(f"{path}_data", "wb") as data:
        for value in model.graph.initializers.values():
            shape, kind = [int(n) for n in value.shape], value.dtype
            count = int(np.prod(shape))
            if value.const_value is not None and value.const_value.raw.device.type != "meta":
                continue
            fan_in = max(1, int(np.prod(shape[1:])))
            deviation = 0.5 / fan_in**0.5 if len(shape) > 1 else 0.01
            ones = len(shape) == 1 and "norm" in value.name and value.name.endswith("weight")
            if count * kind.itemsize < INLINE:
                values = np.ones(shape) if ones else rng.standard_normal(shape) * deviation
                value.const_value = ir.tensor(values.astype(kind.numpy()), name=value.name)
                continue
            start = at
            for first in range(0, count, CHUNK):
                size = min(CHUNK, count - first)
                values = np.ones(size) if ones else rng.standard_normal(size, dtype=np.float32) * deviation
                at += data.write(values.astype(kind.numpy()).tobytes())
            value.const_value = ir.ExternalTensor(f"{path.name}_data", start, at - start, kind, shape=ir.Shape(shape), name=value.name, base_dir=path.parent)
    plain(model)
    ir.save(model, path)
    return at


def text_encoder(width: int, layers: int, projected: bool):
    config = CLIPTextConfig(vocab_size=vocabulary(), hidden_size=width, intermediate_size=4 * width, num_hidden_layers=layers,
                            num_attention_heads=width // 64, projection_dim=width, hidden_act="gelu" if projected else "quick_gelu",
                            attn_implementation="eager")
    return on_meta(lambda: (CLIPTextModelWithProjection if projected else CLIPTextModel)(config), torch.float16)


def vocabulary() -> int:
    return len(json.loads((TOKENIZER / "tokenizer/vocab.json").read_text()))


def unet(size: int, depth: int):
    return on_meta(lambda: UNet2DConditionModel(
        sample_size=size // 8, down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"), block_out_channels=(320, 640, 1280), layers_per_block=2,
        transformer_layers_per_block=[1, 2, depth], attention_head_dim=[5, 10, 20], cross_attention_dim=2048, use_linear_projection=True,
        addition_embed_type="text_time", addition_time_embed_dim=256, projection_class_embeddings_input_dim=2816), torch.float16)


def vae():
    return on_meta(lambda: AutoencoderKL(
        down_block_types=["DownEncoderBlock2D"] * 4, up_block_types=["UpDecoderBlock2D"] * 4, block_out_channels=(128, 256, 512, 512),
        layers_per_block=2, latent_channels=4, sample_size=1024, scaling_factor=0.13025), torch.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--depth", type=int, default=4, help="transformer blocks at the lowest resolution; SDXL has 10")
    parser.add_argument("--only", nargs="*", help="networks to write, such as text_encoder; by default all")
    args = parser.parse_args()
    shutil.copytree(TOKENIZER, args.folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.onnx", "*.onnx_data", "*golden*", "*.png"))
    side = args.size // 8
    networks = {"unet": lambda: unet(args.size, args.depth), "vae_decoder": vae, "text_encoder": lambda: text_encoder(768, 12, False),
                "text_encoder_2": lambda: text_encoder(1280, 32, True)}
    for name in args.only or networks:
        module = networks[name]()
        config = module.config
        if name == "unet":
            network, inputs = unet_network(module), _inputs(config, 1, side, side, 77)
        elif name == "vae_decoder":
            network, inputs = vae_network(module), {"latent_sample": latents(1, config.latent_channels, side, side)}
        else:
            network, inputs = clip_network(module, True), {"input_ids": ids(config.vocab_size, 1, 77, config.vocab_size - 1)}
        size = write(network, inputs, args.folder / name / "model.onnx", next(module.parameters()).dtype)
        (args.folder / name / "config.json").write_text(json.dumps(config.to_dict() if "text" in name else dict(config), default=str))
        print(f"{name}: {size / 1e9:.2f} GB")


if __name__ == "__main__":
    main()
