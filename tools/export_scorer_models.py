"""The networks of every scorer kind, from public checkpoints or tiny ones with random weights (for export_scorer.py).

A build function takes (checkpoint, options) and returns Parts; with options.tiny it builds the same architecture with a few
thousand random weights from that seed.
"""
import sys
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import nn

CLIP_MEAN = [0.48145466, 0.4578275, 0.40821073]
CLIP_STD = [0.26862954, 0.26130258, 0.27577711]
IMAGENET_MEAN = [0.485, 0.456, 0.406]
IMAGENET_STD = [0.229, 0.224, 0.225]
CONTEXT = 77
TINY_VOCABULARY = 647  # that of models/shapes/tokenizer, which the tiny folders use
TINY_EOS = 646


@dataclass
class Parts:
    """The parts of a scorer folder."""

    manifest: dict = field(default_factory=dict)
    text: nn.Module | None = None
    image: nn.Module | None = None
    image_file: str = "vision_model.onnx"
    image_output: str | list[str] = "image_embeds"
    image_size: int = 224
    # Shortest side before the crop, where it is not the crop's.
    shortest: int | None = None
    normalisation: tuple = (CLIP_MEAN, CLIP_STD)
    any_size: bool = False
    preprocessor: bool = True
    tokenizer: str | None = None
    files: dict = field(default_factory=dict)


class Call(nn.Module):
    """A module whose forward is a function of another module."""

    def __init__(self, inner, function):
        super().__init__()
        self.inner, self.function = inner, function

    def forward(self, x):
        return self.function(self.inner, x)


def randomise(module, seed):
    """Random weights, scaled so that every layer matters; norms stay near 1, running statistics near realistic values."""
    g = torch.Generator().manual_seed(seed)
    for name, tensor in [*module.named_parameters(), *module.named_buffers()]:
        if not tensor.is_floating_point() or "mask" in name:
            continue
        noise = torch.randn(tensor.shape, generator=g)
        if name.endswith("running_var"):
            value = 1 + 0.3 * noise.abs()
        elif tensor.ndim < 2 and name.endswith("weight"):
            value = 1 + 0.2 * noise
        elif tensor.ndim < 2 or "position" in name:
            value = 0.2 * noise
        else:
            fan_in = tensor[0].numel() if tensor.ndim > 1 else 1
            value = noise if "embedding" in name else 1.5 * noise / fan_in ** 0.5
        tensor.data.copy_(value)
    return module.eval().requires_grad_(False)


def tiny_clip(seed, image_size=32, patch=8):
    from transformers import CLIPConfig, CLIPModel
    text = dict(vocab_size=TINY_VOCABULARY, hidden_size=8, intermediate_size=12, num_hidden_layers=1, num_attention_heads=2, max_position_embeddings=CONTEXT,
                bos_token_id=TINY_EOS - 1, eos_token_id=TINY_EOS, pad_token_id=TINY_EOS)
    vision = dict(hidden_size=16, intermediate_size=24, num_hidden_layers=1, num_attention_heads=2, image_size=image_size, patch_size=patch)
    model = CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=16, attn_implementation="eager"))
    model = randomise(model, seed)
    model.logit_scale.data.fill_(4.5)
    return model


def transformers_clip(default):
    """Kinds whose checkpoint is a transformers CLIPModel: a hub id or a folder."""
    def build(checkpoint, options, image_only=False, **size):
        from transformers import CLIPModel
        source = str(checkpoint or default)
        model = tiny_clip(options.tiny, **size) if options.tiny is not None else CLIPModel.from_pretrained(source, dtype=torch.float32, attn_implementation="eager").eval()
        return Parts(
            text=None if image_only else Call(model, lambda m, ids: m.text_projection(m.text_model(input_ids=ids).pooler_output)),
            image=Call(model, lambda m, pixels: m.visual_projection(m.vision_model(pixel_values=pixels).pooler_output)),
            image_size=model.config.vision_config.image_size,
            tokenizer=None if image_only else str(options.tokenizer or source)), model
    return build


def clip_score(checkpoint, options):
    parts, _ = transformers_clip("openai/clip-vit-large-patch14")(checkpoint, options)
    parts.manifest["kind"] = "clip"
    return parts


def aq_map(checkpoint, options):
    return transformers_clip("openai/clip-vit-base-patch16")(checkpoint, options)[0]


def pickscore(checkpoint, options):
    options.tokenizer = options.tokenizer or "laion/CLIP-ViT-H-14-laion2B-s32B-b79K"
    parts, model = transformers_clip("yuvalkirstain/PickScore_v1")(checkpoint, options)
    parts.manifest["logit_scale"] = model.logit_scale.item()
    return parts


def cmmd(checkpoint, options):
    return transformers_clip("openai/clip-vit-large-patch14-336")(checkpoint, options, image_only=True)[0]


def clip_iqa_model(checkpoint, options):
    from piq.feature_extractors import clip
    if options.tiny is not None:
        model = clip.CLIP(embed_dim=16, image_resolution=64, vision_layers=(1, 1, 1, 1), vision_width=2, vision_patch_size=None,
                          context_length=CONTEXT, vocab_size=TINY_VOCABULARY, transformer_width=8, transformer_heads=2, transformer_layers=1)
        return randomise(model, options.tiny)
    try:
        state = torch.jit.load(str(checkpoint), map_location="cpu").state_dict()
    except RuntimeError:
        state = torch.load(str(checkpoint), map_location="cpu", weights_only=True)
    return clip.build_model(state).float().eval()


def clip_iqa(checkpoint, options):
    model = clip_iqa_model(checkpoint, options)
    return Parts(text=Call(model, lambda m, ids: m.encode_text(ids)), image=Call(model, lambda m, pixels: m.encode_image(pixels, pos_embedding=False)),
                 image_size=96, any_size=True, tokenizer=str(options.tokenizer or "openai/clip-vit-base-patch16"))


def hpsv2_model(checkpoint, options):
    import open_clip
    if options.tiny is not None:
        model = open_clip.CLIP(embed_dim=16, vision_cfg=dict(image_size=32, patch_size=8, width=16, layers=1, head_width=8, mlp_ratio=1.5),
                               text_cfg=dict(context_length=CONTEXT, vocab_size=TINY_VOCABULARY, width=8, heads=2, layers=1, mlp_ratio=1.5))
        return randomise(model, options.tiny)
    model = open_clip.create_model("ViT-H-14", pretrained=None)
    state = torch.load(str(checkpoint), map_location="cpu", weights_only=True)
    model.load_state_dict(state.get("state_dict", state))
    return model.float().eval()


def hpsv2(checkpoint, options):
    known = {"HPS_v2_compressed.pt": "v2.0", "HPS_v2.1_compressed.pt": "v2.1"}
    label = options.weights_version or known.get(Path(str(checkpoint)).name) or ("v2.1" if options.tiny is not None else None)
    if label not in known.values():
        raise SystemExit(f"{checkpoint}: this name tells neither v2.0 nor v2.1; pass --weights-version v2.0 or v2.1.")
    model = hpsv2_model(checkpoint, options)
    size = model.visual.image_size
    return Parts(manifest={"version": label}, text=Call(model, lambda m, ids: m.encode_text(ids)), image=Call(model, lambda m, pixels: m.encode_image(pixels)),
                 image_size=size[0] if isinstance(size, tuple) else size, tokenizer=str(options.tokenizer or "laion/CLIP-ViT-H-14-laion2B-s32B-b79K"))


class TinyQuality(nn.Module):
    """Weighted mean of patch scores, like MANIQA's head: 0 / 0 for an image without any weight."""

    def __init__(self):
        super().__init__()
        self.patches = nn.Conv2d(3, 8, 16, 16)
        self.score, self.weight = nn.Linear(8, 1), nn.Linear(8, 1)

    def forward(self, x):
        x = torch.tanh(self.patches(x)).flatten(2).transpose(1, 2)
        f, w = torch.sigmoid(self.score(x)).squeeze(-1), torch.relu(self.weight(x)).squeeze(-1)
        return (f * w).sum(1) / w.sum(1)


def maniqa_forward(model, x):
    """MANIQA's forward for any batch size: the original processes one image at a time on a GPU."""
    model.save_output.clear()
    model.vit(x)
    x = model.extract_feature(model.save_output).transpose(1, 2)
    for blocks, conv, swin in [(model.tablock1, model.conv1, model.swintransformer1), (model.tablock2, model.conv2, model.swintransformer2)]:
        for block in blocks:
            x = block(x)
        x = swin(conv(x.reshape(-1, x.shape[1], model.input_size, model.input_size))).flatten(2)
    x = x.transpose(1, 2)
    f, w = model.fc_score(x).squeeze(-1), model.fc_weight(x).squeeze(-1)
    return (f * w).sum(1) / w.sum(1)


def free_batch(swin):
    """Replaces helpers of MANIQA that would fix the batch size of the trace."""
    def join_windows(windows, window, height, width):
        x = windows.reshape(-1, height // window, width // window, window, window, windows.shape[-1])
        return x.permute(0, 1, 3, 2, 4, 5).flatten(3, 4).flatten(1, 2)

    def rearrange(x, pattern, **sides):
        if pattern == "b c h w -> b (h w) c":
            return x.flatten(2).transpose(1, 2)
        assert pattern == "b (h w) c -> b c h w", pattern
        return x.transpose(1, 2).reshape(-1, x.shape[2], sides["h"], sides["w"])

    swin.window_reverse, swin.rearrange = join_windows, rearrange


def maniqa(checkpoint, options):
    parts = Parts(image_file="model.onnx", image_output="score", preprocessor=False)
    if options.tiny is not None:
        parts.image = randomise(TinyQuality(), options.tiny)
        return parts
    if options.source is None:
        raise SystemExit("maniqa needs --source: a clone of https://github.com/IIGROUP/MANIQA, which defines the network.")
    import timm
    create = timm.create_model
    timm.create_model = lambda name, pretrained=False, **rest: create(name, pretrained=False, **rest)  # the checkpoint has these weights
    sys.path.insert(0, str(options.source))
    from models import swin
    from models.maniqa import MANIQA
    free_batch(swin)
    model = MANIQA(embed_dim=768, num_outputs=1, dim_mlp=768, patch_size=8, img_size=224, window_size=4, depths=[2, 2], num_heads=[4, 4], num_tab=2, scale=0.8)
    model.load_state_dict(torch.load(str(checkpoint), map_location="cpu", weights_only=True))
    parts.image = Call(model.eval(), maniqa_forward)
    return parts


class TinyInception(nn.Module):
    """Replaces Inception: a convolution over coarse patches and global pooling."""

    def __init__(self):
        super().__init__()
        self.one, self.two = nn.Conv2d(3, 16, 9, 7), nn.Conv2d(16, 32, 5, 3)

    def forward(self, x):
        return torch.relu(self.two(torch.relu(self.one(x)))).mean((2, 3))


def inception(checkpoint, options):
    parts = Parts(image_file="model.onnx", image_output="features", image_size=299, preprocessor=False)
    if options.tiny is not None:
        parts.image = randomise(TinyInception(), options.tiny)
        return parts
    from pytorch_fid import inception as fid
    fid.load_state_dict_from_url = lambda *_, **__: torch.load(str(checkpoint), map_location="cpu", weights_only=True)
    network = fid.InceptionV3([3], resize_input=False, normalize_input=False).eval()
    parts.image = Call(network, lambda m, pixels: m(pixels)[0].flatten(1))
    return parts


def brisque(checkpoint, options):
    if options.tiny is not None:
        g = torch.Generator().manual_seed(options.tiny)
        coefficients, vectors = torch.randn(12, generator=g) * 40, torch.rand(12, 36, generator=g) * 2 - 1
    else:
        coefficients, vectors = torch.load(str(checkpoint), map_location="cpu", weights_only=True)
        coefficients = coefficients.flatten()
        vectors = vectors if vectors.shape == (len(coefficients), 36) else vectors.T
    assert vectors.shape == (len(coefficients), 36), vectors.shape
    return Parts(preprocessor=False, files={"svr.json": {"coefficients": coefficients.double().tolist(), "supportVectors": vectors.double().tolist()}})


def lpips(checkpoint, options):
    import lpips as package
    model = package.LPIPS(net="alex", pnet_rand=True, verbose=False)  # the heads are in the package, the network is not
    if options.tiny is not None:
        randomise(model.net, options.tiny)
    else:
        state = torch.load(str(checkpoint), map_location="cpu", weights_only=True)
        model.net.load_state_dict({key: state["features." + key.split(".", 1)[1]] for key in model.net.state_dict()})
    outputs = [f"relu{i + 1}" for i in range(model.L)]
    heads = [{"output": output, "weights": head.model[-1].weight.flatten().tolist()} for output, head in zip(outputs, model.lins)]
    return Parts(manifest={"network": "alex", "leastSide": 31}, image=Call(model, lambda m, pixels: tuple(m.net(m.scaling_layer(pixels)))),
                 image_file="model.onnx", image_output=outputs, image_size=64, any_size=True, preprocessor=False, files={"heads.json": heads})


def dinov2_model(checkpoint, options):
    from transformers import Dinov2Config, Dinov2Model
    if options.tiny is None:
        return Dinov2Model.from_pretrained(str(checkpoint or "facebook/dinov2-base"), dtype=torch.float32, attn_implementation="eager").eval()
    config = Dinov2Config(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, mlp_ratio=2, image_size=28, patch_size=7, attn_implementation="eager")
    return randomise(Dinov2Model(config), options.tiny)


def dinov2(checkpoint, options):
    model = dinov2_model(checkpoint, options)
    size, shortest = (224, 256) if options.tiny is None else (28, 32)
    return Parts(image=Call(model, lambda m, pixels: m(pixel_values=pixels).pooler_output), image_size=size, shortest=shortest,
                 normalisation=(IMAGENET_MEAN, IMAGENET_STD))


KINDS = {"clip-score": clip_score, "clip-iqa": clip_iqa, "hpsv2": hpsv2, "pickscore": pickscore, "aq-map": aq_map, "maniqa": maniqa, "brisque": brisque,
         "inception": inception, "cmmd": cmmd, "lpips": lpips, "dinov2": dinov2}
