"""FluxTransformer2DModel: packed latents (B, h w / 4, 4 C), T5 states, pooled CLIP, ids, and `guidance` where it is distilled."""
import torch

from .onnx_file import Network


class _Flux(torch.nn.Module):
    def __init__(self, transformer, names):
        super().__init__()
        self.transformer, self.names = transformer, names

    def forward(self, *values):
        return self.transformer(**dict(zip(self.names, values)), return_dict=False)[0]


def _inputs(config, rows: int, height: int, width: int, length: int) -> dict[str, torch.Tensor]:
    g = torch.Generator().manual_seed(rows)
    grid = torch.zeros(height, width, 3, dtype=torch.int64)
    grid[..., 1] += torch.arange(height)[:, None]
    grid[..., 2] += torch.arange(width)[None]
    inputs = {
        "hidden_states": torch.randn(rows, height * width, config.in_channels, generator=g),
        "encoder_hidden_states": torch.randn(rows, length, config.joint_attention_dim, generator=g),
        "pooled_projections": torch.randn(rows, config.pooled_projection_dim, generator=g),
        "timestep": torch.rand(rows, generator=g),
        "img_ids": grid.reshape(-1, 3),
        "txt_ids": torch.zeros(length, 3, dtype=torch.int64),
    }
    if config.guidance_embeds:
        inputs["guidance"] = torch.full((rows,), 3.5)
    return inputs


def flux_network(transformer) -> Network:
    """timestep is t / 1000, one per row; ids have no batch axis. Output: out_hidden_states, packed like the input."""
    config = transformer.config
    inputs = _inputs(config, 2, 4, 4, 16)
    packed, text = {0: "batch_size", 1: "packed_height_width"}, {0: "batch_size", 1: "sequence_length"}
    free = {"hidden_states": packed, "encoder_hidden_states": text, "pooled_projections": {0: "batch_size"}, "timestep": {0: "step"},
            "img_ids": {0: "packed_height_width"}, "txt_ids": {0: "sequence_length"}}
    if config.guidance_embeds:
        free["guidance"] = {0: "batch_size"}
    return Network(_Flux(transformer, list(inputs)), inputs, free, {"out_hidden_states": packed}, _inputs(config, 3, 4, 6, 24))
