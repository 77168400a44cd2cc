"""Weights and images by formulas, which two libraries repeat: those of a tiny ImageReward."""

import hashlib
import json
from pathlib import Path

import numpy as np
import torch

#: ViT and BERT, smaller; the MLP behind them takes 768 numbers.
VISION = {"hidden_size": 32, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4, "image_size": 32, "patch_size": 16}
TEXT = {"vocab_size": 64, "hidden_size": 768, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 12}
PROMPTS = ["a red circle", "two dogs on a blue table", "a red circle, " * 40]
#: (width, height, seed)
SIZES = [(32, 32, 1), (45, 33, 2), (33, 46, 3)]
WORDS = ["a", "red", "circle", "two", "dogs", "on", "blue", "table", ","]


def drawn(shapes: dict[str, list[int]]) -> dict[str, torch.Tensor]:
    """A normal draw per name, seeded by the name, and scaled so that every layer matters."""
    found = {}
    for name, shape in shapes.items():
        seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "little")
        noise = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
        norm = name.endswith("weight") and len(shape) == 1
        found[name] = 1 + 0.2 * noise if norm else 0.2 * noise if len(shape) == 1 else noise if "embed" in name else 1.5 * noise / np.prod(shape[1:]) ** 0.5
    return found


def image_of(width: int, height: int, seed: int) -> np.ndarray:
    """The images of tools/golden/scorers.py: (H, W, 3) bytes."""
    y, x, c = np.mgrid[0:height, 0:width, 0:3]
    block = ((x // (5 + seed)) * 53 + (y // (4 + seed)) * 31 + c * 47 + seed * 17) % 200
    return (block + ((x * (3 + seed)) ^ (y * (5 + c))) % 56).astype(np.uint8)


def vocabulary(folder: Path) -> Path:
    """A folder with a small BERT tokenizer."""
    (folder / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]) + "\n")
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "BertTokenizer", "do_lower_case": True, "model_max_length": 512}))
    return folder
