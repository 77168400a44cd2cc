"""Which networks a pipeline of each family has."""
from collections.abc import Callable
from dataclasses import dataclass

from .flux import flux_network
from .onnx_file import Network
from .sd3 import sd3_network
from .text import clip_network, t5_network
from .unet import image_unet_network, unet_network
from .vae import vae_network


@dataclass(frozen=True)
class Family:
    """One architecture: its text encoders in order, its denoiser's folder, and how each becomes a Network."""

    denoiser: str
    network: Callable[[object], Network]
    encoders: tuple[str, ...] = ()
    hidden_states: bool = False
    decoder: bool = True


FAMILIES = {
    "stable-diffusion": Family("unet", unet_network, ("text_encoder",)),
    "sdxl": Family("unet", unet_network, ("text_encoder", "text_encoder_2"), hidden_states=True),
    "flux": Family("transformer", flux_network, ("text_encoder", "text_encoder_2")),
    "sd3": Family("transformer", sd3_network, ("text_encoder", "text_encoder_2", "text_encoder_3"), hidden_states=True),
    "consistency": Family("unet", image_unet_network, decoder=False),
}


def family_of(pipeline) -> Family:
    """The family of a loaded pipeline, by the class of its denoiser. LCM is Stable Diffusion with `timestep_cond`."""
    unet, transformer = getattr(pipeline, "unet", None), getattr(pipeline, "transformer", None)
    name = type(unet if unet is not None else transformer).__name__
    if name == "UNet2DConditionModel":
        two = getattr(pipeline, "text_encoder_2", None) is not None or unet.config.addition_embed_type == "text_time"
        return FAMILIES["sdxl" if two else "stable-diffusion"]
    known = {"UNet2DModel": "consistency", "FluxTransformer2DModel": "flux", "SD3Transformer2DModel": "sd3"}
    if name not in known:
        raise SystemExit(f"{type(pipeline).__name__} with {name} cannot be exported. Known denoisers: UNet2DConditionModel, {', '.join(known)}.")
    return FAMILIES[known[name]]


def text_network(encoder, hidden_states: bool) -> Network:
    return t5_network(encoder) if "T5" in type(encoder).__name__ else clip_network(encoder, hidden_states)


__all__ = ["FAMILIES", "Family", "family_of", "text_network", "vae_network"]
