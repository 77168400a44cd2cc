"""Families of pipelines: one per file, by the names that qsched gives them."""

from ..errors import ServerMistake
from .consistency import Consistency
from .family import Family
from .flux import Flux
from .sd3 import StableDiffusion3
from .stable_diffusion import LatentConsistency, StableDiffusion
from .stable_diffusion_xl import StableDiffusionXL

FAMILIES: dict[str, type[Family]] = {
    "sd15": StableDiffusion,
    "lcm": LatentConsistency,
    "sdxl": StableDiffusionXL,
    "flux": Flux,
    "sd3": StableDiffusion3,
    "consistency": Consistency,
}

#: Pipeline class of model_index.json -> family.
CLASSES = {
    "StableDiffusionPipeline": "sd15",
    "LatentConsistencyModelPipeline": "lcm",
    "StableDiffusionXLPipeline": "sdxl",
    "FluxPipeline": "flux",
    "StableDiffusion3Pipeline": "sd3",
    "ConsistencyModelPipeline": "consistency",
}


def family_of(name: str | None, class_name: str) -> str:
    """The family of a checkpoint. Raises ServerMistake."""
    found = name or CLASSES.get(class_name)
    if found not in FAMILIES:
        what = f'"family" is {name!r}' if name else f"{class_name} is of no family"
        raise ServerMistake(f"{what} that this server knows: {', '.join(FAMILIES)}")
    return found
