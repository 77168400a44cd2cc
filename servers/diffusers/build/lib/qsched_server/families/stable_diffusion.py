"""Stable Diffusion 1.x and 2.x, and latent consistency models on them."""

import torch

from .family import Family, guidance_of, guided


class StableDiffusion(Family):
    options = ("height", "width", "guidance", "negativePrompt")

    def encode(self, text, options):
        guidance = guidance_of(options)
        embeds, negative = self.pipeline.encode_prompt(
            text, self.device, 1, guidance > 0, negative_prompt=options.get("negativePrompt") or ("" if guidance > 0 else None)
        )
        return {"states": embeds, **({"negative": negative} if guidance > 0 else {})}

    def denoise(self, denoiser, latents, timestep, rows, options):
        guidance = guidance_of(options)
        states = self.stack(rows, "states")
        sample = latents.to(device=self.device, dtype=self.dtype)
        if guidance > 0:
            states = torch.cat([self.stack(rows, "negative"), states])
            sample = torch.cat([sample, sample])
        found = denoiser(
            sample, self.times(timestep, len(sample)), encoder_hidden_states=states, timestep_cond=self.timestep_cond(denoiser, len(sample), options),
            return_dict=False,
        )[0]
        return guided(found, guidance) if guidance > 0 else found

    def timestep_cond(self, denoiser, count, options):
        return None


class LatentConsistency(StableDiffusion):
    """The guidance scale is embedded, in place of a second row (arXiv 2310.04378)."""

    options = ("height", "width", "guidance")
    #: Default of LatentConsistencyModelPipeline.
    USUAL_GUIDANCE = 8.5

    def encode(self, text, options):
        return super().encode(text, {})

    def denoise(self, denoiser, latents, timestep, rows, options):
        self.scale = options.get("guidance", self.USUAL_GUIDANCE)
        return super().denoise(denoiser, latents, timestep, rows, {})

    def timestep_cond(self, denoiser, count, options):
        weights = torch.tensor(self.scale - 1).repeat(count)
        embedding = self.pipeline.get_guidance_scale_embedding(weights, embedding_dim=denoiser.config.time_cond_proj_dim)
        return embedding.to(device=self.device, dtype=self.dtype)
