"""LoRA weights fused into a pipeline before it is exported."""
from pathlib import Path


def fuse_lora(pipeline, file: Path, scale: float) -> None:
    """Loads a LoRA (safetensors of diffusers, PEFT or kohya form) and adds it to the weights, times `scale`."""
    if not file.exists():
        raise SystemExit(f"{file}: no such LoRA file.")
    pipeline.load_lora_weights(str(file.parent.resolve()), weight_name=file.name, local_files_only=True)
    pipeline.fuse_lora(lora_scale=scale)
    pipeline.unload_lora_weights()
