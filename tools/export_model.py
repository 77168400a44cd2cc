"""Exports a diffusers checkpoint to the ONNX layout that qsched reads: `python tools/export_model.py CHECKPOINT OUT`.

    pip install -r tools/requirements.txt
    python tools/export_model.py checkpoints/sdxl-turbo models/sdxl-turbo --variant fp16
    python tools/export_model.py checkpoints/sd15 models/sd15-pcm --lora pcm_sd15_smallcfg_4step.safetensors

CHECKPOINT is a folder in diffusers' layout (save_pretrained). Families: Stable Diffusion 1.5 and Turbo (and PCM, TCD,
Hyper-SD, DMD2 on it), LCM, SDXL (Turbo, Lightning), FLUX.1, SD3 and SD3.5, unconditional consistency models. Nothing is
downloaded. See docs/checkpoints.md.
"""
import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from export.export import DTYPES, describe, export  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--dtype", choices=DTYPES, default="fp32", help="type of all networks, with inputs and outputs of that type")
    parser.add_argument("--variant", action="append", choices=["fp16"], default=[], help="also write the denoiser as model_fp16.onnx")
    parser.add_argument("--lora", type=Path, help="LoRA file that is fused into the weights first")
    parser.add_argument("--lora-scale", type=float, default=1.0)
    parser.add_argument("--shard-gb", type=float, help="cut external weights into files of at most this size; default one file")
    args = parser.parse_args()
    shard = None if args.shard_gb is None else int(args.shard_gb * 2**30)
    export(args.checkpoint, args.out, args.dtype, tuple(args.variant), args.lora, args.lora_scale, shard)
    print(describe(args.out))


if __name__ == "__main__":
    main()
