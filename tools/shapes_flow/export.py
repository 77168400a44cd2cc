"""Writes models/shapes-flow from the checkpoints of a work folder: the ONNX layout that Optimum writes for FLUX."""
import json
import shutil
from pathlib import Path

import onnx
import torch
from diffusers import FlowMatchEulerDiscreteScheduler
from onnx import numpy_helper
from tokenizers import Tokenizer

from export.flux import flux_network
from export.onnx_file import Network, write_network
from export.text import clip_network, t5_network
from shapes.export import tokenizer_files, write_json

from .bundled import clip_text_model
from .networks import transformer
from .quantize import quantise_flow
from .tokenizer import EOS, LENGTH, PAD, UNK
from .train_flow import Teacher

LIMIT = 15_000_000


def share_constants(path: Path) -> None:
    """Every Constant node becomes an initializer, equal ones the same: a quarter of the size of so small a graph."""
    model = onnx.load(str(path))
    shared, renamed, nodes = {}, {}, []
    for node in model.graph.node:
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            value = node.attribute[0].t
            key = (value.data_type, tuple(value.dims), numpy_helper.to_array(value).tobytes())
            if key not in shared:
                value.name = f"constant_{len(shared)}"
                shared[key] = value
            renamed[node.output[0]] = shared[key].name
        else:
            nodes.append(node)
    for node in nodes:
        for i, name in enumerate(node.input):
            node.input[i] = renamed.get(name, name)
    kept = [onnx.NodeProto.FromString(n.SerializeToString()) for n in nodes]
    model.graph.initializer.extend(shared.values())
    del model.graph.node[:]
    model.graph.node.extend(kept)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def write(network: Network, path: Path) -> None:
    write_network(network, path, torch.float32)
    share_constants(path)


def plain(config) -> dict:
    return {k: v for k, v in dict(config).items() if not k.startswith("_")}


def export_texts(work: Path, shapes: Path, folder: Path, teacher: Teacher) -> None:
    """Both tokenizers and encoders."""
    config = json.loads((shapes / "text_encoder" / "config.json").read_text())
    tokenizer_files(shapes / "tokenizer" / "tokenizer.json", folder / "tokenizer")
    write(clip_network(clip_text_model(shapes, config), hidden_states=False), folder / "text_encoder" / "model.onnx")
    config.pop("projection_dim")
    write_json(folder / "text_encoder" / "config.json", config | {"architectures": ["CLIPTextModel"]})
    (folder / "tokenizer_2").mkdir(parents=True, exist_ok=True)
    shutil.copyfile(work / "tokenizer_2.json", folder / "tokenizer_2" / "tokenizer.json")
    write_json(folder / "tokenizer_2" / "tokenizer_config.json", {
        "tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": LENGTH, "padding_side": "right", "truncation_side": "right",
        "pad_token": PAD, "eos_token": EOS, "unk_token": UNK, "extra_ids": 0, "clean_up_tokenization_spaces": False})
    write(t5_network(teacher.text), folder / "text_encoder_2" / "model.onnx")
    keep = ("d_ff", "d_kv", "d_model", "feed_forward_proj", "num_heads", "num_layers", "vocab_size", "pad_token_id", "eos_token_id",
            "layer_norm_epsilon", "relative_attention_num_buckets", "relative_attention_max_distance", "is_encoder_decoder")
    t5 = teacher.text.config.to_dict()
    write_json(folder / "text_encoder_2" / "config.json", {
        "architectures": ["T5EncoderModel"], "model_type": "t5", **{k: t5[k] for k in keep}})


def export_flow(work: Path, models: Path) -> None:
    """Writes models/shapes-flow; the decoder is the file of models/shapes."""
    torch.manual_seed(0)
    shapes, folder = models / "shapes", models / "shapes-flow"
    for old in folder.rglob("*"):
        if old.suffix in {".onnx", ".json"}:
            old.unlink()
    teacher = Teacher(Tokenizer.from_file(str(work / "tokenizer_2.json")).get_vocab_size())
    teacher.load_state_dict(torch.load(work / "teacher.pt", weights_only=False))
    teacher.eval().requires_grad_(False)
    export_texts(work, shapes, folder, teacher)
    student = transformer()
    student.load_state_dict(torch.load(work / "student.pt", weights_only=False))
    student.eval().requires_grad_(False)
    write(flux_network(student), folder / "transformer" / "model.onnx")
    write_json(folder / "transformer" / "config.json", {"_class_name": "FluxTransformer2DModel", **plain(student.config)})
    (folder / "vae_decoder").mkdir(exist_ok=True)
    shutil.copyfile(shapes / "vae_decoder" / "model.onnx", folder / "vae_decoder" / "model.onnx")
    write_json(folder / "vae_decoder" / "config.json", {
        **json.loads((shapes / "vae_decoder" / "config.json").read_text()), "block_out_channels": [112, 112, 112]})
    scheduler = FlowMatchEulerDiscreteScheduler(shift=1.0)
    write_json(folder / "scheduler" / "scheduler_config.json", {"_class_name": "FlowMatchEulerDiscreteScheduler", **plain(scheduler.config)})
    write_json(folder / "model_index.json", {
        "_class_name": "FluxPipeline", "feature_extractor": [None, None], "image_encoder": [None, None],
        "scheduler": ["diffusers", "FlowMatchEulerDiscreteScheduler"], "text_encoder": ["transformers", "CLIPTextModel"],
        "text_encoder_2": ["transformers", "T5EncoderModel"], "tokenizer": ["transformers", "CLIPTokenizer"],
        "tokenizer_2": ["transformers", "PreTrainedTokenizerFast"], "transformer": ["diffusers", "FluxTransformer2DModel"],
        "vae": ["diffusers", "AutoencoderKL"]})
    of_shapes = json.loads((shapes / "qsched.json").read_text())
    write_json(folder / "qsched.json", of_shapes | {"scheduler": {"type": "flow-match-euler", "steps": 4}})
    quantise_flow(folder)
    shutil.copytree(shapes / "reference", folder / "reference", dirs_exist_ok=True)
    size = sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())
    print(f"shapes-flow: {size / 1e6:.2f} MB", flush=True)
    assert size <= LIMIT, size
