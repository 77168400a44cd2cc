"""Captioned 32 x 32 images: one shape, its colour, size, place, background and light.

A scene is six integers (size, colour, shape, place, background, light). There are
2 * 10 * 6 * 9 * 9 * 4 = 38,880 of them, enough for disjoint prompt sets.
"""
import math

import torch

COLOURS = {
    "red": (0.86, 0.12, 0.14), "green": (0.13, 0.62, 0.20), "blue": (0.12, 0.25, 0.85),
    "yellow": (0.96, 0.86, 0.12), "purple": (0.52, 0.15, 0.65), "orange": (0.98, 0.52, 0.08),
    "white": (0.95, 0.95, 0.95), "black": (0.07, 0.07, 0.07), "pink": (0.98, 0.60, 0.76),
    "cyan": (0.15, 0.80, 0.85),
}
COLOUR_NAMES = list(COLOURS)
COLOUR_TABLE = torch.tensor(list(COLOURS.values()))
SIZES = ["small", "large"]
RADII = torch.tensor([5.2, 9.0])
SHAPES = ["circle", "square", "triangle", "ring", "cross", "diamond"]
# How intricate each outline is: the target of the scorers for "complex" versus "simple".
COMPLEXITY = torch.tensor([0.10, 0.20, 0.40, 0.75, 0.90, 0.30])
PLACES = ["center", "top left", "top right", "bottom left", "bottom right", "top", "bottom", "left", "right"]
CENTRES = torch.tensor([[16., 16], [9, 9], [23, 9], [9, 23], [23, 23], [16, 9], [16, 23], [9, 16], [23, 16]])
LIGHTS = ["left", "right", "top", "bottom"]
LIGHT_DIRECTIONS = torch.tensor([[-1., 0], [1, 0], [0, -1], [0, 1]])
SIZE = 32
SCENE_COUNT = 2 * 10 * 6 * 9 * 9 * 4


def scene_from_index(index: torch.Tensor) -> torch.Tensor:
    """index (N,) in [0, SCENE_COUNT) -> scenes (N, 6); a bijection."""
    parts = []
    for base in (2, 10, 6, 9, 9, 4):
        parts.append(index % base)
        index = index // base
    size, colour, shape, place, other, light = parts
    background = (colour + 1 + other) % 10  # never the shape's own colour
    return torch.stack([size, colour, shape, place, background, light], 1)


def split_indices(seed: int = 20) -> dict[str, torch.Tensor]:
    """Disjoint scene indices for every prompt set, and the rest for training."""
    order = torch.randperm(SCENE_COUNT, generator=torch.Generator().manual_seed(seed))
    sizes = {"calibration": 96, "select": 160, "heldout": 640, "eval": 2400}
    splits, start = {}, 0
    for name, size in sizes.items():
        splits[name] = order[start:start + size]
        start += size
    splits["train"] = order[start:]
    return splits


def caption(scene, style: str = "short", keep=(1, 1, 1, 1, 1, 1)) -> str:
    """The caption of one scene. `style` is short, lit or long; `keep` drops attributes."""
    size, colour, shape, place, background, light = (int(v) for v in scene)
    noun = " ".join(w for w in (
        SIZES[size] if keep[0] else "", COLOUR_NAMES[colour] if keep[1] else "", SHAPES[shape]) if w)
    if style == "long":
        text = f"a photo of a {noun}"
        text += f" placed at the {PLACES[place]} of the picture" if keep[3] else ""
        text += f", in front of a {COLOUR_NAMES[background]} background" if keep[4] else ""
        text += f", lit from the {LIGHTS[light]}" if keep[5] else ""
        return text + "."
    text = f"a {noun}"
    text += f" at the {PLACES[place]}" if keep[3] else ""
    text += f" on a {COLOUR_NAMES[background]} background" if keep[4] else ""
    text += f", lit from the {LIGHTS[light]}" if style == "lit" and keep[5] else ""
    return text


def render(scenes: torch.Tensor, g: torch.Generator) -> torch.Tensor:
    """scenes (N, 6) -> images (N, 3, 32, 32) in [-1, 1], with jitter, shading and gradients."""
    n = len(scenes)
    rand = lambda *shape: torch.rand(*shape, generator=g)
    size, colour, shape, place, background, light = scenes.unbind(1)
    yy, xx = torch.meshgrid(torch.arange(SIZE) + 0.5, torch.arange(SIZE) + 0.5, indexing="ij")
    centre = CENTRES[place] + (rand(n, 2) - 0.5) * 2.4
    radius = (RADII[size] * (0.93 + 0.14 * rand(n)))[:, None, None]
    dx, dy = xx - centre[:, 0, None, None], yy - centre[:, 1, None, None]
    turn = ((rand(n) - 0.5) * 0.3)[:, None, None]
    ux, uy = dx * turn.cos() + dy * turn.sin(), -dx * turn.sin() + dy * turn.cos()
    r = (dx ** 2 + dy ** 2).sqrt()
    distance = torch.stack([  # signed distances, one row per shape
        r - radius,
        torch.maximum(ux.abs(), uy.abs()) - radius * 0.86,
        torch.maximum(torch.maximum(uy - radius * 0.75, ux * 0.894 - uy * 0.447 - radius * 0.55),
                      -ux * 0.894 - uy * 0.447 - radius * 0.55),
        (r - radius * 0.75).abs() - radius * 0.27,
        torch.minimum(torch.maximum(ux.abs() - radius, uy.abs() - radius * 0.33),
                      torch.maximum(uy.abs() - radius, ux.abs() - radius * 0.33)),
        (ux.abs() * 1.45 + uy.abs()) * 0.8 - radius * 0.8,
    ], 1)[torch.arange(n), shape]
    alpha = (0.5 - distance).clamp(0, 1)[:, None]
    jitter = lambda: (rand(n, 3) - 0.5) * 0.06
    paint = (COLOUR_TABLE[colour] + jitter())[:, :, None, None]
    wall = (COLOUR_TABLE[background] + jitter())[:, :, None, None]
    ray = LIGHT_DIRECTIONS[light] + (rand(n, 2) - 0.5) * 0.2
    ramp = (((xx - 16) * ray[:, 0, None, None] + (yy - 16) * ray[:, 1, None, None]) / 16)[:, None]
    wall = wall * (1 + 0.22 * ramp) + 0.06 * ramp
    shine = 1.12 - 0.22 * ((dx + radius * 0.35) ** 2 + (dy + radius * 0.35) ** 2).sqrt()[:, None] / radius[:, None]
    return ((wall * (1 - alpha) + paint * shine * alpha).clamp(0, 1) * 2 - 1)


def to_uint8(images: torch.Tensor) -> torch.Tensor:
    return ((images + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)


def from_uint8(images: torch.Tensor) -> torch.Tensor:
    return images.float() / 127.5 - 1
