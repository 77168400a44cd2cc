"""Writes test/golden/diffusion/match.json: least-squares matching with numpy's lstsq over diffusers' own steps.

    pip install -r tools/golden/requirements-diffusion.txt
    python tools/golden/match.py

Two networks in closed form take the place of models. Nothing here knows a step's affine form: what a step makes of the sample
alone and of the output alone comes from scheduler.step. Never needed to run or test the package.
"""
import importlib
import json
from importlib.metadata import version
from pathlib import Path

import diffusers
import numpy as np
import torch

OUT = Path(__file__).resolve().parents[2] / "test" / "golden" / "diffusion" / "match.json"
PAIRS, SHAPE, STEPS = 5, (2, 3, 2), 4
CASES = [("TCDScheduler", {"eta": 0.0}), ("TCDScheduler", {"eta": 0.3}), ("LCMScheduler", {}), ("FlowMatchEulerDiscreteScheduler", {}), ("EulerDiscreteScheduler", {})]
RNG = np.random.default_rng(41)
INITIAL = np.round(RNG.standard_normal((PAIRS, *SHAPE)), 4)
NOISE = np.round(RNG.standard_normal((STEPS, PAIRS, *SHAPE)), 4)


def full(x):
    return 0.9 * x + 0.1 * np.tanh(2 * x) - 0.05


def quantised(x):
    e = full(x)
    return 1.03 * e - 0.02 * e * e + 0.01


def tensor(values):
    return torch.tensor(values, dtype=torch.float64)


def steps_of(name, options):
    """step(i, x, m, noise): diffusers' step, in float64; a scheduler of its own each time, since some count their steps."""
    cls = getattr(diffusers, name)
    module = importlib.import_module(cls.__module__)

    def fresh():
        scheduler = cls()
        scheduler.set_timesteps(STEPS)
        return scheduler

    def step(i, x, m, noise):
        scheduler = fresh()
        if hasattr(module, "randn_tensor"):
            module.randn_tensor = lambda *_, **__: tensor(noise)
        t = scheduler.timesteps[i]
        if hasattr(scheduler, "scale_model_input"):
            scheduler.scale_model_input(tensor(x), t)
        return scheduler.step(tensor(m), t, tensor(x), **options).prev_sample.double().numpy()

    def scale(i):
        scheduler, one = fresh(), torch.ones(1, dtype=torch.float64)
        return float(scheduler.scale_model_input(one, scheduler.timesteps[i])) if hasattr(scheduler, "scale_model_input") else 1.0

    return step, [scale(i) for i in range(STEPS)], float(getattr(fresh(), "init_noise_sigma", 1.0))


def case(name, options):
    step, scales, sigma = steps_of(name, options)
    x_full = x_own = INITIAL * sigma
    silent = np.zeros_like(INITIAL)
    fits = []
    for i in range(STEPS):
        e, q = full(scales[i] * x_full), quantised(scales[i] * x_own)
        u, v = step(i, x_own, silent, silent).reshape(-1), step(i, silent, q, silent).reshape(-1)
        y = step(i, x_full, e, silent).reshape(-1)
        (sample, noise), *_ = np.linalg.lstsq(np.stack([u, v], 1), y, rcond=None)
        if not all(0 < c <= 10 for c in (sample, noise)):
            break  # ours leaves such coefficients at 1
        distance = lambda cx, ce: float(np.sqrt(np.mean((cx * u + ce * v - y) ** 2)))
        fits.append({"sample": float(sample), "noise": float(noise), "before": distance(1, 1), "after": distance(sample, noise)})
        x_full, x_own = step(i, x_full, e, NOISE[i]), step(i, sample * x_own, noise * q, NOISE[i])
    return {"scheduler": name, **options, "fits": fits}


if __name__ == "__main__":
    torch.set_num_threads(1)
    packages = ["diffusers", "numpy", "torch"]
    content = {
        "versions": {p: version(p) for p in packages},
        "initial": INITIAL.reshape(PAIRS, -1).tolist(),
        "noise": NOISE.reshape(STEPS, PAIRS, -1).tolist(),
        "cases": [case(*one) for one in CASES],
    }
    OUT.write_text(json.dumps(content, separators=(",", ":")) + "\n")
