"""What a denoiser is given while its own pipeline samples qsched's calibration prompts."""
import inspect
import json
import sys
from pathlib import Path

import numpy as np
import torch

from export.onnx_pipeline import OrtDenoiser, open_pipeline

ROOT = Path(__file__).resolve().parents[2]
Feeds = list[dict[str, np.ndarray]]


def read_prompts(file: Path | None, count: int) -> list[str]:
    """Prompts of a set (JSON with `prompts`) or of a text file, one per line; by default qsched's general calibration set."""
    general = ROOT / "prompts" / "general-calibration.json"
    file = file or (general if general.exists() else ROOT / "prompts" / "shapes-calibration.json")
    if not file.exists():
        raise SystemExit(f"{file}: no such prompt file.")
    text = file.read_text()
    prompts = [p["text"] for p in json.loads(text)["prompts"]] if file.suffix == ".json" else [line for line in text.splitlines() if line.strip()]
    return prompts[:count]


def pipeline_denoiser(pipeline) -> OrtDenoiser:
    return pipeline.unet if hasattr(pipeline, "unet") else pipeline.transformer


def sampling(pipeline, steps: int, guidance: float | None, size: tuple[int, int] | None) -> dict:
    """Arguments of the pipeline's call. Few-step models are distilled without guidance, so the default is none."""
    takes = inspect.signature(type(pipeline).__call__).parameters
    given = {"num_inference_steps": steps, "output_type": "latent" if "prompt" in takes else "np"}
    if "guidance_scale" in takes:
        config = pipeline_denoiser(pipeline).config
        fitting = 8.5 if config.get("time_cond_proj_dim") is not None else 3.5 if config.get("guidance_embeds") else 0.0
        given["guidance_scale"] = fitting if guidance is None else guidance
    if size is None and "sample_size" not in pipeline_denoiser(pipeline).config:  # FLUX names its size in the VAE's config
        size = (pipeline.vae.config.sample_size,) * 2
    if size is not None and "height" in takes:
        given["height"], given["width"] = size
    if "max_sequence_length" in takes:
        given["max_sequence_length"] = 256
    return given


def record(folder: Path, prompts: list[str], steps: tuple[int, ...], guidance: float | None = None,
           size: tuple[int, int] | None = None) -> Feeds:
    """Inputs of every call of the denoiser's model.onnx, one prompt at a time, through all numbers of steps in turn."""
    pipeline = open_pipeline(folder)
    feeds: Feeds = []
    pipeline_denoiser(pipeline).seen = lambda given: feeds.append({k: v.copy() for k, v in given.items()})
    with torch.no_grad():
        for i, prompt in enumerate(prompts):
            options = sampling(pipeline, steps[i % len(steps)], guidance, size)
            takes = inspect.signature(type(pipeline).__call__).parameters
            pipeline(**({"prompt": prompt} if "prompt" in takes else {}), **options, generator=torch.Generator().manual_seed(i))
            print(f"\r  calibration prompt {i + 1} of {len(prompts)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return feeds
