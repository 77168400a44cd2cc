"""FLUX.1: packed latents, CLIP's pooled embedding, T5's states; dev takes a guidance scale."""

import torch

from .family import Family


class Flux(Family):
    component = "transformer"
    options = ("height", "width", "guidance", "sequenceLength")
    #: FluxPipeline's guidance_scale.
    USUAL_GUIDANCE = 3.5
    #: Tokens of T5: schnell was distilled with 256, FluxPipeline's default is 512.
    USUAL_LENGTH = {False: 256, True: 512}

    def channels(self, config):
        return config.in_channels // 4

    def latent_shape(self, config):
        height, width = self.size or (self.pipeline.default_sample_size * self.pixels_per_latent,) * 2
        return [self.channels(config), height // self.pixels_per_latent, width // self.pixels_per_latent]

    def encode(self, text, options):
        usual = self.USUAL_LENGTH[self.takes_guidance]
        length = options.get("sequenceLength") or min(usual, self.pipeline.tokenizer_2.model_max_length)
        embeds, pooled, ids = self.pipeline.encode_prompt(text, None, device=self.device, max_sequence_length=length)
        return {"states": embeds, "pooled": pooled, "ids": ids}

    @property
    def takes_guidance(self) -> bool:
        return bool(self.denoiser_config.guidance_embeds)

    def denoise(self, denoiser, latents, timestep, rows, options):
        count, channels, height, width = latents.shape
        pipeline = self.pipeline
        packed = pipeline._pack_latents(latents, count, channels, height, width).to(device=self.device, dtype=self.dtype)
        ids = pipeline._prepare_latent_image_ids(count, height // 2, width // 2, self.device, self.dtype)
        guidance = torch.full([count], float(options.get("guidance", self.USUAL_GUIDANCE)), device=self.device) if self.takes_guidance else None
        found = denoiser(
            hidden_states=packed, timestep=(self.times(timestep, count) / 1000).to(self.dtype), guidance=guidance,
            pooled_projections=self.stack(rows, "pooled"), encoder_hidden_states=self.stack(rows, "states"), txt_ids=rows[0]["ids"], img_ids=ids,
            return_dict=False,
        )[0]
        factor = self.pixels_per_latent
        return pipeline._unpack_latents(found, height * factor, width * factor, factor)
