"""Denoisers by diffusers' own quantisation backends."""

import importlib

from .config import Config, Precision
from .errors import ServerMistake

#: Import names of what a backend needs, and how it is installed.
PACKAGES = {"torchao": "torchao", "bitsandbytes": "bitsandbytes", "gguf": "gguf", "quanto": "optimum.quanto", "nunchaku": "nunchaku"}


def load_denoiser(cls, component: str, config: Config, precision: Precision):
    """A denoiser at one precision, in eval mode on the device. Raises ServerMistake naming what is missing."""
    import torch

    dtype = getattr(torch, config.dtype)
    backend = precision.backend
    if backend is not None:
        _need(backend)
    try:
        if backend == "bitsandbytes" and config.device == "cpu":
            from .bitsandbytes_cpu import quantise_linears

            stored = cls.from_pretrained(config.checkpoint, subfolder=component, dtype=dtype)
            model = quantise_linears(stored, _quantisation(backend, precision, dtype))
        elif backend in (None, "torchao", "bitsandbytes", "quanto"):
            extra = {} if backend is None else {"quantization_config": _quantisation(backend, precision, dtype)}
            model = cls.from_pretrained(config.checkpoint, subfolder=component, dtype=dtype, **extra)
        elif backend == "gguf":
            from diffusers import GGUFQuantizationConfig

            model = cls.from_single_file(
                precision.file, quantization_config=GGUFQuantizationConfig(compute_dtype=dtype), config=str(config.checkpoint),
                subfolder=component, dtype=dtype,
            )
        else:
            model = _nunchaku(cls, precision)
    except ServerMistake:
        raise
    except (ImportError, RuntimeError, ValueError, NotImplementedError, AssertionError, OSError) as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ServerMistake(f"{backend or 'diffusers'} cannot load {component} on {config.device}: {first}") from error
    if backend != "bitsandbytes":
        model = model.to(config.device)
    model.eval()
    return torch.compile(model) if config.compile else model


def _need(backend: str) -> None:
    try:
        importlib.import_module(PACKAGES[backend])
    except ImportError as error:
        raise ServerMistake(
            f"the backend {backend} is not installed: {error}. Install it: pip install 'qsched-server[{backend}]'"
            if backend != "nunchaku"
            else "nunchaku is not installed; PyPI's package of that name is another one: https://nunchaku.tech has the wheels"
        ) from error


def _quantisation(backend: str, precision: Precision, dtype):
    if backend == "bitsandbytes":
        from diffusers import BitsAndBytesConfig

        return BitsAndBytesConfig(**_dtypes(precision.arguments))
    if backend == "quanto":
        from diffusers import QuantoConfig

        return QuantoConfig(**precision.arguments)
    from diffusers import TorchAoConfig
    from torchao import quantization

    name = precision.config or "Int8DynamicActivationInt8WeightConfig"
    cls = getattr(quantization, name, None)
    if cls is None or not name.endswith("Config"):
        known = sorted(one for one in dir(quantization) if one.endswith("Config") and one != "AOBaseConfig")
        raise ServerMistake(f"torchao has no {name}; it has {', '.join(known)}")
    return TorchAoConfig(cls(**_dtypes(precision.arguments)))


def _dtypes(arguments: dict) -> dict:
    """"torch.int4" and the like are written as strings in JSON."""
    import torch

    return {
        name: getattr(torch, value.removeprefix("torch.")) if isinstance(value, str) and value.startswith("torch.") else value
        for name, value in arguments.items()
    }


def _nunchaku(cls, precision: Precision):
    import nunchaku

    ours = getattr(nunchaku, f"Nunchaku{cls.__name__}", None)
    if ours is None:
        raise ServerMistake(f"this version of nunchaku has no Nunchaku{cls.__name__}")
    return ours.from_pretrained(precision.file)
