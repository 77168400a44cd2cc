"""Whether the packages are there, in the versions that were tested: qsched-server's own requirements."""

import importlib
import re
from importlib.metadata import PackageNotFoundError, requires, version

from .errors import ServerMistake

NEEDED = ("torch", "diffusers", "transformers", "accelerate", "safetensors")
PINNED = re.compile(r"^([A-Za-z0-9_.-]+)==([^;\s]+)")
INSTALL = "pip install ./servers/diffusers in a checkout of qsched installs what it needs"


def need_packages(any_version: bool) -> None:
    """Raises ServerMistake for a package that is missing, does not load, or is of another version."""
    if not any_version:
        for name, wanted in _pins():
            found = _version(name)
            if found is not None and found.split("+")[0] != wanted:
                raise ServerMistake(
                    f"{name} {found} is installed, and this server was tested with {wanted}: pip install '{name}=={wanted}', or start it with --any-version"
                )
    for name in NEEDED:
        try:
            importlib.import_module(name)
        except (ImportError, OSError, RuntimeError) as error:
            what = f"{name} is not installed" if isinstance(error, ModuleNotFoundError) and error.name == name else f"{name} cannot be imported: {error}"
            raise ServerMistake(f"{what.splitlines()[0]}; {INSTALL}") from error


def _pins() -> list[tuple[str, str]]:
    """Exact versions that qsched-server asks for, without those of its tests."""
    try:
        asked = requires("qsched-server") or []
    except PackageNotFoundError:
        return []
    return [found.groups() for one in asked if "test" not in one.partition(";")[2] and (found := PINNED.match(one))]


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
