"""UNet2DConditionModel (SD1.5, SDXL, LCM) and UNet2DModel (consistency models), with Optimum's names."""
import torch

from .onnx_file import Network
from .vae import latents

IMAGE = {0: "batch_size", 2: "height", 3: "width"}


class _Unet(torch.nn.Module):
    """Takes the inputs by name: what belongs to SDXL goes into added_cond_kwargs."""

    def __init__(self, unet, names):
        super().__init__()
        self.unet, self.names = unet, names

    def forward(self, *values):
        given = dict(zip(self.names, values))
        added = {k: given.pop(k) for k in ("text_embeds", "time_ids") if k in given}
        if added:
            given["added_cond_kwargs"] = added
        return self.unet(**given, return_dict=False)[0]


def _inputs(config, rows: int, height: int, width: int, length: int) -> dict[str, torch.Tensor]:
    g = torch.Generator().manual_seed(rows)
    inputs = {
        "sample": latents(rows, config.in_channels, height, width),
        "timestep": torch.tensor(700.0 + rows),
        "encoder_hidden_states": torch.randn(rows, length, config.cross_attention_dim, generator=g),
    }
    if config.addition_embed_type == "text_time":
        pooled = config.projection_class_embeddings_input_dim - 6 * config.addition_time_embed_dim
        inputs["text_embeds"] = torch.randn(rows, pooled, generator=g)
        inputs["time_ids"] = torch.tensor([[8.0 * height, 8.0 * width, 0, 0, 8.0 * height, 8.0 * width]] * rows)
    if config.time_cond_proj_dim is not None:
        inputs["timestep_cond"] = torch.randn(rows, config.time_cond_proj_dim, generator=g)
    return inputs


def unet_network(unet) -> Network:
    """sample, timestep (a number), encoder_hidden_states; SDXL: text_embeds, time_ids; LCM: timestep_cond -> out_sample."""
    config = unet.config
    side = 2 ** (len(config.block_out_channels) - 1)
    inputs = _inputs(config, 2, 4 * side, 4 * side, 77)
    free = {"sample": IMAGE, "encoder_hidden_states": {0: "batch_size", 1: "sequence_length"},
            **{k: {0: "batch_size"} for k in ("text_embeds", "time_ids", "timestep_cond") if k in inputs}}
    return Network(_Unet(unet, list(inputs)), inputs, free, {"out_sample": IMAGE}, _inputs(config, 3, 2 * side, 3 * side, 77))


def image_unet_network(unet) -> Network:
    """A consistency model of images: sample, timestep (the scheduler's rescaled sigma, a float) -> out_sample."""
    config = unet.config
    if config.num_class_embeds is not None:
        raise SystemExit("This consistency model takes class labels: only unconditional ones can be exported.")

    def inputs(rows: int) -> dict[str, torch.Tensor]:
        return {"sample": latents(rows, config.in_channels, config.sample_size, config.sample_size), "timestep": torch.tensor(700.5 + rows)}

    return Network(_Unet(unet, ["sample", "timestep"]), inputs(2), {"sample": IMAGE}, {"out_sample": IMAGE}, inputs(3))
