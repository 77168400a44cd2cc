"""The decoder of an AutoencoderKL (or AutoencoderTiny): latent_sample (B, C, h, w) -> sample (B, 3, H, W)."""
import torch

from .onnx_file import Network


class _Decoder(torch.nn.Module):
    def __init__(self, vae):
        super().__init__()
        self.vae = vae

    def forward(self, latent_sample):
        return self.vae.decode(latent_sample, return_dict=False)[0]


def latents(rows: int, channels: int, height: int, width: int) -> torch.Tensor:
    return torch.randn(rows, channels, height, width, generator=torch.Generator().manual_seed(rows))


def vae_network(vae) -> Network:
    channels = vae.config.latent_channels
    factor = 2 ** (len(getattr(vae.config, "up_block_types", None) or vae.config.decoder_block_out_channels) - 1)
    return Network(_Decoder(vae), {"latent_sample": latents(2, channels, 8, 8)},
                   {"latent_sample": {0: "batch_size", 2: "latent_height", 3: "latent_width"}},
                   {"sample": {0: "batch_size", 2: f"latent_height * {factor}", 3: f"latent_width * {factor}"}},
                   {"latent_sample": latents(3, channels, 6, 10)})
