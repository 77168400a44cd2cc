"""What decides the bits of an answer: files, versions, device."""

import hashlib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

from .errors import ServerMistake

PACKAGES = ("torch", "diffusers", "transformers", "torchao", "bitsandbytes", "gguf", "optimum-quanto", "nunchaku", "kernels")


def sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while chunk := stream.read(2**20):
            digest.update(chunk)
    return digest.hexdigest()


def hashes(folder: Path, only: str | None = None, skip: str | None = None) -> dict[str, str]:
    """sha256 of every file below a folder, by its path; links are followed, what is hidden is left out."""
    found = {}
    for file in sorted(folder.rglob("*")):
        parts = file.relative_to(folder).parts
        if not file.is_file() or any(part.startswith(".") for part in parts):
            continue
        if (only is not None and parts[0] != only) or (skip is not None and parts[0] == skip):
            continue
        found["/".join(parts)] = sha256(file)
    return found


def versions(packages: tuple[str, ...] = PACKAGES) -> dict[str, str]:
    """Versions of the packages that are installed."""
    found = {}
    for name in packages:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def usable_device(name: str) -> torch.device:
    """A device of torch. Raises ServerMistake for one that this machine lacks."""
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise ServerMistake(f'"device" is {name!r}: {str(error).splitlines()[0]}') from error
    if device.type == "cuda" and not torch.cuda.is_available():
        raise ServerMistake(f'"device" is {name}, and torch {torch.__version__} finds no CUDA device here; use "cpu", or install a CUDA build of torch')
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise ServerMistake(f'"device" is {name}, and there are {torch.cuda.device_count()} CUDA devices here, counted from 0')
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise ServerMistake(f'"device" is {name}, and torch {torch.__version__} finds no Apple GPU here; use "cpu"')
    return device


def device_name(device: str) -> str:
    if device.startswith("cuda"):
        return f"{torch.cuda.get_device_name(device)}, CUDA {torch.version.cuda}"
    return f"{device}, {torch.backends.cpu.get_cpu_capability()}" if device == "cpu" else device
