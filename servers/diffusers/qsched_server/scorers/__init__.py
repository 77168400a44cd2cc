"""Scorers that exist in PyTorch, behind the protocol of docs/scorers.md: one kind per file."""

from .hpsv2 import Hpsv2
from .image_reward import ImageReward
from .pickscore import PickScore
from .scorer import Scorer

KINDS: dict[str, type[Scorer]] = {"pickscore": PickScore, "hpsv2": Hpsv2, "image-reward": ImageReward}
