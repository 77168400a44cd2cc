"""The networks of the family: CLIP text tower, two image towers, autoencoder, UNet."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from diffusers import UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModelWithProjection

from .tokenizer import LENGTH

CLIP_MEAN = torch.tensor([0.48145466, 0.4578275, 0.40821073]).view(1, 3, 1, 1)
CLIP_STD = torch.tensor([0.26862954, 0.26130258, 0.27577711]).view(1, 3, 1, 1)
LATENT_CHANNELS = 6


def clip_pixels(images: torch.Tensor) -> torch.Tensor:
    """[-1, 1] -> CLIP's pixel_values, through the 256 levels of an image file."""
    return (((images + 1) * 127.5).round().clamp(0, 255) / 255 - CLIP_MEAN) / CLIP_STD


def text_tower(vocab_size: int, layers: int = 2, hidden: int = 96) -> CLIPTextModelWithProjection:
    return CLIPTextModelWithProjection(CLIPTextConfig(
        vocab_size=vocab_size, hidden_size=hidden, intermediate_size=2 * hidden, num_hidden_layers=layers,
        num_attention_heads=4, max_position_embeddings=LENGTH, projection_dim=64,
        bos_token_id=vocab_size - 2, eos_token_id=vocab_size - 1, pad_token_id=vocab_size - 1))


def conv(i: int, o: int, stride: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(i, o, 3, stride, 1), nn.GroupNorm(8, o), nn.SiLU())


class ObjectiveImageTower(nn.Module):
    """Content from a normalised trunk, quality from an unnormalised branch that preserves texture."""

    def __init__(self, width: int = 64):
        super().__init__()
        self.trunk = nn.Sequential(conv(3, 32, 2), conv(32, 48, 1), conv(48, 80, 2), conv(80, 80, 1), conv(80, 112, 2))
        self.project = nn.Sequential(nn.Linear(112 * 16, 128), nn.SiLU(), nn.Linear(128, width))
        self.texture = nn.Sequential(
            nn.Conv2d(3, 24, 3, 1, 1), nn.ReLU(), nn.Conv2d(24, 48, 3, 2, 1), nn.ReLU(), nn.Conv2d(48, 64, 3, 2, 1), nn.ReLU())
        self.quality = nn.Sequential(nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, width))

    def forward(self, x):
        q = self.texture(x)
        return self.project(self.trunk(x).flatten(1)) + self.quality(torch.cat([q.mean((2, 3)), q.amax((2, 3))], 1))


class SecondImageTower(nn.Module):
    """A deliberately different architecture: 5 x 5 stem, residual blocks, one head for everything."""

    def __init__(self, width: int = 64):
        super().__init__()
        block = lambda c: nn.Sequential(nn.GroupNorm(4, c), nn.GELU(), nn.Conv2d(c, c, 3, 1, 1), nn.GELU(), nn.Conv2d(c, c, 1))
        self.stem = nn.Conv2d(3, 40, 5, 2, 2)
        self.a, self.b, self.c = block(40), block(80), block(96)
        self.down1, self.down2 = nn.Conv2d(40, 80, 2, 2), nn.Conv2d(80, 96, 2, 2)
        self.head = nn.Sequential(nn.Linear(96 * 16 + 160, 112), nn.GELU(), nn.Linear(112, width))

    def forward(self, x):
        h = self.stem(x)
        h = self.down1(h + self.a(h))
        h = h + self.b(h)
        pooled = torch.cat([h.mean((2, 3)), h.abs().amax((2, 3))], 1)
        h = self.down2(h)
        h = h + self.c(h)
        return self.head(torch.cat([h.flatten(1), pooled], 1))


class Clip(nn.Module):
    """CLIP: `text` and `image` towers into one 64-dimensional space."""

    def __init__(self, vocab_size: int, image: nn.Module, layers: int = 2):
        super().__init__()
        self.text = text_tower(vocab_size, layers)
        self.image = image
        self.log_scale = nn.Parameter(torch.tensor(2.66))

    def embed_text(self, ids):
        return F.normalize(self.text(ids).text_embeds, dim=-1)

    def embed_image(self, images):
        return F.normalize(self.image(clip_pixels(images)), dim=-1)


class ResidualBlock(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.norm, self.a, self.b = nn.GroupNorm(8, width), nn.Conv2d(width, width, 3, 1, 1), nn.Conv2d(width, width, 1)

    def forward(self, x):
        return x + self.b(F.silu(self.a(self.norm(x))))


class Autoencoder(nn.Module):
    """Space-to-depth by 4, then residual convolutions; latents (6, 8, 8) of zero mean and unit variance."""

    def __init__(self, width: int = 112, blocks: int = 2):
        super().__init__()
        body = lambda n: [ResidualBlock(width) for _ in range(n)]
        self.encoder = nn.Sequential(nn.PixelUnshuffle(4), nn.Conv2d(48, width, 3, 1, 1), *body(blocks), nn.SiLU(),
                                     nn.Conv2d(width, LATENT_CHANNELS, 1))
        self.decoder = nn.Sequential(nn.Conv2d(LATENT_CHANNELS, width, 3, 1, 1), *body(blocks + 2), nn.SiLU(),
                                     nn.Conv2d(width, 48, 3, 1, 1), nn.PixelShuffle(4))
        self.register_buffer("mean", torch.zeros(1, LATENT_CHANNELS, 1, 1))
        self.register_buffer("std", torch.ones(1, LATENT_CHANNELS, 1, 1))

    def encode(self, images):
        return (self.encoder(images) - self.mean) / self.std

    def decode(self, latents):
        return self.decoder(latents * self.std + self.mean)


def unet() -> UNet2DConditionModel:
    return UNet2DConditionModel(
        sample_size=8, in_channels=LATENT_CHANNELS, out_channels=LATENT_CHANNELS, layers_per_block=1,
        block_out_channels=(64, 128), down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"), cross_attention_dim=96, attention_head_dim=(2, 4),
        norm_num_groups=16)
