"""A checkpoint with its denoisers at several precisions."""

import hashlib
import json
import threading
from collections import OrderedDict
from pathlib import Path
from types import SimpleNamespace

import torch

from . import __version__
from .config import Config
from .errors import ServerMistake
from .families import FAMILIES, family_of
from .identity import device_name, hashes, sha256, usable_device, versions
from .quantise import load_denoiser

PROTOCOL = 1
#: Bytes of conditionings that are remembered; what is forgotten is asked for again.
CONDITIONING_BYTES = 2**31


class UnknownHandles(Exception):
    def __init__(self, handles: list[str]):
        super().__init__("unknown handles")
        self.handles = handles


class Model:
    """Everything that a request needs. Calls are made one at a time."""

    def __init__(self, config: Config):
        self.config = config
        if config.threads is not None:
            torch.set_num_threads(int(config.threads))
        usable_device(config.device)
        index = json.loads((config.checkpoint / "model_index.json").read_text())
        self.index = index
        self.family_name = family_of(config.family, index.get("_class_name", ""))
        cls = FAMILIES[self.family_name]
        self.dtype = getattr(torch, config.dtype)
        self.denoiser_class, self.denoiser_config = self._denoiser(cls.component)
        self.family = cls(self._pipeline(cls.component), config.device, self.dtype, config.size)
        self.family.denoiser_config = self.denoiser_config
        self.family.check(self.denoiser_config)
        self.denoisers: OrderedDict[str, torch.nn.Module] = OrderedDict()
        self.conditionings: OrderedDict[str, dict[str, torch.Tensor]] = OrderedDict()
        self.bytes = 0
        self.lock = threading.Lock()
        self.description = self._describe(cls)

    # -- what it is -------------------------------------------------------------------------------------------------

    def _denoiser(self, component: str):
        import diffusers

        entry = self.index.get(component)
        if not isinstance(entry, list) or not hasattr(diffusers, entry[1]):
            raise ServerMistake(f"{self.config.checkpoint / 'model_index.json'} names no {component} of diffusers")
        cls = getattr(diffusers, entry[1])
        return cls, SimpleNamespace(**cls.load_config(self.config.checkpoint, subfolder=component))

    def _pipeline(self, component: str):
        import diffusers

        cls = getattr(diffusers, self.index["_class_name"])
        # Parts that sampling does not need.
        without = {name: None for name in ("safety_checker", "feature_extractor", "image_encoder") if name in self.index}
        pipeline = cls.from_pretrained(self.config.checkpoint, dtype=self.dtype, **{component: None}, **without)
        pipeline.to(self.config.device)
        vae = getattr(pipeline, "vae", None)
        if vae is not None and self.dtype == torch.float16 and getattr(vae.config, "force_upcast", False):
            vae.to(torch.float32)
        return pipeline

    def _describe(self, cls) -> dict:
        config = self.config
        shared = hashes(config.checkpoint, skip=cls.component)
        stored = hashes(config.checkpoint, only=cls.component)
        precisions = {}
        for name, precision in config.precisions.items():
            own = {Path(precision.file).name: sha256(Path(precision.file))} if precision.file else stored
            recipe = json.dumps([precision.backend, precision.config, precision.arguments], sort_keys=True)
            precisions[name] = {"weights": {**shared, **own, "recipe": hashlib.sha256(recipe.encode()).hexdigest()}}
        scheduler = config.checkpoint / "scheduler" / "scheduler_config.json"
        described = {
            "protocol": PROTOCOL,
            "server": {"name": "qsched-server", "version": __version__},
            "pipeline": self.family_name,
            "precisions": precisions,
            **({"defaultPrecision": config.default_precision} if config.default_precision else {}),
            "latentShape": self.family.latent_shape(self.denoiser_config),
            "pixelsPerLatent": self.family.pixels_per_latent,
            "readsText": cls.reads_text,
            "schedulerConfig": json.loads(scheduler.read_text()) if scheduler.is_file() else {},
            "modelIndex": {name: value for name, value in self.index.items() if not isinstance(value, list)},
            "batches": {"text": 8, "denoiser": config.denoiser_rows, "decoder": config.decoder_rows},
            "dtype": "F16" if config.dtype == "float16" else "F32",
            "device": device_name(config.device),
            "versions": versions(),
            "options": list(cls.options),
        }
        text = json.dumps([described, config.compile, config.dtype, torch.get_num_threads()], sort_keys=True)
        return {**described, "identity": hashlib.sha256(text.encode()).hexdigest()}

    # -- calls ------------------------------------------------------------------------------------------------------

    @torch.inference_mode()
    def encode(self, texts: list[str], options: dict) -> list[str]:
        """Handles, made of the text and the options: the same after a restart."""
        handles = []
        for text in texts:
            handle = hashlib.sha256(json.dumps([text, options], sort_keys=True).encode()).hexdigest()[:32]
            if handle not in self.conditionings:
                made = self.family.encode(text, options)
                self.conditionings[handle] = made
                self.bytes += sum(tensor.nbytes for tensor in made.values())
            self.conditionings.move_to_end(handle)
            handles.append(handle)
        while self.bytes > CONDITIONING_BYTES and len(self.conditionings) > len(texts):
            _, gone = self.conditionings.popitem(last=False)
            self.bytes -= sum(tensor.nbytes for tensor in gone.values())
        return handles

    @torch.inference_mode()
    def denoise(self, precision: str, latents: torch.Tensor, timestep: float, handles: list[str], options: dict) -> torch.Tensor:
        unknown = sorted({handle for handle in handles if handle not in self.conditionings})
        if unknown:
            raise UnknownHandles(unknown)
        rows = [self.conditionings[handle] for handle in handles]
        found = self.family.denoise(self.denoiser(precision), latents, timestep, rows, options)
        return found.to("cpu").to(latents.dtype)

    @torch.inference_mode()
    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        return self.family.decode(latents)

    def denoiser(self, precision: str) -> torch.nn.Module:
        """The denoiser at a precision; the least recently used one is let go."""
        if precision not in self.config.precisions:
            raise ValueError(f"no precision {precision!r}; there are {', '.join(self.config.precisions)}")
        if precision not in self.denoisers:
            while len(self.denoisers) >= self.config.keep:
                self.denoisers.popitem(last=False)
            self.denoisers[precision] = load_denoiser(self.denoiser_class, self.family.component, self.config, self.config.precisions[precision])
        self.denoisers.move_to_end(precision)
        return self.denoisers[precision]

