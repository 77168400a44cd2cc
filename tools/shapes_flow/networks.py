"""The networks of shapes-flow: FLUX's transformer and T5's encoder, of diffusers' and transformers' own classes; packing."""
import torch
from diffusers import FluxTransformer2DModel
from transformers import T5Config, T5EncoderModel

CHANNELS, SIDE = 6, 8  # latents (6, 8, 8)
TOKENS, TOKEN_WIDTH = SIDE * SIDE // 4, 4 * CHANNELS
T5_WIDTH, CLIP_WIDTH = 64, 96


def t5(vocab_size: int) -> T5EncoderModel:
    return T5EncoderModel(T5Config(
        vocab_size=vocab_size, d_model=T5_WIDTH, d_kv=16, d_ff=128, num_layers=2, num_heads=4, relative_attention_num_buckets=32,
        relative_attention_max_distance=64, dropout_rate=0.0, feed_forward_proj="gated-gelu", is_encoder_decoder=False,
        use_cache=False, pad_token_id=0, eos_token_id=1))


def transformer() -> FluxTransformer2DModel:
    return FluxTransformer2DModel(
        patch_size=1, in_channels=TOKEN_WIDTH, num_layers=2, num_single_layers=4, attention_head_dim=24, num_attention_heads=4,
        joint_attention_dim=T5_WIDTH, pooled_projection_dim=CLIP_WIDTH, guidance_embeds=False, axes_dims_rope=(8, 8, 8))


def pack(latents: torch.Tensor) -> torch.Tensor:
    """(N, C, h, w) -> (N, h w / 4, 4 C), as FluxPipeline packs 2 x 2 neighbours into a token."""
    n, c, h, w = latents.shape
    return latents.view(n, c, h // 2, 2, w // 2, 2).permute(0, 2, 4, 1, 3, 5).reshape(n, h * w // 4, 4 * c)


def unpack(tokens: torch.Tensor) -> torch.Tensor:
    """(N, TOKENS, TOKEN_WIDTH) -> (N, CHANNELS, SIDE, SIDE)."""
    half = SIDE // 2
    return tokens.view(len(tokens), half, half, CHANNELS, 2, 2).permute(0, 3, 1, 4, 2, 5).reshape(len(tokens), CHANNELS, SIDE, SIDE)


def image_ids() -> torch.Tensor:
    """(TOKENS, 3): (0, row, column) of every token."""
    half = SIDE // 2
    rows, columns = torch.meshgrid(torch.arange(half), torch.arange(half), indexing="ij")
    return torch.stack([torch.zeros_like(rows), rows, columns], -1).reshape(-1, 3).float()


def velocity(model: FluxTransformer2DModel, x: torch.Tensor, sigma: torch.Tensor, hidden: torch.Tensor, pooled: torch.Tensor) -> torch.Tensor:
    """The predicted velocity, noise - data, of packed x (N, TOKENS, TOKEN_WIDTH) at sigma (N,)."""
    return model(hidden_states=x, encoder_hidden_states=hidden, pooled_projections=pooled, timestep=sigma, img_ids=image_ids(),
                 txt_ids=torch.zeros(hidden.shape[1], 3), return_dict=False)[0]
