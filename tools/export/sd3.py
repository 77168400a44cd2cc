"""SD3Transformer2DModel: latents (B, C, h, w), joined text states, pooled text, timestep per row."""
import torch

from .onnx_file import Network
from .unet import IMAGE
from .vae import latents


class _Transformer(torch.nn.Module):
    def __init__(self, transformer):
        super().__init__()
        self.transformer = transformer

    def forward(self, hidden_states, encoder_hidden_states, pooled_projections, timestep):
        return self.transformer(hidden_states, encoder_hidden_states, pooled_projections, timestep, return_dict=False)[0]


def _inputs(config, rows: int, height: int, width: int, length: int) -> dict[str, torch.Tensor]:
    g = torch.Generator().manual_seed(rows)
    return {
        "hidden_states": latents(rows, config.in_channels, height, width),
        "encoder_hidden_states": torch.randn(rows, length, config.joint_attention_dim, generator=g),
        "pooled_projections": torch.randn(rows, config.pooled_projection_dim, generator=g),
        "timestep": 1000 * torch.rand(rows, generator=g),
    }


def sd3_network(transformer) -> Network:
    """timestep is t itself, one per row. Output: out_hidden_states (B, C, h, w)."""
    config = transformer.config
    free = {"hidden_states": IMAGE, "encoder_hidden_states": {0: "batch_size", 1: "sequence_length"},
            "pooled_projections": {0: "batch_size"}, "timestep": {0: "step"}}
    return Network(_Transformer(transformer), _inputs(config, 2, 8, 8, 16), free, {"out_hidden_states": IMAGE},
                   _inputs(config, 3, 6, 8, 24))
