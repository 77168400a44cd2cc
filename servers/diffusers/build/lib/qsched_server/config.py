"""The configuration of a server: one JSON file."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from .errors import ServerMistake

DTYPES = ("float32", "float16", "bfloat16")
BACKENDS = ("torchao", "bitsandbytes", "gguf", "quanto", "nunchaku")
KEYS = {"checkpoint", "family", "device", "dtype", "precisions", "defaultPrecision", "batches", "size", "keep", "compile", "threads"}


@dataclass(frozen=True)
class Precision:
    """How one precision of the denoiser is made: as it is stored, or by a backend of diffusers."""

    backend: str | None = None
    #: torchao: the name of a config class of torchao.quantization; others ignore it.
    config: str | None = None
    arguments: dict = field(default_factory=dict)
    #: gguf and nunchaku: the file with the quantised weights.
    file: str | None = None


@dataclass(frozen=True)
class Config:
    checkpoint: Path
    family: str | None
    device: str
    dtype: str
    precisions: dict[str, Precision]
    default_precision: str | None
    denoiser_rows: int
    decoder_rows: int
    size: tuple[int, int] | None
    #: Denoisers that stay in memory.
    keep: int
    compile: bool
    threads: int | None


def read_config(path: Path) -> Config:
    """Reads and checks a file. Paths in it are relative to its folder. Raises ServerMistake."""
    try:
        given = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise ServerMistake(f"{path} cannot be read: {error}") from error
    if not isinstance(given, dict):
        raise ServerMistake(f'{path} must hold an object, for example {{"checkpoint": "../sdxl-turbo"}}')
    unknown = sorted(set(given) - KEYS)
    if unknown:
        raise ServerMistake(f"{path}: unknown key {unknown[0]!r}; known are {', '.join(sorted(KEYS))}")
    if not isinstance(given.get("checkpoint"), str):
        raise ServerMistake(f'{path}: "checkpoint" must name a folder that from_pretrained loads')
    checkpoint = (path.parent / given["checkpoint"]).resolve()
    if not (checkpoint / "model_index.json").is_file():
        raise ServerMistake(f"{checkpoint} has no model_index.json: save the pipeline there with save_pretrained")
    dtype = given.get("dtype", "float32")
    if dtype not in DTYPES:
        raise ServerMistake(f'{path}: "dtype" is {dtype!r}; it must be one of {", ".join(DTYPES)}')
    full = "fp32" if dtype == "float32" else "fp16" if dtype == "float16" else "bf16"
    precisions = {name: _precision(path, name, one) for name, one in given.get("precisions", {full: {}}).items()}
    if not precisions:
        raise ServerMistake(f'{path}: "precisions" is empty')
    batches = given.get("batches", {})
    size = given.get("size")
    return Config(
        checkpoint=checkpoint,
        family=given.get("family"),
        device=given.get("device", "cpu"),
        dtype=dtype,
        precisions=precisions,
        default_precision=given.get("defaultPrecision"),
        denoiser_rows=_rows(path, batches.get("denoiser", 4)),
        decoder_rows=_rows(path, batches.get("decoder", 1)),
        size=None if size is None else (int(size[0]), int(size[1])),
        keep=int(given.get("keep", 2)),
        compile=bool(given.get("compile", False)),
        threads=given.get("threads"),
    )


def _precision(path: Path, name: str, given: dict) -> Precision:
    unknown = sorted(set(given) - {"backend", "config", "arguments", "file"})
    if unknown:
        raise ServerMistake(f"{path}: precision {name!r} has an unknown key {unknown[0]!r}")
    backend, file = given.get("backend"), given.get("file")
    if backend is not None and backend not in BACKENDS:
        raise ServerMistake(f"{path}: precision {name!r} has the backend {backend!r}; known are {', '.join(BACKENDS)}")
    if backend in ("gguf", "nunchaku") and not file:
        raise ServerMistake(f'{path}: precision {name!r} needs "file", the quantised weights')
    if file is not None:
        file = str((path.parent / file).resolve())
        if not Path(file).is_file():
            raise ServerMistake(f"{path}: precision {name!r}: {file} does not exist")
    return Precision(backend, given.get("config"), given.get("arguments", {}), file)


def _rows(path: Path, rows: object) -> int:
    if not isinstance(rows, int) or not 1 <= rows <= 1024:
        raise ServerMistake(f'{path}: "batches" needs whole numbers from 1 to 1024, not {rows!r}')
    return rows
