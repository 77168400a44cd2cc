"""Writes test/golden/diffusers-export/trajectories.json: exported schedules sampled with pinned diffusers.

    npx tsx scripts/write-export-documents.ts
    pip install -r tools/golden/requirements-diffusers-export.txt
    python tools/golden/diffusers_export.py

Every document is applied with tools/qsched_diffusers.py in StableDiffusionPipeline's own loop over a dummy network (flow
matching and the consistency model: the same loop by hand). Noise is stored: randn_tensor of each scheduler's module is
replaced, because torch's generator is not portable.
"""
import importlib
import json
import sys
from importlib.metadata import version
from pathlib import Path

import diffusers
import numpy as np
import torch
from diffusers.configuration_utils import FrozenDict

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import qsched_diffusers  # noqa: E402

FOLDER = ROOT / "test" / "golden" / "diffusers-export"
SHAPE = (1, 2, 2, 2)
RNG = np.random.default_rng(20250904)
POOL = {"initial": np.round(RNG.standard_normal(8), 6).tolist(), "noise": np.round(RNG.standard_normal((8, 8)), 6).tolist()}


def tensor(values):
    return torch.tensor(values, dtype=torch.float32).reshape(SHAPE)


def network(sample, timestep):
    """A substitute for the UNet: the larger the timestep, the more of the sample is noise."""
    t = abs(float(timestep))
    return sample * (t / (t + 1000)) + 0.1


def make(document):
    config = {k: v for k, v in document["scheduler"]["config"].items() if k != "_class_name"}
    cls = getattr(diffusers, document["scheduler"]["config"]["_class_name"])
    return cls(**config), importlib.import_module(cls.__module__)


class Network(torch.nn.Module):
    """The dummy network with the interface of a UNet, so that StableDiffusionPipeline can call it."""

    dtype, device = torch.float32, torch.device("cpu")
    config = FrozenDict(in_channels=SHAPE[1], sample_size=SHAPE[2], time_cond_proj_dim=None, addition_embed_type=None)

    def forward(self, sample, timestep, **_):
        return (network(sample, timestep),)


def in_pipeline(scheduler, module, document):
    """The sample after every step of diffusers' own pipeline loop."""
    samples = []
    if hasattr(module, "randn_tensor"):
        module.randn_tensor = lambda shape, **_: tensor(POOL["noise"][len(samples)])
    pipe = diffusers.StableDiffusionPipeline(
        vae=None, text_encoder=None, tokenizer=None, unet=Network(), scheduler=scheduler, safety_checker=None, feature_extractor=None, requires_safety_checker=False
    )
    assert pipe.scheduler is scheduler
    pipe.set_progress_bar_config(disable=True)
    pipe(
        prompt_embeds=torch.zeros(1, 1, 1), guidance_scale=0, latents=tensor(POOL["initial"]), height=16, width=16, output_type="latent",
        num_inference_steps=document["scheduler"]["steps"], eta=document["scheduler"]["eta"],
        callback_on_step_end=lambda _, i, t, kwargs: samples.append(short(kwargs["latents"])) or kwargs,
    )
    return samples


def in_loop(scheduler, module, document):
    """The same by hand, for schedulers whose pipelines need a network with another interface."""
    samples = []
    scheduler.set_timesteps(document["scheduler"]["steps"])
    scm = document["scheduler"]["type"] == "scm"  # SanaSprintPipeline scales its latents itself, and leaves the end out
    x = tensor(POOL["initial"]) * float(scheduler.config.sigma_data if scm else getattr(scheduler, "init_noise_sigma", 1.0))
    for i, t in enumerate(scheduler.timesteps[:-1] if scm else scheduler.timesteps):
        if hasattr(module, "randn_tensor"):
            module.randn_tensor = lambda shape, i=i, **_: tensor(POOL["noise"][i])
        scaled = scheduler.scale_model_input(x, t) if hasattr(scheduler, "scale_model_input") else x
        x = scheduler.step(network(scaled, t), t, x, return_dict=False)[0]
        samples.append(short(x))
    return samples


def short(x):
    return [float(f"{v:.9g}") for v in x.reshape(-1).tolist()]


def trajectory(document):
    scheduler, module = make(document)
    qsched_diffusers.apply(scheduler, document)
    way = in_loop if document["scheduler"]["type"] in ("flow-match-euler", "flow-match-lcm", "consistency", "scm") else in_pipeline
    return way(scheduler, module, document)


def refused(name, change, class_name="TCDScheduler", steps=4, call=None):
    """The module's error for a schedule that does not fit."""
    document = json.loads(json.dumps(DOCUMENTS[0]))
    change(document)
    scheduler = getattr(diffusers, class_name)()
    try:
        qsched_diffusers.apply(scheduler, document)
        scheduler.set_timesteps(steps)
        scheduler.step(tensor(POOL["initial"]), scheduler.timesteps[0], tensor(POOL["initial"]), **(call or {}))
    except qsched_diffusers.ScheduleError as error:
        return {"case": name, "message": str(error)}
    raise AssertionError(f"{name} was not refused")


DOCUMENTS = json.loads((FOLDER / "documents.json").read_text())
REFUSALS = [
    refused("format", lambda d: d.update(format="other/1")),
    refused("class", lambda d: None, class_name="LCMScheduler"),
    refused("steps", lambda d: None, steps=8),
    refused("length", lambda d: d["coefficients"]["sample"].pop()),
    refused("finite", lambda d: d["coefficients"]["noise"].__setitem__(1, float("nan"))),
    refused("timesteps", lambda d: d.update(timesteps=[999, 749, 499, 249])),
    refused("eta", lambda d: None, call={"eta": 0.3}),
]

# One line applies it, one line removes it: the scheduler then behaves as before.
plain, wrapped = diffusers.TCDScheduler(), diffusers.TCDScheduler()
path = FOLDER / "one.tmp.json"
path.write_text(json.dumps(DOCUMENTS[0]))
assert qsched_diffusers.apply(wrapped, str(path)) is wrapped
path.unlink()
qsched_diffusers.remove(wrapped)
for one in (plain, wrapped):
    one.set_timesteps(4)
x = tensor(POOL["initial"])
assert torch.equal(*[one.step(x, one.timesteps[0], x, eta=0).prev_sample for one in (plain, wrapped)])

content = {
    "versions": {p: version(p) for p in ("diffusers", "numpy", "torch", "transformers")},
    "pool": POOL,
    "trajectories": [trajectory(document) for document in DOCUMENTS],
    "refusals": REFUSALS,
}
(FOLDER / "trajectories.json").write_text(json.dumps(content, separators=(",", ":")).replace('],[[', '],\n[[') + "\n")
