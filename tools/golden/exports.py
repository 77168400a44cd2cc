"""Writes test/golden/exports/trajectories.json: exported files, sampled with by the programs that they are for.

    npx tsx scripts/write-exports.ts FOLDER
    pip install -r tools/golden/requirements-diffusers-export.txt
    python tools/golden/exports.py FOLDER

- diffusers: the exported scheduler in StableDiffusionPipeline's and FluxPipeline's own loops over a dummy network, the
  consistency model by hand; FluxPipeline packs its latents, which are stored unpacked;
- diffusers-config: the class of diffusers that the exported config names, called with the exported arguments;
- comfyui: the exported node in tools/golden/comfy_host.py, also with other models and SIGMAS, which it refuses.

Noise is stored: torch's generator is not portable. The files that were run are stored as their SHA-256.
"""
import hashlib
import importlib
import importlib.util
import json
import sys
from importlib.metadata import version
from pathlib import Path

import diffusers
import numpy as np
import torch
from diffusers.configuration_utils import FrozenDict

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools" / "golden"))
import comfy_host  # noqa: E402

FOLDER = Path(sys.argv[1])
SHAPE = (1, 2, 4, 4)
SIZE = int(np.prod(SHAPE))
RNG = np.random.default_rng(20260911)
POOL = {"initial": np.round(RNG.standard_normal(SIZE), 6).tolist(), "noise": np.round(RNG.standard_normal((8, SIZE)), 6).tolist()}


def tensor(values):
    return torch.tensor(values, dtype=torch.float32).reshape(SHAPE)


def pack(x):
    return diffusers.FluxPipeline._pack_latents(x, *SHAPE)


def unpack(x):
    """(1, 4, 8) as (1, 2, 4, 4): the inverse of FluxPipeline._pack_latents."""
    batch, channels, height, width = SHAPE
    return x.view(batch, height // 2, width // 2, channels, 2, 2).permute(0, 3, 1, 4, 2, 5).reshape(SHAPE)


def network(sample, timestep):
    """A substitute for the denoiser: the larger the timestep, the more of the sample is noise."""
    t = abs(float(timestep))
    return sample * (t / (t + 1000)) + 0.1


def load(path):
    spec = importlib.util.spec_from_file_location(f"exported_{hash(path)}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def short(x):
    return [float(f"{v:.9g}") for v in x.reshape(-1).tolist()]


class UNet(torch.nn.Module):
    """The dummy network with the interface of a UNet."""

    dtype, device = torch.float32, torch.device("cpu")
    config = FrozenDict(in_channels=SHAPE[1], sample_size=SHAPE[2], time_cond_proj_dim=None, addition_embed_type=None)

    def forward(self, sample, timestep, **_):
        return (network(sample, timestep),)


class Transformer(torch.nn.Module):
    """The dummy network with the interface of FluxTransformer2DModel."""

    dtype, device = torch.float32, torch.device("cpu")
    config = FrozenDict(in_channels=4 * SHAPE[1], guidance_embeds=False, joint_attention_dim=1)

    def cache_context(self, _):
        import contextlib

        return contextlib.nullcontext()

    def forward(self, hidden_states, timestep, **_):
        return (network(hidden_states, timestep[0] * 1000),)


def set_noise(module, step_of):
    if hasattr(module, "randn_tensor"):
        module.randn_tensor = lambda shape, **_: shaped(tensor(POOL["noise"][step_of()]), shape)


def shaped(x, shape):
    return x if len(shape) == 4 else pack(x)


def in_unet_pipeline(scheduler, module, call):
    """The sample after every step of StableDiffusionPipeline."""
    samples = []
    set_noise(module, lambda: len(samples))
    pipe = diffusers.StableDiffusionPipeline(
        vae=None, text_encoder=None, tokenizer=None, unet=UNet(), scheduler=scheduler, safety_checker=None, feature_extractor=None, requires_safety_checker=False
    )
    pipe.scheduler = scheduler
    pipe.set_progress_bar_config(disable=True)
    pipe(
        prompt_embeds=torch.zeros(1, 1, 1), guidance_scale=0, latents=tensor(POOL["initial"]), height=32, width=32, output_type="latent",
        callback_on_step_end=lambda _, i, t, kwargs: samples.append(short(kwargs["latents"])) or kwargs, **call,
    )
    return samples


def in_flux_pipeline(scheduler, module, call):
    """The sample after every step of FluxPipeline, whose latents are packed."""
    samples = []
    set_noise(module, lambda: len(samples))
    pipe = diffusers.FluxPipeline(
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(), vae=None, text_encoder=None, tokenizer=None, text_encoder_2=None, tokenizer_2=None, transformer=Transformer()
    )
    pipe.scheduler = scheduler
    pipe.set_progress_bar_config(disable=True)
    pipe(
        prompt_embeds=torch.zeros(1, 1, 1), pooled_prompt_embeds=torch.zeros(1, 1), latents=pack(tensor(POOL["initial"])), height=32, width=32, output_type="latent",
        callback_on_step_end=lambda _, i, t, kwargs: samples.append(short(unpack(kwargs["latents"]))) or kwargs, **call,
    )
    return samples


def in_loop(scheduler, module, call, kind):
    """The same by hand, for networks whose pipelines are others, and latents that are not packed."""
    samples = []
    set_noise(module, lambda: len(samples))
    scheduler.set_timesteps(**call)
    scm = kind == "scm"  # SanaSprintPipeline scales its latents itself, and leaves the end out
    x = tensor(POOL["initial"]) * float(scheduler.config.sigma_data if scm else getattr(scheduler, "init_noise_sigma", 1.0))
    for t in scheduler.timesteps[:-1] if scm else scheduler.timesteps:
        scaled = scheduler.scale_model_input(x, t) if hasattr(scheduler, "scale_model_input") else x
        x = scheduler.step(network(scaled, t), t, x, return_dict=False)[0]
        samples.append(short(x))
    return samples


def sample(scheduler, module, call, case):
    kind = case["scheduler"]["type"]
    if kind.startswith("flow") and case["packed"]:
        return in_flux_pipeline(scheduler, module, call)
    if kind.startswith("flow") or kind in ("consistency", "scm"):
        return in_loop(scheduler, module, call, kind)
    return in_unet_pipeline(scheduler, module, call)


def with_scheduler(folder, case):
    module = load(folder / "qsched_scheduler.py")
    return sample(module.QschedScheduler(), module, {"num_inference_steps": module.QschedScheduler.steps}, case)


def with_config(folder, case):
    call = json.loads((folder / "sampling.json").read_text())["call"]
    name = json.loads((folder / "scheduler" / "scheduler_config.json").read_text())["_class_name"]
    scheduler = getattr(diffusers, name).from_pretrained(folder, subfolder="scheduler")
    return sample(scheduler, importlib.import_module(type(scheduler).__module__), call, case)


def comfy_model(case):
    flow = case["scheduler"]["type"].startswith("flow")
    v = case["scheduler"]["config"].get("prediction_type") == "v_prediction"
    return comfy_host.BaseModel("CONST" if flow else "V_PREDICTION" if v else "EPS", network)


def in_comfy(module, model, change=lambda sigmas: sigmas):
    samples = []
    sampler, sigmas = module.NODE_CLASS_MAPPINGS["QschedSchedule"]().make(comfy_host.ModelPatcher(model))
    x = sampler.sample(
        comfy_host.Guider(model), change(sigmas), {"model_options": {}, "seed": 1}, lambda i, denoised, x, total: samples.append(i), tensor(POOL["initial"]), torch.zeros(SHAPE)
    )
    assert samples == list(range(len(sigmas) - 1))
    return short(x)


def with_node(folder, case):
    comfy_host.install(None)
    module = load(folder / "qsched_comfyui.py")
    drawn = [i for i, step in enumerate(module.STEPS) if step["n"] != 0]
    comfy_host.install(lambda call: tensor(POOL["noise"][drawn[call]]))
    module.default_noise_sampler = sys.modules["comfy.k_diffusion.sampling"].default_noise_sampler
    return in_comfy(module, comfy_model(case))


def with_epsilon_scaling(case):
    """The built-in nodes alone: SIGMAS of the exported node, the sampler euler, and "Epsilon Scaling" at 0.950."""
    comfy_host.install(None)
    model = comfy_model(case)
    _, sigmas = load(FOLDER / case["name"] / "comfyui" / "qsched_comfyui.py").QschedSchedule().make(comfy_host.ModelPatcher(model))
    sampler = comfy_host.KSAMPLER(comfy_host.sample_euler)
    return short(sampler.sample(comfy_host.ScaledGuider(model, 0.95), sigmas, {}, None, tensor(POOL["initial"]), torch.zeros(SHAPE)))


def hashes(folder):
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.rglob("*")) if path.suffix in (".py", ".json")}


def refused(name, call):
    try:
        call()
    except ValueError as error:
        return {"case": name, "message": str(error)}
    raise AssertionError(f"{name} was not refused")


def refusals(cases):
    """What the exported files say to a host that they do not fit."""
    euler, flow = (next(case for case in cases if case["scheduler"]["type"] == kind) for kind in ("euler", "flow-match-euler"))
    node = load(FOLDER / euler["name"] / "comfyui" / "qsched_comfyui.py")
    flow_node = load(FOLDER / flow["name"] / "comfyui" / "qsched_comfyui.py")
    scheduler = load(FOLDER / euler["name"] / "diffusers" / "qsched_scheduler.py").QschedScheduler()
    other = comfy_host.BaseModel("EPS", network)
    other.model_sampling.log_sigmas = other.model_sampling.log_sigmas + 0.1
    distilled = comfy_host.BaseModel("EPS", network)
    distilled.model_sampling = type("ModelSampling", (comfy_host.ModelSamplingDiscrete, type("LCM", (comfy_host.EPS,), {})), {})()
    return [
        refused("comfyui: another kind of model", lambda: in_comfy(flow_node, comfy_model(euler))),
        refused("comfyui: other noise levels", lambda: in_comfy(node, other)),
        refused("comfyui: a patched model", lambda: in_comfy(node, distilled)),
        refused("comfyui: other SIGMAS", lambda: in_comfy(node, comfy_model(euler), lambda sigmas: sigmas * 0.9)),
        refused("diffusers: other steps", lambda: scheduler.set_timesteps(8)),
        refused("diffusers: another timestep", lambda: scheduler.step(tensor(POOL["initial"]), 500, tensor(POOL["initial"]))),
        refused("diffusers: image to image", lambda: scheduler.set_begin_index(1)),
    ]


def keeps_half_precision(case):
    """Latents of float16 stay float16, and are as near as float16 allows."""
    scheduler = load(FOLDER / case["name"] / "diffusers" / "qsched_scheduler.py").QschedScheduler()
    x, t = tensor(POOL["initial"]), scheduler.timesteps[0]
    half, full = (scheduler.step(network(one, t), t, one).prev_sample for one in (x.half(), x))
    assert half.dtype == torch.float16 and torch.allclose(half.float(), full, rtol=1e-2, atol=1e-2)


RUN = {"diffusers": with_scheduler, "diffusers-config": with_config, "comfyui": with_node}
CASES = json.loads((FOLDER / "cases.json").read_text())["cases"]
keeps_half_precision(next(case for case in CASES if case["scheduler"]["type"] == "euler"))
content = {
    "versions": {p: version(p) for p in ("diffusers", "numpy", "torch")},
    "pool": POOL,
    "runs": [
        {"case": case["name"], "target": target, "files": hashes(FOLDER / case["name"] / target), "samples": RUN[target](FOLDER / case["name"] / target, case)}
        for case in CASES
        for target in case["targets"]
    ],
    "epsilonScaling": with_epsilon_scaling(next(case for case in CASES if case["name"] == "flow-uniform")),
    "refusals": refusals(CASES),
}
out = ROOT / "test" / "golden" / "exports" / "trajectories.json"
out.parent.mkdir(parents=True, exist_ok=True)
out.write_text(json.dumps(content, separators=(",", ":")).replace('{"case"', '\n{"case"') + "\n")
print(len(content["runs"]), "runs")
