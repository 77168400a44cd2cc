"""Tensors as bytes: safetensors, with strings beside them."""

import json
import struct

import torch
from safetensors.torch import load, save


def unpack(body: bytes) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """Tensors and metadata of a body."""
    (length,) = struct.unpack("<Q", body[:8])
    header = json.loads(body[8 : 8 + length])
    return load(body), header.get("__metadata__", {})


def pack(tensors: dict[str, torch.Tensor]) -> bytes:
    return save({name: tensor.contiguous() for name, tensor in tensors.items()})
