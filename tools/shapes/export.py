"""Writes models/ and prompts/ from the checkpoints of a work folder: ONNX in the diffusers/Optimum layout."""
import json
import os
import shutil
import warnings
from pathlib import Path

import numpy as np
import torch
from diffusers import TCDScheduler
from tokenizers import Tokenizer

from .manifest import write_manifest
from .networks import CLIP_MEAN, CLIP_STD, LATENT_CHANNELS, Autoencoder, Clip, ObjectiveImageTower, SecondImageTower, unet
from .prompts import write_prompts
from .quantize import quantise_all
from .session import session
from .tokenizer import LENGTH

OPSET = 18
BOS, EOS = "<|startoftext|>", "<|endoftext|>"


class _Text(torch.nn.Module):
    def __init__(self, model, hidden: bool):
        super().__init__()
        self.model, self.hidden = model, hidden

    def forward(self, input_ids):
        out = self.model(input_ids)
        return (out.last_hidden_state, out.text_embeds) if self.hidden else out.text_embeds


class _Unet(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, sample, timestep, encoder_hidden_states):
        return self.model(sample, timestep, encoder_hidden_states, return_dict=False)[0]


class _Decoder(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, latent_sample):
        return self.model.decode(latent_sample)


def write_json(path: Path, value) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def export_onnx(module, path: Path, inputs: dict, outputs: list[str], free=("timestep",)) -> None:
    """Exports, then compares with torch at another batch size: max abs 1e-4 and cosine 1 - 1e-6, per output."""
    path.parent.mkdir(parents=True, exist_ok=True)
    axes = {k: {0: "steps" if k in free else "batch"} for k in inputs} | {k: {0: "batch"} for k in outputs}
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.onnx.export(module.eval(), tuple(inputs.values()), str(path), dynamo=False, opset_version=OPSET,
                          input_names=list(inputs), output_names=outputs, dynamic_axes=axes)
    other = {k: v if k in free else torch.cat([v, v.flip(0), v[:1]]) for k, v in inputs.items()}
    with torch.no_grad():
        expected = module(*other.values())
    expected = [expected] if torch.is_tensor(expected) else expected
    got = session(path).run(None, {k: v.numpy() for k, v in other.items()})
    for name, e, o in zip(outputs, expected, got):
        e = e.numpy().astype(np.float64).ravel()
        o = o.astype(np.float64).ravel()
        worst, cosine = np.abs(e - o).max(), e @ o / np.sqrt((e @ e) * (o @ o))
        print(f"  {path.parent.name}/{path.name} {name}: max abs {worst:.1e}, 1 - cos {1 - cosine:.1e}", flush=True)
        assert worst <= 1e-4 * max(1, np.abs(e).max()) and cosine >= 1 - 1e-6, (path, name, worst, cosine)


def tokenizer_files(source: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, folder / "tokenizer.json")
    write_json(folder / "tokenizer_config.json", {
        "tokenizer_class": "CLIPTokenizer", "model_max_length": LENGTH, "padding_side": "right", "truncation_side": "right",
        "bos_token": BOS, "eos_token": EOS, "pad_token": EOS, "unk_token": EOS, "add_prefix_space": False,
        "do_lower_case": True, "clean_up_tokenization_spaces": True})


def text_config(clip: Clip) -> dict:
    config = clip.text.config.to_dict()
    return {k: config[k] for k in sorted(config) if isinstance(config[k], (int, float, str)) and not k.startswith("_")}


def load_clip(work: Path, name: str, tower, layers: int, vocab: int) -> Clip:
    clip = Clip(vocab, tower, layers)
    clip.load_state_dict(torch.load(work / f"{name}.pt", weights_only=False))
    return clip.eval().requires_grad_(False)


def export_scorer(clip: Clip, work: Path, folder: Path, ids: torch.Tensor, g: torch.Generator) -> None:
    export_onnx(_Text(clip.text, False), folder / "text_model.onnx", {"input_ids": ids}, ["text_embeds"])
    pixels = torch.randn(3, 3, 32, 32, generator=g)
    export_onnx(clip.image, folder / "vision_model.onnx", {"pixel_values": pixels}, ["image_embeds"])
    tokenizer_files(work / "tokenizer.json", folder)
    write_json(folder / "preprocessor_config.json", {
        "image_processor_type": "CLIPImageProcessor", "do_convert_rgb": True, "do_resize": True, "size": {"shortest_edge": 32},
        "resample": 3, "do_center_crop": True, "crop_size": {"height": 32, "width": 32}, "do_rescale": True,
        "rescale_factor": 1 / 255, "do_normalize": True, "image_mean": [round(v, 8) for v in CLIP_MEAN.flatten().tolist()],
        "image_std": [round(v, 8) for v in CLIP_STD.flatten().tolist()]})
    write_json(folder / "config.json", {
        "model_type": "clip", "architectures": ["CLIPModel"], "projection_dim": 64, "logit_scale": clip.log_scale.item(),
        "logit_scale_init_value": 2.66, "text_config": text_config(clip),
        "vision_config": {"image_size": 32, "num_channels": 3, "tower": type(clip.image).__name__}})


def export_pipeline(work: Path, folder: Path, vocab: int, ids: torch.Tensor, g: torch.Generator) -> None:
    """models/shapes in full precision."""
    tokenizer_files(work / "tokenizer.json", folder / "tokenizer")
    clip = load_clip(work, "conditioning", SecondImageTower(), 2, vocab)
    export_onnx(_Text(clip.text, True), folder / "text_encoder" / "model.onnx", {"input_ids": ids},
                ["last_hidden_state", "text_embeds"])
    write_json(folder / "text_encoder" / "config.json", {
        "architectures": ["CLIPTextModelWithProjection"], "model_type": "clip_text_model", **text_config(clip)})
    with torch.no_grad():
        hidden = clip.text(ids).last_hidden_state
    network = unet()
    network.load_state_dict(torch.load(work / "student.pt", weights_only=False))
    latents = torch.randn(len(ids), LATENT_CHANNELS, 8, 8, generator=g)
    export_onnx(_Unet(network.eval().requires_grad_(False)), folder / "unet" / "model.onnx",
                {"sample": latents, "timestep": torch.tensor([759]), "encoder_hidden_states": hidden}, ["out_sample"])
    write_json(folder / "unet" / "config.json", {
        "_class_name": "UNet2DConditionModel", **{k: v for k, v in dict(network.config).items() if not k.startswith("_")}})
    autoencoder = Autoencoder()
    autoencoder.load_state_dict(torch.load(work / "autoencoder.pt", weights_only=False))
    export_onnx(_Decoder(autoencoder.eval().requires_grad_(False)), folder / "vae_decoder" / "model.onnx",
                {"latent_sample": latents}, ["sample"])
    write_json(folder / "vae_decoder" / "config.json", {
        "_class_name": "ShapesAutoencoder", "in_channels": 3, "out_channels": 3, "latent_channels": LATENT_CHANNELS,
        "sample_size": 32, "scaling_factor": 1.0, "shift_factor": 0.0})
    scheduler = TCDScheduler(original_inference_steps=50, beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear",
                             clip_sample=False, set_alpha_to_one=False, steps_offset=1, prediction_type="epsilon",
                             timestep_spacing="leading")
    write_json(folder / "scheduler" / "scheduler_config.json", {
        "_class_name": "TCDScheduler", **{k: v for k, v in scheduler.config.items() if not k.startswith("_")}})
    write_json(folder / "model_index.json", {
        "_class_name": "StableDiffusionPipeline", "feature_extractor": [None, None], "requires_safety_checker": False,
        "safety_checker": [None, None], "scheduler": ["diffusers", "TCDScheduler"],
        "text_encoder": ["transformers", "CLIPTextModelWithProjection"], "tokenizer": ["transformers", "CLIPTokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"], "vae": ["diffusers", "AutoencoderKL"]})
    write_json(folder / "qsched.json", {
        "scorers": {"objective": "shapes-clip", "second": "shapes-clip-second", "brisque": "shapes-brisque", "lpips": "shapes-lpips"},
        "prompts": {"calibration": "shapes-calibration", "select": "shapes-select", "heldout": "shapes-heldout",
                    "eval": "shapes-eval"},
        "defaultPrecision": "w4a8", "scheduler": {"type": "tcd", "steps": 4, "eta": 0}})


def export_all(work: Path, out: Path) -> None:
    """Writes the files of out/models and out/prompts; other files (a model card) remain."""
    torch.manual_seed(0)
    torch.set_num_threads(2)
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    work, out = Path(work), Path(out)
    for folder in ("models/shapes", "models/shapes-clip", "models/shapes-clip-second"):
        for old in (out / folder).rglob("*"):
            if old.suffix in {".onnx", ".json"}:
                old.unlink()
    counts = write_prompts(out / "prompts")
    print("prompts", counts, flush=True)
    tokenizer = Tokenizer.from_file(str(work / "tokenizer.json"))
    vocab = tokenizer.get_vocab_size()
    g = torch.Generator().manual_seed(0)
    ids = torch.randint(0, vocab - 2, (3, LENGTH), generator=g)
    ids[:, 0] = vocab - 2
    for row, end in enumerate((12, 25, 39)):
        ids[row, end:] = vocab - 1
    models = out / "models"
    export_pipeline(work, models / "shapes", vocab, ids, g)
    export_scorer(load_clip(work, "scorer", ObjectiveImageTower(), 2, vocab), work, models / "shapes-clip", ids, g)
    export_scorer(load_clip(work, "second", SecondImageTower(), 1, vocab), work, models / "shapes-clip-second", ids, g)
    quantise_all(models / "shapes")
    entries = write_manifest(out)
    print(f"{len(entries)} files, {sum(e['bytes'] for e in entries.values()) / 1e6:.1f} MB", flush=True)
