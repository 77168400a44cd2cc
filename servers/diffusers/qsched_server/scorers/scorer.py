"""What a scorer is: a network that gives one number per image and prompt."""

from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image

from ..errors import ServerMistake


@dataclass(frozen=True)
class ScorerConfig:
    """One entry of "scorers"."""

    name: str
    kind: str
    #: The weights: a file or a folder, by kind.
    checkpoint: Path
    #: A folder that AutoTokenizer loads.
    tokenizer: Path | None
    #: A file with sizes of a network that are not the published ones.
    architecture: Path | None


class Scorer:
    """Subclasses load their network from local files only. Raises ServerMistake where a file is wrong."""

    #: Whether `tokenizer` must be given.
    needs_tokenizer = False
    #: Which way is better, and whether it compares with the prompt, as scorer.json declares it.
    direction, judges = "higher", "text"

    def __init__(self, config: ScorerConfig, device: torch.device, dtype: torch.dtype):
        self.config, self.device, self.dtype = config, device, dtype

    def prepare(self, image: Image.Image) -> torch.Tensor:
        """(3, S, S)"""
        raise NotImplementedError

    def tokens(self, texts: list[str]) -> dict[str, torch.Tensor]:
        """Token ids of a fixed length: (B, L), and what else the network takes with them."""
        raise NotImplementedError

    def scores(self, pixels: torch.Tensor, tokens: dict[str, torch.Tensor]) -> torch.Tensor:
        """(B, 3, S, S) and tokens to (B,)"""
        raise NotImplementedError

    def _to_device(self, module: torch.nn.Module) -> torch.nn.Module:
        return module.to(device=self.device, dtype=self.dtype).eval().requires_grad_(False)


def load_tokenizer(folder: Path):
    """Of transformers, without the network. Raises ServerMistake."""
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
    except (OSError, ValueError, KeyError) as error:
        raise ServerMistake(f"{folder} holds no tokenizer that transformers loads: {str(error).splitlines()[0]}") from error


def load_state(file: Path) -> dict[str, torch.Tensor]:
    """A state dict from .safetensors, or from a .pt without code in it. Raises ServerMistake."""
    try:
        if file.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(file)
        state = torch.load(file, map_location="cpu", weights_only=True)
        return state.get("state_dict", state)
    except Exception as error:  # noqa: BLE001  pickle, zip and safetensors each have errors of their own
        raise ServerMistake(f"{file} holds no weights: {str(error).splitlines()[0] or type(error).__name__}") from error


def fill(module: torch.nn.Module, state: dict[str, torch.Tensor], file: Path) -> None:
    """Every weight of the module from the file; what else is there is left. Raises ServerMistake."""
    try:
        missing = module.load_state_dict(state, strict=False).missing_keys
    except RuntimeError as error:
        line = next((one.strip() for one in str(error).splitlines()[1:] if one.strip()), str(error))
        raise ServerMistake(f"{file} is of another size: {line}") from error
    if missing:
        raise ServerMistake(f"{file} lacks {missing[0]!r} ({len(missing)} of {len(module.state_dict())} weights)")


def cosine(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """(B, E) and (B, E) to (B,), in float32."""
    return torch.nn.functional.cosine_similarity(one.float(), other.float())
