"""The part of ComfyUI that a custom sampler meets, without the rest: for tools/golden/exports.py.

Written from comfy/model_sampling.py, comfy/samplers.py and comfy/k_diffusion/sampling.py as of October 2025 (the release
with the node "Epsilon Scaling"); it behaves like them for text to image:

- KSAMPLER.sample scales the noise (by sigma, or sqrt(1 + sigma^2) from the noisiest timestep on), calls the sampler with a
  model whose inner_model.inner_model is the network's, and scales the result back;
- the model answers with denoised latents, by the class of its model_sampling;
- a timestep is the nearest one of the noise level's logarithm, or the noise level itself for flow matching.

`install` puts it where the exported file imports it from.
"""
import math
import sys
import types

import torch


class EPS:
    def calculate_input(self, sigma, x):
        return x / (sigma**2 + 1) ** 0.5

    def calculate_denoised(self, sigma, output, x):
        return x - output * sigma

    def noise_scaling(self, sigma, noise, latent_image, max_denoise=False):
        return noise * (torch.sqrt(1.0 + sigma**2.0) if max_denoise else sigma) + latent_image

    def inverse_noise_scaling(self, sigma, latent):
        return latent


class V_PREDICTION(EPS):
    def calculate_denoised(self, sigma, output, x):
        return x / (sigma**2 + 1) - output * sigma / (sigma**2 + 1) ** 0.5


class CONST:
    def calculate_input(self, sigma, x):
        return x

    def calculate_denoised(self, sigma, output, x):
        return x - output * sigma

    def noise_scaling(self, sigma, noise, latent_image, max_denoise=False):
        return sigma * noise + (1.0 - sigma) * latent_image

    def inverse_noise_scaling(self, sigma, latent):
        return latent / (1.0 - sigma)


class ModelSamplingDiscrete:
    """Betas of Stable Diffusion."""

    def __init__(self):
        betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64) ** 2
        alphas = torch.cumprod(1.0 - betas, dim=0)
        self.sigmas = (((1 - alphas) / alphas) ** 0.5).float()
        self.log_sigmas = self.sigmas.log()
        self.sigma_max = self.sigmas[-1]

    def timestep(self, sigma):
        return (sigma.log() - self.log_sigmas[:, None]).abs().argmin(dim=0).view(sigma.shape)

    def sigma(self, timestep):
        t = torch.clamp(timestep.float(), min=0, max=999)
        low, high, w = t.floor().long(), t.ceil().long(), t.frac()
        return ((1 - w) * self.log_sigmas[low] + w * self.log_sigmas[high]).exp()


class ModelSamplingFlux:
    sigma_max = torch.tensor(1.0)

    def timestep(self, sigma):
        return sigma


def model_sampling(kind):
    """Classes are put together as comfy.model_base does."""
    base = {"CONST": (ModelSamplingFlux, CONST), "EPS": (ModelSamplingDiscrete, EPS), "V_PREDICTION": (ModelSamplingDiscrete, V_PREDICTION)}[kind]
    return type("ModelSampling", base, {})()


class BaseModel:
    """A diffusion model: the network's output as denoised latents. network: input, timestep of 0 to 1000 -> output"""

    def __init__(self, kind, network):
        self.model_sampling, self.network = model_sampling(kind), network

    def apply_model(self, x, sigma):
        shaped = sigma.view([-1] + [1] * (x.ndim - 1))
        timestep = self.model_sampling.timestep(sigma)
        if isinstance(self.model_sampling, CONST):
            timestep = timestep * 1000
        output = self.network(self.model_sampling.calculate_input(shaped, x), timestep[0])
        return self.model_sampling.calculate_denoised(shaped, output, x)


class ModelPatcher:
    """What a MODEL socket carries."""

    def __init__(self, model):
        self.model = model

    def get_model_object(self, name):
        return getattr(self.model, name)


class Guider:
    """CFGGuider with a guidance scale of 1."""

    def __init__(self, model):
        self.inner_model = model

    def __call__(self, x, sigma, model_options=None, seed=None):
        return self.inner_model.apply_model(x, sigma)


class ScaledGuider(Guider):
    """With the node "Epsilon Scaling" before it, a post-CFG function."""

    def __init__(self, model, scaling_factor):
        super().__init__(model)
        self.scaling_factor = scaling_factor

    def __call__(self, x, sigma, model_options=None, seed=None):
        denoised = super().__call__(x, sigma, model_options, seed)
        return x - (x - denoised) / self.scaling_factor


def sample_euler(model, x, sigmas, extra_args=None, callback=None, disable=None):
    """The built-in sampler "euler"."""
    for i in range(len(sigmas) - 1):
        denoised = model(x, sigmas[i] * x.new_ones([x.shape[0]]), **(extra_args or {}))
        x = x + (x - denoised) / sigmas[i] * (sigmas[i + 1] - sigmas[i])
    return x


class KSamplerX0Inpaint:
    def __init__(self, model, sigmas):
        self.inner_model, self.sigmas = model, sigmas

    def __call__(self, x, sigma, denoise_mask=None, model_options=None, seed=None):
        assert denoise_mask is None
        return self.inner_model(x, sigma, model_options=model_options, seed=seed)


class KSAMPLER:
    def __init__(self, sampler_function, extra_options={}, inpaint_options={}):
        self.sampler_function, self.extra_options = sampler_function, extra_options

    def sample(self, model_wrap, sigmas, extra_args, callback, noise, latent_image):
        extra_args["denoise_mask"] = None
        model_k = KSamplerX0Inpaint(model_wrap, sigmas)
        sampling = model_wrap.inner_model.model_sampling
        largest, first = float(sampling.sigma_max), float(sigmas[0])
        maximal = math.isclose(largest, first, rel_tol=1e-05) or first > largest
        x = sampling.noise_scaling(sigmas[0], noise, latent_image, maximal)
        total = len(sigmas) - 1
        report = None if callback is None else lambda at: callback(at["i"], at["denoised"], at["x"], total)
        samples = self.sampler_function(model_k, x, sigmas, extra_args=extra_args, callback=report, disable=True, **self.extra_options)
        return sampling.inverse_noise_scaling(sigmas[-1], samples)


def install(noise_of_step):
    """Puts the modules where an exported file finds them. noise_of_step: index of a step -> its noise"""
    names = ["comfy", "comfy.samplers", "comfy.k_diffusion", "comfy.k_diffusion.sampling"]
    comfy, samplers, k_diffusion, sampling = [sys.modules.setdefault(name, types.ModuleType(name)) for name in names]
    comfy.samplers, comfy.k_diffusion, k_diffusion.sampling = samplers, k_diffusion, sampling
    samplers.KSAMPLER = KSAMPLER

    def default_noise_sampler(x, seed=None):
        calls = iter(range(1000))
        return lambda sigma, sigma_next: noise_of_step(next(calls))

    sampling.default_noise_sampler = default_noise_sampler
