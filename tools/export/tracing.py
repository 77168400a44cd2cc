"""Operations written so that the exporter can trace them; in force only while a network is traced."""
from contextlib import contextmanager

import torch
from diffusers.models.transformers import transformer_flux


def _rotate(x, freqs_cis, use_real=True, use_real_unbind_dim=-1, sequence_dim=2):
    """diffusers' apply_rotary_emb without a reshape to constant sizes, which would fix the batch of the trace."""
    assert use_real and use_real_unbind_dim == -1
    cos, sin = (f[None, None] if sequence_dim == 2 else f[None, :, None] for f in freqs_cis)
    turned = torch.stack([-x[..., 1::2], x[..., 0::2]], dim=-1).flatten(3)
    return (x.float() * cos + turned.float() * sin).to(x.dtype)


def _rms_norm(x, normalized_shape, weight=None, eps=None):
    """torch's rms_norm, which has no ONNX operator before opset 23: in float32, then multiplied by the weight."""
    axes = tuple(range(-len(normalized_shape), 0))
    wide = x.float()
    scaled = wide * torch.rsqrt(wide.pow(2).mean(axes, keepdim=True) + (torch.finfo(x.dtype).eps if eps is None else eps))
    return (scaled if weight is None else scaled * weight.float()).to(x.dtype)


@contextmanager
def traceable():
    places = [(transformer_flux, "apply_rotary_emb", _rotate), (torch.nn.functional, "rms_norm", _rms_norm)]
    originals = [getattr(module, name) for module, name, _ in places]
    for module, name, function in places:
        setattr(module, name, function)
    try:
        yield
    finally:
        for (module, name, _), original in zip(places, originals):
            setattr(module, name, original)
