"""What the server needs of a family: texts to tensors, one denoiser call, latents to bytes."""

from typing import Any

import torch

#: What a text is conditioned on: tensors of one row, by the names of the denoiser's arguments.
Conditioning = dict[str, torch.Tensor]


class Family:
    """A loaded pipeline without its denoiser. Subclasses say how theirs is fed."""

    #: Attribute of the pipeline that holds the denoiser.
    component = "unet"
    #: Options of a run that it takes, by qsched's names.
    options: tuple[str, ...] = ("height", "width")
    #: Whether images depend on prompts.
    reads_text = True

    def __init__(self, pipeline: Any, device: str, dtype: torch.dtype, size: tuple[int, int] | None):
        self.pipeline, self.device, self.dtype, self.size = pipeline, torch.device(device), dtype, size

    def check(self, config: Any) -> None:
        """Raises ServerMistake for a checkpoint of the family that cannot be served. `config` is the denoiser's."""

    # -- sizes ------------------------------------------------------------------------------------------------------

    @property
    def pixels_per_latent(self) -> int:
        return self.pipeline.vae_scale_factor

    def latent_shape(self, config: Any) -> list[int]:
        """(C, h, w) at the model's own size. `config` is the denoiser's."""
        if self.size is not None:
            return [self.channels(config), *(side // self.pixels_per_latent for side in self.size)]
        side = config.sample_size
        height, width = side if isinstance(side, (list, tuple)) else (side, side)
        return [self.channels(config), height, width]

    def channels(self, config: Any) -> int:
        return config.in_channels

    # -- networks ---------------------------------------------------------------------------------------------------

    def encode(self, text: str, options: dict) -> Conditioning:
        raise NotImplementedError

    def denoise(self, denoiser: Any, latents: torch.Tensor, timestep: float, rows: list[Conditioning], options: dict) -> torch.Tensor:
        raise NotImplementedError

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        """Latents of the sampler to RGB bytes, (B, 3, H, W), rounded as diffusers' VaeImageProcessor does."""
        vae = self.pipeline.vae
        scaled = self.unscale(latents.to(torch.float32)).to(device=self.device, dtype=vae.dtype)
        image = vae.decode(scaled, return_dict=False)[0].to(torch.float32)
        return image_bytes(image)

    def unscale(self, latents: torch.Tensor) -> torch.Tensor:
        config = self.pipeline.vae.config
        return latents / config.scaling_factor + (getattr(config, "shift_factor", None) or 0)

    # -- helpers ----------------------------------------------------------------------------------------------------

    def stack(self, rows: list[Conditioning], name: str) -> torch.Tensor:
        return torch.cat([row[name] for row in rows]).to(self.device)

    def times(self, timestep: float, count: int) -> torch.Tensor:
        return torch.full((count,), timestep, dtype=torch.float32, device=self.device)


def image_bytes(image: torch.Tensor) -> torch.Tensor:
    """Values from -1 to 1 as bytes: (B, 3, H, W)."""
    return ((image.to(torch.float32) * 0.5 + 0.5).clamp(0, 1) * 255).round().to(torch.uint8).cpu()


def guided(denoised: torch.Tensor, scale: float) -> torch.Tensor:
    """Classifier-free guidance over a call whose first half is the negative prompt's."""
    unconditional, text = denoised.chunk(2)
    return unconditional + scale * (text - unconditional)


def guidance_of(options: dict) -> float:
    """The scale where it is above 1, else 0: one row per latent."""
    scale = float(options.get("guidance") or 0)
    return scale if scale > 1 else 0.0
