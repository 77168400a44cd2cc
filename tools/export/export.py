"""A diffusers checkpoint folder as a folder of ONNX networks in the diffusers/Optimum layout."""
import copy
import json
from pathlib import Path

import torch
from diffusers import DiffusionPipeline

from .families import family_of, text_network, vae_network
from .layout import write_config, write_index, write_tokenizer
from .lora import fuse_lora
from .onnx_file import write_network

DTYPES = {"fp32": torch.float32, "fp16": torch.float16}


def load(checkpoint: Path) -> DiffusionPipeline:
    if not (checkpoint / "model_index.json").exists():
        raise SystemExit(f"{checkpoint} has no model_index.json. Give a folder that `from_pretrained` loads, or that `save_pretrained` wrote.")
    return DiffusionPipeline.from_pretrained(str(checkpoint), torch_dtype=torch.float32, local_files_only=True)


def write_denoiser(pipeline, out: Path, dtype: str, variant: str | None = None, shard_bytes: int | None = None) -> Path:
    """Writes the denoiser alone: model.onnx, or model_<variant>.onnx."""
    family = family_of(pipeline)
    path = out / family.denoiser / (f"model_{variant}.onnx" if variant else "model.onnx")
    network = family.network(copy.deepcopy(getattr(pipeline, family.denoiser)))
    write_network(network, path, DTYPES[dtype], shard_bytes)
    return path


def export(checkpoint: Path, out: Path, dtype: str = "fp32", variants: tuple[str, ...] = (), lora: Path | None = None,
           lora_scale: float = 1.0, shard_bytes: int | None = None) -> None:
    """Writes `out`.

    dtype: of every network, with inputs and outputs of the same type (ids int64, timestep float32)
    variants: more files of the denoiser beside model.onnx, `fp16` for model_fp16.onnx
    """
    pipeline = load(checkpoint)
    if lora is not None:
        fuse_lora(pipeline, lora, lora_scale)
    family = family_of(pipeline)
    out.mkdir(parents=True, exist_ok=True)
    write_index(checkpoint, out)
    pipeline.scheduler.save_pretrained(out / "scheduler")
    for name in ("tokenizer", "tokenizer_2", "tokenizer_3"):
        if getattr(pipeline, name, None) is not None:
            write_tokenizer(getattr(pipeline, name), checkpoint, name, out)
    for name in family.encoders:
        encoder = getattr(pipeline, name, None)
        if encoder is not None:  # SD3 without T5 has no text_encoder_3
            write_config(encoder, out / name)
            write_network(text_network(encoder, family.hidden_states), out / name / "model.onnx", DTYPES[dtype], shard_bytes)
            print(f"  {name}/model.onnx", flush=True)
    write_config(getattr(pipeline, family.denoiser), out / family.denoiser)
    for name, its in [(None, dtype), *((v, v) for v in variants)]:
        print(f"  {write_denoiser(pipeline, out, its, name, shard_bytes).relative_to(out)}", flush=True)
    if family.decoder:
        write_config(pipeline.vae, out / "vae_decoder")
        write_network(vae_network(pipeline.vae), out / "vae_decoder" / "model.onnx", DTYPES[dtype], shard_bytes)
        print("  vae_decoder/model.onnx", flush=True)


def describe(out: Path) -> str:
    """One line for the end: what the folder is, and what to type next."""
    index = json.loads((out / "model_index.json").read_text())
    return f"{out}: {index['_class_name']}. Next: python tools/quantise_model.py {out}, then put the folder under QSCHED_MODELS."
