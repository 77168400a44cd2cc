"""Writes test/golden/diffusion/presets.json: how published few-step models are sampled, by pinned diffusers.

    pip install -r tools/golden/requirements-diffusion.txt
    python tools/golden/presets.py

Each case names the scheduler_config.json of a folder, and spells out what the authors' example code, or diffusers' own
pipeline, does with it: the class, what from_config changes, and the arguments of set_timesteps. Nothing here is read from
qsched's table of presets. Never needed to run or test the package.
"""
import importlib
import json
import math
from importlib.metadata import version

import diffusers
import numpy as np
import torch

from diffusion import OUT, POOL, initial_sigma, set_timesteps, short, tensor
from diffusers.pipelines.flux.pipeline_flux import calculate_shift
from diffusers.pipelines.flux2.pipeline_flux2 import compute_empirical_mu

BETAS = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "num_train_timesteps": 1000, "trained_betas": None, "clip_sample": False, "set_alpha_to_one": False, "skip_prk_steps": True, "steps_offset": 1}
SD15 = {"_class_name": "PNDMScheduler", **BETAS}
EULER = {**BETAS, "prediction_type": "epsilon", "interpolation_type": "linear", "sample_max_value": 1.0, "use_karras_sigmas": False}
SDXL = {"_class_name": "EulerDiscreteScheduler", **EULER, "timestep_spacing": "leading"}
SD_TURBO = {**SDXL, "timestep_spacing": "trailing"}
SDXL_TURBO = {**SD_TURBO, "_class_name": "EulerAncestralDiscreteScheduler"}
LCM = {"_class_name": "LCMScheduler", "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "clip_sample": False, "clip_sample_range": 1.0, "dynamic_thresholding_ratio": 0.995, "num_train_timesteps": 1000, "original_inference_steps": 50, "prediction_type": "epsilon", "rescale_betas_zero_snr": False, "sample_max_value": 1.0, "set_alpha_to_one": True, "steps_offset": 0, "thresholding": False, "timestep_scaling": 10.0, "timestep_spacing": "leading", "trained_betas": None}
FLOW = {"_class_name": "FlowMatchEulerDiscreteScheduler", "num_train_timesteps": 1000, "base_image_seq_len": 256, "base_shift": 0.5, "max_image_seq_len": 4096, "max_shift": 1.15, "shift": 1.0, "use_dynamic_shifting": False}
SCHNELL = FLOW
FLUX_DEV = {**FLOW, "shift": 3.0, "use_dynamic_shifting": True}
FLUX2 = {**FLUX_DEV, "invert_sigmas": False, "shift_terminal": None, "stochastic_sampling": False, "time_shift_type": "exponential", "use_beta_sigmas": False, "use_exponential_sigmas": False, "use_karras_sigmas": False}
Z_IMAGE = {"_class_name": "FlowMatchEulerDiscreteScheduler", "num_train_timesteps": 1000, "shift": 3.0, "use_dynamic_shifting": False}
QWEN = {**FLUX2, "max_image_seq_len": 8192, "max_shift": 0.9, "shift": 1.0, "shift_terminal": 0.02}
SD3 = {"_class_name": "FlowMatchEulerDiscreteScheduler", "num_train_timesteps": 1000, "shift": 3.0}
SANA = {"_class_name": "SCMScheduler", "num_train_timesteps": 1000, "prediction_type": "trigflow", "sigma_data": 0.5}

TRAILING = {"timestep_spacing": "trailing"}
TURBO_SIGMAS = [1.0, 0.6509, 0.4374, 0.2932, 0.1893, 0.1108, 0.0495, 0.00031]
LATENT = [4, 64, 64]
PACKED = [16, 128, 128]  # 1024 pixels, 4096 packed tokens


def tokens(latent):
    return (latent[1] // 2) * (latent[2] // 2)


def line(n):
    return np.linspace(1.0, 1 / n, n).tolist()


def cases():
    for n in range(1, 9):
        yield "lcm", n, LCM, LATENT, "LCMScheduler", {}, {}, None
        yield "lcm", n, SD15, LATENT, "LCMScheduler", {}, {}, None
        yield "tcd", n, SDXL, LATENT, "TCDScheduler", {}, {}, 0.3
        yield "hyper-sd-unified", n, SDXL, LATENT, "TCDScheduler", {}, {}, 1.0
    for n in (2, 4, 8, 16):
        yield "pcm", n, SD15, LATENT, "TCDScheduler", TRAILING, {}, 0.0
    for n in (1, 2, 3, 4):
        yield "sd-turbo", n, SD_TURBO, LATENT, "EulerDiscreteScheduler", {}, {}, None
        yield "sdxl-turbo", n, SDXL_TURBO, LATENT, "EulerAncestralDiscreteScheduler", {}, {}, None
        yield "sana-sprint", n, SANA, [32, 32, 32], "SCMScheduler", {}, {}, None
    for n in (2, 4, 8):
        yield "sdxl-lightning", n, SDXL, LATENT, "EulerDiscreteScheduler", TRAILING, {}, None
        yield "hyper-sd", n, SDXL, LATENT, "DDIMScheduler", TRAILING, {}, 0.0
        yield "hyper-sd", n, SD15, LATENT, "DDIMScheduler", TRAILING, {}, 0.0
    yield "sdxl-lightning-1-step", 1, SDXL, LATENT, "EulerDiscreteScheduler", {**TRAILING, "prediction_type": "sample"}, {}, None
    yield "hyper-sd-1-step", 1, SDXL, LATENT, "LCMScheduler", {}, {"timesteps": [800]}, None
    yield "dmd2", 4, SDXL, LATENT, "LCMScheduler", {}, {"timesteps": [999, 749, 499, 249]}, None
    yield "dmd2-1-step", 1, SDXL, LATENT, "LCMScheduler", {}, {"timesteps": [399]}, None
    flow = "FlowMatchEulerDiscreteScheduler"
    for n in (1, 2, 3, 4):
        # FluxPipeline passes a mu, which a scheduler without dynamic shifting ignores
        yield "flux.1-schnell", n, SCHNELL, PACKED, flow, {}, {"sigmas": line(n), "mu": calculate_shift(tokens(PACKED))}, None
    for latent in (PACKED, [16, 132, 132], [16, 64, 96]):
        yield "flux.2-klein", 4, FLUX2, latent, flow, {}, {"sigmas": line(4), "mu": compute_empirical_mu(tokens(latent), 4)}, None
    yield "flux.2-dev-turbo", 8, FLUX2, PACKED, flow, {}, {"sigmas": TURBO_SIGMAS, "mu": compute_empirical_mu(tokens(PACKED), 8)}, None
    yield "z-image-turbo", 8, Z_IMAGE, PACKED, flow, {}, {"sigmas": torch.linspace(1.0, 1 / 8, 8).tolist(), "mu": calculate_shift(tokens(PACKED))}, None
    for n in (4, 8):
        lightning = {"base_shift": math.log(3), "max_shift": math.log(3), "shift_terminal": None}
        mu = calculate_shift(tokens(PACKED), 256, 8192, math.log(3), math.log(3))
        yield "qwen-image-lightning", n, QWEN, PACKED, flow, lightning, {"sigmas": line(n), "mu": mu}, None
    yield "krea-2-turbo", 8, FLUX_DEV, PACKED, flow, {}, {"sigmas": line(8), "mu": 1.15}, None
    yield "ernie-image-turbo", 8, Z_IMAGE, PACKED, flow, {}, {"sigmas": torch.linspace(1.0, 0.0, 9)[:-1].tolist()}, None
    yield "sd3.5-turbo", 4, SD3, PACKED, flow, {}, {}, None


def sampled(preset, steps, folder, latent, class_name, changes, given, eta):
    cls = getattr(diffusers, class_name)
    module = importlib.import_module(cls.__module__)
    scheduler = cls.from_config(folder, **changes)
    set_timesteps(scheduler, steps, given)
    timesteps = scheduler.timesteps[:-1] if class_name == "SCMScheduler" else scheduler.timesteps
    assert len(timesteps) == steps, (preset, steps, len(timesteps))
    sigma0 = initial_sigma(scheduler)
    x = tensor(POOL["initial"]) * sigma0
    scales, samples = [], []
    for i, t in enumerate(timesteps):
        module.randn_tensor = lambda shape, i=i, **_: tensor(POOL["noise"][i])
        takes_scale = hasattr(scheduler, "scale_model_input")
        scales.append(float(scheduler.scale_model_input(torch.ones(1), t)) if takes_scale else 1.0)
        x = scheduler.step(tensor(POOL["outputs"][i]), t, x, **({} if eta is None else {"eta": eta})).prev_sample
        samples.append(short(x))
    case = {"preset": preset, "steps": steps, "config": folder, "latentShape": latent, "class": class_name, "timesteps": timesteps.tolist(), "initNoiseSigma": sigma0, "inputScale": short(scales), "samples": samples}
    if hasattr(scheduler, "sigmas") and torch.is_tensor(scheduler.sigmas):
        case["sigmas"] = short(scheduler.sigmas)
    return case


if __name__ == "__main__":
    torch.set_num_threads(1)
    versions = {p: version(p) for p in ["diffusers", "numpy", "torch"]}
    content = {"versions": versions, "pool": POOL, "cases": [sampled(*case) for case in cases()]}
    text = json.dumps(content, separators=(",", ":")).replace('{"preset"', '\n{"preset"')
    (OUT / "presets.json").write_text(text + "\n")
