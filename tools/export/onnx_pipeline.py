"""An exported folder as diffusers' own pipeline: every network runs in ONNX Runtime, all else is diffusers.

For calibration and for comparisons.
"""
import json
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import diffusers
import numpy as np
import onnxruntime as ort
import torch
from diffusers.configuration_utils import FrozenDict
from transformers import CLIPTokenizer, PreTrainedTokenizerFast, T5Tokenizer
from transformers.modeling_outputs import BaseModelOutputWithPooling
from transformers.models.clip.modeling_clip import CLIPTextModelOutput

from .onnx_file import session

TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(double)": np.float64, "tensor(int64)": np.int64, "tensor(int32)": np.int32}


class OrtModule(torch.nn.Module):
    """A network of a folder with the config, dtype and device that pipelines ask for."""

    dtype, device = torch.float32, torch.device("cpu")

    def __init__(self, folder: Path, file: str = "model.onnx"):
        super().__init__()
        self.config = FrozenDict(json.loads((folder / "config.json").read_text()))
        self.run: ort.InferenceSession = session(folder / file)
        self.types = {i.name: (TYPES[i.type], len(i.shape)) for i in self.run.get_inputs()}

    def call(self, given: dict) -> dict[str, torch.Tensor]:
        feeds = {}
        for name, (dtype, rank) in self.types.items():
            value = np.asarray(given[name].detach() if torch.is_tensor(given[name]) else given[name])
            number = value.ndim == 0 or rank == 0  # a timestep, as a scalar or as [1]
            feeds[name] = np.array(value.flat[0] if number else value, dtype).reshape((1,) * rank if number else value.shape)
        names = [o.name for o in self.run.get_outputs()]
        self.seen(feeds)
        return {n: torch.from_numpy(v.astype(np.float32)) for n, v in zip(names, self.run.run(names, feeds))}

    def seen(self, feeds: dict[str, np.ndarray]) -> None:
        """Called with the inputs of every call."""


class OrtDenoiser(OrtModule):
    """A UNet or a transformer: inputs by diffusers' names, in its order where they are given by position."""

    @property
    def add_embedding(self):
        """The SDXL pipeline compares the width of its pooled embedding and time_ids with it."""
        return SimpleNamespace(linear_1=SimpleNamespace(in_features=self.config.get("projection_class_embeddings_input_dim")))

    def cache_context(self, _name):
        return nullcontext()

    def forward(self, *args, added_cond_kwargs=None, return_dict=True, **given):
        given.update(zip(("sample", "timestep", "encoder_hidden_states"), args))
        return (next(iter(self.call({**given, **(added_cond_kwargs or {})}).values())),)


class OrtText(OrtModule):
    def forward(self, input_ids, **_):
        out = self.call({"input_ids": input_ids})
        states = tuple(out[f"hidden_states.{i}"] for i in range(len(out)) if f"hidden_states.{i}" in out) or None
        kind = CLIPTextModelOutput if "text_embeds" in out else BaseModelOutputWithPooling
        return kind(**{k: v for k, v in out.items() if "." not in k}, hidden_states=states)


class OrtDecoder(OrtModule):
    def decode(self, latents, return_dict=True, **_):
        return (self.call({"latent_sample": latents})["sample"],)


def tokenizer(folder: Path):
    config = json.loads((folder / "tokenizer_config.json").read_text())
    kind = config["tokenizer_class"]
    if kind == "PreTrainedTokenizerFast":  # tokenizer.json as it is
        return PreTrainedTokenizerFast.from_pretrained(folder)
    return (T5Tokenizer if "T5" in kind else CLIPTokenizer).from_pretrained(folder)


def denoiser_folder(folder: Path) -> Path:
    """unet/ or transformer/."""
    found = [folder / name for name in ("unet", "transformer") if (folder / name / "config.json").exists()]
    if not found:
        raise SystemExit(f"{folder} has neither unet/config.json nor transformer/config.json. Export it with tools/export_model.py or Optimum.")
    return found[0]


def open_pipeline(folder: Path, denoiser: str = "model.onnx"):
    """The pipeline that model_index.json names (Optimum's ORT classes too) over the folder's networks.

    denoiser: file in unet/ or transformer/
    """
    index = json.loads((folder / "model_index.json").read_text())
    its = denoiser_folder(folder)
    parts = {its.name: OrtDenoiser(its, denoiser)}
    for name in ("text_encoder", "text_encoder_2", "text_encoder_3"):
        if (folder / name / "model.onnx").exists():
            parts[name] = OrtText(folder / name)
    for name in ("tokenizer", "tokenizer_2", "tokenizer_3"):
        if (folder / name).is_dir():
            parts[name] = tokenizer(folder / name)
    if "vae" in index and (folder / "vae_decoder").is_dir():
        parts["vae"] = OrtDecoder(folder / "vae_decoder")
    scheduler = json.loads((folder / "scheduler" / "scheduler_config.json").read_text())
    parts["scheduler"] = getattr(diffusers, scheduler["_class_name"]).from_config(scheduler)
    cls = getattr(diffusers, index["_class_name"].removeprefix("ORT"))
    missing = {k: None for k, v in index.items() if isinstance(v, list) and k not in parts}
    pipeline = cls(**parts, **missing, **({"requires_safety_checker": False} if "safety_checker" in index else {}))
    pipeline.set_progress_bar_config(disable=True)
    return pipeline
