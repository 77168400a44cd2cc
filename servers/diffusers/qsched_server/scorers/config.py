"""The configuration of scorers: one JSON file with "scorers"."""

import re
from dataclasses import dataclass
from pathlib import Path

from . import KINDS
from .scorer import ScorerConfig
from ..errors import ServerMistake

KEYS = {"device", "dtype", "threads", "batch", "scorers"}
SCORER_KEYS = {"kind", "checkpoint", "tokenizer", "architecture"}
DTYPES = ("float32", "float16", "bfloat16")
NAME = re.compile(r"^[A-Za-z][A-Za-z0-9]*([._-][A-Za-z0-9]+)*$")


@dataclass(frozen=True)
class ScorersConfig:
    device: str
    dtype: str
    threads: int | None
    #: Rows of every call of a network.
    batch: int
    scorers: tuple[ScorerConfig, ...]


def read_scorers(path: Path, given: dict) -> ScorersConfig:
    """Checks what the file holds. Paths in it are relative to its folder. Raises ServerMistake."""
    unknown = sorted(set(given) - KEYS)
    if unknown:
        raise ServerMistake(f"{path}: unknown key {unknown[0]!r}; known are {', '.join(sorted(KEYS))}")
    dtype = given.get("dtype", "float32")
    if dtype not in DTYPES:
        raise ServerMistake(f'{path}: "dtype" is {dtype!r}; it must be one of {", ".join(DTYPES)}')
    batch = given.get("batch", 1)
    if not isinstance(batch, int) or not 1 <= batch <= 1024:
        raise ServerMistake(f'{path}: "batch" must be a whole number from 1 to 1024, not {batch!r}')
    scorers = given["scorers"]
    if not isinstance(scorers, dict) or not scorers:
        raise ServerMistake(f'{path}: "scorers" must hold at least one, for example {{"pickscore": {{"checkpoint": "../PickScore_v1"}}}}')
    return ScorersConfig(
        device=given.get("device", "cpu"), dtype=dtype, threads=given.get("threads"), batch=batch,
        scorers=tuple(_scorer(path, name, one) for name, one in scorers.items()),
    )


def _scorer(path: Path, name: str, given: object) -> ScorerConfig:
    where = f"{path}: scorer {name!r}"
    if not NAME.match(name):
        raise ServerMistake(f'{where} must be named with letters and digits, joined by ".", "_" or "-"')
    if not isinstance(given, dict) or not isinstance(given.get("checkpoint"), str):
        raise ServerMistake(f'{where} needs "checkpoint", the folder or file with its weights')
    unknown = sorted(set(given) - SCORER_KEYS)
    if unknown:
        raise ServerMistake(f"{where} has an unknown key {unknown[0]!r}; known are {', '.join(sorted(SCORER_KEYS))}")
    kind = given.get("kind", name)
    if kind not in KINDS:
        raise ServerMistake(f'{where} is of the kind {kind!r}; "kind" must be one of {", ".join(KINDS)}')
    if KINDS[kind].needs_tokenizer and "tokenizer" not in given:
        raise ServerMistake(f'{where} needs "tokenizer", a folder that AutoTokenizer loads')
    paths = {key: (path.parent / given[key]).resolve() if key in given else None for key in ("checkpoint", "tokenizer", "architecture")}
    missing = next((file for file in paths.values() if file is not None and not file.exists()), None)
    if missing is not None:
        raise ServerMistake(f"{where}: {missing} does not exist; weights are read from local files only")
    return ScorerConfig(name=name, kind=kind, **paths)
