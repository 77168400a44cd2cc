"""Makes a scorer folder for qsched from a public checkpoint.

    pip install -r tools/requirements-export-scorer.txt
    python tools/export_scorer.py KIND [--checkpoint PATH_OR_HUB_ID] --output models/KIND

KIND         checkpoint
clip-score   transformers folder or hub id; default openai/clip-vit-large-patch14
clip-iqa     RN50.pt of OpenAI's CLIP (piq's releases contain a copy); without positional embedding, any image size
hpsv2        HPS_v2.1_compressed.pt (v2.1) or HPS_v2_compressed.pt (v2.0) from xswu/HPSv2 on the hub
pickscore    default yuvalkirstain/PickScore_v1; with the tokenizer of laion/CLIP-ViT-H-14-laion2B-s32B-b79K
aq-map       default openai/clip-vit-base-patch16
maniqa       ckpt_koniq10k.pt of github.com/IIGROUP/MANIQA, with --source pointing to a clone of it
brisque      brisque_svm_weights.pt of piq's release v0.4.0; becomes svr.json
inception    pt_inception-2015-12-05-6726825d.pth of pytorch-fid's releases
cmmd         default openai/clip-vit-large-patch14-336, the image tower only
lpips        alexnet-owt-7be5be79.pth of torchvision; the heads are those of the package lpips
dinov2       default facebook/dinov2-base

Hub ids are downloaded by transformers; everything else is a local file. --tokenizer is another folder or hub id for
tokenizer.json; all kinds share CLIP's vocabulary. --tiny SEED makes the same folder with random weights and the bundled
tokenizer, for tests.

Every network is compared with torch at a second batch size (and at a second image size if it takes any size): the cosine
must be at least 1 - 1e-6, the largest error at most 1e-4 relative to the largest value. Networks above 2 GB get a _data file.
"""
import argparse
import json
import shutil
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import torch

from export_scorer_models import CONTEXT, KINDS, TINY_EOS

OPSET = 18
TWO_GB = 2 ** 31 - 2 ** 20
BOS, EOS = "<|startoftext|>", "<|endoftext|>"
TINY_TOKENIZER = Path(__file__).resolve().parents[1] / "models" / "shapes" / "tokenizer" / "tokenizer.json"


def write_json(path: Path, value) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def run(path: Path, name: str, value: torch.Tensor) -> list[np.ndarray]:
    options = ort.SessionOptions()
    options.log_severity_level = 3
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"]).run(None, {name: value.numpy()})


def shorten(model: onnx.ModelProto) -> None:
    """Shortens the names of inner values and removes those of nodes, which halves the size of a tiny network."""
    kept = {value.name for value in [*model.graph.input, *model.graph.output]}
    names = {}
    short = lambda name: name if name == "" or name in kept else names.setdefault(name, f"v{len(names)}")
    for tensor in model.graph.initializer:
        tensor.name = short(tensor.name)
    for node in model.graph.node:
        node.name = ""
        for values in (node.input, node.output):
            values[:] = [short(name) for name in values]


def export(module, path: Path, name: str, outputs: list[str], sample: torch.Tensor, others: list[torch.Tensor], axes: dict, tiny: bool) -> None:
    """Writes one network and compares it with torch on `others`: inputs whose sizes differ from the traced one."""
    torch.backends.mha.set_fastpath_enabled(False)
    with tempfile.TemporaryDirectory() as work, warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.onnx.export(module.eval(), (sample,), f"{work}/model.onnx", dynamo=False, opset_version=OPSET, input_names=[name], output_names=outputs,
                          dynamic_axes={name: axes, **{output: {0: "batch"} if len(outputs) == 1 else dict(enumerate(["batch", "channels", "height", "width"])) for output in outputs}})
        size = sum(file.stat().st_size for file in Path(work).iterdir())
        model = onnx.load(f"{work}/model.onnx")
        if tiny:
            shorten(model)
        for old in (path, path.with_name(f"{path.name}_data")):
            old.unlink(missing_ok=True)
        onnx.save(model, str(path), save_as_external_data=size > TWO_GB, all_tensors_to_one_file=True, location=f"{path.name}_data")
    for value in others:
        with torch.no_grad():
            found = module(value)
        for expected, got in zip(found if isinstance(found, tuple) else (found,), run(path, name, value), strict=True):
            expected, got = expected.double().numpy(), got.astype(np.float64)
            assert got.shape == expected.shape, (path, got.shape, expected.shape)
            worst = np.abs(expected - got).max() / max(1, np.abs(expected).max())
            cosine = (expected.ravel() @ got.ravel()) / np.sqrt((expected ** 2).sum() * (got ** 2).sum())
            print(f"  {path.name} {tuple(value.shape)}: max {worst:.1e}, 1 - cos {1 - cosine:.1e}", flush=True)
            assert worst <= 1e-4 and cosine >= 1 - 1e-6, (path, worst, cosine)


def tokenizer_files(source: str, tiny: bool, folder: Path) -> None:
    if tiny:
        shutil.copyfile(TINY_TOKENIZER, folder / "tokenizer.json")
    else:
        from transformers import CLIPTokenizerFast
        with tempfile.TemporaryDirectory() as work:
            CLIPTokenizerFast.from_pretrained(source).save_pretrained(work)
            definition = json.loads((Path(work) / "tokenizer.json").read_text())
            write_json(folder / "tokenizer.json", {**definition, "truncation": None, "padding": None})
    write_json(folder / "tokenizer_config.json", {
        "tokenizer_class": "CLIPTokenizer", "model_max_length": CONTEXT, "bos_token": BOS, "eos_token": EOS, "pad_token": EOS, "unk_token": EOS,
        "add_prefix_space": False, "do_lower_case": True, "clean_up_tokenization_spaces": True})


def preprocessor(parts) -> dict:
    size, any_size, (mean, std) = parts.image_size, parts.any_size, parts.normalisation
    square = {} if any_size else {"size": {"shortest_edge": parts.shortest or size}, "crop_size": {"height": size, "width": size}}
    return {"image_processor_type": "CLIPImageProcessor", "do_convert_rgb": True, "do_resize": not any_size, "do_center_crop": not any_size, **square, "resample": 3,
            "do_rescale": True, "rescale_factor": 1 / 255, "do_normalize": True, "image_mean": mean, "image_std": std}


def make(kind: str, folder: Path, options) -> None:
    """Writes the whole folder. Never overwrites a folder of another kind."""
    manifest = folder / "scorer.json"
    torch.manual_seed(0)
    parts = KINDS[kind](options.checkpoint, options)
    own = {"kind": kind, **parts.manifest}
    if manifest.exists() and json.loads(manifest.read_text()).get("kind") != own["kind"]:
        raise SystemExit(f"{folder} contains another kind of scorer; choose another --output.")
    folder.mkdir(parents=True, exist_ok=True)
    g = torch.Generator().manual_seed(1)
    tiny = options.tiny is not None
    if parts.text is not None:
        last = TINY_EOS if tiny else 49407
        ids = torch.randint(0, last - 2, (5, CONTEXT), generator=g)
        ids[torch.arange(5), torch.tensor([9, 76, 30, 2, 50])] = last
        export(parts.text, folder / "text_model.onnx", "input_ids", ["text_embeds"], ids[:2], [ids, ids[2:3]], {0: "batch"}, tiny)
        tokenizer_files(parts.tokenizer, tiny, folder)
    if parts.image is not None:
        size = parts.image_size
        pixels = torch.randn(3, 3, size, size, generator=g)
        others = [torch.cat([pixels, pixels.flip(0)]), pixels[:1]]
        axes = {0: "batch"}
        if parts.any_size:
            others.append(torch.randn(2, 3, 64, 131, generator=g))
            axes |= {2: "height", 3: "width"}
        export(parts.image, folder / parts.image_file, "pixel_values", [parts.image_output] if isinstance(parts.image_output, str) else parts.image_output, pixels[:2], others, axes, tiny)
    if parts.preprocessor:
        write_json(folder / "preprocessor_config.json", preprocessor(parts))
    for name, value in parts.files.items():
        write_json(folder / name, value)
    write_json(manifest, own)


def arguments(given=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=sorted(KINDS))
    parser.add_argument("--checkpoint", help="a local file, or a hub id for kinds with a default")
    parser.add_argument("--output", type=Path, required=True, help="the folder to write")
    parser.add_argument("--tokenizer", help="folder or hub id of the tokenizer")
    parser.add_argument("--source", type=Path, help="maniqa: a clone of its repository")
    parser.add_argument("--weights-version", choices=["v2.0", "v2.1"], help="hpsv2: the version of the weights, if the file's name does not tell")
    parser.add_argument("--tiny", type=int, metavar="SEED", help="use a few thousand random weights, for tests")
    options = parser.parse_args(given)
    if options.tiny is None and options.checkpoint is None and options.kind in {"clip-iqa", "hpsv2", "maniqa", "brisque", "inception", "lpips"}:
        parser.error(f"{options.kind} needs --checkpoint; --help lists the files.")
    return options


if __name__ == "__main__":
    chosen = arguments()
    make(chosen.kind, chosen.output, chosen)
    sys.stdout.write(f"{chosen.output}\n")
