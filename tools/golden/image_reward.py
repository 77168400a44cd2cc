"""Writes servers/diffusers/tests/golden/image_reward.json: scores of image-reward 1.5 with tiny networks of its architecture.

    pip install --no-deps image-reward==1.5 timm==0.6.13 fairscale==0.4.13 transformers==4.27.4 tokenizers==0.13.3 huggingface_hub==0.36.0
    pip install torch==2.11.0 torchvision==0.26.0
    python tools/golden/image_reward.py

Weights are drawn by their names (servers/diffusers/tests/drawn.py), so that the test makes the same ones from the list in the file.
"""
import json
import sys
import types
from importlib.metadata import version
from pathlib import Path
from tempfile import mkdtemp

import torch
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
SERVER = ROOT / "servers" / "diffusers"
sys.path.insert(0, str(SERVER / "tests"))
from drawn import PROMPTS, SIZES, TEXT, VISION, drawn, image_of, vocabulary  # noqa: E402

# Of its CLIP score and its training alone.
sys.modules["clip"] = types.ModuleType("clip")
sys.modules["ImageReward.ReFL"] = types.ModuleType("ImageReward.ReFL")
from ImageReward.utils import ImageReward  # noqa: E402
from ImageReward.models.BLIP import blip, blip_pretrain  # noqa: E402

OUT = SERVER / "tests" / "golden" / "image_reward.json"


def main() -> None:
    work = Path(mkdtemp())
    tokens = vocabulary(work)
    blip.BertTokenizer = types.SimpleNamespace(from_pretrained=lambda _: blip_tokenizer(tokens))
    vit = blip.VisionTransformer(
        img_size=VISION["image_size"], patch_size=VISION["patch_size"], embed_dim=VISION["hidden_size"], depth=VISION["num_hidden_layers"],
        num_heads=VISION["num_attention_heads"])
    blip_pretrain.create_vit = lambda *_: (vit, VISION["hidden_size"])
    med = work / "med_config.json"
    med.write_text(json.dumps({**TEXT, "hidden_act": "gelu", "layer_norm_eps": 1e-12, "max_position_embeddings": 512, "pad_token_id": 0, "type_vocab_size": 2,
                               "add_cross_attention": True, "attention_probs_dropout_prob": 0.1, "hidden_dropout_prob": 0.1}))
    model = ImageReward(med_config=str(med)).eval()
    model.preprocess = sys.modules["ImageReward.ImageReward"]._transform(VISION["image_size"])
    state = model.state_dict()
    shapes = {name: list(tensor.shape) for name, tensor in state.items() if tensor.is_floating_point()}
    model.load_state_dict(drawn(shapes), strict=False)
    with torch.no_grad():
        scores = [[model.score(prompt, Image.fromarray(image_of(*size))) for size in SIZES] for prompt in PROMPTS]
    versions = {name: version(name) for name in ("image-reward", "torch", "transformers", "timm", "pillow")}
    OUT.write_text(json.dumps({"versions": versions, "shapes": shapes, "scores": scores}, indent=1) + "\n")
    print(scores)


def blip_tokenizer(folder: Path):
    from transformers import BertTokenizer

    return BertTokenizer(str(folder / "vocab.txt"))


if __name__ == "__main__":
    main()
