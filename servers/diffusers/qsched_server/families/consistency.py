"""Unconditional consistency models: no text, no VAE; they sample images of values from -1 to 1 (arXiv 2303.01469)."""

from ..errors import ServerMistake
from .family import Family, image_bytes


class Consistency(Family):
    options = ("height", "width")
    reads_text = False

    def check(self, config):
        if config.num_class_embeds is not None:
            raise ServerMistake("class-conditional consistency models are not served: use an unconditional one (num_class_embeds: null)")
        if config.in_channels != 3:
            raise ServerMistake(f"the unet samples {config.in_channels} channels, which is no image")

    @property
    def pixels_per_latent(self):
        return 1

    def denoise(self, denoiser, latents, timestep, rows, options):
        sample = latents.to(device=self.device, dtype=self.dtype)
        return denoiser(sample, self.times(timestep, len(sample)), return_dict=False)[0]

    def decode(self, latents):
        return image_bytes(latents)
