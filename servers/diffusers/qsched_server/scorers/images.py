"""Images as the encoders were trained on them: a square of S pixels, normalised as CLIP's are."""

import base64
import binascii
import io

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError

MEAN = torch.tensor([0.48145466, 0.4578275, 0.40821073]).view(3, 1, 1)
STD = torch.tensor([0.26862954, 0.26130258, 0.27577711]).view(3, 1, 1)


def read_image(text: str) -> Image.Image:
    """A PNG in base64 as 8-bit RGB. Raises ValueError."""
    try:
        image = Image.open(io.BytesIO(base64.b64decode(text, validate=True)))
        return image.convert("RGB")
    except (binascii.Error, UnidentifiedImageError, OSError) as error:
        raise ValueError(f"an image is not a PNG in base64: {error}") from error


def clip_pixels(image: Image.Image, size: int) -> torch.Tensor:
    """Shortest side to `size` by Pillow's bicubic on bytes, centre crop, normalised: (3, S, S). CLIPImageProcessor of transformers."""
    planes = _bytes_fitted(image, size)
    top, left = ((side - size) // 2 for side in planes.shape[1:])
    return _normalised(planes[:, top : top + size, left : left + size])


def torchvision_pixels(image: Image.Image, size: int) -> torch.Tensor:
    """The same with torchvision's centre: its Resize, CenterCrop, ToTensor, Normalize on a PIL image."""
    return _normalised(_cropped(_bytes_fitted(image, size), size))


def float_pixels(image: Image.Image, size: int) -> torch.Tensor:
    """The resize on floats, with antialiasing: torchvision's ToTensor, Resize, CenterCrop, Normalize: (3, S, S)."""
    width, height = _fitted(image, size)
    fitted = torch.nn.functional.interpolate(_tensor(image)[None], size=(height, width), mode="bicubic", antialias=True)[0]
    return _normalised(_cropped(fitted, size))


def _fitted(image: Image.Image, size: int) -> tuple[int, int]:
    width, height = image.size
    return (size, int(size * height / width)) if width <= height else (int(size * width / height), size)


def _bytes_fitted(image: Image.Image, size: int) -> torch.Tensor:
    return _tensor(image.resize(_fitted(image, size), Image.Resampling.BICUBIC))


def _tensor(image: Image.Image) -> torch.Tensor:
    return torch.from_numpy(np.array(image)).permute(2, 0, 1).to(torch.float32) / 255


def _cropped(planes: torch.Tensor, size: int) -> torch.Tensor:
    """The centre, where torchvision has it."""
    top, left = (round((side - size) / 2) for side in planes.shape[1:])
    return planes[:, top : top + size, left : left + size]


def _normalised(planes: torch.Tensor) -> torch.Tensor:
    return (planes - MEAN) / STD
