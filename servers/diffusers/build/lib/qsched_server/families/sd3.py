"""Stable Diffusion 3: three encoders, a pooled text, latents as they are."""

import torch

from .family import Family, guidance_of, guided


class StableDiffusion3(Family):
    component = "transformer"
    options = ("height", "width", "guidance", "negativePrompt", "sequenceLength")
    USUAL_LENGTH = 256

    def encode(self, text, options):
        guidance = guidance_of(options)
        embeds, negative, pooled, negative_pooled = self.pipeline.encode_prompt(
            text, None, None, device=self.device, do_classifier_free_guidance=guidance > 0, negative_prompt=options.get("negativePrompt"),
            max_sequence_length=options.get("sequenceLength") or self.USUAL_LENGTH,
        )
        found = {"states": embeds, "pooled": pooled}
        return found if guidance == 0 else {**found, "negative": negative, "negative_pooled": negative_pooled}

    def denoise(self, denoiser, latents, timestep, rows, options):
        guidance = guidance_of(options)
        states, pooled = self.stack(rows, "states"), self.stack(rows, "pooled")
        sample = latents.to(device=self.device, dtype=self.dtype)
        if guidance > 0:
            states = torch.cat([self.stack(rows, "negative"), states])
            pooled = torch.cat([self.stack(rows, "negative_pooled"), pooled])
            sample = torch.cat([sample, sample])
        found = denoiser(
            hidden_states=sample, timestep=self.times(timestep, len(sample)), encoder_hidden_states=states, pooled_projections=pooled, return_dict=False
        )[0]
        return guided(found, guidance) if guidance > 0 else found
