"""Stable Diffusion XL: two encoders, a pooled text, sizes as time_ids."""

import torch

from .family import Family, guidance_of, guided


class StableDiffusionXL(Family):
    options = ("height", "width", "guidance", "negativePrompt")

    def encode(self, text, options):
        guidance = guidance_of(options)
        embeds, negative, pooled, negative_pooled = self.pipeline.encode_prompt(
            text, device=self.device, do_classifier_free_guidance=guidance > 0, negative_prompt=options.get("negativePrompt")
        )
        found = {"states": embeds, "pooled": pooled}
        return found if guidance == 0 else {**found, "negative": negative, "negative_pooled": negative_pooled}

    def denoise(self, denoiser, latents, timestep, rows, options):
        guidance = guidance_of(options)
        states, pooled = self.stack(rows, "states"), self.stack(rows, "pooled")
        sample = latents.to(device=self.device, dtype=self.dtype)
        height, width = (side * self.pixels_per_latent for side in sample.shape[2:])
        if guidance > 0:
            states = torch.cat([self.stack(rows, "negative"), states])
            pooled = torch.cat([self.stack(rows, "negative_pooled"), pooled])
            sample = torch.cat([sample, sample])
        ids = torch.tensor([[height, width, 0, 0, height, width]], dtype=self.dtype, device=self.device).repeat(len(sample), 1)
        found = denoiser(
            sample, self.times(timestep, len(sample)), encoder_hidden_states=states, added_cond_kwargs={"text_embeds": pooled, "time_ids": ids},
            return_dict=False,
        )[0]
        return guided(found, guidance) if guidance > 0 else found

    def unscale(self, latents):
        config = self.pipeline.vae.config
        mean, std = getattr(config, "latents_mean", None), getattr(config, "latents_std", None)
        if mean is None or std is None:
            return super().unscale(latents)
        per_channel = (torch.tensor(values).view(1, -1, 1, 1) for values in (mean, std))
        mean, std = per_channel
        return latents * std / config.scaling_factor + mean
