"""Writes models/shapes-flow from the checkpoints of a work folder: the ONNX layout that Optimum writes for FLUX."""
import contextlib
import json
import shutil
import warnings
from pathlib import Path

import onnx
import torch
from diffusers import FlowMatchEulerDiscreteScheduler, FluxTransformer2DModel
from onnx import numpy_helper
from tokenizers import Tokenizer

from shapes.export import OPSET, session, tokenizer_files, write_json
from shapes.tokenizer import encode

from .bundled import clip_text_model
from .networks import CHANNELS, SIDE, TOKEN_WIDTH, TOKENS, image_ids, transformer
from .quantize import quantise_flow
from .tokenizer import EOS, LENGTH, PAD, UNK, encode_t5
from .train_flow import Teacher

LIMIT = 15_000_000
CAPTIONS = ["a small red circle at the top on a blue background", "a large green ring at the left on a white background, lit from the top",
            "a photo of a small cyan cross placed at the center of the picture, in front of a black background, lit from the left."]


class _RmsNorm(torch.nn.Module):
    """torch.nn.RMSNorm in operators that the exporter knows."""

    def __init__(self, norm: torch.nn.RMSNorm):
        super().__init__()
        self.weight, self.eps = norm.weight, norm.eps

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps) * self.weight


class _Rope(torch.nn.Module):
    """FluxPosEmbed without repeat_interleave, which the exporter gets wrong: every frequency stands twice in `omega` (A, D)."""

    def __init__(self, embed):
        super().__init__()
        rows = []
        for i, width in enumerate(embed.axes_dim):
            omega = 1.0 / embed.theta ** (torch.arange(0, width, 2, dtype=torch.float64) / width)
            before = sum(embed.axes_dim[:i])
            rows.append(torch.nn.functional.pad(omega.repeat_interleave(2), (before, sum(embed.axes_dim) - before - width)))
        self.omega = torch.stack(rows).float()

    def forward(self, ids):
        angle = ids.float() @ self.omega
        return angle.cos(), angle.sin()


def _exportable(module: torch.nn.Module) -> torch.nn.Module:
    for name, child in module.named_children():
        setattr(module, name, _RmsNorm(child) if isinstance(child, torch.nn.RMSNorm) else _exportable(child))
    if isinstance(module, FluxTransformer2DModel):
        module.pos_embed = _Rope(module.pos_embed)
    return module


class _Transformer(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, hidden_states, encoder_hidden_states, pooled_projections, timestep, img_ids, txt_ids):
        return self.model(hidden_states=hidden_states, encoder_hidden_states=encoder_hidden_states, pooled_projections=pooled_projections,
                          timestep=timestep, img_ids=img_ids, txt_ids=txt_ids, return_dict=False)[0]


class _Encoder(torch.nn.Module):
    """A text encoder whose outputs are picked by name."""

    def __init__(self, model, outputs: list[str]):
        super().__init__()
        self.model, self.outputs = model, outputs

    def forward(self, input_ids):
        out = self.model(input_ids=input_ids)
        return tuple(out[k] for k in self.outputs)


@contextlib.contextmanager
def _traced_shapes():
    """Tensor.unflatten by reshape: the exporter fixes the sizes of what unflatten returns, batch included."""
    original = torch.Tensor.unflatten
    torch.Tensor.unflatten = lambda x, dim, sizes: x.reshape(*x.shape[:-1], *sizes) if dim == -1 else original(x, dim, sizes)
    try:
        yield
    finally:
        torch.Tensor.unflatten = original


BATCH, TEXT, PACKED = "batch_size", "sequence_length", "packed_height_width"
TRANSFORMER_AXES = {
    "hidden_states": {0: BATCH, 1: PACKED}, "encoder_hidden_states": {0: BATCH, 1: TEXT}, "pooled_projections": {0: BATCH},
    "timestep": {0: "step"}, "img_ids": {0: PACKED}, "txt_ids": {0: TEXT}, "out_hidden_states": {0: BATCH, 1: PACKED}}
ENCODER_AXES = {"input_ids": {0: BATCH, 1: TEXT}, "last_hidden_state": {0: BATCH, 1: TEXT}, "pooler_output": {0: BATCH}}


def share_constants(path: Path) -> None:
    """Every Constant node becomes an initializer, equal ones the same: a quarter of a small graph's size."""
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


def export_onnx(module, path: Path, inputs: dict, outputs: list[str], axes: dict) -> None:
    """Exports, then compares with torch at another batch size: max abs 1e-4, per output."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings(), torch.no_grad(), _traced_shapes():
        warnings.simplefilter("ignore")
        torch.onnx.export(module.eval(), tuple(inputs.values()), str(path), dynamo=False, opset_version=OPSET, input_names=list(inputs),
                          output_names=outputs, dynamic_axes={k: axes[k] for k in (*inputs, *outputs)})
        fixed = {"img_ids", "txt_ids"}
        other = {k: v if k in fixed else torch.cat([v, v.flip(0), v[:1]]) for k, v in inputs.items()}
        expected = module(*other.values())
    share_constants(path)
    expected = [expected] if torch.is_tensor(expected) else expected
    got = session(path).run(outputs, {k: v.numpy() for k, v in other.items()})
    for name, e, o in zip(outputs, expected, got):
        worst = (e - torch.from_numpy(o)).abs().max().item()
        print(f"  {path.parent.name}/{path.name} {name}: max abs {worst:.1e}", flush=True)
        assert worst <= 1e-4 * max(1, e.abs().max().item()), (path, name, worst)


def plain(config) -> dict:
    return {k: v for k, v in dict(config).items() if not k.startswith("_")}


def export_texts(work: Path, shapes: Path, folder: Path, teacher: Teacher):
    """Both tokenizers and encoders; returns T5's hidden states and CLIP's pooled output of CAPTIONS."""
    config = json.loads((shapes / "text_encoder" / "config.json").read_text())
    tokenizer_files(shapes / "tokenizer" / "tokenizer.json", folder / "tokenizer")
    clip = clip_text_model(shapes, config)
    ids = encode(Tokenizer.from_file(str(folder / "tokenizer" / "tokenizer.json")), CAPTIONS)
    export_onnx(_Encoder(clip, ["last_hidden_state", "pooler_output"]), folder / "text_encoder" / "model.onnx", {"input_ids": ids},
                ["last_hidden_state", "pooler_output"], ENCODER_AXES)
    write_json(folder / "text_encoder" / "config.json", config | {"architectures": ["CLIPTextModel"]})
    (folder / "tokenizer_2").mkdir(parents=True, exist_ok=True)
    shutil.copyfile(work / "tokenizer_2.json", folder / "tokenizer_2" / "tokenizer.json")
    write_json(folder / "tokenizer_2" / "tokenizer_config.json", {
        "tokenizer_class": "T5TokenizerFast", "model_max_length": LENGTH, "padding_side": "right", "truncation_side": "right",
        "pad_token": PAD, "eos_token": EOS, "unk_token": UNK, "extra_ids": 0, "clean_up_tokenization_spaces": False})
    ids_2 = encode_t5(Tokenizer.from_file(str(work / "tokenizer_2.json")), CAPTIONS)
    export_onnx(_Encoder(teacher.text, ["last_hidden_state"]), folder / "text_encoder_2" / "model.onnx", {"input_ids": ids_2},
                ["last_hidden_state"], ENCODER_AXES)
    keep = ("d_ff", "d_kv", "d_model", "feed_forward_proj", "num_heads", "num_layers", "vocab_size", "pad_token_id", "eos_token_id",
            "layer_norm_epsilon", "relative_attention_num_buckets", "relative_attention_max_distance", "is_encoder_decoder")
    t5 = teacher.text.config.to_dict()
    write_json(folder / "text_encoder_2" / "config.json", {
        "architectures": ["T5EncoderModel"], "model_type": "t5", **{k: t5[k] for k in keep}})
    with torch.no_grad():
        return teacher.text(input_ids=ids_2).last_hidden_state, clip(input_ids=ids).pooler_output


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
    hidden, pooled = export_texts(work, shapes, folder, teacher)
    student = transformer()
    student.load_state_dict(torch.load(work / "student.pt", weights_only=False))
    student.eval().requires_grad_(False)
    export_onnx(_Transformer(_exportable(student)), folder / "transformer" / "model.onnx", {
        "hidden_states": torch.randn(3, TOKENS, TOKEN_WIDTH), "encoder_hidden_states": hidden, "pooled_projections": pooled,
        "timestep": torch.tensor([1.0, 0.75, 0.5]), "img_ids": image_ids(), "txt_ids": torch.zeros(LENGTH, 3)},
        ["out_hidden_states"], TRANSFORMER_AXES)
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
        "tokenizer_2": ["transformers", "T5TokenizerFast"], "transformer": ["diffusers", "FluxTransformer2DModel"],
        "vae": ["diffusers", "AutoencoderKL"]})
    of_shapes = json.loads((shapes / "qsched.json").read_text())
    write_json(folder / "qsched.json", of_shapes | {
        "precisions": {p: f"transformer/{Path(f).name}" for p, f in of_shapes["precisions"].items()},
        "latent": [CHANNELS, SIDE, SIDE], "scheduler": {"type": "flow-match-euler", "steps": 4}})
    quantise_flow(folder)
    shutil.copytree(shapes / "reference", folder / "reference", dirs_exist_ok=True)
    size = sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())
    print(f"shapes-flow: {size / 1e6:.2f} MB", flush=True)
    assert size <= LIMIT, size
