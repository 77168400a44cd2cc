"""A calibrated schedule as a diffusers scheduler. Written by `qsched export --to diffusers`.

    from qsched_scheduler import QschedScheduler
    pipe.scheduler = QschedScheduler()
    image = pipe(prompt, num_inference_steps=QschedScheduler.steps).images[0]

A step is x' = a x + b m + d + n z, with x the latents, m the network's output after guidance and z noise; the coefficients
of Q-Sched (arXiv 2509.01624) are inside a, b and d. Timesteps, noise levels and eta come from this file: `timesteps`,
`sigmas`, `mu` and `eta` that a pipeline passes change nothing. For text to image; image to image needs add_noise, which
this scheduler does not have.
"""
# qsched-provenance
import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.schedulers.scheduling_utils import SchedulerMixin, SchedulerOutput
from diffusers.utils.torch_utils import randn_tensor

SCHEDULE = None
STEPS = SCHEDULE["steps"]


class QschedScheduler(SchedulerMixin, ConfigMixin):
    order = 1
    steps = len(STEPS)

    @register_to_config
    def __init__(self, num_train_timesteps: int = 1000):
        self.init_noise_sigma = SCHEDULE["init_noise_sigma"]
        self.set_timesteps(self.steps)

    # Pipelines look at the names of these arguments before they pass them.
    def set_timesteps(self, num_inference_steps=None, device=None, timesteps=None, sigmas=None, mu=None, original_inference_steps=None):
        given = next((len(one) for one in (timesteps, sigmas) if one is not None), num_inference_steps)
        if given != self.steps or num_inference_steps not in (None, self.steps):
            raise ValueError(f"The schedule has {self.steps} steps, not {given}: pass num_inference_steps={self.steps}.")
        self.num_inference_steps = self.steps
        dtype = torch.int64 if SCHEDULE["whole_timesteps"] else torch.float32
        self.timesteps = torch.tensor([step["timestep"] for step in STEPS], dtype=dtype, device=device)

    def set_begin_index(self, begin_index=0):
        if begin_index != 0:
            raise ValueError("The schedule starts from noise: image to image is not supported.")

    def scale_model_input(self, sample, timestep=None):
        scale = STEPS[self._index(timestep)]["input_scale"]
        return sample if scale == 1 else sample * scale

    def step(self, model_output, timestep, sample, generator=None, return_dict=True):
        step = STEPS[self._index(timestep)]
        x, m = sample.to(torch.float32), model_output.to(torch.float32)
        after = step["a"] * x + step["b"] * m + _offset(step["d"], x)
        if step["n"] != 0:
            z = randn_tensor(model_output.shape, generator=generator, device=model_output.device, dtype=model_output.dtype)
            after = after + step["n"] * z.to(torch.float32)
        after = after.to(sample.dtype)
        # The pipelines of latent consistency models also take the denoised latents: after the last step they are equal.
        return SchedulerOutput(prev_sample=after) if return_dict else (after, after)

    def _index(self, timestep):
        value = float(timestep)
        nearest = min(range(self.steps), key=lambda i: abs(STEPS[i]["timestep"] - value))
        if abs(STEPS[nearest]["timestep"] - value) > 1e-3 * max(1.0, abs(value)):
            raise ValueError(f"The timestep {value} is not one of the schedule's: {[step['timestep'] for step in STEPS]}.")
        return nearest

    def __len__(self):
        return self.config.num_train_timesteps


def _offset(d, x):
    """One number, or one per channel: of (B, C, h, w), or of patches of 2 x 2, (B, patches, 4 C)."""
    if not isinstance(d, list):
        return d
    values = torch.tensor(d, dtype=x.dtype, device=x.device)
    if x.ndim == 3 and x.shape[-1] == 4 * len(d):
        return values.repeat_interleave(4)
    if x.ndim < 4 or x.shape[1] != len(d):
        raise ValueError(f"The offsets of the schedule are for {len(d)} channels, but the latents are {tuple(x.shape)}.")
    return values.reshape([1, len(d)] + [1] * (x.ndim - 2))
