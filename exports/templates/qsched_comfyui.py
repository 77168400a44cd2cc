"""A calibrated schedule as a ComfyUI node. Written by `qsched export --to comfyui`.

Copy this file to ComfyUI/custom_nodes and restart. The node "Qsched schedule" (sampling/custom_sampling) takes the model and
gives SAMPLER and SIGMAS for SamplerCustom or SamplerCustomAdvanced, with an empty latent. Set cfg as for the model that the
schedule was made for.

A step is x' = a x + b m + d + n z, with x the latents, m the network's output after guidance and z noise; the coefficients
of Q-Sched (arXiv 2509.01624) are inside a, b and d. The output is computed from what ComfyUI gives samplers, the denoised
latents.
"""
# qsched-provenance
import math

import comfy.samplers
import torch
from comfy.k_diffusion.sampling import default_noise_sampler

SCHEDULE = None
STEPS = SCHEDULE["steps"]
#: What the latents of the schedule are: sqrt(abar) x0 + sqrt(1 - abar) eps, x0 + sigma eps, or (1 - sigma) x0 + sigma eps.
SPACE = SCHEDULE["space"]
#: How the network's output follows from the denoised latents, by classes of comfy.model_sampling.
OUTPUTS = {
    "X0": lambda x, denoised, sigma: denoised,
    "V_PREDICTION": lambda x, denoised, sigma: (x / (sigma**2 + 1) - denoised) * (sigma**2 + 1) ** 0.5 / sigma,
    "CONST": lambda x, denoised, sigma: (x - denoised) / sigma,
    "EPS": lambda x, denoised, sigma: (x - denoised) / sigma,
}


class QschedSchedule:
    CATEGORY = "sampling/custom_sampling"
    RETURN_TYPES = ("SAMPLER", "SIGMAS")
    FUNCTION = "make"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"model": ("MODEL",)}}

    def make(self, model):
        sampling = model.get_model_object("model_sampling")
        output_of(sampling)
        return comfy.samplers.KSAMPLER(sample), sigmas_of(sampling)


NODE_CLASS_MAPPINGS = {"QschedSchedule": QschedSchedule}
NODE_DISPLAY_NAME_MAPPINGS = {"QschedSchedule": "Qsched schedule"}


def output_of(sampling):
    """How the output of this model follows from the denoised latents."""
    names = [one.__name__ for one in type(sampling).__mro__]
    name = next((one for one in names if one in OUTPUTS or one in ("LCM", "EDM")), "unknown")
    if name not in OUTPUTS:
        raise ValueError(f"Qsched schedule: the model's sampling is {name}: connect the model without a ModelSampling node.")
    if (name == "CONST") != (SPACE == "flow"):
        raise ValueError(f"Qsched schedule: it was made for {SCHEDULE['type']}, but the model's sampling is {name}.")
    return OUTPUTS[name]


def sigmas_of(sampling):
    """Noise levels of the steps as ComfyUI counts them, and 0."""
    if SPACE == "flow":
        return torch.tensor([*(step["sigma"] for step in STEPS), 0.0])
    own = [float(sampling.sigma(torch.tensor(float(step["timestep"])))) for step in STEPS]
    levels = [step.get("sigma", sigma) for step, sigma in zip(STEPS, own)]
    if any(abs(a - b) > 2e-3 * b for a, b in zip(levels, own)):
        raise ValueError(f"Qsched schedule: it was made for the noise levels {levels}, but the model has {own} at these timesteps.")
    return torch.tensor([*levels, 0.0])


def sample(model, x, sigmas, extra_args=None, callback=None, disable=None):
    """A sampler of comfy.samplers.KSAMPLER. x: noise as KSAMPLER scales it."""
    sampling = model.inner_model.inner_model.model_sampling
    own = sigmas_of(sampling).to(sigmas)
    if sigmas.shape != own.shape or not torch.allclose(sigmas, own, rtol=1e-4, atol=1e-6):
        raise ValueError(f"Qsched schedule: the sampler needs the SIGMAS of its own node, {own.tolist()}, but was given {sigmas.tolist()}.")
    output = output_of(sampling)
    extra_args = {} if extra_args is None else extra_args
    noise = default_noise_sampler(x, seed=extra_args.get("seed"))
    ones = x.new_ones([x.shape[0]])
    x = x * (SCHEDULE["init_noise_sigma"] / scale_of(sampling, sigmas[0]))
    for i, step in enumerate(STEPS):
        sigma = sigmas[i]
        host = x * (1 + sigma**2) ** 0.5 if SPACE == "vp" else x
        denoised = model(host, sigma * ones, **extra_args)
        if callback is not None:
            callback({"x": host, "i": i, "sigma": sigma, "sigma_hat": sigma, "denoised": denoised})
        x = step["a"] * x + step["b"] * output(host, denoised, sigma) + offset(step["d"], x)
        if step["n"] != 0:
            x = x + step["n"] * noise(sigma, sigmas[i + 1])
    return x


def scale_of(sampling, sigma):
    """What KSAMPLER multiplies noise by before it calls a sampler."""
    largest = float(sampling.sigma_max)
    maximal = math.isclose(largest, float(sigma), rel_tol=1e-05) or float(sigma) > largest
    return float(sampling.noise_scaling(sigma, torch.ones(1, 1, 1, 1).to(sigma), torch.zeros(1, 1, 1, 1).to(sigma), maximal))


def offset(d, x):
    """One number, or one per channel."""
    return d if not isinstance(d, list) else x.new_tensor(d).reshape([1, len(d)] + [1] * (x.ndim - 2))
