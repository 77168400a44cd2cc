"""Writes test/golden/diffusion/*.json: results of pinned diffusers and numpy for fixed inputs.

    pip install -r tools/golden/requirements-diffusion.txt
    python tools/golden/diffusion.py

Coefficients are applied as in Eq. 2 of the paper: sample and model output are scaled before
scheduler.step. Noise is stored: randn_tensor of each scheduler's module is replaced, because
torch's generator is not portable. Never needed to run or test the package.
"""
import importlib
import inspect
import json
import math
from importlib.metadata import version
from pathlib import Path

import diffusers
import numpy as np
import torch

OUT = Path(__file__).resolve().parents[2] / "test" / "golden" / "diffusion"
STEPS = [1, 2, 3, 4, 5, 8, 16]
MAX = max(STEPS)
SIZE = 4
RNG = np.random.default_rng(20240917)


def rounded(array, digits=6):
    return np.round(np.asarray(array, dtype=np.float64), digits).tolist()


POOL = {
    "initial": rounded(RNG.standard_normal(SIZE)),
    "outputs": rounded(RNG.standard_normal((MAX, SIZE))),
    "noise": rounded(RNG.standard_normal((MAX, SIZE))),
    "sample": rounded(RNG.uniform(0.8, 1.2, MAX)),
    "noiseCoefficients": rounded(RNG.uniform(0.8, 1.2, MAX)),
}


def short(values):
    """float32 values with as few digits as reproduce them."""
    return [float(f"{float(v):.9g}") for v in np.asarray(values).reshape(-1)]


def write(name, **content):
    packages = ["diffusers", "numpy", "torch"]
    content = {"versions": {p: version(p) for p in packages}, **content}
    (OUT / f"{name}.json").write_text(json.dumps(content, separators=(",", ":")).replace('},{"config"', '},\n{"config"') + "\n")


def tensor(values):
    return torch.tensor(values, dtype=torch.float32).reshape(1, SIZE, 1, 1)


def set_timesteps(scheduler, steps, given):
    """As diffusers' pipelines do: lists take the place of the number of steps; the end, 0, is added where it is passed."""
    name = type(scheduler).__name__
    if name == "SCMScheduler":
        if "timesteps" in given:
            given = {"timesteps": [*given["timesteps"], 0.0], "max_timesteps": None}
        scheduler.set_timesteps(steps, **given, intermediate_timesteps=1.3 if steps == 2 and not given else None)
    elif name == "EulerDiscreteScheduler" and "sigmas" in given:
        scheduler.set_timesteps(sigmas=[*given["sigmas"], 0.0])
    elif "sigmas" in given or "timesteps" in given:
        scheduler.set_timesteps(**given)
    else:
        scheduler.set_timesteps(steps, **given)


def initial_sigma(scheduler):
    """SanaSprintPipeline scales its latents itself."""
    if type(scheduler).__name__ == "SCMScheduler":
        return float(scheduler.config.sigma_data)
    return float(getattr(scheduler, "init_noise_sigma", 1.0))


def trajectory(class_name, config, steps, options, scaled):
    """One sampling run: the sample after every step, and other outputs of the scheduler."""
    cls = getattr(diffusers, class_name)
    module = importlib.import_module(cls.__module__)
    scheduler = cls(**config)
    eta = {"eta": options["eta"]} if "eta" in options else {}
    given = {k: v for k, v in options.items() if k != "eta"}
    set_timesteps(scheduler, steps, given)
    timesteps = scheduler.timesteps[:-1] if class_name == "SCMScheduler" else scheduler.timesteps
    assert len(timesteps) == steps, (class_name, config, steps, len(timesteps))
    takes_scale = hasattr(scheduler, "scale_model_input")
    sigma0 = initial_sigma(scheduler)
    x = tensor(POOL["initial"]) * sigma0
    samples, originals, scales = [], [], []
    for i, t in enumerate(timesteps):
        if hasattr(module, "randn_tensor"):
            module.randn_tensor = lambda shape, i=i, **_: tensor(POOL["noise"][i])
        scales.append(float(scheduler.scale_model_input(torch.ones(1), t)) if takes_scale else 1.0)
        m = tensor(POOL["outputs"][i])
        if scaled:
            x, m = x * POOL["sample"][i], m * POOL["noiseCoefficients"][i]
        result = scheduler.step(m, t, x, **eta)
        x = result.prev_sample
        samples.append(short(x))
        if getattr(result, "pred_original_sample", None) is not None:
            originals.append(short(result.pred_original_sample))
    case = {
        "config": {"_class_name": class_name, **config},
        "steps": steps,
        "options": options,
        "scaled": scaled,
        "initNoiseSigma": float(f"{sigma0:.9g}"),
        "timesteps": timesteps.tolist(),
        "samples": samples,
    }
    if any(s != 1 for s in scales):
        case["inputScale"] = short(scales)
    if originals and steps in (1, 4):
        case["originals"] = originals
    return case


def complete(class_name):
    """The complete scheduler_config.json that diffusers writes for its defaults."""
    return json.loads(getattr(diffusers, class_name)().to_json_string())


def cases(class_name, configs, option_sets=({},), steps=STEPS):
    for config in configs:
        for options in option_sets:
            for n in steps:
                for scaled in (False, True):
                    given = options(n) if callable(options) else options
                    yield trajectory(class_name, config, n, given, scaled)


def product(base=None, **axes):
    configs = [dict(base or {})]
    for key, values in axes.items():
        configs = [{**c, key: v} for c in configs for v in values]
    return configs


PREDICTIONS = ["epsilon", "sample", "v_prediction"]
SPACINGS = ["leading", "trailing", "linspace"]
ETAS = [{"eta": e} for e in (0, 0.3, 1)]
LATENT = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}


def schedulers():
    tcd = product(prediction_type=PREDICTIONS)
    other_grid = [{"original_inference_steps": 40, **LATENT, "beta_schedule": "linear"}]
    write("tcd", pool=POOL, complete=complete("TCDScheduler"), cases=[
        *cases("TCDScheduler", tcd, ETAS),
        *cases("TCDScheduler", other_grid, [{"eta": 0.45}, {"eta": 0.9}]),
        *cases("TCDScheduler", [{}], [{"eta": 0.3, "timesteps": [999, 749, 499, 249]}, {"eta": 0, "timesteps": [800, 333, 20, 0]}], steps=[4]),
    ], ramp=ramp())
    write("lcm", pool=POOL, complete=complete("LCMScheduler"), cases=[
        *cases("LCMScheduler", product(prediction_type=PREDICTIONS)),
        *cases("LCMScheduler", [{"clip_sample": True, "clip_sample_range": 0.7}, {"timestep_scaling": 0.001}], steps=[1, 4]),
        *cases("LCMScheduler", [{}], [{"timesteps": [999, 749, 499, 249]}], steps=[4]),
        *cases("LCMScheduler", [{}], [{"timesteps": [399]}, {"timesteps": [800]}], steps=[1]),
    ])
    ddim = product({**LATENT, "clip_sample": False, "set_alpha_to_one": False, "steps_offset": 1}, prediction_type=PREDICTIONS, timestep_spacing=SPACINGS)
    write("ddim", pool=POOL, complete=complete("DDIMScheduler"), cases=[
        *cases("DDIMScheduler", ddim, ETAS),
        *cases("DDIMScheduler", [{}, {**LATENT, "clip_sample": True, "clip_sample_range": 0.5}], ETAS, steps=[1, 4, 5]),
        *cases("DDIMScheduler", [{"clip_sample": False}], ETAS, steps=[1, 4, 5]),
    ])
    euler = product({**LATENT, "steps_offset": 1}, prediction_type=PREDICTIONS, timestep_spacing=SPACINGS)
    write("euler", pool=POOL, complete=complete("EulerDiscreteScheduler"), cases=[
        *cases("EulerDiscreteScheduler", euler),
        *cases("EulerDiscreteScheduler", [{"final_sigmas_type": "sigma_min"}, {}], steps=[1, 4]),
        *cases("EulerDiscreteScheduler", [LATENT, {**LATENT, "timestep_spacing": "leading"}], [
            {"timesteps": [999, 749.5, 499, 10]}, {"sigmas": [14.615, 6.315, 3.771, 2.181]}, {"sigmas": [20.0, 1.0, 0.5, 0.01]}], steps=[4]),
    ])
    ancestral = product({**LATENT, "steps_offset": 1}, prediction_type=["epsilon", "v_prediction"], timestep_spacing=SPACINGS)
    write("euler-ancestral", pool=POOL, complete=complete("EulerAncestralDiscreteScheduler"), cases=[
        *cases("EulerAncestralDiscreteScheduler", ancestral),
        *cases("EulerAncestralDiscreteScheduler", [{}], steps=[1, 4]),
    ])

    def flux(n):
        return {"sigmas": np.linspace(1.0, 1 / n, n).tolist()}

    def flux_mu(n):
        return {**flux(n), "mu": 0.8}

    dynamic = product({"use_dynamic_shifting": True}, time_shift_type=["exponential", "linear"])
    write("flow-match-euler", pool=POOL, complete=complete("FlowMatchEulerDiscreteScheduler"), cases=[
        *cases("FlowMatchEulerDiscreteScheduler", product(shift=[1.0, 3.0]), [{}, flux]),
        *cases("FlowMatchEulerDiscreteScheduler", dynamic, [{"mu": 0.8}, flux_mu]),
    ])
    def flow_cases(name):
        stretched = [{"shift_terminal": 0.02, "shift": 3.0}, {"shift_terminal": 0.02, "use_dynamic_shifting": True, "time_shift_type": "exponential"}]
        yield from cases(name, stretched[:1], [{}, flux], steps=[2, 4, 8])
        yield from cases(name, stretched[1:], [flux_mu], steps=[2, 4, 8])
        yield from cases(name, [{"invert_sigmas": True}, {"invert_sigmas": True, "shift": 3.0}], [{}, flux], steps=[1, 4])
        lists = [{"timesteps": [1000.0, 800.0, 500.0, 100.5]}, {"timesteps": [1000.0, 800.0, 500.0, 100.5], "sigmas": [1.0, 0.9, 0.6509, 0.2]}]
        yield from cases(name, [{}, {"shift": 3.0}], lists, steps=[4])

    flow = json.loads((OUT / "flow-match-euler.json").read_text())
    write("flow-match-euler-more", pool=POOL, complete=flow["complete"], cases=[
        *flow_cases("FlowMatchEulerDiscreteScheduler"),
        *cases("FlowMatchEulerDiscreteScheduler", [{"stochastic_sampling": True}, {"stochastic_sampling": True, "shift": 3.0}], [{}, flux]),
    ])
    write("flow-match-lcm", pool=POOL, complete=complete("FlowMatchLCMScheduler"), cases=[
        *cases("FlowMatchLCMScheduler", product(shift=[1.0, 3.0]), [{}, flux]),
        *cases("FlowMatchLCMScheduler", product({"use_dynamic_shifting": True}, time_shift_type=["exponential", "linear"]), [flux_mu], steps=[1, 4]),
        *flow_cases("FlowMatchLCMScheduler"),
    ])
    write("scm", pool=POOL, complete=complete("SCMScheduler"), cases=[
        *cases("SCMScheduler", [{}, {"sigma_data": 1.0}]),
        *cases("SCMScheduler", [{}], [{"timesteps": [1.5708, 1.2, 0.7, 0.1]}], steps=[4]),
    ])
    write("consistency", pool=POOL, complete=complete("CMStochasticIterativeScheduler"), cases=[
        *cases("CMStochasticIterativeScheduler", product(clip_denoised=[True, False])),
        *cases("CMStochasticIterativeScheduler", [{"num_train_timesteps": 30, "sigma_max": 20.0, "s_noise": 0.9, "clip_denoised": False}]),
        *cases("CMStochasticIterativeScheduler", product(clip_denoised=[True, False]), [{"timesteps": [22, 0]}], steps=[2]),
    ])


def ramp():
    """Full loops over a ramp with the substitute network sample * t / (t + 1), eta 0."""
    result = []
    for n in (1, 2, 4, 8, 10):
        scheduler = diffusers.TCDScheduler(**LATENT)
        scheduler.set_timesteps(n)
        x = (torch.arange(768) / 768).reshape(3, 8, 8, 4).permute(3, 0, 1, 2)
        for t in scheduler.timesteps:
            x = scheduler.step(x * t / (t + 1), t, x, eta=0).prev_sample
        result.append({"steps": n, "sumOfMagnitudes": float(x.abs().sum())})
    return result


def betas():
    rows = []
    for schedule, start, end in (("scaled_linear", 0.00085, 0.012), ("linear", 0.0001, 0.02)):
        for count in (1000, 101):
            config = {"num_train_timesteps": count, "beta_start": start, "beta_end": end, "beta_schedule": schedule}
            abar = diffusers.DDIMScheduler(**config).alphas_cumprod.numpy()
            rows.append({"config": config, "abar": short(abar if count == 101 else abar[::7])})
    lines = [{"start": a, "end": b, "count": n, "values": np.linspace(a, b, n).tolist()} for a, b, n in
             [(0.955, 1.099, 4), (0.9, 1.0, 1), (1.1, 0.8, 3), (0.8, 1.2, 8), (1.0, 1.0, 5), (1 / 3, 2 / 3, 50)]]
    write("betas", betas=rows, linspace=lines)


def philox(counter, key):
    c, k = list(counter), list(key)
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(p1 >> 32) ^ c[1] ^ k[0], p1 & 0xFFFFFFFF, (p0 >> 32) ^ c[3] ^ k[1], p0 & 0xFFFFFFFF]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c


def gaussian(seed, prompt, step, length):
    """The definition in diffusion/noise.ts, implemented independently."""
    h = 0xCBF29CE484222325
    for byte in prompt.encode("utf-8"):
        h = ((h ^ byte) * 0x100000001B3) % 2**64
    z = []
    for block in range((length + 1) // 2):
        w = philox([block, step, seed % 2**32, seed >> 32], [h % 2**32, h >> 32])
        u = ((w[0] >> 5) * 2**26 + (w[1] >> 6) + 1) / 2**53
        v = ((w[2] >> 5) * 2**26 + (w[3] >> 6)) / 2**53
        r = np.sqrt(-2 * np.log(u))
        z += [r * np.cos(2 * np.pi * v), r * np.sin(2 * np.pi * v)]
    return np.array(z[:length], dtype=np.float32)


def noise():
    assert philox([0] * 4, [0] * 2) == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]
    rows = []
    for seed, prompt, step, length in [
        (0, "", 0, 8), (0, "a red circle", 0, 8), (0, "a red circle", 1, 7), (1, "a red circle", 0, 8),
        (2**32, "a red circle", 0, 4), (2**53 - 1, "a red circle", 50, 5),
        (1000, "un café à Москва, 東京 \U0001F431", 3, 9), (7, "a" * 300, 2, 3),
    ]:
        rows.append({"seed": seed, "prompt": prompt, "stepIndex": step, "length": length, "values": short(gaussian(seed, prompt, step, length))})
    write("noise", cases=rows)


def fit(e, q, method, bias):
    """Q-Sched, section 2 (std), and PTQD (regression): e and q are [samples, channels, numbers]."""
    gamma = np.std(q) / np.std(e) - 1 if method == "std" else np.sum((q - e) * e) / np.sum(e * e)
    delta = q - e - gamma * e
    mu = delta.mean(axis=(0, 2)) if bias == "channel" else np.full(e.shape[1], delta.mean())
    return gamma, mu, np.mean((delta - mu[None, :, None]) ** 2)


def ptqd():
    rng = np.random.default_rng(5)
    e = rng.standard_normal((4, 3, 2, 6)).astype(np.float32)
    q = (e * 1.07 + 0.15 * rng.standard_normal(e.shape) + np.array([0.05, -0.02])[:, None]).astype(np.float32)
    e, q = (np.array(rounded(a, 5)) for a in (e, q))
    e32, q32 = e.astype(np.float32).astype(np.float64), q.astype(np.float32).astype(np.float64)
    fits, runs = [], []
    for method in ("std", "regression"):
        for bias in ("step", "channel"):
            fitted = [fit(e32[i], q32[i], method, bias) for i in range(4)]
            fits.append({"method": method, "bias": bias, "steps": [
                {"gamma": float(g), "mu": mu.tolist() if bias == "channel" else float(mu[0]), "variance": float(s2)} for g, mu, s2 in fitted]})
            for name, eta in (("TCDScheduler", 0), ("TCDScheduler", 0.3), ("TCDScheduler", 1), ("LCMScheduler", None)):
                runs.append(ptqd_run(name, eta, fitted, q32, {"method": method, "bias": bias}))
    write("ptqd", reference=e.tolist(), quantised=q.tolist(), initial=INITIAL, noise=NOISE, fits=fits, runs=runs)


INITIAL = rounded(np.random.default_rng(6).standard_normal(12), 5)
NOISE = rounded(np.random.default_rng(7).standard_normal((4, 12)), 5)


def ptqd_run(name, eta, fitted, q, labels):
    """Corrected outputs through diffusers' own step; the noise rescaled by the paper's Eq. 13."""
    cls = getattr(diffusers, name)
    module = importlib.import_module(inspect.getmodule(cls).__name__)
    scheduler = cls()
    scheduler.set_timesteps(4)
    abar = scheduler.alphas_cumprod.double().numpy()
    t = scheduler.timesteps.tolist() + [0]
    x = torch.tensor(INITIAL, dtype=torch.float32).reshape(1, 2, 6, 1)
    samples = []
    for i in range(4):
        gamma, mu, s2 = fitted[i]
        if name == "TCDScheduler":
            s = math.floor((1 - eta) * t[i + 1])
            r = math.sqrt(abar[t[i + 1]] / abar[s])
            big_x = math.sqrt(1 - abar[s]) - math.sqrt(abar[s]) * math.sqrt(1 - abar[t[i]]) / math.sqrt(abar[t[i]])
            plain, weight = 1 - r * r, r * big_x
        else:
            out = 10 * t[i] / math.sqrt((10 * t[i]) ** 2 + 0.25)
            plain, weight = 1 - abar[t[i + 1]], -math.sqrt(abar[t[i + 1]]) * out * math.sqrt(1 - abar[t[i]]) / math.sqrt(abar[t[i]])
        left = max(0.0, plain - (weight / (1 + gamma)) ** 2 * s2)
        ratio = math.sqrt(left / plain) if plain > 0 else 0.0
        module.randn_tensor = lambda shape, i=i, ratio=ratio, **_: torch.tensor(NOISE[i], dtype=torch.float32).reshape(shape) * ratio
        m = (q[i][0] - mu[:, None]) / (1 + gamma)
        m = torch.tensor(m, dtype=torch.float32).reshape(1, 2, 6, 1)
        x = scheduler.step(m, t[i], x, **({} if eta is None else {"eta": eta})).prev_sample
        samples.append(short(x))
    return {"scheduler": name, "eta": eta, **labels, "samples": samples}


if __name__ == "__main__":
    torch.set_num_threads(1)
    OUT.mkdir(parents=True, exist_ok=True)
    schedulers()
    betas()
    noise()
    ptqd()
