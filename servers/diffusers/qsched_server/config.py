"""The configuration of a server: one JSON file."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from .errors import ServerMistake

DTYPES = ("float32", "float16", "bfloat16")
BACKENDS = ("torchao", "bitsandbytes", "gguf", "quanto", "nunchaku")
KEYS = {"checkpoint", "family", "device", "dtype", "precisions", "defaultPrecision", "batches", "size", "keep", "compile", "threads"}
#: Types of the values, and how they are told.
TYPES: dict[str, tuple[type, str]] = {
    "checkpoint": (str, "the name of a folder that from_pretrained loads"),
    "family": (str, "the name of a family"),
    "device": (str, 'a device of torch, such as "cuda"'),
    "precisions": (dict, 'an object of precisions, for example {"fp32": {}}'),
    "defaultPrecision": (str, "the name of a precision"),
    "batches": (dict, 'an object, for example {"denoiser": 4, "decoder": 1}'),
    "size": (list, "[height, width] in pixels"),
    "keep": (int, "a whole number from 1"),
    "compile": (bool, "true or false"),
    "threads": (int, "a whole number from 1"),
}


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


def read_json(path: Path) -> dict:
    """A file with a JSON object. Raises ServerMistake."""
    try:
        given = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise ServerMistake(f"{path} cannot be read: {error}") from error
    if not isinstance(given, dict):
        raise ServerMistake(f'{path} must hold an object, for example {{"checkpoint": "../sdxl-turbo"}}')
    return given


def read_config(path: Path, given: dict) -> Config:
    """Checks what the file holds. Paths in it are relative to its folder. Raises ServerMistake."""
    unknown = sorted(set(given) - KEYS)
    if unknown:
        raise ServerMistake(f"{path}: unknown key {unknown[0]!r}; known are {', '.join(sorted(KEYS))}")
    for key, (types, what) in TYPES.items():
        if key in given and (not isinstance(given[key], types) or (isinstance(given[key], bool) and types is not bool)):
            raise ServerMistake(f'{path}: "{key}" must be {what}, not {json.dumps(given[key])}')
    if "checkpoint" not in given:
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
    chosen = given.get("defaultPrecision")
    if chosen is not None and chosen not in precisions:
        raise ServerMistake(f'{path}: "defaultPrecision" is {chosen!r}; "precisions" has {", ".join(precisions)}')
    for key in ("keep", "threads"):
        if given.get(key, 1) < 1:
            raise ServerMistake(f'{path}: "{key}" must be {TYPES[key][1]}, not {given[key]}')
    batches = given.get("batches", {})
    other = sorted(set(batches) - {"denoiser", "decoder"})
    if other:
        raise ServerMistake(f'{path}: "batches" has an unknown key {other[0]!r}; known are denoiser, decoder')
    size = given.get("size")
    if size is not None and not (len(size) == 2 and all(isinstance(side, int) and side > 0 for side in size)):
        raise ServerMistake(f'{path}: "size" must be {TYPES["size"][1]}, not {json.dumps(size)}')
    return Config(
        checkpoint=checkpoint,
        family=given.get("family"),
        device=given.get("device", "cpu"),
        dtype=dtype,
        precisions=precisions,
        default_precision=chosen,
        denoiser_rows=_rows(path, batches.get("denoiser", 4)),
        decoder_rows=_rows(path, batches.get("decoder", 1)),
        size=None if size is None else (size[0], size[1]),
        keep=given.get("keep", 2),
        compile=given.get("compile", False),
        threads=given.get("threads"),
    )


def _precision(path: Path, name: str, given: object) -> Precision:
    if not isinstance(given, dict):
        raise ServerMistake(f"{path}: precision {name!r} must be an object: {{}} as stored, or with a backend")
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
    if not isinstance(rows, int) or isinstance(rows, bool) or not 1 <= rows <= 1024:
        raise ServerMistake(f'{path}: "batches" needs whole numbers from 1 to 1024, not {rows!r}')
    return rows
