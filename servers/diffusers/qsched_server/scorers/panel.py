"""The scorers of one process, with what decides their numbers."""

import hashlib
import json
import math
import threading

import torch

from . import KINDS
from .config import ScorersConfig
from .images import read_image
from .scorer import Scorer, ScorerConfig
from ..identity import device_name, hashes, sha256, usable_device, versions

PACKAGES = ("torch", "transformers", "open_clip_torch", "pillow", "tokenizers")


class Panel:
    """Calls are made one at a time."""

    def __init__(self, config: ScorersConfig):
        if config.threads is not None:
            torch.set_num_threads(int(config.threads))
        device, dtype = usable_device(config.device), getattr(torch, config.dtype)
        self.rows = config.batch
        self.scorers: dict[str, Scorer] = {one.name: KINDS[one.kind](one, device, dtype) for one in config.scorers}
        shared = [config.dtype, config.batch, device_name(config.device), torch.get_num_threads(), versions(PACKAGES)]
        self.versions = {one.name: _version(one, shared) for one in config.scorers}
        self.lock = threading.Lock()

    def about(self, name: str) -> dict:
        """The identity of a scorer, as docs/scorers.md has it."""
        scorer = self.scorers[name]
        return {"id": scorer.config.kind, "version": self.versions[name], "scores": [{"name": name, "direction": scorer.direction}]}

    @torch.inference_mode()
    def score(self, name: str, images: list[str], prompts: list[str]) -> dict:
        """Numbers of PNGs in base64 with their prompts; null for an image without a finite one. Raises ValueError."""
        if not isinstance(images, list) or not isinstance(prompts, list) or len(images) != len(prompts):
            raise ValueError('expected {"images": [base64 PNG], "prompts": [text]}, one prompt per image')
        scorer = self.scorers[name]
        found: list[float] = []
        for at in range(0, len(images), self.rows):
            texts = prompts[at : at + self.rows]
            pixels = [scorer.prepare(read_image(image)) for image in images[at : at + self.rows]]
            # Rows are padded with the last: other numbers of rows give other bits.
            pad = self.rows - len(texts)
            batch = torch.stack([*pixels, *[pixels[-1]] * pad]).to(device=scorer.device, dtype=scorer.dtype)
            tokens = {key: value.to(scorer.device) for key, value in scorer.tokens([*texts, *[texts[-1]] * pad]).items()}
            found += scorer.scores(batch, tokens)[: len(texts)].float().tolist()
        about = self.about(name)
        return {"id": about["id"], "version": about["version"], "scores": {name: [value if math.isfinite(value) else None for value in found]}}


def _version(config: ScorerConfig, shared: list) -> str:
    """Changes with every file and with whatever else may change a bit."""
    files = {}
    for path in (config.checkpoint, config.tokenizer, config.architecture):
        if path is not None:
            files[str(len(files))] = hashes(path) if path.is_dir() else sha256(path)
    return hashlib.sha256(json.dumps([config.kind, files, shared], sort_keys=True).encode()).hexdigest()[:32]
